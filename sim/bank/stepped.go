package bank

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Stepped is a centre that does its work when it is given a turn. It has no server: who gives the turns lays files into in/ and takes
// them from out/ of its Folders.
type Stepped struct {
	desk *desk
	lock *os.File
}

// Step opens a centre that goes on where it was, also where it was killed. ErrLocked: another process has it.
func Step(ctx context.Context, c Config) (*Stepped, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.At == nil {
		c.At = func(Failpoint) {}
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	folders, err := openFolders(c.Dir, c.Centre)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(ctx, folders.lock())
	if err != nil {
		return nil, err
	}
	say := func(format string, values ...any) {
		if c.Out != nil {
			fmt.Fprintf(c.Out, "bank "+c.Centre+" "+format+"\n", values...)
		}
	}
	profile, err := readProfile(folders.Profile())
	if err == nil && len(c.Faults.Kinds) > 0 {
		profile.Faults = c.Faults
		err = profile.check()
	}
	var sealed seal
	if err == nil {
		sealed, err = profile.Autack.open(c.Dir)
	}
	d := &desk{seal: sealed, folders: folders, profile: profile, zone: zone, clock: newClock(c.Dir, c.Now), bell: newBell(folders.status()), say: say, failpoint: c.At}
	if err == nil {
		err = d.open()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Stepped{desk: d, lock: lock}, nil
}

// Turn does everything that can be done now.
func (s *Stepped) Turn() error { return s.desk.turn() }

// NextDue is when the centre has something to say next by itself, past where it should have by now; zero: never.
func (s *Stepped) NextDue() time.Time {
	if todo := s.desk.state.todo; len(todo) > 0 {
		return todo[0].Due
	}
	return time.Time{}
}

// Confirm says what truly becomes of an order, as to one who asks by telephone: Executed or Rejected. It is written down first.
// ErrNoSuchOrder where the centre never got it.
func (s *Stepped) Confirm(reference string) (Outcome, error) {
	c, err := s.desk.confirm(reference)
	if err == nil && c.Truth == "" {
		err = ErrNoSuchOrder
	}
	if err != nil {
		return "", fmt.Errorf("ask about an order: %w", err)
	}
	return c.Truth, nil
}

// Close lets go of the centre; what it was about to do is done by the next who opens it.
func (s *Stepped) Close() error { return errors.Join(s.desk.journal.close(), s.lock.Close()) }
