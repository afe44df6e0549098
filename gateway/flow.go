package gateway

import (
	"context"
	"errors"
	"time"
)

// Step is one kind of work of the flow. It does the most urgent piece that is due, commits it, and reports whether
// there was one. It may be called by many goroutines and processes at the same time.
type Step func(ctx context.Context) (worked bool, err error)

// Observe is told that a turn of a step begins, and what it gives back that it has ended: whether there was work, and
// what went wrong. A turn that ends because the program stops is not told of. Both are called on the step's goroutine
// and must not block.
type Observe func(name string) (ended func(worked bool, err error))

// Worker repeats a step: at once while there is work, else after Poll or a Wake.
type Worker struct {
	Name string
	Step Step
	Poll time.Duration
	// Failed is told of every error; the worker then waits, longer each time up to a minute, and goes on.
	Failed func(name string, err error)
	// Observe may be nil.
	Observe Observe

	bell bell
}

const maxBackoff = time.Minute

// Wake makes an idle worker look at once.
func (w *Worker) Wake() { w.bell.ring() }

// Run works until ctx ends; what is in hand then is finished or given back.
func (w *Worker) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		worked, err := w.Observe.turn(ctx, w.Name, w.Step)
		switch {
		case stopped(ctx, err):
			return
		case err != nil:
			failures++
			w.Failed(w.Name, err)
			w.bell.wait(ctx, min(w.Poll<<min(failures, 10), maxBackoff))
		case worked:
			failures = 0
		default:
			failures = 0
			w.bell.wait(ctx, w.Poll)
		}
	}
}

// turn takes one step and tells of it.
func (o Observe) turn(ctx context.Context, name string, step Step) (bool, error) {
	if o == nil {
		return step(ctx)
	}
	ended := o(name)
	worked, err := step(ctx)
	if !stopped(ctx, err) {
		ended(worked, err)
	}
	return worked, err
}

// stopped tells an error that is only the program's stopping.
func stopped(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err())
}
