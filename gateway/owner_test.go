package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nks/gateway"
)

// owning runs a BankOwner for a while of its own time and gives what happened, with the second at which it did. change
// alters the owner before it starts.
func owning(t *testing.T, lasts time.Duration, change func(o *gateway.BankOwner, out *outbox, link *bank)) string {
	t.Helper()
	var journal []string
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		began := time.Now()
		note := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			journal = append(journal, fmt.Sprintf("%.0f %s", time.Since(began).Seconds(), fmt.Sprintf(format, args...)))
		}
		var ignored []string
		out := &outbox{journal: &ignored, fence: 7}
		link := &bank{journal: &ignored, put: renamed}
		o := &gateway.BankOwner{Bank: "B", Outbox: out, Now: time.Now, Poll: 5 * time.Second, Retry: time.Second, Failpoint: func(string) {},
			Lease: func(context.Context) (gateway.Lease, error) {
				return gateway.Lease{Fence: 7, Held: func(context.Context) error { return nil }, Release: func() { note("released") }}, nil
			},
			Dial:      func(context.Context) (gateway.LinkCloser, error) { return link, nil },
			Failed:    func(_ string, err error) { note("failed: %v", err) },
			Connected: func(up bool) { note("connected %t", up) }}
		change(o, out, link)
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		o.Run(ctx)
	})
	return strings.Join(journal, "; ")
}

