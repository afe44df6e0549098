package mqtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"nks/mq"
)

// case 1
func (s *suite) bodies() {
	l := s.open()
	largest := int(l.Caps().MaxBytes)
	noise := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 1 << 10, 4 << 20, largest} {
		if size > largest {
			continue
		}
		body := make([]byte, size)
		// ChaCha8 never fails to read.
		_, _ = noise.Read(body)
		s.roundTrip(l, body)
	}
	s.roundTrip(l, []byte("\x00\x00a\r\n\r\n\x00"))
	s.roundTrip(l, []byte("S\xf8ren \xe6\xf8\xe5 \xff\xfe")) // ISO 8859-1, no UTF-8
}

func (s *suite) roundTrip(l mq.Link, body []byte) {
	s.Helper()
	s.check(l.Send(s.ctx, s.Queue, &mq.Message{Body: body}))
	d := s.receive(l)
	if !bytes.Equal(d.Body, body) {
		s.Fatalf("a body of %d bytes came back changed, %d bytes", len(body), len(d.Body))
	}
	s.ack(l, d)
}

// case 2
func (s *suite) fields() {
	l := s.open()
	m := mq.Message{ID: []byte("id-1"), CorrelID: []byte("corr 2"), ReplyTo: s.Queue, Format: "application/xml", Body: []byte("b"),
		Props: map[string]string{"party": "ATP", "empty": "", "text": "S\u00f8ren"}}
	before := time.Now().Add(-time.Minute)
	s.check(l.Send(s.ctx, s.Queue, &m))
	d := s.receive(l)
	if string(d.ID) != "id-1" || string(d.CorrelID) != "corr 2" || d.ReplyTo != s.Queue || d.Format != m.Format {
		s.Errorf("came back as id %q, correlation %q, reply to %v, format %q", d.ID, d.CorrelID, d.ReplyTo, d.Format)
	}
	if !maps.Equal(d.Props, m.Props) {
		s.Errorf("properties %q, sent %q", d.Props, m.Props)
	}
	if tells := l.Caps().PutTime; tells && (d.Put.Before(before) || d.Put.After(time.Now().Add(time.Minute))) || !tells && !d.Put.IsZero() {
		s.Errorf("put at %v", d.Put)
	}
	if d.TransportKey == "" || d.Redelivered || d.Attempts > 1 {
		s.Errorf("first delivery: key %q, redelivered %v, attempt %d", d.TransportKey, d.Redelivered, d.Attempts)
	}
	s.ack(l, d)
	s.send(l, "x", "x")
	a := s.receive(l)
	s.ack(l, a)
	b := s.receive(l)
	s.ack(l, b)
	if a.TransportKey == b.TransportKey || len(a.ID) != 0 {
		s.Errorf("two messages without ids: ids %q, keys %q and %q", a.ID, a.TransportKey, b.TransportKey)
	}
}

// case 12
func (s *suite) order() {
	l := s.open()
	const n = 200
	for i := range n {
		s.send(l, fmt.Sprint(i))
	}
	for i := range n {
		s.ack(l, s.want(l, fmt.Sprint(i)))
	}
}

// case 14
func (s *suite) missing() {
	l := s.open()
	s.is(l.Send(s.ctx, s.Missing, &mq.Message{Body: []byte("lost?")}), mq.ErrNoQueue)
	s.usable(l)
}

// usable shows that a refusal did the link no harm.
func (s *suite) usable(l mq.Link) {
	s.Helper()
	s.send(l, "still here")
	s.ack(l, s.want(l, "still here"))
	s.nothing(l)
}

// case 15
func (s *suite) tooBig() {
	l := s.open()
	body := make([]byte, l.Caps().MaxBytes+64<<10)
	s.is(l.Send(s.ctx, s.Queue, &mq.Message{Body: body}), mq.ErrTooBig)
	s.usable(l)
}

// case 16
func (s *suite) full() {
	var small mq.Address
	l := s.opened(func(ctx context.Context) (l mq.Link, err error) {
		l, small, err = s.OpenSmall(ctx)
		return l, err
	})
	m := &mq.Message{Body: []byte("one of two")}
	s.check(l.Send(s.ctx, small, m))
	s.check(l.Send(s.ctx, small, m))
	s.is(l.Send(s.ctx, small, m), mq.ErrFull)
	s.ack(l, s.receive(l))
	// The place may become free a moment after the acknowledgement.
	err := mq.ErrFull
	for start := time.Now(); errors.Is(err, mq.ErrFull) && time.Since(start) < patience; {
		err = l.Send(s.ctx, small, m)
	}
	s.check(err)
	s.ack(l, s.receive(l))
	s.ack(l, s.receive(l))
	s.nothing(l)
}

// case 21
func (s *suite) marks() {
	l := s.open()
	s.check(l.Send(s.ctx, s.Queue, &mq.Message{Body: []byte("p"), Persistent: true, Priority: 7}))
	d := s.want(l, "p")
	if !d.Persistent {
		s.Errorf("a persistent message came as one that is not")
	}
	if want := uint8(7); l.Caps().Priority && d.Priority != want {
		s.Errorf("priority %d, want %d", d.Priority, want)
	}
	if d.Expiry != 0 {
		s.Errorf("expiry %v, sent without", d.Expiry)
	}
	s.ack(l, d)
	err := l.Send(s.ctx, s.Queue, &mq.Message{Body: []byte("e"), Expiry: time.Hour})
	if !l.Caps().Expiry {
		s.is(err, mq.ErrUnsupported)
		s.usable(l)
		return
	}
	s.check(err)
	if d := s.want(l, "e"); d.Expiry <= 0 || d.Expiry > time.Hour {
		s.Errorf("expiry %v, want what is left of an hour", d.Expiry)
	}
}

// case 22: a queue may store the second or not; the key is the same.
func (s *suite) sameID() {
	l := s.open()
	m := &mq.Message{ID: []byte("once"), Body: []byte("same")}
	s.check(l.Send(s.ctx, s.Queue, m))
	s.check(l.Send(s.ctx, s.Queue, m))
	s.send(l, "end")
	inbox := map[string]int{}
	for {
		d := s.receive(l)
		s.ack(l, d)
		if string(d.Body) == "end" {
			break
		}
		inbox[d.TransportKey]++
	}
	if len(inbox) != 1 {
		s.Errorf("keys %v of one id", inbox)
	}
	s.nothing(l)
}
