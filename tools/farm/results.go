package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// result is a line of the results' file: one run that came to its end.
type result struct {
	Job     string    `json:"job"`
	Seed    int       `json:"seed"`
	Version string    `json:"version,omitempty"` // of the tree
	Start   time.Time `json:"start"`
	Seconds float64   `json:"seconds"`
	OK      bool      `json:"ok"`
	Failure []string  `json:"failure,omitempty"` // the last lines of what was printed
	Repeat  string    `json:"repeat,omitempty"`  // the command that does it again
}

// read returns what is recorded. A last line that a kill has cut short is left out: its run is done again.
func read(path string) ([]result, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var all []result
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r result
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Job != "" {
			all = append(all, r)
		}
	}
	return all, lines.Err()
}

// record appends one line. It begins with a line break where the last one was cut short.
func record(path string, r result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if cutShort(f) {
		line = append([]byte{'\n'}, line...)
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

func cutShort(f *os.File) bool {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, end-1)
	return err == nil && last[0] != '\n'
}

// next chooses the job that has had the fewest turns, and its next seed, from what is recorded.
func next(done []result) (job, int) {
	runs, seeds := map[string]int{}, map[string]int{}
	for _, r := range done {
		runs[r.Job]++
		seeds[r.Job] = max(seeds[r.Job], r.Seed)
	}
	var chosen job
	fewest := -1
	for _, j := range jobs(0) {
		if turns := runs[j.name] * max(1, j.every); fewest < 0 || turns < fewest {
			chosen, fewest = j, turns
		}
	}
	seed := seeds[chosen.name] + 1
	return named(chosen.name, seed), seed
}

// named is the job with its seed; without name where there is none.
func named(name string, seed int) job {
	for _, j := range jobs(seed) {
		if j.name == name {
			return j
		}
	}
	return job{}
}

// summary prints a line for each job, with what it has passed in a row, and the failures since the call began.
func summary(w io.Writer, all []result, begun int) (failed bool) {
	for _, j := range jobs(0) {
		runs, failures, row := 0, 0, 0
		for _, r := range all {
			if r.Job != j.name {
				continue
			}
			runs++
			row++
			if !r.OK {
				failures++
				row = 0
			}
		}
		fmt.Fprintf(w, "%-16s %4d runs, %3d failed, the last %d passed\n", j.name, runs, failures, row)
	}
	for _, r := range all[begun:] {
		if !r.OK {
			failed = true
			fmt.Fprintf(w, "failed: %s, seed %d; repeat with: %s\n", r.Job, r.Seed, r.Repeat)
		}
	}
	return failed
}
