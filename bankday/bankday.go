// Package bankday knows on which days Danish banks work: not on Saturdays, Sundays, public holidays, nor on the closing
// days that the banks agree on between them. Public holidays come from github.com/rickar/cal, which ends Store Bededag
// after 2023; the closing days stand in a dated table here and in docs/calendar.md.
package bankday

import (
	"fmt"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/dk"
)

// Date is a calendar day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String is the date as YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Before reports whether d comes before o.
func (d Date) Before(o Date) bool { return d.utc().Before(o.utc()) }

// AddDays is the date n calendar days later, earlier when n is negative.
func (d Date) AddDays(n int) Date { return day(d.utc().AddDate(0, 0, n)) }

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func day(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Calendar is the banking days of Denmark. The zero value is not usable; see New.
type Calendar struct {
	copenhagen *time.Location
	closed     []*cal.Holiday
}

// New fails only where the time zone Europe/Copenhagen is unknown: a program without the system's zone files must
// embed them by importing time/tzdata.
func New() (Calendar, error) {
	loc, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return Calendar{}, fmt.Errorf("banking days: %w", err)
	}
	return Calendar{copenhagen: loc, closed: append(closingDays(), dk.Holidays...)}, nil
}

// Location is Europe/Copenhagen.
func (c Calendar) Location() *time.Location { return c.copenhagen }

// DateOf is the day that t falls on in Copenhagen.
func (c Calendar) DateOf(t time.Time) Date { return day(t.In(c.copenhagen)) }

// At is the instant of a Copenhagen wall clock time on a day.
func (c Calendar) At(d Date, hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, c.copenhagen)
}

// IsBankingDay reports whether banks work on d.
func (c Calendar) IsBankingDay(d Date) bool {
	t := d.utc()
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	for _, h := range c.closed {
		if falls(h, d) {
			return false
		}
	}
	return true
}

// Next is the first banking day after d.
func (c Calendar) Next(d Date) Date { return c.Add(d, 1) }

// Add is the n-th banking day after d, before d when n is negative. With n = 0 it is d itself, or the first banking
// day after it when d is none.
func (c Calendar) Add(d Date, n int) Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	if n == 0 {
		for !c.IsBankingDay(d) {
			d = d.AddDays(1)
		}
		return d
	}
	for n > 0 {
		d = d.AddDays(step)
		if c.IsBankingDay(d) {
			n--
		}
	}
	return d
}

func falls(h *cal.Holiday, d Date) bool {
	actual, _ := h.Calc(d.Year)
	return !actual.IsZero() && actual.Month() == d.Month && actual.Day() == d.Day
}

// closingDays are the days on which banks close though the law does not ask for it: the table of docs/calendar.md.
// The library counts 5 June as a holiday; it stands here too, because the law does not.
func closingDays() []*cal.Holiday {
	fixed := func(name string, m time.Month, day int) *cal.Holiday {
		return &cal.Holiday{Name: name, Month: m, Day: day, Func: cal.CalcDayOfMonth}
	}
	return []*cal.Holiday{
		{Name: "Dagen efter Kristi himmelfartsdag", Offset: 40, Func: cal.CalcEasterOffset, StartYear: 2009},
		fixed("Grundlovsdag", time.June, 5),
		fixed("Juleaftensdag", time.December, 24),
		fixed("Nytårsaftensdag", time.December, 31),
	}
}
