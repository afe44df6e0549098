// Package journal keeps, in files outside the database, what has become visible outside: so that a database which was set back
// to an earlier moment can be known by it. A journal grows at its end, and forgets whole days at its beginning. Each node writes its own, in
// one directory or in two.
package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
)

// ErrCorrupt: a file of a journal has been changed, before its end. What ends in the middle of a record is none: a process died there.
var ErrCorrupt = errors.New("the journal is damaged")

// Options are where a node keeps its journal.
type Options struct {
	Node        string
	Directories []string // one or two; below each the node has one of its own
	// OneIsEnough lets a record count when one directory has it; otherwise each must.
	OneIsEnough bool
	// Failed is told of a directory that did not take a record where one is enough; nil: nobody.
	Failed func(directory string, err error)
}

// Journal is a node's own, to be added to. Several processes of the node may. Safe for concurrent use.
type Journal struct {
	Options

	mu      sync.Mutex
	copies  []*segment // one for each directory
	written int64
	has     map[string]bool
	newest  map[Kind][]Record // of this process

	syncing sync.Mutex
	synced  int64

	forgetting sync.Mutex
	floor      Floor
}

var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Open makes the node's directories where they are missing, and reads what the journal has. ErrCorrupt where it is damaged.
func Open(o Options) (*Journal, error) {
	if !nodeName.MatchString(o.Node) {
		return nil, fmt.Errorf("journal: node %q: 1 to 64 letters, digits, points and dashes", o.Node)
	}
	j := &Journal{Options: o, has: map[string]bool{}, newest: map[Kind][]Record{}}
	for _, dir := range o.Directories {
		s := &segment{dir: filepath.Join(dir, o.Node)}
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			if !o.OneIsEnough {
				return nil, fmt.Errorf("journal: %w", err)
			}
			j.failed(dir, err)
		}
		j.copies = append(j.copies, s)
	}
	var floors []Record
	err := readEach(o.Node, o.Directories, func(r Record) {
		j.has[r.Name()] = true
		if r.Kind == Forgotten {
			floors = append(floors, r)
		}
	})
	var damaged error
	j.floor, damaged = FloorOf(floors)
	return j, errors.Join(err, damaged)
}

// Has reports whether a record of that kind and key is there.
func (j *Journal) Has(kind Kind, key string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.has[Record{Kind: kind, Key: key}.Name()]
}

// Append adds a record with a body of size bytes, and returns when the disks have it: one fsync serves all that were written before it.
func (j *Journal) Append(r Record, size int64, body io.Reader) error {
	mine, err := j.write(r, size, body)
	if err == nil {
		err = j.sync(mine)
	}
	if err != nil {
		return fmt.Errorf("journal: %s %s: %w", r.Kind, r.Key, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.has[r.Name()] = true
	last := append(j.newest[r.Kind], r)
	j.newest[r.Kind] = last[max(0, len(last)-newestKept):]
	return nil
}

// newestKept is how many of the newest records of a kind are at hand.
const newestKept = 3

// Newest are the newest records that this process has added, some of each kind.
func (j *Journal) Newest() []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []Record
	for _, records := range j.newest {
		all = append(all, records...)
	}
	return all
}

// write writes a record to each directory and gives its place in the order of writing.
func (j *Journal) write(r Record, size int64, body io.Reader) (int64, error) {
	begin, err := r.begin(size)
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var open []*segment
	for i, s := range j.copies {
		if err := s.lock(r.At); err != nil {
			if err := j.tolerate(i, err); err != nil {
				return 0, errors.Join(err, unlockAll(open))
			}
			continue
		}
		open = append(open, s)
	}
	if len(open) == 0 {
		return 0, errors.New("no directory takes it")
	}
	err = writeRecord(open, begin, size, body)
	if err := errors.Join(err, unlockAll(open)); err != nil {
		return 0, err
	}
	j.written++
	return j.written, nil
}

// sync returns when everything up to a place in the order of writing is on the disks.
func (j *Journal) sync(mine int64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= mine {
		return nil
	}
	j.mu.Lock()
	upTo := j.written
	var files []*os.File
	for _, s := range j.copies {
		files = append(files, s.file)
	}
	j.mu.Unlock()
	took := 0
	for i, f := range files {
		err := os.ErrClosed
		if f != nil {
			err = f.Sync()
		}
		if err == nil {
			took++
			continue
		}
		if err := j.tolerate(i, err); err != nil {
			return err
		}
	}
	if took == 0 {
		return errors.New("no disk has it")
	}
	j.synced = upTo
	return nil
}

// tolerate is nil for a failure of one directory where one is enough.
func (j *Journal) tolerate(i int, err error) error {
	if !j.OneIsEnough {
		return err
	}
	j.failed(j.Directories[i], err)
	return nil
}

func (j *Journal) failed(dir string, err error) {
	if j.Failed != nil {
		j.Failed(dir, err)
	}
}

func unlockAll(open []*segment) error {
	var err error
	for _, s := range open {
		err = errors.Join(err, syscall.Flock(int(s.file.Fd()), syscall.LOCK_UN))
	}
	return err
}

// Close lets go of the files.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	for _, s := range j.copies {
		err = errors.Join(err, s.close())
	}
	return err
}
