package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestCountsAt: a queue's clock that runs wrong moves no cut-off beyond what it may. // M9
func TestCountsAt(t *testing.T) {
	t.Parallel()
	taken := time.Date(2005, 8, 11, 6, 1, 0, 0, time.UTC)
	for name, c := range map[string]struct{ waited, most, back time.Duration }{
		"two minutes in the queue":   {2 * time.Minute, time.Hour, 2 * time.Minute},
		"as long as it may":          {time.Hour, time.Hour, time.Hour},
		"longer":                     {100 * time.Hour, time.Hour, time.Hour},
		"put after it was taken":     {-time.Minute, time.Hour, 0},
		"no put time counts":         {time.Minute, 0, 0},
		"a clock that was never set": {1 << 62, time.Hour, time.Hour},
	} {
		if got := taken.Sub(gateway.CountsAt(taken, c.waited, c.most)); got != c.back {
			t.Errorf("%s: %s back, want %s", name, got, c.back)
		}
	}
}
