package bankday_test

import (
	"slices"
	"testing"
	"time"

	"nks/bankday"
)

func newCalendar(t *testing.T) bankday.Calendar {
	t.Helper()
	c, err := bankday.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func date(t *testing.T, s string) bankday.Date {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return bankday.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}
}

// Weekdays without banks, written down by hand from published lists.
func TestClosedWeekdaysOfAYear(t *testing.T) {
	t.Parallel()
	years := map[int][]string{
		// No closing day after Ascension yet (6 May), nor do 5 June, 24 and 31 December fall on weekdays.
		2005: {"2005-03-24", "2005-03-25", "2005-03-28", "2005-04-22", "2005-05-05", "2005-05-16", "2005-12-26"},
		2013: {"2013-01-01", "2013-03-28", "2013-03-29", "2013-04-01", "2013-04-26", "2013-05-09", "2013-05-10", "2013-05-20",
			"2013-06-05", "2013-12-24", "2013-12-25", "2013-12-26", "2013-12-31"},
		// Store Bededag (16 May) is a working day since 2024.
		2025: {"2025-01-01", "2025-04-17", "2025-04-18", "2025-04-21", "2025-05-29", "2025-05-30", "2025-06-05", "2025-06-09",
			"2025-12-24", "2025-12-25", "2025-12-26", "2025-12-31"},
		2026: {"2026-01-01", "2026-04-02", "2026-04-03", "2026-04-06", "2026-05-14", "2026-05-15", "2026-05-25", "2026-06-05",
			"2026-12-24", "2026-12-25", "2026-12-31"},
	}
	c := newCalendar(t)
	for year, want := range years {
		var got []string
		for d := (bankday.Date{Year: year, Month: 1, Day: 1}); d.Year == year; d = d.AddDays(1) {
			wd := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
			if wd != time.Saturday && wd != time.Sunday && !c.IsBankingDay(d) {
				got = append(got, d.String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: closed on %v, want %v", year, got, want)
		}
	}
}

// The library's holidays against a table computed here from Easter alone, for every day of the years that matter.
func TestEveryDayAgainstOwnComputation(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	for year := 2000; year <= 2035; year++ {
		closed := closedDays(year)
		for d := (bankday.Date{Year: year, Month: 1, Day: 1}); d.Year == year; d = d.AddDays(1) {
			wd := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
			want := wd != time.Saturday && wd != time.Sunday && !closed[d]
			if got := c.IsBankingDay(d); got != want {
				t.Errorf("%v (%v): banking day %v, want %v", d, wd, got, want)
			}
		}
	}
}

func closedDays(year int) map[bankday.Date]bool {
	easter := easterSunday(year)
	closed := map[bankday.Date]bool{}
	offsets := []int{-3, -2, 1, 39, 50}
	if year < 2024 {
		offsets = append(offsets, 26)
	}
	if year >= 2009 {
		offsets = append(offsets, 40)
	}
	for _, n := range offsets {
		closed[easter.AddDays(n)] = true
	}
	for _, md := range [][2]int{{1, 1}, {6, 5}, {12, 24}, {12, 25}, {12, 26}, {12, 31}} {
		closed[bankday.Date{Year: year, Month: time.Month(md[0]), Day: md[1]}] = true
	}
	return closed
}

// easterSunday is Gauss's rule in the form of Butcher (1876).
func easterSunday(year int) bankday.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return bankday.Date{Year: year, Month: time.Month(month), Day: day}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	for _, tc := range []struct {
		from string
		n    int
		want string
	}{
		{"2005-08-11", 1, "2005-08-12"},
		{"2005-08-12", 1, "2005-08-15"},
		{"2005-08-13", 0, "2005-08-15"},
		{"2005-08-11", 0, "2005-08-11"},
		{"2005-08-14", 1, "2005-08-15"},
		{"2005-08-15", -1, "2005-08-12"},
		{"2005-03-23", 1, "2005-03-29"},
		{"2005-12-30", 1, "2006-01-02"},
		{"2013-12-23", 2, "2013-12-30"},
		{"2025-12-23", 1, "2025-12-29"},
		{"2005-08-11", 5, "2005-08-18"},
		{"2005-08-18", -5, "2005-08-11"},
	} {
		if got := c.Add(date(t, tc.from), tc.n); got != date(t, tc.want) {
			t.Errorf("Add(%s, %d) = %v, want %s", tc.from, tc.n, got, tc.want)
		}
	}
	if got := c.Next(date(t, "2005-08-12")); got != date(t, "2005-08-15") {
		t.Errorf("Next(Friday) = %v, want Monday", got)
	}
}

func TestDaysAreCopenhagenDays(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	lateInSummer := time.Date(2005, 8, 11, 22, 30, 0, 0, time.UTC)
	if got := c.DateOf(lateInSummer); got != date(t, "2005-08-12") {
		t.Errorf("22:30 UTC in August is %v, want the next day in Copenhagen", got)
	}
	if got := c.At(date(t, "2005-08-11"), 6, 0); !got.Equal(time.Date(2005, 8, 11, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("06:00 in August is %v, want 04:00 UTC", got.UTC())
	}
	if got := c.At(date(t, "2005-12-11"), 6, 0); !got.Equal(time.Date(2005, 12, 11, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("06:00 in December is %v, want 05:00 UTC", got.UTC())
	}
}
