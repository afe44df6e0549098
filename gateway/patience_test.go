package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	p := gateway.Patience{Failures: 5, Interruptions: 10, Interrupted: 15 * time.Minute}
	began := time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		trouble gateway.Trouble
		after   time.Duration
		over    bool
	}{
		"some failures":                  {gateway.Trouble{Failures: 4, Alone: true}, time.Hour, false},
		"too many":                       {gateway.Trouble{Failures: 5}, 0, true},
		"interrupted often, not long":    {gateway.Trouble{Interruptions: 1000, Alone: true}, 15*time.Minute - 1, false},
		"interrupted long, not often":    {gateway.Trouble{Interruptions: 9, Alone: true}, time.Hour, false},
		"often and long":                 {gateway.Trouble{Interruptions: 10, Alone: true}, 15 * time.Minute, true},
		"often and long, and all others": {gateway.Trouble{Interruptions: 1000}, time.Hour, false},
	} {
		c.trouble.Since = began
		if got := p.EndsWith(c.trouble, began.Add(c.after)); got != c.over {
			t.Errorf("%s: set aside %t, want %t", name, got, c.over)
		}
	}
}
