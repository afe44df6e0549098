package gateway

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Step is one kind of work of the flow. It does the most urgent piece that is due, commits it, and tells whether
// there was one. It may be called by many goroutines and processes at the same time.
type Step func(ctx context.Context) (worked bool, err error)

// Worker repeats a step: at once while there is work, else after Poll or a Wake.
type Worker struct {
	Name string
	Step Step
	Poll time.Duration
	// Failed is told of every error; the worker then waits, longer each time up to a minute, and goes on.
	Failed func(name string, err error)

	wake chan struct{}
	once sync.Once
}

const maxBackoff = time.Minute

func (w *Worker) init() { w.once.Do(func() { w.wake = make(chan struct{}, 1) }) }

// Wake makes an idle worker look at once.
func (w *Worker) Wake() {
	w.init()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends; what is in hand then is finished or given back.
func (w *Worker) Run(ctx context.Context) {
	w.init()
	failures := 0
	for ctx.Err() == nil {
		worked, err := w.Step(ctx)
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return
		case err != nil:
			failures++
			w.Failed(w.Name, err)
			w.wait(ctx, min(w.Poll<<min(failures, 10), maxBackoff))
		case worked:
			failures = 0
		default:
			failures = 0
			w.wait(ctx, w.Poll)
		}
	}
}

func (w *Worker) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-w.wake:
	}
}
