package bank

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// repeatsLine is a request of somebody, as by telephone, to say once more what nobody could use, with the files that it is about.
type repeatsLine struct {
	Kind  string    `json:"k"`
	At    time.Time `json:"at"`
	Files []int     `json:"files,omitempty"`
}

// allAgain is the question for everything that nobody could use. No order is named so: a reference begins with its head.
const allAgain = "*"

// AskAgain asks a running centre to say once more, in good order and under new numbers, what it has said so that nobody could use
// it. What it says comes as any other answer does. It waits for a centre that does not run, until ctx ends.
func AskAgain(ctx context.Context, dir, centre string) error {
	if err := waitForAnswer(ctx, FoldersOf(dir, centre), allAgain); err != nil {
		return fmt.Errorf("ask %s to say it again: %w", centre, err)
	}
	return nil
}

// request plans what is said once more where somebody asks for it.
func (d *decision) request(a planned) {
	a.ID = fmt.Sprintf("%d.again.%d", d.line.Serial, len(d.line.OnRequest)+1)
	a.Corrects = true
	d.line.OnRequest = append(d.line.OnRequest, a)
}

// sayAgain takes a request.
func (d *desk) sayAgain() error {
	l := &repeatsLine{Kind: kindRepeats, At: d.now(), Files: slices.Sorted(maps.Keys(d.state.onRequest))}
	if err := d.journal.commit(l); err != nil {
		return err
	}
	return d.state.repeats(l)
}

// repeats plans what was asked for.
func (s *state) repeats(l *repeatsLine) error {
	s.things++
	for _, serial := range l.Files {
		f := s.onRequest[serial]
		if f == nil {
			return fmt.Errorf("file %d has nothing to be said again", serial)
		}
		delete(s.onRequest, serial)
		s.files[serial] = f
		s.plan(serial, f.line.requested(l.At))
	}
	return nil
}

// requested is what is said once more when it was asked for.
func (r *receivedLine) requested(at time.Time) []planned {
	all := slices.Clone(r.OnRequest)
	for i := range all {
		all[i].Due = at
	}
	return all
}
