package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTurns takes three rounds from what is recorded alone, as calls do that are killed after each run.
func TestTurns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "farm", "results.jsonl")
	runs := map[string]int{}
	for range 3 * len(jobs(0)) {
		done, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		j, seed := next(done)
		runs[j.name]++
		if seed != runs[j.name] {
			t.Fatalf("run %d of %s has seed %d", runs[j.name], j.name, seed)
		}
		if err := record(path, result{Job: j.name, Seed: seed, OK: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range jobs(0) {
		if n := runs[j.name]; n == 0 || j.every > 1 && n >= runs["jetstream"] {
			t.Errorf("%s ran %d times, jetstream %d", j.name, n, runs["jetstream"])
		}
	}
}

// TestALineCutShort is done again, and its successor stands on a line of its own.
func TestALineCutShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte(`{"job":"jetstream","seed":1,"ok":tr`), 0o644); err != nil {
		t.Fatal(err)
	}
	done, err := read(path)
	if j, seed := next(done); err != nil || len(done) != 0 || j.name != "jetstream" || seed != 1 {
		t.Errorf("%d lines, then %s, seed %d: %v", len(done), j.name, seed, err)
	}
	for seed := 1; seed <= 2; seed++ {
		if err := record(path, result{Job: "jetstream", Seed: seed, OK: seed > 1}); err != nil {
			t.Fatal(err)
		}
	}
	done, err = read(path)
	if err != nil || len(done) != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	var reported strings.Builder
	if !summary(&reported, done, 0) || summary(&reported, done, 1) || !strings.Contains(reported.String(), "2 runs,   1 failed, the last 1 passed") {
		t.Errorf("summary %s", reported.String())
	}
}
