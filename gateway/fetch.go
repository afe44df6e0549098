package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// seenFile is a file in a bank's mailbox that cannot be fetched or removed, or was removed and should be gone.
type seenFile struct {
	setAside
	file    RemoteFile // as it was when it was stored
	stored  bool
	removed bool // by the word of the bank's server
	raised  bool // a person was told
}

// errStillThere is a file that the bank's server has removed, by its own word.
var errStillThere = errors.New("it was removed, and is still there")

// FetchNew stores every file that lies ready, and then takes it away from the bank's mailbox. A file that cannot be
// fetched or removed goes behind the others. When everything that was listed is stored the round is complete: what the bank
// has not said by then it has not said.
func (d *Dispatcher) FetchNew(ctx context.Context) (worked bool, err error) {
	listedAt := d.Now()
	files, err := d.Link.List(ctx)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrLinkDown, err) // a mailbox that cannot be listed is of no use
	}
	if err := d.forgetGone(ctx, files); err != nil {
		return false, err
	}
	slices.SortStableFunc(files, func(a, b RemoteFile) int { return cmp.Compare(d.failures(a), d.failures(b)) })
	complete := true
	var failures []error
	for _, f := range files {
		before := d.seen[f.Name]
		if before != nil && listedAt.Before(before.until) {
			complete = complete && before.has(f)
			continue
		}
		err := d.fetch(ctx, f)
		worked = worked || err == nil
		complete = complete && d.seen[f.Name].has(f)
		if err != nil {
			failures = append(failures, err)
		}
		if errors.Is(err, ErrLinkDown) || errors.Is(err, ErrLostOwnership) || errors.Is(err, ErrTransient) || ctx.Err() != nil {
			return worked, errors.Join(failures...)
		}
	}
	if complete {
		failures = append(failures, d.Outbox.RoundComplete(ctx, d.Bank, d.Fence, listedAt))
	}
	return worked, errors.Join(failures...)
}

// failures is how often a file in the mailbox has failed.
func (d *Dispatcher) failures(f RemoteFile) int {
	if s := d.seen[f.Name]; s != nil {
		return s.failures
	}
	return 0
}

// has reports whether a file is stored as it is listed.
func (s *seenFile) has(f RemoteFile) bool {
	return s != nil && s.stored && s.file.Size == f.Size && s.file.Modified.Equal(f.Modified)
}

// forgetGone forgets the files that are not in the mailbox any more; at the first look also what a former owner has told of.
func (d *Dispatcher) forgetGone(ctx context.Context, files []RemoteFile) error {
	mended := d.seen == nil
	gone := func(name string, s *seenFile) bool {
		return !slices.ContainsFunc(files, func(f RemoteFile) bool { return f.Name == name })
	}
	for name, s := range d.seen {
		mended = mended || s.raised && gone(name, s)
	}
	if mended {
		if err := d.Outbox.FetchMended(ctx, d.Bank, files); err != nil {
			return err
		}
	}
	if d.seen == nil {
		d.seen = map[string]*seenFile{}
	}
	maps.DeleteFunc(d.seen, gone)
	return nil
}

// fetch stores a file and removes it, and remembers what came of it.
func (d *Dispatcher) fetch(ctx context.Context, f RemoteFile) error {
	s := d.seen[f.Name]
	if s == nil {
		s = &seenFile{}
		d.seen[f.Name] = s
	}
	stillThere := s.removed && s.has(f)
	s.removed = false
	if err := d.Outbox.StoreBankFile(ctx, d.Bank, f.Name, func(w io.Writer) error { return d.Link.Fetch(ctx, f, w) }); err != nil {
		s.stored = false
		return d.failed(ctx, s, f, err)
	}
	s.file, s.stored = f, true
	d.Failpoint("after-fetch-commit-before-remove")
	err := d.Link.Remove(ctx, f.Name)
	s.removed = err == nil
	if err == nil && stillThere {
		err = errStillThere
	}
	if err != nil {
		return d.failed(ctx, s, f, fmt.Errorf("remove: %w", err))
	}
	s.failures, s.until = 0, time.Time{}
	return nil
}

// failed sets a file aside, and tells a person: at once what is the file's own fault, from the second time on what may be
// the connection's, or a file's that the bank was writing.
func (d *Dispatcher) failed(ctx context.Context, s *seenFile, f RemoteFile, cause error) error {
	if errors.Is(cause, ErrLostOwnership) || errors.Is(cause, ErrTransient) || ctx.Err() != nil {
		return cause // nothing against the file
	}
	s.fail(d.Retry, d.Now())
	cause = fmt.Errorf("file of %d bytes: %w", f.Size, cause)
	isTransient := errors.Is(cause, ErrLinkDown) || errors.Is(cause, ErrStillChanging)
	if isTransient && s.failures == 1 {
		return cause
	}
	s.raised = true
	return errors.Join(cause, d.Outbox.FetchFails(ctx, d.Bank, f, s.stored, cause))
}
