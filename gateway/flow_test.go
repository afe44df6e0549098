package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"nks/gateway"
)

var errBroken = errors.New("broken")

// runWorker runs a worker in a bubble of its own time and gives the moments of its steps, from 0. step gets the number
// of the step, from 1; the worker is stopped when lasts has passed.
func runWorker(t *testing.T, poll, lasts time.Duration, step func(n int) (bool, error)) (at []time.Duration, failed int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		w := &gateway.Worker{Name: "step", Poll: poll, Retry: 2 * poll,
			Step: func(context.Context) (bool, error) {
				at = append(at, time.Since(began))
				return step(len(at))
			},
			Failed: func(name string, err error) {
				if name != "step" || !errors.Is(err, errBroken) {
					t.Errorf("failed %q: %v", name, err)
				}
				failed++
			}}
		w.Run(ctx)
	})
	return at, failed
}

func seconds(all ...float64) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, s := range all {
		out[i] = time.Duration(s * float64(time.Second))
	}
	return out
}

func TestWorker_WorksAtOnceWhileThereIsWork(t *testing.T) {
	t.Parallel()
	at, _ := runWorker(t, time.Second, 2500*time.Millisecond, func(n int) (bool, error) { return n <= 3, nil })
	if want := seconds(0, 0, 0, 0, 1, 2); !slices.Equal(at, want) {
		t.Errorf("steps at %v, want %v", at, want)
	}
}

func TestWorker_BacksOffAndRecovers(t *testing.T) {
	t.Parallel()
	at, failed := runWorker(t, time.Second, 33500*time.Millisecond, func(n int) (bool, error) {
		if n <= 4 {
			return false, errBroken
		}
		return false, nil
	})
	if want := seconds(0, 2, 6, 14, 30, 31, 32, 33); !slices.Equal(at, want) || failed != 4 {
		t.Errorf("%d failures, steps at %v, want %v", failed, at, want)
	}
}

func TestWorker_WaitsAMinuteAtMost(t *testing.T) {
	t.Parallel()
	at, failed := runWorker(t, time.Second, time.Hour, func(int) (bool, error) { return true, errBroken })
	if failed < 60 || at[len(at)-1]-at[len(at)-2] != time.Minute {
		t.Errorf("%d failures in an hour, the last two %s apart", failed, at[len(at)-1]-at[len(at)-2])
	}
}

func TestWorker_WakeCutsTheWaitShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		w := &gateway.Worker{Poll: time.Hour, Step: func(context.Context) (bool, error) { steps++; return false, nil }}
		w.Wake() // before it runs: not lost
		done := make(chan struct{})
		go func() { w.Run(ctx); close(done) }()
		synctest.Wait()
		if steps != 2 {
			t.Errorf("%d steps after a wake before the start, want 2", steps)
		}
		for range 5 {
			w.Wake() // never blocks
		}
		synctest.Wait()
		if steps < 3 || steps > 4 {
			t.Errorf("%d steps after five wakes at once", steps)
		}
		cancel()
		<-done
	})
}

func TestWorker_StopsWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &gateway.Worker{Poll: time.Hour, Step: func(context.Context) (bool, error) { return false, nil }}
		began := time.Now()
		time.AfterFunc(time.Minute, cancel)
		w.Run(ctx)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("stopped after %s", took)
		}
	})
}

// TestWorker_DoesNotCallItsOwnEndAFailure: a step that was interrupted by the end has not failed.
func TestWorker_DoesNotCallItsOwnEndAFailure(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := &gateway.Worker{Poll: time.Hour,
		Step: func(ctx context.Context) (bool, error) {
			cancel()
			return false, errors.Join(gateway.ErrTemporary, ctx.Err())
		},
		Failed: func(_ string, err error) { t.Errorf("told of %v", err) }}
	w.Run(ctx)
}

// TestWorker_TellsOfEveryTurn, but not of the end of the one that its own end interrupts.
func TestWorker_TellsOfEveryTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		turns, told := 0, []string{}
		w := &gateway.Worker{Name: "step", Poll: time.Second, Failed: func(string, error) {},
			Observe: func(name string) func(bool, error) {
				told = append(told, name)
				return func(worked bool, err error) { told = append(told, fmt.Sprint(worked, err)) }
			},
			Step: func(ctx context.Context) (bool, error) {
				switch turns++; turns {
				case 1:
					return true, nil
				case 2:
					return false, errBroken
				case 3:
					return false, nil
				}
				cancel()
				return false, ctx.Err()
			}}
		w.Run(ctx)
		want := []string{"step", "true <nil>", "step", "false broken", "step", "false <nil>", "step"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}
