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

// A file is to be fetched within a minute, or at 512 KiB a second; each time that it failed it may take twice as long, at most half an
// hour: a slow line brings it in the end, and a server that serves drop by drop does not hold up the files behind it.
const (
	fetchWithin = time.Minute
	fetchRate   = 512 << 10
	fetchAtMost = 30 * time.Minute
)

// mayTake is how long the fetch of a file may take after failures.
func mayTake(f RemoteFile, failures int) time.Duration {
	d := fetchWithin + time.Duration(max(f.Size, 0)/fetchRate)*time.Second
	return min(min(d, fetchAtMost)<<min(failures, 10), fetchAtMost)
}

// punctual takes what comes until a time, and nothing after it.
type punctual struct {
	io.Writer
	now   func() time.Time
	until time.Time
}

func (p punctual) Write(b []byte) (int, error) {
	if p.now().After(p.until) {
		return 0, fmt.Errorf("%w in time", ErrStalls)
	}
	return p.Writer.Write(b)
}

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
	var failures troubles
	for _, f := range files {
		before := d.seen[f.Name]
		if before != nil && listedAt.Before(before.until) {
			complete = complete && before.has(f)
			continue
		}
		err := d.fetch(ctx, f)
		worked = worked || err == nil
		complete = complete && d.seen[f.Name].has(f)
		// What has stalled took its time: others may have come meanwhile, and go before it.
		if errors.Is(err, ErrLinkDown) || errors.Is(err, ErrStalls) || errors.Is(err, ErrLostOwnership) || errors.Is(err, ErrTransient) || ctx.Err() != nil {
			return worked, failures.join(err)
		}
		if err != nil {
			failures.add(err)
		}
	}
	if complete {
		return worked, failures.join(d.Outbox.RoundComplete(ctx, d.Bank, d.Fence, listedAt))
	}
	return worked, failures.join(nil)
}

// mostTroubles is how many failures of a round are told in words: each file that fails is an exception of its own.
const mostTroubles = 10

// troubles are the failures of a round, the first in words and the others by how many they are.
type troubles struct {
	first []error
	more  int
}

func (t *troubles) add(err error) {
	if len(t.first) < mostTroubles {
		t.first = append(t.first, err)
		return
	}
	t.more++
}

// join is all of them with the last, which decides what becomes of the round.
func (t *troubles) join(last error) error {
	all := append([]error{}, t.first...)
	if t.more > 0 {
		all = append(all, fmt.Errorf("and %d more files fail", t.more))
	}
	return errors.Join(append(all, last)...)
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
		for _, f := range files {
			d.seen[f.Name] = &seenFile{raised: true} // as far as is known
		}
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
	begun := d.Now()
	in := func(w io.Writer) error {
		return d.Link.Fetch(ctx, f, punctual{w, d.Now, begun.Add(mayTake(f, s.failures))})
	}
	if err := d.Outbox.StoreBankFile(ctx, d.Bank, f.Name, in); err != nil {
		s.stored = false
		return d.failed(ctx, s, f, begun, err)
	}
	s.file, s.stored = f, true
	d.Failpoint("after-fetch-commit-before-remove")
	err := d.Link.Remove(ctx, f.Name)
	s.removed = err == nil
	if err == nil && stillThere {
		err = errStillThere
	}
	if err != nil {
		return d.failed(ctx, s, f, begun, fmt.Errorf("remove: %w", err))
	}
	s.failures, s.until = 0, time.Time{}
	return nil
}

// failed sets a file aside, for as long as it took at least, and tells a person: at once what is the file's own fault, from the
// second time on what may be the connection's, or a file's that the bank was writing.
func (d *Dispatcher) failed(ctx context.Context, s *seenFile, f RemoteFile, begun time.Time, cause error) error {
	if errors.Is(cause, ErrLostOwnership) || errors.Is(cause, ErrTransient) || ctx.Err() != nil {
		return cause // nothing against the file
	}
	now := d.Now()
	s.fail(d.Retry, now)
	if long := now.Add(now.Sub(begun)); long.After(s.until) {
		s.until = long
	}
	cause = fmt.Errorf("file of %d bytes: %w", f.Size, cause)
	isTransient := (errors.Is(cause, ErrLinkDown) || errors.Is(cause, ErrStillChanging)) && !errors.Is(cause, ErrStalls)
	if isTransient && s.failures == 1 {
		return cause
	}
	s.raised = true
	return errors.Join(cause, d.Outbox.FetchFails(ctx, d.Bank, f, s.stored, cause))
}
