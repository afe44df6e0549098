package gateway

import (
	"context"
	"sync"
	"time"
)

// Pause ends after d, or with ctx.
func Pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Bell ends somebody's wait. The zero value is ready. Safe for concurrent use.
type Bell struct {
	once sync.Once
	rung chan struct{}
}

func (b *Bell) ready() { b.once.Do(func() { b.rung = make(chan struct{}, 1) }) }

// Ring ends the present wait, or the next one at once. It never blocks.
func (b *Bell) Ring() {
	b.ready()
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// Wait ends after d, with ctx, or when the bell is rung.
func (b *Bell) Wait(ctx context.Context, d time.Duration) {
	b.ready()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-b.rung:
	}
}
