package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// weekdays is a calendar that knows weekends and one holiday.
type weekdays struct{ closed gateway.Date }

func (w weekdays) IsBankingDay(d gateway.Date) bool {
	day := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
	return day != time.Saturday && day != time.Sunday && d != w.closed
}

func copenhagen(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func day(t *testing.T, s string) gateway.Date {
	t.Helper()
	d, err := gateway.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTerms_PlanRelease: the last receive-by that still meets the requested day. // G-deadline
func TestTerms_PlanRelease(t *testing.T) {
	t.Parallel()
	loc := copenhagen(t)
	terms := gateway.Terms{ReceiveBy: 6 * time.Hour, SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1,
		Calendar: weekdays{closed: day(t, "2005-08-17")}, Location: loc}
	for name, c := range map[string]struct{ received, requested, release, executes string }{
		"in time for tomorrow":            {"2005-08-11T04:30", "2005-08-12", "2005-08-11T06:00", "2005-08-12"},
		"at the very second":              {"2005-08-11T06:00", "2005-08-12", "2005-08-11T06:00", "2005-08-12"},
		"a minute late":                   {"2005-08-11T06:01", "2005-08-12", "2005-08-12T06:00", "2005-08-15"},
		"far ahead waits":                 {"2005-08-11T04:30", "2005-08-26", "2005-08-25T06:00", "2005-08-26"},
		"over the weekend":                {"2005-08-12T07:00", "2005-08-15", "2005-08-15T06:00", "2005-08-16"},
		"on a Saturday":                   {"2005-08-13T03:00", "2005-08-15", "2005-08-15T06:00", "2005-08-16"},
		"requested on a Sunday":           {"2005-08-11T04:30", "2005-08-14", "2005-08-12T06:00", "2005-08-15"},
		"requested on a holiday":          {"2005-08-11T04:30", "2005-08-17", "2005-08-16T06:00", "2005-08-18"},
		"in the past: the next release":   {"2005-08-11T04:30", "2005-08-08", "2005-08-11T06:00", "2005-08-12"},
		"today counts as the next day":    {"2005-08-11T04:30", "2005-08-11", "2005-08-11T06:00", "2005-08-12"},
		"the day after a holiday by then": {"2005-08-16T05:00", "2005-08-17", "2005-08-16T06:00", "2005-08-18"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			received, err := time.ParseInLocation("2006-01-02T15:04", c.received, loc)
			if err != nil {
				t.Fatal(err)
			}
			got := terms.PlanRelease(received, day(t, c.requested))
			if release := got.ReleaseAt.In(loc).Format("2006-01-02T15:04"); release != c.release || got.ExecutesOn.String() != c.executes {
				t.Errorf("released %s for %s, want %s for %s", release, got.ExecutesOn, c.release, c.executes)
			}
		})
	}
}

// TestTerms_ExecutionDay: past the bank's send-by the execution day moves on.
func TestTerms_ExecutionDay(t *testing.T) {
	t.Parallel()
	loc := copenhagen(t)
	terms := gateway.Terms{SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1, Calendar: weekdays{}, Location: loc}
	for name, c := range map[string]struct{ now, planned, want string }{
		"in time":                 {"2005-08-11T06:00", "2005-08-12", "2005-08-12"},
		"at the last second":      {"2005-08-11T08:30", "2005-08-12", "2005-08-12"},
		"past send-by":            {"2005-08-11T08:31", "2005-08-12", "2005-08-15"},
		"past, but planned later": {"2005-08-11T08:31", "2005-08-16", "2005-08-16"},
		"after a long outage":     {"2005-08-13T10:00", "2005-08-12", "2005-08-16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.ParseInLocation("2006-01-02T15:04", c.now, loc)
			if err != nil {
				t.Fatal(err)
			}
			if got := terms.ExecutionDay(now, day(t, c.planned)); got.String() != c.want {
				t.Errorf("executes %s, want %s", got, c.want)
			}
		})
	}
}

// TestTerms_NextSendBy: today's until it has passed, else the next banking day's.
func TestTerms_NextSendBy(t *testing.T) {
	t.Parallel()
	loc := copenhagen(t)
	terms := gateway.Terms{SendBy: 8*time.Hour + 30*time.Minute, Calendar: weekdays{}, Location: loc}
	for now, want := range map[string]string{
		"2005-08-11T06:00": "2005-08-11T08:30",
		"2005-08-11T08:30": "2005-08-11T08:30",
		"2005-08-11T08:31": "2005-08-12T08:30",
		"2005-08-12T08:31": "2005-08-15T08:30",
		"2005-08-13T06:00": "2005-08-15T08:30",
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", now, loc)
		if err != nil {
			t.Fatal(err)
		}
		if got := terms.NextSendBy(at).Format("2006-01-02T15:04"); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}
