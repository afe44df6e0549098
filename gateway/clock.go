package gateway

import (
	"sync"
	"time"
)

// Clock is the business clock: the machine's clock plus an offset. Cut-offs, dates, deadlines and documents go by it;
// leases, retries and timeouts go by the machine's. Safe for concurrent use.
type Clock struct {
	machine func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

// NewClock makes a business clock that runs offset ahead of machine.
func NewClock(machine func() time.Time, offset time.Duration) *Clock {
	return &Clock{machine: machine, offset: offset}
}

// Now is the present business time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine().Add(c.offset)
}

// Offset is how far the business clock runs ahead of the machine's.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Advance moves the clock forward by d; a negative d is ignored, since business time never goes back.
func (c *Clock) Advance(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.offset += d
	}
	return c.offset
}
