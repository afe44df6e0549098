package sample

import (
	"fmt"
	"slices"
	"time"
)

// Execution dates outside these years are mistakes, by which no clock is set.
const (
	firstYear = 1990
	lastYear  = 2100
)

// longestClosure bounds the search for a banking day: no row of holidays is half as long.
const longestClosure = 31

// startOf is 05:00 in Copenhagen on the last banking day before the earliest execution date. Without a date it is an
// ordinary Thursday in the year of the official documents.
func startOf(executions []time.Time, isBankingDay func(int, time.Month, int) bool) (time.Time, error) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return time.Time{}, fmt.Errorf("sample: %w", err)
	}
	day := time.Date(2005, time.August, 11, 0, 0, 0, 0, time.UTC)
	if len(executions) > 0 {
		day = before(slices.MinFunc(executions, time.Time.Compare), isBankingDay)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 5, 0, 0, 0, copenhagen), nil
}

func before(day time.Time, isBankingDay func(int, time.Month, int) bool) time.Time {
	for n := 1; n <= longestClosure; n++ {
		if d := day.AddDate(0, 0, -n); isBankingDay(d.Date()) {
			return d
		}
	}
	return day.AddDate(0, 0, -1)
}

// execution reads an xs:date; the zone that it may carry means nothing for a day in Denmark.
func execution(s string) (time.Time, bool) {
	const form = "2006-01-02"
	s = trimSpace(s)
	d, err := time.Parse(form, s[:min(len(s), len(form))])
	return d, err == nil && d.Year() >= firstYear && d.Year() <= lastYear
}
