package mqtest

import (
	"context"
	"errors"
	"time"

	"nks/mq"
)

// case 3
func (s *suite) closedUnsettled() {
	a, b := s.open(), s.open()
	held := s.hold(a, a)
	s.nothing(b)
	s.check(a.Close(s.ctx))
	s.is(a.Ack(s.ctx, held[0]), mq.ErrClosed)
	_, err := a.Receive(s.ctx)
	s.is(err, mq.ErrClosed)
	s.allAgain(b, held)
}

// hold has l hold two messages, or as many as it can.
func (s *suite) hold(sender, l mq.Link) []*mq.Delivery {
	s.Helper()
	var held []*mq.Delivery
	for _, body := range []string{"one", "two"}[:min(2, l.Caps().MaxInFlight)] {
		s.send(sender, body)
		held = append(held, s.receive(l))
	}
	return held
}

// allAgain takes deliveries that were held, in any order.
func (s *suite) allAgain(l mq.Link, held []*mq.Delivery) {
	s.Helper()
	keys := make(map[string]string, len(held))
	for _, d := range held {
		keys[d.TransportKey] = string(d.Body)
	}
	for range held {
		d := s.receive(l)
		if body, was := keys[d.TransportKey]; !was || body != string(d.Body) {
			s.Errorf("key %q of %q, want one of %q", d.TransportKey, d.Body, keys)
		}
		delete(keys, d.TransportKey)
		if l.Caps().Count == mq.CountExact && !d.Redelivered {
			s.Errorf("%q is not said to come again", d.Body)
		}
		s.ack(l, d)
	}
	s.nothing(l)
}

// case 4
func (s *suite) killedUnsettled() {
	a, b := s.open(), s.open()
	held := s.hold(b, a)
	s.Kill(a)
	s.allAgain(b, held)
	s.gone(a)
	s.lostInWait()
}

// losses is how often a link is lost under a Receive.
const losses = 400

// lostInWait loses links under a Receive: what the next Send says must not
// hang on which of the driver's goroutines hears of the loss first.
func (s *suite) lostInWait() {
	s.Helper()
	for range losses {
		l := s.open()
		reply := make(chan [2]error, 1)
		go func() {
			_, lost := l.Receive(s.ctx)
			reply <- [2]error{lost, l.Send(s.ctx, s.Queue, &mq.Message{Body: []byte("into nothing")})}
		}()
		s.Kill(l)
		for _, err := range <-reply {
			s.is(err, mq.ErrTemporary)
		}
	}
}

// gone checks a link whose connection was lost.
func (s *suite) gone(l mq.Link) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	_, err := l.Receive(ctx)
	s.is(err, mq.ErrTemporary)
	s.is(l.Send(ctx, s.Queue, &mq.Message{Body: []byte("into nothing")}), mq.ErrTemporary)
}

// case 5
func (s *suite) ackedStaysAway() {
	a := s.open()
	s.send(a, "one", "two")
	s.ack(a, s.want(a, "one"))
	s.check(a.Close(s.ctx))
	if s.Stop != nil {
		s.Stop()
		s.Start()
	}
	b := s.open()
	s.ack(b, s.want(b, "two"))
	s.nothing(b)
}

// case 6
func (s *suite) returned() {
	l := s.open()
	s.send(l, "one")
	first := s.receive(l)
	s.check(l.Return(s.ctx, first, 0))
	s.is(l.Ack(s.ctx, first), mq.ErrSettled)
	second := s.again(l, first)
	s.check(l.Return(s.ctx, second, 0))
	third := s.again(l, second)
	s.ack(l, third)
	s.is(l.Return(s.ctx, third, 0), mq.ErrSettled)
	s.nothing(l)
}

// case 7
func (s *suite) returnedLater() {
	l := s.open()
	s.send(l, "later", "now")
	const delay = 400 * time.Millisecond
	first := s.want(l, "later")
	start := time.Now()
	s.check(l.Return(s.ctx, first, delay))
	s.ack(l, s.want(l, "now"))
	s.ack(l, s.again(l, first))
	if took := time.Since(start); took < delay {
		s.Errorf("came again after %v, asked for %v", took, delay)
	}
}

