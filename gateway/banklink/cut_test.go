package banklink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"nks/gateway"
)

// ledger is an outbox of one interchange, and a store of what a bank lays out.
type ledger struct {
	gateway.Outbox
	t       *testing.T
	content []byte
	state   string
	attempt int
	mayBe   bool // out: it must never be put again, unless it is proved that it is not
	stored  map[string][][]byte
}

func (l *ledger) file() gateway.Outgoing {
	return gateway.Outgoing{ID: 1, State: l.state, Attempt: l.attempt, FinalName: finalName, TempName: fmt.Sprintf(".%s.%d.tmp", finalName, l.attempt), Size: int64(len(l.content))}
}

func (l *ledger) NextOutgoing(_ context.Context, _ string, over ...int64) (gateway.Outgoing, error) {
	if len(over) > 0 || l.state == "sent" || l.state == "unknown" {
		return gateway.Outgoing{}, gateway.ErrNotFound
	}
	return l.file(), nil
}

func (l *ledger) Content(context.Context, int64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.content)), nil
}

func (l *ledger) MarkSending(context.Context, int64, int64) (gateway.Outgoing, error) {
	if l.mayBe {
		l.t.Error("put again what may be out")
	}
	l.state, l.attempt = "sending", l.attempt+1
	return l.file(), nil
}

func (l *ledger) MarkPublishing(context.Context, gateway.Outgoing, int64) error {
	l.state, l.mayBe = "publishing", true
	return nil
}

func (l *ledger) MarkSent(context.Context, gateway.Outgoing, int64) error {
	l.state = "sent"
	return nil
}

func (l *ledger) MarkNotSent(context.Context, gateway.Outgoing, int64) error {
	l.state, l.mayBe = "rendered", false
	return nil
}

func (l *ledger) MarkUnknown(context.Context, gateway.Outgoing, int64) error {
	l.state = "unknown"
	return nil
}

func (l *ledger) SendFails(context.Context, gateway.Outgoing, error) error { return nil }

func (l *ledger) StoreBankFile(_ context.Context, _, name string, fetch func(io.Writer) error) error {
	var b bytes.Buffer
	if err := fetch(&b); err != nil {
		return err
	}
	l.stored[name] = append(l.stored[name], b.Bytes())
	return nil
}

func (l *ledger) FetchFails(context.Context, string, gateway.RemoteFile, bool, error) error {
	return nil
}
func (l *ledger) FetchMended(context.Context, string, []gateway.RemoteFile) error { return nil }
func (l *ledger) RoundComplete(context.Context, string, int64, time.Time) error   { return nil }

// drive takes steps of a dispatcher until it is done, over a new connection whenever one is lost, and gives what went over the first.
func drive(t *testing.T, b *cutBank, l *ledger, step func(*gateway.Dispatcher) error, done func() bool) (first *breaks) {
	t.Helper()
	now := time.Date(2005, 8, 11, 6, 0, 0, 0, time.UTC)
	link, first := b.dial()
	d := &gateway.Dispatcher{Bank: "B", Outbox: l, Link: link, Now: func() time.Time { return now }, Retry: time.Second, Failpoint: func(string) {}}
	for tries := 0; !done(); tries++ {
		if tries == 10 {
			t.Fatalf("cut %+v: it comes to no end", b.cut)
		}
		if err := step(d); errors.Is(err, gateway.ErrLinkDown) {
			_ = link.Close()
			link, _ = b.dial()
			d.Link = link
		}
		now = now.Add(time.Hour) // what failed is tried again
	}
	_ = link.Close()
	return first
}

// data is bytes in which no two packets are alike.
func data(n int, seed byte) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = seed ^ byte(i) ^ byte(i>>8) ^ byte(i>>15)*31
	}
	return p
}

// put sends a file to a bank whose first connection is cut, and holds the outcome to what is at the bank.
func put(t *testing.T, at cut, collects bool, size int) (outcome string, first *breaks, b *cutBank) {
	t.Helper()
	b = newCutBank(t, at)
	b.collects = collects
	l := &ledger{t: t, content: data(size, 0), state: "rendered"}
	first = drive(t, b, l, func(d *gateway.Dispatcher) error { _, err := d.SendNext(t.Context()); return err },
		func() bool { return l.state == "sent" || l.state == "unknown" })
	out := b.published()
	switch {
	case len(out) > 1:
		t.Fatalf("cut %+v: sent %d times", at, len(out))
	case len(out) == 1 && !bytes.Equal(out[0], l.content):
		t.Fatalf("cut %+v: %d of %d bytes are out", at, len(out[0]), size)
	case l.state == "sent" && len(out) == 0:
		t.Fatalf("cut %+v: said to be sent, and is not", at)
	}
	return l.state, first, b
}

