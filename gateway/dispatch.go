package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Errors of putting a file at a bank.
var (
	// ErrNotSent: nothing was published; the same file may be put again.
	ErrNotSent = errors.New("not sent")
	// ErrOutcomeUnknown: the rename was asked for and nobody knows whether it happened; look, never put again.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrHeld: persons have said that it must not go now. Nothing was published, and nothing is wrong with the file.
	ErrHeld = errors.New("held")
)

// Errors of a bank's mailbox, by whose fault they are. Any other is the file's own: the connection is as good as before.
var (
	// ErrLinkDown: the connection is of no more use.
	ErrLinkDown = errors.New("the connection to the bank is lost")
	// ErrStillChanging: the file changed while it was read; the bank may not be done with it.
	ErrStillChanging = errors.New("the bank still changes the file")
	// ErrStalls: the bank's server is there and does not serve the file. The connection is as good as before, unless the error is
	// ErrLinkDown, too.
	ErrStalls = errors.New("the bank's server does not serve the file")
)

// Sighting is what a look at a bank's mailbox shows.
type Sighting int

// What a look can show.
const (
	Absent Sighting = iota
	Present
	OtherSize
)

// RemoteFile is a file that a bank has laid out for us.
type RemoteFile struct {
	Name     string
	Size     int64
	Modified time.Time
}

// BankLink is the mailbox at one bank. One owner uses it at a time.
type BankLink interface {
	// Put publishes content under its final name, through a temporary one. beforeRename is called when the temporary
	// file is complete and verified, directly before the rename; its error stops the put. The result is nil when the
	// final name is there with the right size, ErrNotSent when nothing was published, ErrConflict when the final name
	// was taken before by something else, and otherwise ErrOutcomeUnknown.
	Put(ctx context.Context, f Outgoing, content io.Reader, beforeRename func(context.Context) error) error
	// Look reports whether the final name is there, with the right size.
	Look(ctx context.Context, f Outgoing) (Sighting, error)
	// List tells which files lie ready; temporary names are not among them.
	List(ctx context.Context) ([]RemoteFile, error)
	// Fetch copies a file; an error when it changed meanwhile or is not all there, ErrRefused when it is larger than is taken,
	// ErrStalls when it is not served.
	Fetch(ctx context.Context, f RemoteFile, to io.Writer) error
	// Remove takes a file away whose bytes are committed.
	Remove(ctx context.Context, name string) error
}

// Outgoing is a rendered interchange on its way to a bank.
type Outgoing struct {
	ID        int64
	State     string // rendered, sending, publishing
	Attempt   int
	FinalName string
	TempName  string
	Size      int64
}

// Outbox is where rendered interchanges wait, and where their sending is recorded. Every mark is guarded by the
// owner's fencing number: ErrLostOwnership means stop.
type Outbox interface {
	// NextOutgoing is the bank's next interchange to send but those passed over. ErrNotFound: none.
	NextOutgoing(ctx context.Context, bank string, over ...int64) (Outgoing, error)
	Content(ctx context.Context, id int64) (io.ReadCloser, error)
	MarkSending(ctx context.Context, id, fence int64) (Outgoing, error)
	MarkPublishing(ctx context.Context, o Outgoing, fence int64) error
	MarkSent(ctx context.Context, o Outgoing, fence int64) error
	// MarkNotSent takes an attempt back of which it is certain that nothing was published.
	MarkNotSent(ctx context.Context, o Outgoing, fence int64) error
	MarkUnknown(ctx context.Context, o Outgoing, fence int64) error
	// SendFails tells a person that an interchange cannot be handed over for a reason of its own.
	SendFails(ctx context.Context, o Outgoing, cause error) error
	// StoreBankFile stores a fetched file's bytes; stored before is as good as stored now.
	StoreBankFile(ctx context.Context, bank, name string, fetch func(io.Writer) error) error
	// FetchFails tells a person that a file in a bank's mailbox cannot be fetched or, once it is stored, not be removed; and, told
	// again, how often that was so.
	FetchFails(ctx context.Context, bank string, f RemoteFile, stored bool, cause error) error
	// FetchMended ends what was told of files that are not there any more: all but those.
	FetchMended(ctx context.Context, bank string, there []RemoteFile) error
	// RoundComplete records that everything is stored that the bank's mailbox held when it was listed, at a business time.
	RoundComplete(ctx context.Context, bank string, fence int64, listedAt time.Time) error
}

