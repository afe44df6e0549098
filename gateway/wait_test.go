package gateway_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway"
)

// TestDeadlines: the last deadline is not to come and the next one is, with one period between them.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	since := time.Date(2005, 8, 11, 4, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(t, "every"))
		now := since.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(100*24*time.Hour)).Draw(t, "now")))
		last, next := gateway.LastDeadline(since, every, now), gateway.NextDeadline(since, every, now)
		switch {
		case !next.After(now) || next.Before(since.Add(every)):
			t.Fatalf("next deadline %v", next)
		case last.IsZero() && !next.Equal(since.Add(every)):
			t.Fatalf("no deadline has come, and the next is %v", next)
		case !last.IsZero() && (last.After(now) || !next.Equal(last.Add(every))):
			t.Fatalf("last %v, next %v", last, next)
		}
	})
}
