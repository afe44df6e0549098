package gateway

import (
	"context"
	"errors"
	"runtime/pprof"
	"time"
)

// Step is one kind of work of the flow. It does the most urgent piece that is due, commits it, and reports whether
// there was one. It may be called by many goroutines and processes at the same time.
type Step func(ctx context.Context) (worked bool, err error)

// Observe is told that a turn of a step begins, and what it gives back that it has ended: whether there was work, and
// what went wrong. A turn that ends because the program stops is not told of. Both are called on the step's goroutine
// and must not block.
type Observe func(name string) (ended func(worked bool, err error))

// Due is the next business time after the given one at which a step has work that nobody makes then; zero: there is none.
type Due func(ctx context.Context, after time.Time) (time.Time, error)

// Worker repeats a step: at once while there is work, else when it is woken, when something is due, and after Poll.
type Worker struct {
	Name string
	Step Step
	// Due may be nil: time alone makes no work for the step. Now is the business clock that it goes by.
	Due Due
	Now func() time.Time
	// Poll is the longest wait. Whoever makes work wakes the worker; this is for what nobody has told.
	Poll time.Duration
	// Retry is the first pause after a failure.
	Retry time.Duration
	// Failed is told of every error; the worker then waits, longer each time up to a minute, and goes on.
	Failed func(name string, err error)
	// Observe may be nil.
	Observe Observe

	bell Bell
}

const maxBackoff = time.Minute

// Wake makes an idle worker look at once.
func (w *Worker) Wake() { w.bell.Ring() }

// Run works until ctx ends; what is in hand then is finished or given back.
func (w *Worker) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		wait, err := w.turn(ctx)
		switch {
		case stopped(ctx, err):
			return
		case err != nil:
			w.Failed(w.Name, err)
			w.bell.Wait(ctx, min(w.Retry<<min(failures, 10), maxBackoff))
			failures++
		default:
			failures = 0
			if wait > 0 {
				w.bell.Wait(ctx, wait)
			}
		}
	}
}

// turn takes one step, and gives how long to wait for the next.
func (w *Worker) turn(ctx context.Context) (time.Duration, error) {
	var began time.Time
	if w.Due != nil {
		began = w.Now()
	}
	worked, err := w.Observe.turn(ctx, w.Name, w.Step)
	if worked || err != nil {
		return 0, err
	}
	if w.Due == nil {
		return w.Poll, nil
	}
	// After the step's beginning: what has become due since then it may have missed.
	due, err := w.Due(ctx, began)
	if err != nil || due.IsZero() {
		return w.Poll, err
	}
	return min(w.Poll, due.Sub(w.Now())), nil
}

// StepLabel is the profiler's label by which a turn carries its step's name, in its context and on its goroutines: a
// processor profile can be split by it, and whoever has the context knows for whom it works.
const StepLabel = "step"

// turn takes one step under its label and tells of it.
func (o Observe) turn(ctx context.Context, name string, step Step) (worked bool, err error) {
	pprof.Do(ctx, pprof.Labels(StepLabel, name), func(ctx context.Context) { worked, err = o.tell(ctx, name, step) })
	return worked, err
}

func (o Observe) tell(ctx context.Context, name string, step Step) (bool, error) {
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
