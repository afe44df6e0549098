package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/mod/sumdb/note"
)

// File is where a node keeps checkpoints outside the database, one after the other. It only grows. Several processes may
// append to it.
type File struct{ Path string }

// mostNote bounds the text of one checkpoint with its signatures, in bytes.
const mostNote = 4 << 10

// noteEnd ends each checkpoint of a file: the end of its last signature, and an empty line.
const noteEnd = "\n\n"

// signatureMark begins a line with a signature.
const signatureMark = "— "

// Notes are the checkpoints as they stand in the file, from the first; none when there is no file. What a process that died
// has left half written at the end is none.
func (f File) Notes() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, err := os.Open(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield("", err)
			return
		}
		defer func() { _ = in.Close() }()
		for n, err := range Notes(in) {
			if err != nil {
				err = fmt.Errorf("%s: %w", f.Path, err)
			}
			if !yield(n, err) {
				return
			}
		}
	}
}

// Notes reads checkpoints that stand one after the other, with empty lines between them or without: each ends with its
// signature. What ends in the middle of one is none.
func Notes(in io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines := bufio.NewReaderSize(in, mostNote)
		var b strings.Builder
		for {
			line, err := lines.ReadString('\n')
			if err == nil && b.Len()+len(line) > mostNote {
				err = fmt.Errorf("%w: a text is longer than %d bytes", ErrCheckpoint, mostNote)
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield("", err)
				}
				return
			}
			if b.Len() == 0 && line == "\n" {
				continue
			}
			b.WriteString(line)
			if strings.HasPrefix(line, signatureMark) {
				if !yield(b.String(), nil) {
					return
				}
				b.Reset()
			}
		}
	}
}

// Newest is the last checkpoint of the file; without entries when there is none. ErrCheckpoint: it cannot be read, or is of
// another key.
func (f File) Newest(known note.Verifiers) (Checkpoint, error) {
	in, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	defer func() { _ = in.Close() }()
	last, _, err := newestOf(in)
	if err != nil || last == "" {
		return Checkpoint{}, err
	}
	c, err := OpenCheckpoint(last, known)
	if err != nil {
		return c, fmt.Errorf("%s: %w", f.Path, err)
	}
	return c, nil
}

// newestOf reads the last whole checkpoint from the end of a file, and where it ends.
func newestOf(in *os.File) (last string, end int64, err error) {
	info, err := in.Stat()
	if err != nil {
		return "", 0, err
	}
	from := max(0, info.Size()-3*mostNote)
	tail := make([]byte, info.Size()-from)
	if _, err := in.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	parts := strings.Split(string(tail), noteEnd)
	parts = parts[:len(parts)-1] // what follows the last end is nothing, or half written
	if n := len(parts); n > 0 && !strings.HasPrefix(parts[n-1], signatureMark) {
		parts = parts[:n-1] // a text whose signature is half written
	}
	if n := len(parts); n >= 2 {
		last, end = parts[n-2]+noteEnd+parts[n-1]+"\n", from+int64(len(strings.Join(parts, noteEnd))+len(noteEnd))
	}
	if info.Size()-end > mostNote {
		return "", 0, fmt.Errorf("%w: %s ends with %d bytes of something else", ErrCheckpoint, in.Name(), info.Size()-end)
	}
	return last, end, nil
}

// Append adds a checkpoint, unless the file ends with one of as many entries or more, and returns when it is on the disk.
func (f File) Append(c Checkpoint, signed string, known note.Verifiers) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(f.Path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := syscall.Flock(int(out.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("%s: lock: %w", f.Path, err)
	}
	before, end, err := newestOf(out)
	if err == nil && before != "" {
		var last Checkpoint
		if last, err = OpenCheckpoint(before, known); err == nil && last.N >= c.N {
			return nil
		}
	}
	if err == nil {
		err = out.Truncate(end) // what was left half written is no checkpoint
	}
	if err == nil {
		_, err = out.WriteAt([]byte(signed+"\n"), end)
	}
	if err = errors.Join(err, out.Sync()); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return syncDir(filepath.Dir(f.Path))
}