// fetched fetches two files from a bank whose first connection is cut, and holds what is stored to what was laid out.
func fetched(t *testing.T, at cut, size int) (first *breaks, b *cutBank) {
	t.Helper()
	b = newCutBank(t, at)
	laid := map[string][]byte{"a.edi": data(size, 1), "b.edi": data(size/2, 2)}
	for name, content := range laid {
		if err := os.WriteFile(filepath.Join(b.dir, "out", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &ledger{t: t, stored: map[string][][]byte{}}
	left := func() (n int) {
		for name := range laid {
			if _, err := os.Stat(filepath.Join(b.dir, "out", name)); err == nil {
				n++
			} else if len(l.stored[name]) == 0 {
				t.Fatalf("cut %+v: %s is taken away and not stored", at, name)
			}
		}
		return n
	}
	first = drive(t, b, l, func(d *gateway.Dispatcher) error { _, err := d.FetchNew(t.Context()); return err }, func() bool { return left() == 0 })
	for name, all := range l.stored {
		if slices.ContainsFunc(all, func(got []byte) bool { return !bytes.Equal(got, laid[name]) }) {
			t.Fatalf("cut %+v: part of %s is stored", at, name)
		}
	}
	b.serving.Wait()
	return first, b
}

// places is some of the places 0 to n-1, by a fixed seed; all of them on the farm.
func places(t *testing.T, n int64, some int) (all []int64) {
	t.Helper()
	if os.Getenv("NKS_FARM") != "" {
		for i := range n {
			all = append(all, i)
		}
		return all
	}
	seed, err := strconv.ParseUint(os.Getenv("NKS_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	for range some {
		all = append(all, r.Int64N(n))
	}
	return all
}

const (
	cutSmall = 3000   // bytes of a file that is cut at every byte
	cutLarge = 70_000 // of one that is cut at every packet; it has several
	cutSome  = 20
)

// TestCut_Put: wherever the connection breaks while an interchange is handed over, it is sent once, or unknown, and then a person looks;
// also at a bank that takes it away at once.
func TestCut_Put(t *testing.T) {
	t.Parallel()
	for name, collects := range map[string]bool{"left there": false, "collected": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]int{}
			do := func(at cut, size int) {
				outcome, _, _ := put(t, at, collects, size)
				seen[outcome]++
			}
			_, small, _ := put(t, uncut(), collects, cutSmall)
			for _, n := range places(t, small.sent.Load(), cutSome) {
				do(cut{n, -1, -1, -1}, cutSmall)
			}
			for _, n := range places(t, small.received.Load(), cutSome) {
				do(cut{-1, n, -1, -1}, cutSmall)
			}
			_, _, large := put(t, uncut(), collects, cutLarge)
			for n := int64(1); n < large.requests; n++ { // the first opens the session
				do(cut{-1, -1, n, -1}, cutLarge)
			}
			for n := int64(1); n < large.replies; n++ {
				do(cut{-1, -1, -1, n}, cutLarge)
			}
			if seen["sent"] == 0 || collects && seen["unknown"] == 0 {
				t.Errorf("outcomes: %v", seen)
			}
			t.Logf("outcomes: %v", seen)
		})
	}
}

// TestCut_Fetch: wherever the connection breaks while files are fetched, each is stored whole before it is taken away.
func TestCut_Fetch(t *testing.T) {
	t.Parallel()
	small, _ := fetched(t, uncut(), cutSmall)
	for _, n := range places(t, small.sent.Load(), cutSome) {
		fetched(t, cut{n, -1, -1, -1}, cutSmall)
	}
	for _, n := range places(t, small.received.Load(), cutSome) {
		fetched(t, cut{-1, n, -1, -1}, cutSmall)
	}
	_, large := fetched(t, uncut(), cutLarge)
	for n := int64(1); n < large.requests; n++ { // the first opens the session
		fetched(t, cut{-1, -1, n, -1}, cutLarge)
	}
	for n := int64(1); n < large.replies; n++ {
		fetched(t, cut{-1, -1, -1, n}, cutLarge)
	}
}