// Dispatcher sends to one bank and fetches from it, as the owner of the connection with a fencing number. What fails for a
// reason of its own goes behind the others for a while and becomes an exception; a connection that is lost is its caller's
// to make anew, and the dispatcher goes on over the next one. Used by one goroutine at a time.
type Dispatcher struct {
	Bank   string
	Fence  int64
	Link   BankLink
	Outbox Outbox
	Now    func() time.Time // the business clock
	// Retry is how long a file that failed is left alone at first.
	Retry     time.Duration
	Failpoint func(name string)

	unsent aside[int64]
	seen   map[string]*seenFile // files in the bank's mailbox that gave trouble, or are removed and should be gone; nil: before the first look
}

// Waits reports whether there is anything to send.
func (d *Dispatcher) Waits(ctx context.Context) (bool, error) {
	_, err := d.Outbox.NextOutgoing(ctx, d.Bank, d.unsent.resting(d.Now())...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// SendNext sends the bank's next interchange in the order of control numbers, and reports whether there was one. One that
// fails for a reason of its own is behind the others by then.
func (d *Dispatcher) SendNext(ctx context.Context) (worked bool, err error) {
	o, err := d.Outbox.NextOutgoing(ctx, d.Bank, d.unsent.resting(d.Now())...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = d.send(ctx, o)
	switch {
	case err == nil:
		delete(d.unsent, o.ID)
		return true, nil
	case errors.Is(err, ErrHeld):
		return true, nil // it is not the next any more
	case errors.Is(err, ErrConflict):
		return true, err // a person looks: it is not to be sent any more
	case errors.Is(err, ErrLostOwnership), errors.Is(err, ErrTransient), ctx.Err() != nil:
		return true, err // nothing against the file
	}
	if d.unsent == nil {
		d.unsent = aside[int64]{}
	}
	failures := d.unsent.fail(o.ID, d.Retry, d.Now())
	down := errors.Is(err, ErrLinkDown)
	if !down || failures > 1 {
		err = errors.Join(err, d.Outbox.SendFails(ctx, o, err))
	}
	return true, err
}

// send hands one interchange over, or finds out what became of it.
func (d *Dispatcher) send(ctx context.Context, o Outgoing) error {
	if o.State == "publishing" {
		return d.lookAfter(ctx, o)
	}
	o, err := d.Outbox.MarkSending(ctx, o.ID, d.Fence)
	if err != nil {
		return fmt.Errorf("interchange %d: mark sending: %w", o.ID, err)
	}
	content, err := d.Outbox.Content(ctx, o.ID)
	if err != nil {
		return fmt.Errorf("interchange %d: %w", o.ID, err)
	}
	defer func() { _ = content.Close() }()
	err = d.Link.Put(ctx, o, content, func(ctx context.Context) error {
		if err := d.Outbox.MarkPublishing(ctx, o, d.Fence); err != nil {
			return err
		}
		d.Failpoint("after-publishing-before-rename")
		return nil
	})
	switch {
	case err == nil:
		d.Failpoint("after-rename-before-sent")
		return d.Outbox.MarkSent(ctx, o, d.Fence)
	case errors.Is(err, ErrOutcomeUnknown):
		return d.lookAfter(ctx, o)
	case errors.Is(err, ErrConflict):
		return errors.Join(err, d.Outbox.MarkUnknown(ctx, o, d.Fence))
	case errors.Is(err, ErrNotSent):
		err = errors.Join(err, d.Outbox.MarkNotSent(context.WithoutCancel(ctx), o, d.Fence))
	}
	return fmt.Errorf("interchange %d attempt %d: %w", o.ID, o.Attempt, err)
}

// lookAfter decides what became of a put that was let go between its two last steps: who takes over may only look.
func (d *Dispatcher) lookAfter(ctx context.Context, o Outgoing) error {
	seen, err := d.Link.Look(ctx, o)
	if err != nil {
		return fmt.Errorf("interchange %d: look: %w", o.ID, err)
	}
	if seen == Present {
		return d.Outbox.MarkSent(ctx, o, d.Fence)
	}
	return d.Outbox.MarkUnknown(ctx, o, d.Fence)
}
