package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// segment is the file of the present day in one directory.
type segment struct {
	dir  string
	path string
	file *os.File // nil: not open
	end  int64    // of the last whole record
}

// lock opens the file of a day where it is not, locks it against other processes, and takes away what one that died left half written.
func (s *segment) lock(day time.Time) (err error) {
	path := filepath.Join(s.dir, day.UTC().Format(dayName)+suffix)
	if s.file == nil || s.path != path {
		if err := s.open(path); err != nil {
			return err
		}
	}
	// A file that somebody has moved away takes nothing any more that anybody would find.
	if now, err := os.Stat(path); err != nil || !sameFile(s.file, now) {
		if err := s.open(path); err != nil {
			return err
		}
	}
	if err := syscall.Flock(int(s.file.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("%s: lock: %w", path, err)
	}
	info, err := s.file.Stat()
	if err == nil && info.Size() != s.end {
		s.end, err = scan(s.file, min(s.end, info.Size()), info.Size(), nil)
		if err == nil && s.end != info.Size() {
			err = s.file.Truncate(s.end)
		}
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

func sameFile(f *os.File, other fs.FileInfo) bool {
	info, err := f.Stat()
	return err == nil && os.SameFile(info, other)
}

// A segment is called by its day, in UTC: so that there is something whole to forget.
const (
	dayName = "2006-01-02"
	suffix  = ".journal"
)

func (s *segment) open(path string) (err error) {
	if s.file != nil {
		if err := errors.Join(s.file.Sync(), s.close()); err != nil {
			return err
		}
	}
	if s.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		s.file = nil
		return err
	}
	s.path, s.end = path, 0
	return syncDir(s.dir)
}

// syncDir has the disk know which files a directory has.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// Read gives what a node's journal has, each record once, in whichever of the directories it is; in the order of their times,
// without their facts but those of a floor: Load has them. A directory that is not there has nothing. ErrCorrupt, with all that can be read, where one is damaged.
func Read(node string, directories ...string) ([]Record, error) {
	var all []Record
	has := map[string]bool{}
	err := readEach(node, directories, func(r Record) {
		if r.Kind != Forgotten {
			r.Facts = nil
		}
		if !has[r.Name()] {
			all = append(all, r)
		}
		has[r.Name()] = true
	})
	slices.SortStableFunc(all, func(a, b Record) int { return cmp.Or(a.At.Compare(b.At)) })
	return all, err
}

// readEach reads a node's journal, file by file, without the bodies.
func readEach(node string, directories []string, each func(Record)) error {
	var damaged error
	for _, dir := range directories {
		files, err := filepath.Glob(filepath.Join(dir, node, "*"+suffix))
		if err != nil {
			return err
		}
		for _, path := range files {
			damaged = errors.Join(damaged, readFile(path, each))
		}
	}
	return damaged
}

// readFile reads one file; one that was forgotten in this moment has nothing, and the floor stands in a later one.
func readFile(path string, each func(Record)) error {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := in.Stat()
	if err == nil {
		_, err = scan(in, 0, info.Size(), each)
	}
	return errors.Join(err, in.Close())
}

// Nodes are those that have a journal in one of the directories.
func Nodes(directories ...string) ([]string, error) {
	var nodes []string
	for _, dir := range directories {
		files, err := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			nodes = append(nodes, filepath.Base(filepath.Dir(path)))
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes), nil
}
