package rasp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// outbox is answers that wait, and what has become of them.
type outbox struct {
	mu      sync.Mutex
	waiting []gateway.QueuedAnswer
	laid    []string // in the mailbox
	at      door.Sending
	changed chan struct{} // told of every change
}

func (o *outbox) NextQueued(context.Context, string) (gateway.QueuedAnswer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return gateway.QueuedAnswer{}, gateway.ErrNotFound
	}
	return o.waiting[0], nil
}

func (o *outbox) Queued(_ context.Context, a gateway.QueuedAnswer) error { return o.gone(a, false) }

func (o *outbox) LayInMailbox(_ context.Context, a gateway.QueuedAnswer) error {
	return o.gone(a, true)
}

func (o *outbox) gone(a gateway.QueuedAnswer, laid bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 || o.waiting[0].ID != a.ID {
		return errors.New("not its turn")
	}
	if o.waiting = o.waiting[1:]; laid {
		o.laid = append(o.laid, a.Name)
	}
	o.changed <- struct{}{}
	return nil
}

func (o *outbox) Own(ctx context.Context, _ string, do func(context.Context) error) (bool, error) {
	return true, do(ctx)
}

func (o *outbox) Sending(context.Context, string) (door.Sending, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at, nil
}

func (o *outbox) SetSending(_ context.Context, _ string, from, to door.Sending) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at != from {
		return gateway.ErrLostOwnership
	}
	o.at = to
	return nil
}

func (o *outbox) add(id int64, name string, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, gateway.QueuedAnswer{ID: id, Name: name, Body: body})
}

// newAnswers sends what is in an outbox to a house whose replies must be signed by peer.
func newAnswers(h *house, o *outbox, peer rasptest.Identity, failed func(error)) *rasp.Answers {
	v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.SHA256), Trust: h.ca.Trust(h.t, h.gateway.Certificate), Skew: time.Minute}
	return &rasp.Answers{Supplier: "LEVA", Queue: o, Sendings: o, ID: soap.NewID, MessageID: func(name string) string { return rasp.StableID("gateway", name) },
		Poll: time.Hour, Retry: time.Millisecond, Failed: func(_ string, err error) { failed(err) }, Reached: func(error) {}, Sent: func(int) {},
		Source: &rasp.Source{Endpoint: h.address, Parties: soap.Parties{Sender: ownGLN, Receiver: "LEVA"}, Signer: func() *xmldsig.Signer { return requester(h.supplier) }, Verifier: func() *xmldsig.Verifier { return v }, Now: time.Now,
			HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.ca.Pool(), MinVersion: tls.VersionTLS12}}},
			Peer: func(c xmldsig.Certificate) bool { return c.Leaf.Equal(peer.Certificate) }}}
}

// forgetful forgets all sequences before the answer of a number is taken.
type forgetful struct {
	*rasp.Memory
	before int64
	mu     sync.Mutex
}

func (f *forgetful) Find(ctx context.Context, party, id string, at time.Time) (door.Sequence, error) {
	q, err := f.Memory.Find(ctx, party, id, at)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && f.before > 0 && len(q.Came) > 0 && q.Came[0].Upper == f.before {
		f.before = 0
		return q, errors.Join(f.Memory.Forget(ctx, at.Add(1)), gateway.ErrNotFound)
	}
	return q, err
}

