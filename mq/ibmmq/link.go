package ibmmq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"nks/mq"
)

// link implements mq.Link. Its methods follow each other, but for Close.
type link struct {
	cfg  Config
	main *unit // receives, and sends while nothing is held

	held *mq.Delivery
	lost error // why the connections are of no use any more

	mu     sync.Mutex
	closed bool
	aside  *unit // sends while a delivery is held; nil until then
}

// Open opens a link. It wraps mq.ErrAuth when the login or the certificate is
// refused, mq.ErrTemporary when the queue manager is not there, ErrConfig; it
// tries once. That the queue is missing shows at the first Receive.
func Open(ctx context.Context, c Config) (mq.Link, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("ibmmq: open: %w", err)
	}
	u, err := connect(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("ibmmq: connect to %q: %w", c.Manager, err)
	}
	return &link{cfg: c, main: u}, nil
}

// Caps implements mq.Link. What a queue really takes may be less.
func (l *link) Caps() mq.Caps {
	return mq.Caps{MaxInFlight: 1, MaxBytes: l.cfg.MaxBytes, Count: mq.CountExact, Durable: mq.DurableFsync, AtomicPark: true,
		Priority: true, Expiry: true, PutTime: l.cfg.TrustContext}
}

// alive returns why nothing can be done any more, or ctx's error.
func (l *link) alive(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return mq.ErrClosed
	}
	if l.lost != nil {
		return l.lost
	}
	return ctx.Err()
}

// over notes what an error means for the connection. An error that is
// ErrTemporary or ErrUnknown ends it: the caller opens another.
func (l *link) over(err error) error {
	var a abandoned
	if errors.As(err, &a) || errors.Is(err, mq.ErrTemporary) || errors.Is(err, mq.ErrUnknown) {
		l.lost = fmt.Errorf("%w: connection lost before", mq.ErrTemporary)
	}
	return err
}

// settle has the unit of work that holds d ended.
func (l *link) settle(ctx context.Context, op string, d *mq.Delivery, verbs func() error) error {
	err := l.alive(ctx)
	switch {
	case err != nil:
	case d == nil || d != l.held:
		err = mq.ErrSettled
	default:
		err = l.over(unknownIfAbandoned(l.main.do(ctx, verbs)))
		if err == nil {
			l.held = nil
		}
	}
	if err != nil {
		return fmt.Errorf("ibmmq: %s on %s: %w", op, l.cfg.Queue, err)
	}
	return nil
}

// unknownIfAbandoned: what goes on may yet be done.
func unknownIfAbandoned(err error) error {
	var a abandoned
	if errors.As(err, &a) {
		return fmt.Errorf("%w: %w", mq.ErrUnknown, err)
	}
	return err
}

// Ack implements mq.Link: MQCMIT.
func (l *link) Ack(ctx context.Context, d *mq.Delivery) error {
	return l.settle(ctx, "ack", d, l.main.commit)
}

// Return implements mq.Link: MQBACK. The message has its old place again at
// once; the queue manager knows no delay.
func (l *link) Return(ctx context.Context, d *mq.Delivery, _ time.Duration) error {
	return l.settle(ctx, "return", d, l.main.back)
}

// Park implements mq.Link: MQPUT1 to the backout queue and MQCMIT, one unit of
// work. Where the backout queue does not take it the delivery stays held.
func (l *link) Park(ctx context.Context, d *mq.Delivery, reason string) error {
	return l.settle(ctx, "park", d, func() error {
		o, ok := d.Handle.(*Origin)
		if !ok {
			return mq.ErrSettled
		}
		if err := l.main.move(o, d.Body, reason); err != nil {
			return err
		}
		return l.main.commit()
	})
}

// Send implements mq.Link: MQPUT1 under syncpoint, persistent, and MQCMIT.
func (l *link) Send(ctx context.Context, to mq.Address, m *mq.Message) error {
	p, err := encode(to, m, l.cfg.MaxBytes)
	if err == nil {
		err = l.alive(ctx)
	}
	if err == nil {
		err = l.send(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("ibmmq: send to %s: %w", to.Queue, err)
	}
	return nil
}

func (l *link) send(ctx context.Context, p *put) error {
	u := l.main
	if l.held != nil {
		var err error
		if u, err = l.second(ctx); err != nil {
			return l.over(err)
		}
	}
	return l.over(unknownIfAbandoned(u.do(ctx, func() error { return u.send(p) })))
}

// second is the connection for what is sent while a delivery is held.
func (l *link) second(ctx context.Context) (*unit, error) {
	l.mu.Lock()
	u := l.aside
	l.mu.Unlock()
	if u != nil {
		return u, nil
	}
	u, err := connect(ctx, l.cfg)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		u.stop()
		return nil, mq.ErrClosed
	}
	l.aside = u
	return u, nil
}

// Close implements mq.Link. It wraps mq.ErrUnknown when the connection did not
// end: what it holds comes again once the queue manager has noticed.
func (l *link) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	aside := l.aside
	l.mu.Unlock()
	if !first {
		return nil
	}
	err := l.main.close(ctx)
	if aside != nil {
		err = errors.Join(err, aside.close(ctx))
	}
	if err != nil {
		return fmt.Errorf("ibmmq: close: %w: %w", mq.ErrUnknown, err)
	}
	return nil
}
