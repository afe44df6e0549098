package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"nks/gateway"
	"nks/mq"
)

// settled is what has become of a supplier's messages, each by what the broker's suite knows it by: why it was parked, "" when it was taken.
type settled struct {
	mu   sync.Mutex
	by   map[string]string
	more chan struct{} // closed and replaced with each
}

func newSettled() *settled { return &settled{by: map[string]string{}, more: make(chan struct{})} }

func (s *settled) settle(message, parked string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by[message] = parked
	close(s.more)
	s.more = make(chan struct{})
}

// wait waits until a message is settled.
func (s *settled) wait(ctx context.Context, message string) (parked string, err error) {
	for {
		s.mu.Lock()
		parked, ok := s.by[message]
		more := s.more
		s.mu.Unlock()
		if ok {
			return parked, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// outcome waits until a message is settled, and says what its sender would be told; taken finds one that was parked, as a person would.
func (s *settled) outcome(ctx context.Context, message string, taken func(reason string) error) error {
	parked, err := s.wait(ctx, message)
	if err != nil || parked == "" {
		return err
	}
	for _, means := range []error{gateway.ErrConflict, gateway.ErrRefused} {
		if strings.Contains(parked, means.Error()) {
			return errors.Join(means, taken(parked))
		}
	}
	return fmt.Errorf("parked: %s", parked)
}

// takeParked takes the message that a person would find.
func takeParked(ctx context.Context, l mq.Link, body []byte, reason string) error {
	defer func() { _ = l.Close(ctx) }()
	d, err := l.Receive(ctx)
	if err != nil {
		return err
	}
	if string(d.Body) != string(body) || d.Props[mq.PropReason] != reason {
		return fmt.Errorf("parked are %d bytes because %q", len(d.Body), d.Props[mq.PropReason])
	}
	return l.Ack(ctx, d)
}

// watched is a link of the door that tells what the broker has confirmed of settling.
type watched struct {
	mq.Link
	settled *settled
	message func(*mq.Delivery) string
}

func (w *watched) Ack(ctx context.Context, d *mq.Delivery) error {
	err := w.Link.Ack(ctx, d)
	if err == nil {
		w.settled.settle(w.message(d), "")
	}
	return err
}

func (w *watched) Park(ctx context.Context, d *mq.Delivery, reason string) error {
	err := w.Link.Park(ctx, d, reason)
	if err == nil {
		w.settled.settle(w.message(d), reason)
	}
	return err
}
