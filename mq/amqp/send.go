package amqp

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/go-amqp"

	"nks/mq"
)

// Send implements mq.Link: it waits until the broker has accepted the message.
func (l *link) Send(ctx context.Context, to mq.Address, m *mq.Message) error {
	err := l.sendable(to, m)
	if err == nil {
		err = l.send(ctx, to.Queue, m, "")
	}
	if err != nil {
		return fmt.Errorf("amqp: send to %s: %w", to.Queue, err)
	}
	return nil
}

func (l *link) sendable(to mq.Address, m *mq.Message) error {
	switch {
	case m.Expiry != 0:
		return fmt.Errorf("%w: expiry", mq.ErrUnsupported)
	case int64(len(m.Body)) > l.in.MaxBytes:
		return mq.ErrTooBig
	case to.Queue == "":
		return mq.ErrNoQueue
	}
	return nil
}

func (l *link) send(ctx context.Context, queue string, m *mq.Message, key string) error {
	if err := l.alive(ctx); err != nil {
		return err
	}
	ctx, done := l.bound(ctx)
	defer done()
	sender, err := l.sender(ctx, queue)
	if err != nil {
		return err
	}
	receipt, err := sender.SendWithReceipt(ctx, l.encode(m, key), nil)
	if err != nil {
		if e, local := errors.AsType[*amqp.Error](err); local && e.Condition == amqp.ErrCondMessageSizeExceeded {
			return fmt.Errorf("%w: %w", mq.ErrTooBig, err)
		}
		return l.notSent(queue, err)
	}
	state, err := receipt.Wait(ctx)
	if err != nil {
		return l.notSent(queue, err)
	}
	return outcome(state)
}

// notSent names what ended a sending that had begun. A broker that refuses what is asked for ends the sender, or the session with it, in
// saying so: then nothing was stored.
func (l *link) notSent(queue string, err error) error {
	if of, is := errors.AsType[*amqp.LinkError](err); is && of.RemoteErr != nil && refuses(of.RemoteErr.Condition) {
		delete(l.senders, queue)
		return fmt.Errorf("%w: %w", rejection(of.RemoteErr.Condition), err)
	}
	// What follows on this link could not be told from what is unknown.
	l.end(mq.ErrTemporary)
	if e, is := errors.AsType[*amqp.Error](err); is && e.Condition == amqp.ErrCondUnauthorizedAccess {
		return fmt.Errorf("%w: %w", mq.ErrAuth, err)
	}
	return unknown(err)
}

func refuses(c amqp.ErrCond) bool {
	return c == amqp.ErrCondNotFound || c == amqp.ErrCondUnauthorizedAccess
}

// outcome names what the broker says has become of a message.
func outcome(state amqp.DeliveryState) error {
	switch s := state.(type) {
	case *amqp.StateAccepted:
		return nil
	case *amqp.StateReleased, *amqp.StateModified:
		return fmt.Errorf("%w: given back", mq.ErrFull)
	case *amqp.StateRejected:
		if s.Error == nil {
			return fmt.Errorf("%w: rejected", mq.ErrUnsupported)
		}
		return fmt.Errorf("%w: %w", rejection(s.Error.Condition), s.Error)
	}
	return fmt.Errorf("%w: outcome %v", mq.ErrUnknown, state)
}

func rejection(c amqp.ErrCond) error {
	switch c {
	case amqp.ErrCondResourceLimitExceeded:
		return mq.ErrFull
	case amqp.ErrCondMessageSizeExceeded:
		return mq.ErrTooBig
	case amqp.ErrCondNotFound, amqp.ErrCondResourceDeleted:
		return mq.ErrNoQueue
	case amqp.ErrCondUnauthorizedAccess:
		return mq.ErrAuth
	}
	return mq.ErrUnsupported
}

// sender is attached once to each queue that is sent to.
func (l *link) sender(ctx context.Context, queue string) (*amqp.Sender, error) {
	if s, known := l.senders[queue]; known {
		return s, nil
	}
	if l.in.Peer == RabbitMQ && !l.in.PutOnly {
		if err := l.holdOn(ctx, queue); err != nil {
			return nil, err
		}
	}
	s, err := l.session.NewSender(ctx, l.address(queue), &amqp.SenderOptions{TargetCapabilities: []string{capability}})
	if err != nil {
		if l.ctx.Err() != nil {
			return nil, l.cause()
		}
		return nil, attachError(ctx, err)
	}
	l.senders[queue] = s
	return s, nil
}

// holdOn attaches to a queue in a session of its own, which alone ends where there is no such queue. When the queue is deleted
// afterwards the connection breaks.
func (l *link) holdOn(ctx context.Context, queue string) error {
	session, err := l.conn.NewSession(ctx, nil)
	if err == nil {
		_, err = session.NewReceiver(ctx, l.address(queue), &amqp.ReceiverOptions{Credit: -1})
	}
	if err == nil {
		return nil
	}
	if l.ctx.Err() != nil {
		return l.cause()
	}
	return attachError(ctx, err)
}
