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
	Name string
	Size int64
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
	// Fetch copies a file; an error when it changed meanwhile or is not all there.
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
	NextOutgoing(ctx context.Context, bank string) (Outgoing, error) // ErrNotFound: none
	Content(ctx context.Context, id int64) (io.ReadCloser, error)
	MarkSending(ctx context.Context, id, fence int64) (Outgoing, error)
	MarkPublishing(ctx context.Context, o Outgoing, fence int64) error
	MarkSent(ctx context.Context, o Outgoing, fence int64) error
	// MarkNotSent takes an attempt back of which it is certain that nothing was published.
	MarkNotSent(ctx context.Context, o Outgoing, fence int64) error
	MarkUnknown(ctx context.Context, o Outgoing, fence int64) error
	// StoreBankFile stores a fetched file's bytes; stored before is as good as stored now.
	StoreBankFile(ctx context.Context, bank, name string, fetch func(io.Writer) error) error
	// RoundComplete records that everything is stored that the bank's mailbox held when it was listed, at a business time.
	RoundComplete(ctx context.Context, bank string, fence int64, listedAt time.Time) error
}

// Dispatcher sends to one bank and fetches from it, as the owner of the connection with a fencing number.
type Dispatcher struct {
	Bank      string
	Fence     int64
	Link      BankLink
	Outbox    Outbox
	Now       func() time.Time // the business clock
	Failpoint func(name string)
}

// SendNext sends the bank's next interchange in the order of control numbers.
func (d *Dispatcher) SendNext(ctx context.Context) (bool, error) {
	o, err := d.Outbox.NextOutgoing(ctx, d.Bank)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if o.State == "publishing" {
		return true, d.lookAfter(ctx, o)
	}
	if o, err = d.Outbox.MarkSending(ctx, o.ID, d.Fence); err != nil {
		return false, fmt.Errorf("interchange %d: mark sending: %w", o.ID, err)
	}
	content, err := d.Outbox.Content(ctx, o.ID)
	if err != nil {
		return false, fmt.Errorf("interchange %d: %w", o.ID, err)
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
		return true, d.Outbox.MarkSent(ctx, o, d.Fence)
	case errors.Is(err, ErrOutcomeUnknown):
		return true, d.lookAfter(ctx, o)
	case errors.Is(err, ErrConflict):
		return true, errors.Join(err, d.Outbox.MarkUnknown(ctx, o, d.Fence))
	case errors.Is(err, ErrNotSent):
		err = errors.Join(err, d.Outbox.MarkNotSent(context.WithoutCancel(ctx), o, d.Fence))
	}
	return false, fmt.Errorf("interchange %d attempt %d: %w", o.ID, o.Attempt, err)
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

// FetchNew stores every file that lies ready, and then takes it away from the bank's mailbox. A file that cannot be
// fetched holds up no other; it is told when the others are done. Without such a file the round is complete: what the bank
// has not said by then it has not said.
func (d *Dispatcher) FetchNew(ctx context.Context) (bool, error) {
	listedAt := d.Now()
	files, err := d.Link.List(ctx)
	if err != nil {
		return false, err
	}
	var failures []error
	for _, f := range files {
		if err := d.fetch(ctx, f); err != nil {
			failures = append(failures, fmt.Errorf("file of %d bytes: %w", f.Size, err))
		}
	}
	if len(failures) > 0 {
		return len(files) > len(failures), errors.Join(failures...)
	}
	return len(files) > 0, d.Outbox.RoundComplete(ctx, d.Bank, d.Fence, listedAt)
}

func (d *Dispatcher) fetch(ctx context.Context, f RemoteFile) error {
	err := d.Outbox.StoreBankFile(ctx, d.Bank, f.Name, func(w io.Writer) error { return d.Link.Fetch(ctx, f, w) })
	if err != nil {
		return err
	}
	d.Failpoint("after-fetch-commit-before-remove")
	if err := d.Link.Remove(ctx, f.Name); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}