// TestBankOwner: the connection and the lease come and go together, and a failure is tried again.
func TestBankOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lasts  time.Duration
		change func(*gateway.BankOwner, *outbox, *bank)
		want   string
	}{
		"in peace": {7500 * time.Millisecond, func(*gateway.BankOwner, *outbox, *bank) {}, "0 connected true; 8 connected false; 8 released"},
		"another process has it": {2500 * time.Millisecond, func(o *gateway.BankOwner, _ *outbox, _ *bank) {
			o.Lease = func(context.Context) (gateway.Lease, error) {
				return gateway.Lease{}, fmt.Errorf("%w: elsewhere", gateway.ErrTransient)
			}
		}, ""},
		"the database is broken": {1500 * time.Millisecond, func(o *gateway.BankOwner, _ *outbox, _ *bank) {
			o.Lease = func(context.Context) (gateway.Lease, error) { return gateway.Lease{}, errBroken }
		}, "0 failed: broken; 1 failed: broken"},
		"the bank does not answer": {1500 * time.Millisecond, func(o *gateway.BankOwner, _ *outbox, _ *bank) {
			o.Dial = func(context.Context) (gateway.LinkCloser, error) { return nil, errBroken }
		}, "0 failed: connect: the connection to the bank is lost: broken; 1 failed: connect: the connection to the bank is lost: broken; 2 released"},
		"the connection is cut": {500 * time.Millisecond, func(_ *gateway.BankOwner, _ *outbox, link *bank) {
			link.fail = map[string]error{"list": errBroken}
		}, "0 connected true; 0 connected false; 0 failed: the connection to the bank is lost: broken; 0 released"},
		"the lease is lost": {500 * time.Millisecond, func(o *gateway.BankOwner, _ *outbox, _ *bank) {
			o.Poll = 100 * time.Millisecond
			lease := o.Lease
			o.Lease = func(ctx context.Context) (gateway.Lease, error) {
				l, err := lease(ctx)
				l.Held = func(context.Context) error { return gateway.ErrLostOwnership }
				return l, err
			}
		}, "0 connected true; 0 connected false; 0 released; 0 failed: lease lost: ownership lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := owning(t, c.lasts, c.change); got != c.want {
				t.Errorf("happened:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// TestBankOwner_ClosesTheConnection whenever it gives the lease back.
func TestBankOwner_ClosesTheConnection(t *testing.T) {
	t.Parallel()
	var link *bank
	owning(t, 2500*time.Millisecond, func(o *gateway.BankOwner, _ *outbox, l *bank) {
		link = l
		l.fail = map[string]error{"list": errors.New("cut")}
	})
	if link.closed != 2 {
		t.Errorf("two connections, %d closed", link.closed)
	}
}

// TestBankOwner_TellsOfEveryTurn: a connection that fails and one that is made, and each look at both sides.
func TestBankOwner_TellsOfEveryTurn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var reported []string
	owning(t, 1500*time.Millisecond, func(o *gateway.BankOwner, _ *outbox, link *bank) {
		dials, dial := 0, o.Dial
		o.Dial = func(ctx context.Context) (gateway.LinkCloser, error) {
			if dials++; dials == 1 {
				return nil, errBroken
			}
			return dial(ctx)
		}
		link.fail = map[string]error{"list": errBroken}
		o.Observe = func(name string) func(bool, error) {
			return func(worked bool, err error) {
				mu.Lock()
				defer mu.Unlock()
				reported = append(reported, fmt.Sprintf("%s %t %v", name, worked, err))
			}
		}
	})
	want := []string{"connect B false broken", "connect B true <nil>", "fetch B false the connection to the bank is lost: broken", "send B false <nil>"}
	slices.Sort(reported)
	slices.Sort(want)
	if !slices.Equal(reported, want) {
		t.Errorf("told %q, want %q", reported, want)
	}
}

// TestBankOwner_Wake: what waits is sent at once, not at the next look.
func TestBankOwner_Wake(t *testing.T) {
	t.Parallel()
	looks := func(woken bool) (n int) {
		owning(t, 10*time.Second, func(o *gateway.BankOwner, _ *outbox, _ *bank) {
			o.Poll = time.Hour
			o.Observe = func(name string) func(bool, error) {
				if name == "send B" {
					n++
				}
				return func(bool, error) {}
			}
			if woken {
				time.AfterFunc(2*time.Second, o.Wake)
			}
		})
		return n
	}
	if left, woken := looks(false), looks(true); woken != left+1 {
		t.Errorf("looked %d times, and %d times when woken once", left, woken)
	}
}

// TestBankOwner_Held: while nothing may be judged nothing is sent and nothing fetched; afterwards both are.
func TestBankOwner_Held(t *testing.T) {
	t.Parallel()
	waiting := gateway.Outgoing{ID: 1, State: "rendered"}
	var mu sync.Mutex
	var worked []string
	owning(t, 10*time.Second, func(o *gateway.BankOwner, out *outbox, link *bank) {
		out.waiting = &waiting
		link.out, link.files = []gateway.RemoteFile{{Name: "a"}}, map[string]string{"a": "x"}
		began := time.Now()
		o.Poll = time.Second
		o.Held = func() bool { return time.Since(began) < 4500*time.Millisecond }
		o.Observe = func(name string) func(bool, error) {
			return func(did bool, err error) {
				mu.Lock()
				defer mu.Unlock()
				if did && err == nil && name != "connect B" && !slices.Contains(worked, name) {
					worked = append(worked, name)
					if at := time.Since(began); at < 4500*time.Millisecond {
						t.Errorf("%s after %s, while held", name, at)
					}
				}
			}
		}
	})
	slices.Sort(worked)
	if want := []string{"fetch B", "send B"}; !slices.Equal(worked, want) {
		t.Errorf("worked at %q, want %q", worked, want)
	}
	if waiting.State != "sent" {
		t.Errorf("the file is %s", waiting.State)
	}
}

// TestBankOwner_TellsHowTheLineIs: of every look and every failure while it has the lease, and of nothing else.
func TestBankOwner_TellsHowTheLineIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*gateway.BankOwner, *bank)
		want   string
	}{
		"in peace":                 {func(*gateway.BankOwner, *bank) {}, "owns true; <nil>; <nil>; owns false"},
		"the bank does not answer": {func(o *gateway.BankOwner, _ *bank) { o.Retry, o.Dial = time.Minute, refuses }, "owns true; connect: the connection to the bank is lost: broken; owns false"},
		"its mailbox cannot be listed": {func(o *gateway.BankOwner, link *bank) {
			o.Retry, link.fail = time.Minute, map[string]error{"list": errBroken}
		}, "owns true; the connection to the bank is lost: broken; owns false"},
		"nothing may be judged": {func(o *gateway.BankOwner, _ *bank) { o.Held = func() bool { return true } },
			"owns true; nothing may be judged, and the bank's mailbox is not looked into; nothing may be judged, and the bank's mailbox is not looked into; owns false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reported []string
			owning(t, 7500*time.Millisecond, func(o *gateway.BankOwner, _ *outbox, link *bank) {
				c.change(o, link)
				o.Owns = func(has bool) { reported = append(reported, fmt.Sprintf("owns %t", has)) }
				o.Heard = func(err error) { reported = append(reported, fmt.Sprint(err)) }
			})
			if got := strings.Join(reported, "; "); got != c.want {
				t.Errorf("reported %s, want %s", got, c.want)
			}
		})
	}
}

func refuses(context.Context) (gateway.LinkCloser, error) { return nil, errBroken }
