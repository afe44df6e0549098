package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestHeld_With: since when the oldest waits is told of all that waits in a place, or not at all.
func TestHeld_With(t *testing.T) {
	t.Parallel()
	early := time.Date(2005, 8, 11, 4, 30, 0, 0, time.UTC)
	late := early.Add(time.Hour)
	for name, c := range map[string]struct {
		a, b   gateway.Waiting
		sum    int64
		oldest *time.Time
	}{
		"nothing":                      {gateway.Waiting{}, gateway.Waiting{}, 0, nil},
		"one":                          {gateway.Waiting{Messages: 2, Oldest: &late}, gateway.Waiting{}, 2, &late},
		"the earlier":                  {gateway.Waiting{Messages: 2, Oldest: &late}, gateway.Waiting{Messages: 1, Oldest: &early}, 3, &early},
		"a count without a time":       {gateway.Waiting{Messages: 7}, gateway.Waiting{Messages: 1, Oldest: &late}, 8, nil},
		"a count without, and nothing": {gateway.Waiting{Messages: 7}, gateway.Waiting{}, 7, nil},
		"nothing counted, and some":    {gateway.Waiting{}, gateway.Waiting{Messages: 1, Oldest: &late}, 1, &late},
	} {
		for _, order := range [][2]gateway.Waiting{{c.a, c.b}, {c.b, c.a}} {
			got := gateway.Held{gateway.PlaceParked: order[0]}.With(gateway.Held{gateway.PlaceParked: order[1], gateway.PlaceIn: {}})
			w := got[gateway.PlaceParked]
			if w.Messages != c.sum || (w.Oldest == nil) != (c.oldest == nil) || w.Oldest != nil && !w.Oldest.Equal(*c.oldest) || len(got) != 2 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	if got := gateway.Held(nil).With(gateway.Held{gateway.PlaceIn: {Messages: 1}}); got[gateway.PlaceIn].Messages != 1 {
		t.Errorf("with what is not known: %+v", got)
	}
}