// case 8
func (s *suite) parked() {
	l := s.open()
	s.check(l.Send(s.ctx, s.Queue, &mq.Message{ID: []byte("p-1"), Body: []byte("bad"), Props: map[string]string{"party": "ATP"}}))
	d := s.want(l, "bad")
	s.check(l.Park(s.ctx, d, "cannot be read"))
	s.is(l.Ack(s.ctx, d), mq.ErrSettled)
	s.nothing(l)
	p := s.opened(s.OpenParked)
	found := s.want(p, "bad")
	if found.Props[mq.PropReason] != "cannot be read" || found.Props["party"] != "ATP" || string(found.ID) != "p-1" {
		s.Errorf("parked with properties %q and id %q", found.Props, found.ID)
	}
	s.ack(p, found)
	s.nothing(p)
}

// case 9
func (s *suite) receiveEnds() {
	l := s.open()
	for range 3 {
		ctx, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
		start := time.Now()
		_, err := l.Receive(ctx)
		cancel()
		s.is(err, context.DeadlineExceeded)
		if took := time.Since(start); took > 50*time.Millisecond+time.Second {
			s.Errorf("ended %v after its context", took)
		}
	}
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	s.send(l, "one", "two")
	_, err := l.Receive(ended)
	s.is(err, context.Canceled)
	s.ack(l, s.want(l, "one"))
	other := s.open()
	s.check(l.Close(s.ctx))
	s.ack(other, s.want(other, "two"))
}

// case 10
func (s *suite) inFlight() {
	l := s.open()
	n := l.Caps().MaxInFlight
	if n < 1 {
		s.Fatalf("at most %d deliveries in flight", n)
	}
	for range n + 1 {
		s.send(l, "m")
	}
	held := make([]*mq.Delivery, n)
	for i := range held {
		held[i] = s.receive(l)
	}
	_, err := l.Receive(s.ctx)
	s.is(err, mq.ErrInFlight)
	keys := make(map[string]bool, n+1)
	for i := range held {
		d := held[n-1-i]
		keys[d.TransportKey] = true
		s.ack(l, d)
	}
	d := s.receive(l)
	keys[d.TransportKey] = true
	s.ack(l, d)
	if len(keys) != n+1 {
		s.Errorf("%d messages of %d", len(keys), n+1)
	}
	s.nothing(l)
}

// case 20
func (s *suite) closeWhileReceiving() {
	l, other := s.open(), s.open()
	result := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		close(started)
		_, err := l.Receive(s.ctx)
		result <- err
	}()
	<-started
	s.check(l.Close(s.ctx))
	select {
	case err := <-result:
		s.is(err, mq.ErrClosed)
	case <-time.After(patience):
		s.Fatal("Receive goes on after Close")
	}
	s.check(l.Close(s.ctx))
	s.send(other, "after")
	s.ack(other, s.want(other, "after"))
}

// case 23: the reader dies of the message, until the count says enough.
func (s *suite) poison() {
	const threshold = 3
	l := s.open()
	s.send(l, "deadly")
	seen := 0 // stands for the database, where the queue does not count
	for {
		d := s.want(l, "deadly")
		seen++
		attempts := d.Attempts
		if l.Caps().Count == mq.CountNone {
			attempts = seen
		}
		if attempts >= threshold {
			s.check(l.Park(s.ctx, d, "crashed its reader"))
			break
		}
		s.Kill(l)
		l = s.open()
	}
	if seen > threshold {
		s.Errorf("delivered %d times before it was parked", seen)
	}
	p := s.opened(s.OpenParked)
	s.ack(p, s.want(p, "deadly"))
	s.nothing(l)
}

// isLost reports an error after which a link is replaced.
func isLost(err error) bool {
	return errors.Is(err, mq.ErrTemporary) || errors.Is(err, mq.ErrUnknown) || errors.Is(err, mq.ErrClosed)
}