// TestAnswers: an endpoint that fails, and forgets the sequence, gets each answer once and in order; what no message can hold lies in the
// mailbox, and holds nothing up.
func TestAnswers(t *testing.T) {
	t.Parallel()
	peer := newHouse(t, func(c *rasp.Config) {
		c.AnyParties, c.Types, c.Sequences = true, soap.Answers(), &forgetful{Memory: &rasp.Memory{ID: soap.NewID}, before: 1}
	})
	peer.shelf.fails = []error{gateway.ErrTransient, nil, nil, gateway.ErrRefused}
	o := &outbox{changed: make(chan struct{}, 10)}
	for id, name := range []string{"KVITTERING1-1", "KVITTERING1-2", "broken", "KVITTERING1-3"} {
		body := receipt([]byte(name))
		if name == "broken" {
			body = []byte("no XML")
		}
		o.add(int64(id+1), name, body)
	}
	var mu sync.Mutex
	var troubles []string
	a := newAnswers(peer, o, peer.gateway, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		troubles = append(troubles, err.Error())
	})
	ctx, stop := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() { a.Run(ctx) })
	for range 4 {
		<-o.changed
	}
	stop()
	loop.Wait()
	for _, name := range []string{"KVITTERING1-1", "KVITTERING1-2", "KVITTERING1-3"} {
		if got := peer.shelf.kept["LEVA "+rasp.StableID("gateway", name)]; got != string(receipt([]byte(name))) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if peer.shelf.taken != 4 || // one twice: after it was taken its sequence was forgotten
		!slices.Equal(o.laid, []string{"broken"}) {
		t.Errorf("%d answers came, in the mailbox lie %q", peer.shelf.taken, o.laid)
	}
	if all := strings.Join(troubles, "\n"); !strings.Contains(all, "MessagePersistencyFault") || !strings.Contains(all, "SchemaValidationFault") || !strings.Contains(all, "UnknownSequence") || len(troubles) != 3 {
		t.Errorf("troubles:\n%s", all)
	}
}

// TestAnswers_AnotherPeer: what another than the peer acknowledges is not acknowledged.
func TestAnswers_AnotherPeer(t *testing.T) {
	t.Parallel()
	peer := newHouse(t, func(c *rasp.Config) { c.AnyParties, c.Types = true, soap.Answers() })
	o := &outbox{changed: make(chan struct{}, 10)}
	o.add(1, "KVITTERING1-1", receipt([]byte("one")))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	failed := make(chan error, 100)
	a := newAnswers(peer, o, peer.supplier, func(err error) {
		failed <- err
		if len(failed) == 3 {
			stop()
		}
	})
	a.Run(ctx)
	if err := <-failed; !errors.Is(err, xmldsig.ErrUntrusted) {
		t.Errorf("failed with %v", err)
	}
	if !strings.Contains(a.Trouble(), "another certificate") || len(o.waiting) != 1 {
		t.Errorf("trouble %q, %d wait", a.Trouble(), len(o.waiting))
	}
}

// boastful has more come than there was.
type boastful struct{ *rasp.Memory }

func (b boastful) Find(ctx context.Context, party, id string, at time.Time) (door.Sequence, error) {
	q, err := b.Memory.Find(ctx, party, id, at)
	q.Came = []door.Came{{Lower: 1, Upper: 1 << 62}}
	return q, err
}

// TestAnswers_Boastful: who acknowledges whatever may come acknowledges nothing.
func TestAnswers_Boastful(t *testing.T) {
	t.Parallel()
	peer := newHouse(t, func(c *rasp.Config) {
		c.AnyParties, c.Types, c.Sequences = true, soap.Answers(), boastful{&rasp.Memory{ID: soap.NewID}}
	})
	o := &outbox{changed: make(chan struct{}, 10)}
	o.add(1, "KVITTERING1-1", receipt([]byte("one")))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a := newAnswers(peer, o, peer.gateway, func(error) { stop() })
	go func() {
		<-o.changed
		stop()
	}()
	a.Run(ctx)
	if !strings.Contains(a.Trouble(), "never sent") || len(o.waiting) != 1 {
		t.Errorf("trouble %q, %d wait", a.Trouble(), len(o.waiting))
	}
}

// TestAnswers_ANewAnswerEndsThePause: twenty failures in a row take minutes of pauses, but not where something new comes for the supplier meanwhile.
func TestAnswers_ANewAnswerEndsThePause(t *testing.T) {
	t.Parallel()
	peer := newHouse(t, func(c *rasp.Config) { c.AnyParties, c.Types = true, soap.Answers() })
	peer.shelf.fails = slices.Repeat([]error{gateway.ErrTransient}, 20)
	o := &outbox{changed: make(chan struct{}, 10)}
	o.add(1, "KVITTERING1-1", receipt([]byte("one")))
	ctx, stop := context.WithCancel(t.Context())
	var a *rasp.Answers
	a = newAnswers(peer, o, peer.gateway, func(error) { a.Wake() })
	var loop sync.WaitGroup
	loop.Go(func() { a.Run(ctx) })
	select {
	case <-o.changed:
	case <-time.After(time.Minute):
		t.Error("the answer waits for the end of the pause")
	}
	stop()
	loop.Wait()
}
