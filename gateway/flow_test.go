package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
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
			return false, errors.Join(gateway.ErrTransient, ctx.Err())
		},
		Failed: func(_ string, err error) { t.Errorf("told of %v", err) }}
	w.Run(ctx)
}

// TestWorker_TellsOfEveryTurn, but not of the end of the one that its own end interrupts.
func TestWorker_TellsOfEveryTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		turns, reported := 0, []string{}
		w := &gateway.Worker{Name: "step", Poll: time.Second, Failed: func(string, error) {},
			Observe: func(name string) func(bool, error) {
				reported = append(reported, name)
				return func(worked bool, err error) { reported = append(reported, fmt.Sprint(worked, err)) }
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
		if !slices.Equal(reported, want) {
			t.Errorf("told %q, want %q", reported, want)
		}
	})
}

// TestWorker_LabelsItsTurns: whoever has a turn's context knows for which step it works, with an observer or without.
func TestWorker_LabelsItsTurns(t *testing.T) {
	t.Parallel()
	for _, observe := range []gateway.Observe{nil, func(string) func(bool, error) { return func(bool, error) {} }} {
		ctx, cancel := context.WithCancel(t.Context())
		label := ""
		w := &gateway.Worker{Name: "send BEC", Failed: func(string, error) {}, Observe: observe, Step: func(ctx context.Context) (bool, error) {
			label, _ = pprof.Label(ctx, gateway.StepLabel)
			cancel()
			return false, nil
		}}
		w.Run(ctx)
		if label != "send BEC" {
			t.Errorf("labelled %q", label)
		}
	}
}

// TestWorker_WaitsForWhatIsDue: a worker looks when business time gets there, but never waits longer than Poll; and when the
// clock jumps, as soon as it is woken.
func TestWorker_WaitsForWhatIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Second)
		defer cancel()
		began := time.Now()
		clock := gateway.NewClock(time.Now, time.Hour)
		due := []time.Time{clock.Now().Add(3 * time.Second), clock.Now().Add(25 * time.Second), clock.Now().Add(24 * time.Hour)}
		var at []time.Duration
		w := &gateway.Worker{Name: "step", Poll: 10 * time.Second, Now: clock.Now, Failed: func(_ string, err error) { t.Error(err) },
			Due: func(_ context.Context, after time.Time) (time.Time, error) {
				for _, d := range due {
					if d.After(after) {
						return d, nil
					}
				}
				return time.Time{}, nil
			},
			Step: func(context.Context) (bool, error) { at = append(at, time.Since(began)); return false, nil }}
		time.AfterFunc(31*time.Second, func() { clock.Advance(24*time.Hour - 36*time.Second); w.Wake() })
		w.Run(ctx)
		if want := seconds(0, 3, 13, 23, 25, 31, 36, 46, 56); !slices.Equal(at, want) {
			t.Errorf("steps at %v, want %v", at, want)
		}
	})
}

// TestWorker_RetriesWhenNobodyKnowsWhatIsDue: such a failure is told and tried again like the step's own.
func TestWorker_RetriesWhenNobodyKnowsWhatIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		steps, failed := 0, 0
		w := &gateway.Worker{Poll: time.Hour, Retry: time.Second, Now: time.Now, Failed: func(string, error) { failed++ },
			Due:  func(context.Context, time.Time) (time.Time, error) { return time.Time{}, errBroken },
			Step: func(context.Context) (bool, error) { steps++; return false, nil }}
		w.Run(ctx)
		if steps != 3 || failed != 3 {
			t.Errorf("%d steps, %d failures, want 3", steps, failed)
		}
	})
}

// TestSooner: none is later than any moment.
func TestSooner(t *testing.T) {
	t.Parallel()
	none, first, second := time.Time{}, time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range [][3]time.Time{{none, none, none}, {first, none, first}, {none, first, first}, {first, second, first}, {second, first, first}} {
		if got := gateway.Sooner(c[0], c[1]); !got.Equal(c[2]) {
			t.Errorf("sooner of %v and %v is %v", c[0], c[1], got)
		}
	}
}
