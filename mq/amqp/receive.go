package amqp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/Azure/go-amqp"

	"nks/mq"
)

// Receive implements mq.Link. One message is asked for at a time: RabbitMQ stops delivering where the library renews the credit by
// itself.
func (l *link) Receive(ctx context.Context) (*mq.Delivery, error) {
	d, err := l.receive(ctx)
	if err != nil {
		return nil, fmt.Errorf("amqp: receive from %s: %w", l.in.Queue, err)
	}
	return d, nil
}

func (l *link) receive(ctx context.Context) (*mq.Delivery, error) {
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	full := len(l.held) >= l.Caps().MaxInFlight
	l.mu.Unlock()
	switch {
	case l.in.Queue == "":
		return nil, mq.ErrNoQueue
	case full:
		return nil, mq.ErrInFlight
	}
	if err := l.ask(ctx); err != nil {
		return nil, err
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	m, err := l.receiver.Receive(wait, nil)
	switch {
	case l.ctx.Err() != nil:
		return nil, l.cause()
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, l.lost(err)
	}
	l.asked = false
	return l.hold(m), nil
}

// ask asks for a message, unless one is asked for that has not come.
func (l *link) ask(ctx context.Context) (err error) {
	if l.receiver == nil {
		bound, done := l.bound(ctx)
		defer done()
		if l.receiver, err = l.attach(bound, l.session, l.in.Queue); err != nil {
			if l.ctx.Err() != nil {
				return l.cause()
			}
			return err
		}
	}
	if l.asked {
		return nil
	}
	if err := l.receiver.IssueCredit(1); err != nil {
		return l.lost(err)
	}
	l.asked = true
	return nil
}

func (l *link) hold(m *amqp.Message) *mq.Delivery {
	d := &mq.Delivery{Message: l.decode(m), Attempts: -1, Redelivered: l.redelivered(m.Header), Handle: m}
	d.TransportKey = keyOf(m, d)
	l.mu.Lock()
	l.held[d] = m
	l.mu.Unlock()
	return d
}

// redelivered goes by what each kind of broker is known to tell.
func (l *link) redelivered(h *amqp.MessageHeader) bool {
	if h == nil {
		return false
	}
	return h.DeliveryCount > 0 || l.in.Peer == RabbitMQ && !h.FirstAcquirer
}

// take ends the holding of d.
func (l *link) take(ctx context.Context, d *mq.Delivery) (*amqp.Message, error) {
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.held[d]
	if !ok {
		return nil, mq.ErrSettled
	}
	delete(l.held, d)
	return m, nil
}

// Ack implements mq.Link.
func (l *link) Ack(ctx context.Context, d *mq.Delivery) error {
	m, err := l.take(ctx, d)
	if err == nil {
		err = l.accept(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("amqp: ack on %s: %w", l.in.Queue, err)
	}
	return nil
}

func (l *link) accept(ctx context.Context, m *amqp.Message) error {
	ctx, done := l.bound(ctx)
	defer done()
	err := l.receiver.AcceptMessage(ctx, m)
	if err == nil {
		err = l.passed(ctx)
	}
	if err != nil {
		return unknown(err)
	}
	return nil
}

var errNotPassed = errors.New("the broker does not confirm what came before")

// passed waits until the broker has seen what went before.
func (l *link) passed(ctx context.Context) error {
	if l.fence == nil {
		return l.detach(ctx)
	}
	receipt, err := l.fence.SendWithReceipt(ctx, amqp.NewMessage(nil), nil)
	if err != nil {
		return err
	}
	state, err := receipt.Wait(ctx)
	if err != nil {
		return err
	}
	if _, accepted := state.(*amqp.StateAccepted); !accepted {
		return errNotPassed
	}
	return nil
}

// detach closes the receiver of a strict broker, which gives back what it holds, and waits until the broker has done so.
func (l *link) detach(ctx context.Context) error {
	r := l.receiver
	l.receiver, l.asked = nil, false
	return r.Close(ctx)
}

// Return implements mq.Link. AMQP has no delay.
func (l *link) Return(ctx context.Context, d *mq.Delivery, _ time.Duration) error {
	m, err := l.take(ctx, d)
	if err == nil {
		err = l.release(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("amqp: return on %s: %w", l.in.Queue, err)
	}
	return nil
}

func (l *link) release(ctx context.Context, m *amqp.Message) (err error) {
	ctx, done := l.bound(ctx)
	defer done()
	if l.in.Peer == RabbitMQ {
		err = l.receiver.ReleaseMessage(ctx, m)
	}
	if err == nil {
		err = l.passed(ctx)
	}
	if err != nil {
		return unknown(err)
	}
	return nil
}

// Park implements mq.Link: put a copy into the parked queue, then acknowledge.
func (l *link) Park(ctx context.Context, d *mq.Delivery, reason string) error {
	l.mu.Lock()
	_, ok := l.held[d]
	l.mu.Unlock()
	var err error
	switch {
	case !ok:
		_, err = l.take(ctx, d)
	case l.in.Parked == "":
		err = fmt.Errorf("%w: no parked queue", mq.ErrUnsupported)
	default:
		err = l.park(ctx, d, reason)
	}
	if err != nil {
		return fmt.Errorf("amqp: park from %s: %w", l.in.Queue, err)
	}
	return nil
}

// maxReason bounds what is told of why.
const maxReason = 1 << 10

func (l *link) park(ctx context.Context, d *mq.Delivery, reason string) error {
	copied := d.Message
	copied.Expiry, copied.Persistent = 0, true
	if copied.Props = maps.Clone(d.Props); copied.Props == nil {
		copied.Props = make(map[string]string)
	}
	copied.Props[mq.PropReason] = reason[:min(len(reason), maxReason)]
	if err := l.send(ctx, l.in.Parked, &copied, d.TransportKey); err != nil {
		return err
	}
	m, err := l.take(ctx, d)
	if err != nil {
		return err
	}
	return l.accept(ctx, m)
}
