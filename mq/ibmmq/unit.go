package ibmmq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

const (
	// verbWait bounds every verb: IBM's client takes no context. One that takes
	// longer is not awaited, and its link is lost.
	verbWait = 30 * time.Second
	// closeWait bounds the end of a connection.
	closeWait = 10 * time.Second
)

// unit is one connection, which is one unit of work. Its verbs are called by one
// goroutine, one after the other; everything but the channels is that goroutine's.
type unit struct {
	cfg   Config
	calls chan func()
	quit  chan struct{}
	gone  chan struct{} // closed when the connection has ended
	once  sync.Once
	left  error // set when gone is closed: what could not be backed out

	connected bool
	qm        mqi.MQQueueManager
	in        *mqi.MQObject        // nil until the first get
	rules     backoutRules         // of the queue behind in
	handle    *mqi.MQMessageHandle // of the message got last
}

// connect opens a connection; it tries once.
func connect(ctx context.Context, cfg Config) (*unit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	u := &unit{cfg: cfg, calls: make(chan func()), quit: make(chan struct{}), gone: make(chan struct{})}
	go u.run()
	err := u.do(ctx, func() error {
		qm, err := mqi.Connx(cfg.Manager, cfg.options())
		// A warning is a connection: every one with TLS but a process' first has
		// MQRC_SSL_ALREADY_INITIALIZED.
		if err != nil && !warned(err) {
			return named(err)
		}
		u.qm, u.connected = qm, true
		return nil
	})
	if err == nil {
		return u, nil
	}
	u.stop()
	var a abandoned
	if errors.As(err, &a) && ctx.Err() == nil {
		err = fmt.Errorf("%w: no answer in %v", mq.ErrTemporary, verbWait)
	}
	return nil, err
}

func (u *unit) run() {
	defer close(u.gone)
	for {
		select {
		case <-u.quit:
			u.left = u.end()
			return
		case verb := <-u.calls:
			verb()
		}
	}
}

// do has verbs called and waits for them: until ctx ends, at most verbWait. What
// they have found must not be looked at when it returns abandoned: they go on.
func (u *unit) do(ctx context.Context, verbs func() error) error {
	done := make(chan error, 1)
	select {
	case u.calls <- func() { done <- verbs() }:
	case <-u.quit:
		return mq.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, verbWait)
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return abandoned{ctx.Err()}
	}
}

// end backs out and disconnects. MQDISC commits an open unit of work: where it
// could not be backed out, the connection is left to the end of the process.
func (u *unit) end() error {
	if !u.connected {
		return nil
	}
	if err := u.qm.Back(); err != nil && !gone(err) {
		return fmt.Errorf("not backed out, left open: %w", err)
	}
	u.forget()
	if u.in != nil {
		// Nothing depends on it: MQDISC closes what is open.
		_ = u.in.Close(mqi.MQCO_NONE)
	}
	_ = u.qm.Disc()
	return nil
}

// forget deletes the handle with the properties of the message got last.
func (u *unit) forget() {
	if u.handle != nil {
		// It is lost with the connection, else it is deleted.
		_ = u.handle.DltMH(mqi.NewMQDMHO())
		u.handle = nil
	}
}

// stop has the connection end, once its verb has.
func (u *unit) stop() { u.once.Do(func() { close(u.quit) }) }

// close waits for that.
func (u *unit) close(ctx context.Context) error {
	u.stop()
	ctx, cancel := context.WithTimeout(ctx, closeWait)
	defer cancel()
	select {
	case <-u.gone:
		return u.left
	case <-ctx.Done():
		return fmt.Errorf("a verb goes on: %w", ctx.Err())
	}
}

// back backs out. An error means that the connection is lost, with its unit.
func (u *unit) back() error {
	if err := u.qm.Back(); err != nil {
		return fmt.Errorf("%w: not backed out: %w", mq.ErrTemporary, err)
	}
	return nil
}

// commit ends the unit of work.
func (u *unit) commit() error { return committed(u.qm.Cmit()) }
