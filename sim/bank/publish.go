package bank

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// answer gives every answer that is due.
func (d *desk) answer() error {
	for len(d.state.todo) > 0 && !d.state.todo[0].Due.After(d.now()) {
		a := d.state.todo[0]
		if err := d.carryOut(a); err != nil {
			return fmt.Errorf("answer %s: %w", a.ID, err)
		}
	}
	return nil
}

func (d *desk) carryOut(a *answerState) error {
	switch a.Kind {
	case answerBook:
		return d.book(a)
	case answerClose:
		return d.closeDay(a)
	}
	if err := d.make(a); err != nil {
		return err
	}
	return d.publish(a)
}

// make writes the bytes under a temporary name and then the made line: from that line on the answer exists, with its
// number, and its bytes never change.
func (d *desk) make(a *answerState) error {
	m := &madeLine{Kind: kindMade, Answer: a.ID, At: d.now().Truncate(time.Second)}
	var write func(io.Writer) error
	if a.Kind == answerAgain {
		first := d.state.answers[a.Of].made
		if first == nil {
			return fmt.Errorf("%w: %s is to come again before it came", ErrJournal, a.Of)
		}
		m.Number, m.Control, m.Asks = first.Number, first.Control, first.Asks
		m.Name = nameAgain(first.Name)
		write = func(w io.Writer) error { return copyFile(w, filepath.Join(d.folders.Sent, first.Name)) }
	} else {
		write = d.seal.signed(d.number(a, m))
		if a.How == spoiltEnd || a.How == spoiltTerminator {
			write = spoilt(write, a.How)
		}
	}
	sum, size, err := writeSynced(d.temporary(m.Name), write)
	if err != nil {
		return err
	}
	m.SHA256, m.Size = sum, size
	d.failpoint(AtWritten)
	if err := d.journal.commit(m); err != nil {
		return err
	}
	return d.state.made(m)
}

// number gives an answer the next UNB 0020 and its file name.
func (d *desk) number(a *answerState, m *madeLine) func(io.Writer) error {
	f := d.state.files[a.serial]
	m.Number = d.state.number + 1
	m.Control = fmt.Sprintf("%s%010d", d.profile.ControlPrefix, m.Number)
	m.Asks = a.Kind != answerContrl && chance(d.profile.Seed, "asks", m.Control, d.profile.AsksPerMille)
	kind := a.messageType()
	m.Name = fmt.Sprintf("%s-%s.edi", kind, m.Control)
	prepared := m.At
	if a.isOld() {
		prepared = d.reuse(a, m)
	}
	r := answering{
		profile: d.profile, journal: d.folders.journal(), file: f.line, facts: f.facts,
		plan: a.planned, control: m.Control, at: prepared.In(d.zone), asks: m.Asks,
		postings: d.state.bookings[a.Of], stated: d.state.statements[a.Of], stopped: d.state.stopped,
	}
	return r.write
}

func nameAgain(first string) string {
	return first[:len(first)-len(filepath.Ext(first))] + "-again.edi"
}

func (d *desk) temporary(name string) string {
	return filepath.Join(d.folders.out(), "."+name+".part")
}

// publish keeps a copy and renames. A made answer whose temporary file is gone has been published: the rename is the
// only thing that takes that name away.
func (d *desk) publish(a *answerState) error {
	tmp := d.temporary(a.made.Name)
	waits, err := exists(tmp)
	if err != nil {
		return err
	}
	d.failpoint(AtMade)
	if waits {
		err := os.Link(tmp, filepath.Join(d.folders.Sent, a.made.Name))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		if err := syncFolder(d.folders.Sent); err != nil {
			return err
		}
		d.failpoint(AtKept)
		if a.Fault == FaultForged && d.seal.key != nil {
			if err := d.forge(a.made.Name); err != nil {
				return fmt.Errorf("forge %s: %w", a.made.Name, err)
			}
		}
		if err := os.Rename(tmp, filepath.Join(d.folders.out(), a.made.Name)); err != nil {
			return err
		}
		if err := syncFolder(d.folders.out()); err != nil {
			return err
		}
	}
	d.failpoint(AtPublished)
	n := &nameLine{Kind: kindPublished, Name: a.made.Name, At: d.now()}
	if err := d.journal.commit(n); err != nil {
		return err
	}
	d.say("published %s: %s %s for file %d", a.made.Name, a.Kind, a.Action, a.serial)
	return d.state.published(n)
}

// writeSynced writes a file and returns its hash and size when it is on the disk.
func writeSynced(path string, write func(io.Writer) error) (string, int64, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	count := &counter{w: io.MultiWriter(f, hash)}
	err = write(count)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(hash.Sum(nil)), count.n, syncFolder(filepath.Dir(path))
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}
