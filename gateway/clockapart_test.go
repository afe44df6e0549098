package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestClockWatch: what may be judged, and which time is given to what is taken meanwhile.
func TestClockWatch(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	for name, c := range map[string]struct {
		ahead, way, later time.Duration // the machine's before the database's; there and back; until it is asked
		apart             string
		corrected         time.Duration // what is taken off
	}{
		"alike":                           {},
		"at the limit":                    {ahead: limit},
		"ahead":                           {ahead: 2100 * time.Millisecond, apart: "it is 2.1s ahead of the database's, and may be 2s", corrected: 2100 * time.Millisecond},
		"behind":                          {ahead: -time.Hour, apart: "it is 1h0m0s behind the database's, and may be 2s", corrected: -time.Hour},
		"perhaps the way":                 {ahead: 2400 * time.Millisecond, way: time.Second},
		"more than the way":               {ahead: 3 * time.Second, way: time.Second, apart: "it is 3s ahead of the database's, and may be 2s", corrected: 3 * time.Second},
		"compared long ago":               {later: 21 * time.Second, apart: "it has not been compared with the database's for 21s"},
		"compared a moment ago":           {later: 20 * time.Second},
		"apart, and compared long ago":    {ahead: time.Minute, later: time.Hour, apart: "it is 1m0s ahead of the database's, and may be 2s", corrected: time.Minute},
		"behind by less than it may have": {ahead: -1900 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)
			now := database.Add(c.ahead)
			w := gateway.NewClockWatch(func() time.Time { return now }, limit)
			if w.Apart() == "" {
				t.Error("judges before the clocks were compared")
			}
			w.Compared(now.Add(-c.way/2), database, now.Add(c.way/2))
			now = now.Add(c.way/2 + c.later)
			if got := w.Apart(); got != c.apart {
				t.Errorf("%q, want %q", got, c.apart)
			}
			if got := now.Sub(w.Correct(now)); got != c.corrected {
				t.Errorf("takes off %s, want %s", got, c.corrected)
			}
			w.Compared(now, now, now)
			if got := w.Apart(); got != "" {
				t.Errorf("mended, and still %q", got)
			}
		})
	}
}
