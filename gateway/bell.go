package gateway

import (
	"context"
	"sync"
	"time"
)

// bell ends somebody's wait. The zero value is ready.
type bell struct {
	once sync.Once
	rung chan struct{}
}

func (b *bell) ready() { b.once.Do(func() { b.rung = make(chan struct{}, 1) }) }

// ring ends the present wait, or the next one at once.
func (b *bell) ring() {
	b.ready()
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// wait ends after d, with ctx, or when the bell is rung.
func (b *bell) wait(ctx context.Context, d time.Duration) {
	b.ready()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-b.rung:
	}
}
