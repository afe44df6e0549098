package amqp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/Azure/go-amqp"

	"nks/mq"
)

// link implements mq.Link.
type link struct {
	in      Login
	raw     net.Conn
	conn    *amqp.Conn
	session *amqp.Session
	// receiver is nil while none is attached.
	receiver *amqp.Receiver
	asked    bool // a message has been asked for, and has not come
	senders  map[string]*amqp.Sender
	fence    *amqp.Sender // RabbitMQ's, to what is not there

	ctx    context.Context // ends, with its cause, when the connection does
	end    context.CancelCauseFunc
	closed atomic.Bool
	watch  sync.WaitGroup

	mu   sync.Mutex
	held map[*mq.Delivery]*amqp.Message
}

func newLink(in Login, raw net.Conn, conn *amqp.Conn) *link {
	l := &link{in: in, raw: raw, conn: conn, senders: make(map[string]*amqp.Sender), held: make(map[*mq.Delivery]*amqp.Message)}
	l.ctx, l.end = context.WithCancelCause(context.Background())
	l.watch.Go(func() {
		<-conn.Done()
		l.end(mq.ErrTemporary)
	})
	return l
}

// begin opens the session, and what of it must be there for the first message.
func (l *link) begin(ctx context.Context) (err error) {
	if l.session, err = l.conn.NewSession(ctx, nil); err != nil {
		return refused(ctx, err)
	}
	if l.in.Peer == RabbitMQ {
		nowhere := "nks.nowhere." + rand.Text()
		if l.fence, err = l.session.NewSender(ctx, l.address(nowhere), nil); err != nil {
			return attachError(ctx, err)
		}
	}
	if l.in.Queue == "" {
		return nil
	}
	l.receiver, err = l.attach(ctx, l.session, l.in.Queue)
	return err
}

// attach opens a receiver that has asked for nothing yet.
func (l *link) attach(ctx context.Context, session *amqp.Session, queue string) (*amqp.Receiver, error) {
	r, err := session.NewReceiver(ctx, l.address(queue), &amqp.ReceiverOptions{Credit: -1, MaxMessageSize: maxReceived,
		SourceCapabilities: []string{capability}})
	if err != nil {
		return nil, attachError(ctx, err)
	}
	return r, nil
}

// attachError names an error of attaching to a queue.
func attachError(ctx context.Context, err error) error {
	if e, is := errors.AsType[*amqp.Error](err); is {
		switch e.Condition {
		case amqp.ErrCondNotFound, amqp.ErrCondInvalidField, amqp.ErrCondResourceDeleted:
			return fmt.Errorf("%w: %w", mq.ErrNoQueue, err)
		case amqp.ErrCondUnauthorizedAccess:
			return fmt.Errorf("%w: %w", mq.ErrAuth, err)
		case amqp.ErrCondNotAllowed, amqp.ErrCondResourceLocked, amqp.ErrCondNotImplemented, amqp.ErrCondPreconditionFailed:
			return fmt.Errorf("%w: %w", mq.ErrUnsupported, err)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", mq.ErrTemporary, err)
}

// address is how the broker calls a queue.
func (l *link) address(queue string) string {
	if l.in.Peer == RabbitMQ {
		return rabbitPrefix + url.PathEscape(queue)
	}
	return queue
}

// queueOf is the queue of an address.
func (l *link) queueOf(address string) string {
	if name, ours := strings.CutPrefix(address, rabbitPrefix); ours && l.in.Peer == RabbitMQ {
		if plain, err := url.PathUnescape(name); err == nil {
			return plain
		}
	}
	return address
}

// Caps implements mq.Link.
func (l *link) Caps() mq.Caps {
	c := mq.Caps{MaxInFlight: rabbitInFlight, MaxBytes: l.in.MaxBytes, Count: mq.CountNone, Durable: mq.DurableFsync, Priority: true}
	if l.in.Peer != RabbitMQ {
		// What such a broker's accepted is worth was never tried.
		c.MaxInFlight, c.Durable = strictInFlight, mq.DurableLazy
	}
	return c
}

// alive returns why nothing can be asked of the broker any more, or ctx's error.
func (l *link) alive(ctx context.Context) error {
	select {
	case <-l.conn.Done():
		l.end(mq.ErrTemporary)
	default:
	}
	if l.ctx.Err() != nil {
		return l.cause()
	}
	return ctx.Err()
}

// cause tells why the link has ended.
func (l *link) cause() error {
	if l.closed.Load() {
		return mq.ErrClosed
	}
	return context.Cause(l.ctx)
}

// bound ends with ctx, with the connection, or after requestWait.
func (l *link) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// lost ends the link after an error of its session or connection: neither comes back.
func (l *link) lost(err error) error {
	if l.closed.Load() {
		return mq.ErrClosed
	}
	l.end(mq.ErrTemporary)
	return fmt.Errorf("%w: %w", mq.ErrTemporary, err)
}

// unknown hides what an error says: one that is ErrUnknown is not also another of ours.
func unknown(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", mq.ErrUnknown, err)
	}
	return fmt.Errorf("%w: %v", mq.ErrUnknown, err)
}

// Close implements mq.Link. What is held goes back with the connection; RabbitMQ does not answer when a receiver alone is closed.
func (l *link) Close(ctx context.Context) error {
	l.closed.Store(true)
	l.end(mq.ErrClosed)
	l.mu.Lock()
	clear(l.held)
	l.mu.Unlock()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = l.conn.Close() // only says how the goodbye went
	}()
	ctx, cancel := context.WithTimeout(ctx, closeWait)
	defer cancel()
	select {
	case <-over:
	case <-ctx.Done():
		_ = l.raw.Close()
		<-over
	}
	l.watch.Wait()
	return nil
}
