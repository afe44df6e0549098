package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Forgotten is the kind of the record by which a journal says what it has forgotten: its facts are a Floor.
const Forgotten Kind = "forgotten"

// Floor is where a journal begins that has forgotten.
type Floor struct {
	To      time.Time `json:"to"`      // of the last record that is gone
	Records int64     `json:"records"` // how many are gone
}

// FloorOf is the highest floor among the records of one journal; zero where it has forgotten nothing.
func FloorOf(records []Record) (floor Floor, err error) {
	for _, r := range records {
		if r.Kind != Forgotten {
			continue
		}
		var f Floor
		if err := json.Unmarshal(r.Facts, &f); err != nil {
			return floor, fmt.Errorf("journal: %s: %w", r.Name(), err)
		}
		if f.To.After(floor.To) {
			floor = f
		}
	}
	return floor, nil
}

// Forget lets go of the segments whose days ended before a moment, in every directory, and gives how many files that were. The
// floor is on a directory's disk before anything of it goes; a directory that fails does not stop the other. It may be broken off and done again.
func (j *Journal) Forget(before, now time.Time) (files int, err error) {
	j.forgetting.Lock()
	defer j.forgetting.Unlock()
	floor, gone := j.floor, map[string]bool{}
	old := make([][]string, len(j.copies))
	for i, s := range j.copies {
		paths, failed := s.old(before, now)
		for _, path := range paths {
			failed = errors.Join(failed, readFile(path, func(r Record) {
				if r.At.After(j.floor.To) {
					gone[r.Name()] = true
				}
				if r.At.After(floor.To) {
					floor.To = r.At
				}
			}))
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		old[i] = paths
	}
	floor.Records += int64(len(gone))
	for i, paths := range old {
		if len(paths) == 0 {
			continue
		}
		n, failed := j.forget(j.copies[i], paths, floor, now)
		if files += n; failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		j.floor = floor
	}
	if err != nil {
		err = fmt.Errorf("journal: forget: %w", err)
	}
	return files, err
}

// forget writes the floor to one directory, and removes files of it then.
func (j *Journal) forget(s *segment, paths []string, floor Floor, now time.Time) (files int, err error) {
	if err := j.writeFloor(s, floor, now); err != nil {
		return 0, err
	}
	for _, path := range paths {
		switch failed := os.Remove(path); {
		case failed == nil:
			files++
		case !errors.Is(failed, fs.ErrNotExist):
			err = errors.Join(err, failed)
		}
	}
	return files, errors.Join(err, syncDir(s.dir))
}

// writeFloor has the floor on one directory's disk.
func (j *Journal) writeFloor(s *segment, floor Floor, now time.Time) error {
	facts, err := json.Marshal(floor)
	if err != nil {
		return err
	}
	begin, err := Record{Kind: Forgotten, Key: floor.To.UTC().Format(time.RFC3339Nano), At: now, Facts: facts}.begin(0)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := s.lock(now); err != nil {
		return err
	}
	err = writeRecord([]*segment{s}, begin, 0, nil)
	if err == nil {
		err = s.file.Sync()
	}
	return errors.Join(err, unlockAll([]*segment{s}))
}

// old are the files of days that ended before a moment, and are not the present one. What has another name is nobody's to remove.
func (s *segment) old(before, now time.Time) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	var old []string
	for _, path := range files {
		day, err := time.Parse(dayName, strings.TrimSuffix(filepath.Base(path), suffix))
		if end := day.AddDate(0, 0, 1); err == nil && !end.After(before) && !end.After(now) {
			old = append(old, path)
		}
	}
	return old, nil
}
