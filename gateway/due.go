package gateway

import "time"

// Sooner is the earlier of two moments; zero is none, and later than any other.
func Sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
