package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
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

// BankOwner keeps the connections to a bank: it takes the lease, and over one connection fetches what lies ready while over
// another, made when there is something, it sends what waits: neither waits for the other. A connection that is lost is made
// anew, later each time; the lease stays. One slow bank delays no other: each has an owner.
type BankOwner struct {
	Bank      string
	Lease     func(context.Context) (Lease, error) // ErrTransient: somebody else has it
	Dial      func(context.Context) (LinkCloser, error)
	Outbox    Outbox
	Now       func() time.Time // the business clock
	Poll      time.Duration    // between looks at the bank's mailbox
	Retry     time.Duration    // after a first failure
	Failpoint func(string)
	Failed    func(name string, err error)
	// Observe is told of every turn, by the names "connect", "send" and "fetch" with the bank's; nil: nobody.
	Observe Observe
	// Held reports that nothing may be judged: while it is so nothing is sent, and nothing is fetched, since a look at the bank's
	// mailbox says until when its silence is known. Nil: never.
	Held func() bool
	// Connected is told when the connection over which is fetched comes up (true) and when it is lost (false).
	Connected func(bool)
	// Owns is told when the lease comes (true) and when it goes (false). Nil: nobody is.
	Owns func(bool)
	// Heard is told, while the lease is held, of every look at the bank's mailbox: nil, why there is no connection or it cannot be
	// listed, or ErrNotLooked. Nil: nobody is.
	Heard func(error)

	toSend, toFetch Bell
}

// Wake makes an idle owner look at once for what waits to be sent, and into the bank's mailbox.
func (b *BankOwner) Wake() {
	b.toSend.Ring()
	b.toFetch.Ring()
}

// Run owns the connections until ctx ends.
func (b *BankOwner) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.own(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLeaseElsewhere) {
			b.Failed("bank "+b.Bank, err)
		}
		Pause(ctx, b.Retry)
	}
}

// ErrNotLooked says that nobody looks into a bank's mailbox while nothing may be judged, so that nobody knows how its line is.
var ErrNotLooked = errors.New("nothing may be judged, and the bank's mailbox is not looked into")

var errLeaseElsewhere = errors.New("another process owns the connection")

// own sends and fetches until the lease is lost.
func (b *BankOwner) own(ctx context.Context) error {
	lease, err := b.Lease(ctx)
	if errors.Is(err, ErrTransient) {
		return errLeaseElsewhere
	}
	if err != nil {
		return err
	}
	defer lease.Release()
	b.owns(true)
	defer b.owns(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sending sync.WaitGroup
	var sendErr error
	sending.Go(func() {
		defer cancel()
		sendErr = b.send(ctx, lease)
	})
	fetchErr := b.fetch(ctx, lease)
	cancel()
	sending.Wait()
	return errors.Join(fetchErr, sendErr)
}

// send sends what waits. It connects when there is something, and hangs up when there is nothing more.
func (b *BankOwner) send(ctx context.Context, lease Lease) error {
	line := &bankLine{owner: b, changed: func(bool) {}}
	defer line.hangUp()
	d := b.dispatcher(lease)
	ready := func(ctx context.Context) error {
		if b.held() {
			line.hangUp()
			return nil
		}
		waits, err := d.Waits(ctx)
		if err != nil || !waits {
			line.hangUp()
			return err
		}
		return line.connect(ctx)
	}
	return b.repeat(ctx, lease, &b.toSend, line, ready, "send "+b.Bank, func(ctx context.Context) (bool, error) {
		if line.link == nil {
			return false, nil
		}
		d.Link = line.link
		return d.SendNext(ctx)
	})
}

// fetch fetches what lies ready, over a connection that is kept.
func (b *BankOwner) fetch(ctx context.Context, lease Lease) error {
	line := &bankLine{owner: b, changed: b.Connected}
	defer line.hangUp()
	d := b.dispatcher(lease)
	connect := func(ctx context.Context) error {
		err := line.connect(ctx)
		if err != nil {
			b.heard(ctx, err)
		}
		return err
	}
	return b.repeat(ctx, lease, &b.toFetch, line, connect, "fetch "+b.Bank, func(ctx context.Context) (bool, error) {
		if b.held() {
			b.heard(ctx, ErrNotLooked)
			return false, nil
		}
		d.Link = line.link
		worked, err := d.FetchNew(ctx)
		if errors.Is(err, ErrLinkDown) {
			b.heard(ctx, err)
		} else if !errors.Is(err, ErrTransient) && !errors.Is(err, ErrLostOwnership) {
			b.heard(ctx, nil) // a single file that fails is no fault of the line's
		}
		return worked, err
	})
}

func (b *BankOwner) owns(has bool) {
	if b.Owns != nil {
		b.Owns(has)
	}
}

func (b *BankOwner) heard(ctx context.Context, err error) {
	if b.Heard != nil && ctx.Err() == nil {
		b.Heard(err)
	}
}

func (b *BankOwner) held() bool { return b.Held != nil && b.Held() }

func (b *BankOwner) dispatcher(lease Lease) *Dispatcher {
	return &Dispatcher{Bank: b.Bank, Fence: lease.Fence, Outbox: b.Outbox, Now: b.Now, Retry: b.Retry, Failpoint: b.Failpoint}
}

// repeat takes a step again and again until ctx ends or the lease is lost: at once while there is work, else when the bell
// rings and after Poll; after a failure later each time. A connection that is lost is given up.
func (b *BankOwner) repeat(ctx context.Context, lease Lease, bell *Bell, line *bankLine, ready func(context.Context) error, name string, step Step) error {
	for failures := 0; ; {
		err := ready(ctx)
		var worked bool
		if err == nil {
			worked, err = b.Observe.turn(ctx, name, step)
		}
		if errors.Is(err, ErrLinkDown) {
			line.hangUp()
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrLostOwnership):
			return err
		case err != nil:
			b.Failed("bank "+b.Bank, err)
			if worked {
				failures = 0
			}
			if worked && !errors.Is(err, ErrLinkDown) && !errors.Is(err, ErrTransient) {
				break // one file failed, and is behind the others
			}
			Pause(ctx, min(b.Retry<<min(failures, 10), maxBackoff))
			failures++
		default:
			failures = 0
			if !worked {
				bell.Wait(ctx, b.Poll)
			}
		}
		err = lease.Held(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("lease lost: %w", err)
		}
	}
}

// bankLine is a connection that is made when it is needed.
type bankLine struct {
	owner   *BankOwner
	link    LinkCloser
	changed func(up bool)
}

// connect makes the connection where there is none.
func (l *bankLine) connect(ctx context.Context) error {
	if l.link != nil {
		return nil
	}
	var link LinkCloser
	_, err := l.owner.Observe.turn(ctx, "connect "+l.owner.Bank, func(ctx context.Context) (worked bool, err error) {
		link, err = l.owner.Dial(ctx)
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("connect: %w: %w", ErrLinkDown, err)
	}
	l.link = link
	l.changed(true)
	return nil
}

func (l *bankLine) hangUp() {
	if l.link == nil {
		return
	}
	_ = l.link.Close()
	l.link = nil
	l.changed(false)
}
