package gateway

import (
	"fmt"
	"sync"
	"time"
)

// comparedWithin is how old a comparison of clocks may be.
const comparedWithin = 20 * time.Second

// ClockWatch knows how far the machine's clock is from the database's, by which all nodes meet. A node whose clock is apart
// must judge nothing: cut-offs, deadlines and silence would be other ones than everybody else's. Safe for concurrent use.
type ClockWatch struct {
	machine func() time.Time
	limit   time.Duration

	mu       sync.Mutex
	ahead    time.Duration // of the database's; what cannot be told from the way there and back is left off by Apart
	margin   time.Duration
	compared time.Time // zero: never
}

// NewClockWatch makes a watch over the machine's clock, which has not been compared yet: it is apart.
func NewClockWatch(machine func() time.Time, limit time.Duration) *ClockWatch {
	return &ClockWatch{machine: machine, limit: limit}
}

// Compared tells that the database's clock showed database between two times of the machine's.
func (w *ClockWatch) Compared(asked, database, answered time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.margin = answered.Sub(asked) / 2
	w.ahead = asked.Add(w.margin).Round(0).Sub(database)
	w.compared = answered
}

// Ahead is how far the machine's clock was ahead of the database's when they were compared; negative: behind it.
func (w *ClockWatch) Ahead() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}

// Limit is how far the clocks may be from each other.
func (w *ClockWatch) Limit() time.Duration { return w.limit }

// Far reports whether the last comparison has shown the clocks to be apart.
func (w *ClockWatch) Far() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.far()
}

func (w *ClockWatch) far() bool { return w.ahead.Abs()-w.margin > w.limit }

// Apart is why nothing may be judged by the machine's clock; "" when it may.
func (w *ClockWatch) Apart() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.compared.IsZero() {
		return "it has not been compared with the database's yet"
	}
	now := w.machine()
	since := now.Sub(w.compared)
	jump := now.Round(0).Sub(w.compared.Round(0)) - since // what the wall clock has done beside the monotonic one
	side := "ahead of"
	if w.ahead < 0 {
		side = "behind"
	}
	switch {
	case w.far():
		return fmt.Sprintf("it is %s %s the database's, and may be %s", w.ahead.Abs().Round(10*time.Millisecond), side, w.limit)
	case since > comparedWithin:
		return fmt.Sprintf("it has not been compared with the database's for %s", since.Round(time.Second))
	case jump.Abs() > w.limit:
		return fmt.Sprintf("it was set by %s since it was compared with the database's", jump.Round(10*time.Millisecond))
	}
	return ""
}

// Correct is a time of the machine's clock, or of one that runs with it; as the database's clock would have it while the two
// are apart. What is taken then carries the time that every other node would have given it.
func (w *ClockWatch) Correct(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.far() {
		return t.Add(-w.ahead)
	}
	return t
}
