package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Lease is the right to use the connection to one bank.
type Lease struct {
	Fence   int64
	Held    func(context.Context) error // an error when it is lost
	Release func()
}

// LinkCloser is a bank's mailbox over a connection that can be closed.
type LinkCloser interface {
	BankLink
	io.Closer
}

// BankOwner keeps the one connection to a bank: it takes the lease, dials, sends what waits, fetches what lies ready,
// and starts over when the connection or the lease is lost. One slow bank delays no other: each has an owner.
type BankOwner struct {
	Bank      string
	Lease     func(context.Context) (Lease, error) // ErrTransient: somebody else has it
	Dial      func(context.Context) (LinkCloser, error)
	Outbox    Outbox
	Now       func() time.Time // the business clock
	Poll      time.Duration    // between looks at the bank's mailbox
	Retry     time.Duration    // after a failed connection
	Failpoint func(string)
	Failed    func(name string, err error)
	// Observe is told of every turn, by the names "connect", "send" and "fetch" with the bank's; nil: nobody.
	Observe Observe
	// Connected is told when the connection comes up (true) and when it is lost (false).
	Connected func(bool)

	bell Bell
}

// Wake makes an idle owner look at once for what waits to be sent.
func (b *BankOwner) Wake() { b.bell.Ring() }

// Run owns the connection until ctx ends.
func (b *BankOwner) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.own(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLeaseElsewhere) {
			b.Failed("bank "+b.Bank, err)
		}
		Pause(ctx, b.Retry)
	}
}

var errLeaseElsewhere = errors.New("another process owns the connection")

func (b *BankOwner) own(ctx context.Context) error {
	lease, err := b.Lease(ctx)
	if errors.Is(err, ErrTransient) {
		return errLeaseElsewhere
	}
	if err != nil {
		return err
	}
	defer lease.Release()
	var link LinkCloser
	_, err = b.Observe.turn(ctx, "connect "+b.Bank, func(ctx context.Context) (worked bool, err error) {
		link, err = b.Dial(ctx)
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = link.Close() }()
	b.Connected(true)
	defer b.Connected(false)
	d := &Dispatcher{Bank: b.Bank, Fence: lease.Fence, Link: link, Outbox: b.Outbox, Now: b.Now, Failpoint: b.Failpoint}
	for {
		// A file that cannot be sent must not hide what the bank says.
		sent, sendErr := b.Observe.turn(ctx, "send "+b.Bank, d.SendNext)
		fetched, fetchErr := b.Observe.turn(ctx, "fetch "+b.Bank, d.FetchNew)
		if err := errors.Join(sendErr, fetchErr); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if !sent && !fetched {
			b.bell.Wait(ctx, b.Poll)
		}
		if err := lease.Held(ctx); err != nil {
			return fmt.Errorf("lease lost: %w", err)
		}
	}
}
