package bank

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrJournal is returned when a journal says what this program never writes.
var ErrJournal = errors.New("bank journal")

// maxJournalLine bounds one line; a received line with many messages is the longest.
const maxJournalLine = 64 << 20

// journal is the append-only file in which everything stands before it happens.
type journal struct {
	file *os.File
	buf  *bufio.Writer
	size int64 // bytes written so far, buffered ones included
}

// openJournal opens for appending and cuts off what a killed process left without its committing line.
func openJournal(path string, committed int64) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := errors.Join(syncFolder(filepath.Dir(path)), f.Truncate(committed)); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), f.Close())
	}
	if _, err := f.Seek(committed, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), f.Close())
	}
	return &journal{file: f, buf: bufio.NewWriterSize(f, 256<<10), size: committed}, nil
}

// raw appends whole lines without committing them.
func (j *journal) raw(lines []byte) error {
	n, err := j.buf.Write(lines)
	j.size += int64(n)
	return err
}

// flush hands what was written to the system, not yet to the disk.
func (j *journal) flush() error {
	if err := j.buf.Flush(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// commit appends one line and returns when it is on the disk.
func (j *journal) commit(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.raw(append(text, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.flush(); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// section of the journal that holds the order and line lines of one received file.
type section struct{ from, to int64 }

// lines calls f with each line of a section.
func (s section) lines(path string, f func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	_, err = scanLines(io.NewSectionReader(file, s.from, s.to-s.from), func(line []byte, _ int64) error { return f(line) })
	return err
}

// scanLines calls f with each complete line and the offset after it, and returns the offset after the last of them.
// A torn last line is left out.
func scanLines(r io.Reader, f func(line []byte, after int64) error) (int64, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	var at int64
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if len(long) > maxJournalLine {
				return at, fmt.Errorf("%w: line at %d is too long", ErrJournal, at)
			}
			long = append(long, part...)
			continue
		case errors.Is(err, io.EOF):
			return at, nil
		case err != nil:
			return at, fmt.Errorf("read journal: %w", err)
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		at += int64(len(line))
		if err := f(line[:len(line)-1], at); err != nil {
			return at, err
		}
		long = long[:0]
	}
}

// journalEvents is what replay tells, in the order in which it happened. Order, line and posting lines are told before the
// received line that commits them; those without one, at the end, were never committed.
type journalEvents interface {
	fact(kind string, line []byte) error
	received(r *receivedLine, s section) error
	made(m *madeLine) error
	published(n *nameLine) error
	removed(n *nameLine) error
	confirmed(c *confirmedLine) error
	repeats(l *repeatsLine) error
	booked(b *bookedLine) error
	closed(c *closedLine) error
}

// replay reads a journal and returns the offset after its last committed line.
func replay(path string, to journalEvents) (int64, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	var committed int64
	_, err = scanLines(file, func(line []byte, after int64) error {
		kind := kindOf(line)
		if kind == kindOrder || kind == kindLine || kind == kindPosting {
			return to.fact(kind, line)
		}
		s := section{from: committed, to: after - int64(len(line)) - 1}
		if s.to > s.from && kind != kindReceived {
			return fmt.Errorf("%w: orders without their file before offset %d", ErrJournal, after)
		}
		if err := replayLine(kind, line, s, to); err != nil {
			return fmt.Errorf("%w: before offset %d: %w", ErrJournal, after, err)
		}
		committed = after
		return nil
	})
	return committed, err
}

func replayLine(kind string, line []byte, s section, to journalEvents) error {
	switch kind {
	case kindReceived:
		return replayOne(line, func(r *receivedLine) error { return to.received(r, s) })
	case kindMade:
		return replayOne(line, to.made)
	case kindConfirmed:
		return replayOne(line, to.confirmed)
	case kindRepeats:
		return replayOne(line, to.repeats)
	case kindPublished:
		return replayOne(line, to.published)
	case kindRemoved:
		return replayOne(line, to.removed)
	case kindBooked:
		return replayOne(line, to.booked)
	case kindClosed:
		return replayOne(line, to.closed)
	}
	return fmt.Errorf("line of unknown kind %q", kind)
}

func replayOne[T any](line []byte, to func(*T) error) error {
	v := new(T)
	if err := json.Unmarshal(line, v); err != nil {
		return err
	}
	return to(v)
}

// kindOf reads {"k":"…" without decoding the rest.
func kindOf(line []byte) string {
	rest, ok := bytes.CutPrefix(line, []byte(`{"k":"`))
	if !ok {
		return ""
	}
	kind, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return string(kind)
}
