package gateway

import "time"

// Patience is how long a delivery that fails is tried again before it is set aside for two persons, and releases no longer
// wait for it.
type Patience struct {
	// Failures is how often it may fail for a reason of the gateway's own.
	Failures int
	// Interruptions is how often a condition of the database may break it off, and Interrupted for how long it is tried all the same.
	Interruptions int
	Interrupted   time.Duration
}

// Trouble is how a delivery has failed in its present step.
type Trouble struct {
	Failures, Interruptions int
	Since                   time.Time // the first of them
	// Alone: others have gone on since then, or the last interruption is of a kind that stops nothing else.
	Alone bool
}

// EndsWith reports whether a delivery is set aside. What stops everything is not held against what happens to be in hand.
func (p Patience) EndsWith(t Trouble, now time.Time) bool {
	return t.Failures >= p.Failures || t.Alone && t.Interruptions >= p.Interruptions && now.Sub(t.Since) >= p.Interrupted
}
