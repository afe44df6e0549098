package bank

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// desk does the work of the centre: one goroutine, one thing at a time, each in the journal before it shows.
type desk struct {
	folders   Folders
	profile   Profile
	seal      seal
	zone      *time.Location
	clock     clock
	journal   *journal
	state     *state
	bell      *bell
	offset    time.Duration
	say       func(format string, values ...any)
	failpoint func(Failpoint)
}

func doneName(serial int, name string) string { return fmt.Sprintf("%06d-%s", serial, name) }

// open replays the journal and finishes what a killed process left half done.
func (d *desk) open() error {
	d.state = newState()
	committed, err := replay(d.folders.journal(), d.state)
	if err != nil {
		return err
	}
	d.state.open, d.state.coming = nil, nil
	if d.journal, err = openJournal(d.folders.journal(), committed); err != nil {
		return err
	}
	if d.offset, err = d.clock.read(); err == nil {
		err = d.finish()
	}
	if err != nil {
		return errors.Join(err, d.journal.close())
	}
	return nil
}

// finish: a file whose journal line stands may still lie in in/; an answer that was made may still lie under its
// temporary name; a published one may have been removed while nobody looked.
func (d *desk) finish() error {
	if r := d.state.last; r != nil {
		if err := d.putAway(r); err != nil {
			return err
		}
	}
	if a := d.state.unfinish; a != nil {
		if err := d.publish(a); err != nil {
			return err
		}
	}
	if err := d.sweep(); err != nil {
		return err
	}
	return d.noticeRemoved()
}

// sweep removes temporary files that were never made.
func (d *desk) sweep() error {
	entries, err := os.ReadDir(d.folders.out())
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			if err := os.Remove(filepath.Join(d.folders.out(), e.Name())); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
		}
	}
	return nil
}

// turn does everything that can be done now, and writes the status.
func (d *desk) turn() error {
	offset, err := d.clock.read()
	if err != nil {
		return err
	}
	d.offset = offset
	rung := d.bell.heard()
	if err := d.takeIn(); err != nil {
		return err
	}
	answered, err := d.answerQuestions()
	if err != nil {
		return err
	}
	if err := d.answer(); err != nil {
		return err
	}
	if err := d.noticeRemoved(); err != nil {
		return err
	}
	if err := d.bell.status(rung, d.report()); err != nil {
		return err
	}
	return forget(answered)
}

func (d *desk) now() time.Time { return d.clock.at(d.offset) }

// takeIn reads every file that lies in in/ under a final name, oldest first.
func (d *desk) takeIn() error {
	entries, err := os.ReadDir(d.folders.in())
	if err != nil {
		return fmt.Errorf("look into in/: %w", err)
	}
	type file struct {
		name string
		at   time.Time
	}
	var files []file
	for _, e := range entries {
		if !isFinal(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		files = append(files, file{e.Name(), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.name, b.name))
	})
	for _, f := range files {
		if err := d.receive(f.name); err != nil {
			return fmt.Errorf("receive %s: %w", f.name, err)
		}
	}
	return nil
}

// isFinal tells a finished file from one that is being uploaded.
func isFinal(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".tmp")
}

func (d *desk) receive(name string) error {
	r := &receivedLine{Kind: kindReceived, Serial: d.state.serial + 1, Name: name, At: d.now()}
	got, err := d.read(name, r)
	if err != nil {
		return err
	}
	choice := decision{profile: d.profile, zone: d.zone, got: &got, line: r, books: &d.state.books}
	if got.kind == "FINCAN" {
		if choice.known, err = d.look(got.references()); err != nil {
			return err
		}
	}
	choice.decide()
	facts, err := d.writeFacts(&got, choice.postings)
	if err != nil {
		return err
	}
	d.failpoint(AtFacts)
	if err := d.journal.commit(r); err != nil {
		return err
	}
	d.failpoint(AtReceived)
	if err := d.state.received(r, facts); err != nil {
		return err
	}
	d.say("received %s: %s %s, %d orders, %d findings", name, r.Type, r.Control, r.Orders, len(r.Findings))
	return d.putAway(r)
}

// read reads a file once, for its facts and its hash.
func (d *desk) read(name string, r *receivedLine) (interchange, error) {
	f, err := os.Open(filepath.Join(d.folders.in(), name))
	if err != nil {
		return interchange{}, err
	}
	defer f.Close()
	hash := sha256.New()
	count := &counter{w: hash}
	text := io.TeeReader(f, count)
	got, err := inspect(text, d.profile.AcceptsWrapped, d.seal)
	if err != nil {
		return got, err
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		return got, err
	}
	r.SHA256, r.Size = hex.EncodeToString(hash.Sum(nil)), count.n
	return got, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// writeFacts journals lines, orders and postings; they count when the received line after them stands.
func (d *desk) writeFacts(got *interchange, postings []postingLine) (section, error) {
	facts := section{from: d.journal.size}
	var text []byte
	for m := range got.messages {
		for l := range got.messages[m].lines {
			one := &got.messages[m].lines[l]
			text = appendLine(text[:0], &one.lineLine)
			for o := range one.orders {
				text = appendOrder(text, &one.orders[o])
				if ref := one.orders[o].Ref; ref != "" {
					d.state.open = append(d.state.open, markOf(ref))
				}
			}
			if err := d.journal.raw(text); err != nil {
				return facts, fmt.Errorf("journal: %w", err)
			}
		}
	}
	for i := range postings {
		if err := d.journal.raw(appendJSON(nil, &postings[i])); err != nil {
			return facts, fmt.Errorf("journal: %w", err)
		}
		if err := d.state.decided(&postings[i]); err != nil {
			return facts, err
		}
	}
	facts.to = d.journal.size
	return facts, d.journal.flush()
}

// putAway moves a journalled file out of in/. Where done/ has it already, what lies in in/ is another file.
func (d *desk) putAway(r *receivedLine) error {
	to := filepath.Join(d.folders.Done, r.done())
	there, err := exists(to)
	if err != nil || there {
		return err
	}
	if err := os.Rename(filepath.Join(d.folders.in(), r.Name), to); err != nil {
		return fmt.Errorf("put away: %w", err)
	}
	return errors.Join(syncFolder(d.folders.Done), syncFolder(d.folders.in()))
}

// noticeRemoved journals which published answers have been removed.
func (d *desk) noticeRemoved() error {
	if len(d.state.byName) == 0 {
		return nil
	}
	entries, err := os.ReadDir(d.folders.out())
	if err != nil {
		return fmt.Errorf("look into out/: %w", err)
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name()] = true
	}
	var gone []string
	for name, a := range d.state.byName {
		if !there[name] && a != d.state.unfinish {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		n := &nameLine{Kind: kindRemoved, Name: name, At: d.now()}
		if err := d.journal.commit(n); err != nil {
			return err
		}
		if err := d.state.removed(n); err != nil {
			return err
		}
	}
	return nil
}
