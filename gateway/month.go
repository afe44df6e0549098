package gateway

import (
	"fmt"
	"time"
)

// Month is a calendar month: how many there were since January 2000. Ids carry it, so that a row is found by its id in the
// partition of its month.
type Month int64

// monthBits is how many bits of an id say the month: they last until 2085.
const monthBits = 10

// MonthOf is the month that t falls in, by its own location.
func MonthOf(t time.Time) Month { return Month((t.Year()-2000)*12 + int(t.Month()) - 1) }

// Check is an error when ids have no room for the month.
func (m Month) Check() error {
	if m < 0 || m >= 1<<monthBits {
		return fmt.Errorf("month %s must be between 2000-01 and 2085-04", m.String()[:7])
	}
	return nil
}

// String is the month's first day, as the database writes it.
func (m Month) String() string { return m.first().Format(time.DateOnly) }

// Name is the month as people write it, as in 2005-08.
func (m Month) Name() string { return m.first().Format("2006-01") }

// Suffix is how the names of a month's partitions end.
func (m Month) Suffix() string { return m.first().Format("200601") }

func (m Month) first() time.Time {
	return time.Date(2000, time.Month(int64(m)+1), 1, 0, 0, 0, 0, time.UTC)
}

// numberBits is how many bits of an id are a running number: of documents, answers and banks' files.
const numberBits = 40

// IDs is what the running number is added to in the ids of a month's documents, answers and banks' files.
func (m Month) IDs() int64 { return int64(m) << numberBits }

// Next is the month after it.
func (m Month) Next() Month { return m + 1 }

// Begins is its first instant at a location.
func (m Month) Begins(at *time.Location) time.Time {
	first := m.first()
	return time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, at)
}

// ParseMonth reads a month as people write it, as in 2005-08.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil {
		return 0, fmt.Errorf("month %q must be year and month, as 2005-08", text)
	}
	m := MonthOf(t)
	return m, m.Check()
}
