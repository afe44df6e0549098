package ibmmq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/ibmmq"
)

// open opens a link to the supplier's queue.
func (r *rig) open(t *testing.T) mq.Link {
	t.Helper()
	return r.openWith(t, r.config(inQueue))
}

func (r *rig) openWith(t *testing.T, c ibmmq.Config) mq.Link {
	t.Helper()
	l, err := r.dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, l.Close(context.WithoutCancel(t.Context()))) })
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, other := range []error{mq.ErrUnknown, mq.ErrTemporary, mq.ErrAuth, mq.ErrTooBig, mq.ErrFull, mq.ErrNoQueue, mq.ErrUnsupported} {
		if other != want && errors.Is(err, other) {
			t.Fatalf("error %v is %v, and %v besides", err, want, other)
		}
	}
}

func send(t *testing.T, l mq.Link, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		check(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{ID: []byte("id " + b), Body: []byte(b)}))
	}
}

func receive(t *testing.T, l mq.Link, body string) *mq.Delivery {
	t.Helper()
	d, err := l.Receive(t.Context())
	check(t, err)
	if string(d.Body) != body {
		t.Fatalf("received %.40q, want %.40q", d.Body, body)
	}
	return d
}

func take(t *testing.T, l mq.Link, body string) *mq.Delivery {
	t.Helper()
	d := receive(t, l, body)
	check(t, l.Ack(t.Context(), d))
	return d
}

func nothing(t *testing.T, l mq.Link) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	d, err := l.Receive(ctx)
	if err == nil {
		t.Fatalf("received %.40q, want nothing", d.Body)
	}
	is(t, err, context.DeadlineExceeded)
}

func (r *rig) depths(t *testing.T, in, parked int) {
	t.Helper()
	if i, p := r.Depth(inQueue), r.Depth(parkedQueue); i != in || p != parked {
		t.Fatalf("%d messages in the queue and %d parked, want %d and %d", i, p, in, parked)
	}
}
