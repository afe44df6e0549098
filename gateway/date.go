package gateway

import (
	"fmt"
	"time"
)

// Date is a calendar day in Copenhagen.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the calendar day of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want YYYY-MM-DD of a day that exists", s)
	}
	return DateOf(t), nil
}

// At is the instant of a time of day on this date in loc.
func (d Date) At(sinceMidnight time.Duration, loc *time.Location) time.Time {
	h, m := int(sinceMidnight.Hours()), int(sinceMidnight.Minutes())%60
	return time.Date(d.Year, d.Month, d.Day, h, m, int(sinceMidnight.Seconds())%60, 0, loc)
}

// AddDays is the date n calendar days later (earlier when n is negative).
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC))
}

// Before reports whether d comes before o.
func (d Date) Before(o Date) bool { return d.number() < o.number() }

// DaysUntil is the number of calendar days from d to o.
func (d Date) DaysUntil(o Date) int {
	a := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	b := time.Date(o.Year, o.Month, o.Day, 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}

func (d Date) number() int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// IsZero reports whether no date is set.
func (d Date) IsZero() bool { return d == Date{} }

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Compact is CCYYMMDD, as EDIFACT format 102 wants it.
func (d Date) Compact() string { return fmt.Sprintf("%04d%02d%02d", d.Year, int(d.Month), d.Day) }
