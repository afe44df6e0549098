package journal_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/journal"
)

const kind = journal.Kind("sending")

func open(t *testing.T, dirs ...string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Options{Node: "a", Directories: dirs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func add(t *testing.T, j *journal.Journal, key, body string, at time.Time) {
	t.Helper()
	if err := j.Append(journal.Record{Kind: kind, Key: key, At: at}, int64(len(body)), strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dirs ...string) string {
	t.Helper()
	all, err := journal.Read("a", dirs...)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range all {
		body, err := r.Body()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s=%s ", r.Key, text)
	}
	return strings.TrimSpace(b.String())
}

var august = time.Date(2005, 8, 11, 4, 0, 0, 0, time.UTC)

func TestJournal_HasWhatWasAdded(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	j := open(t, dir, other)
	add(t, j, "1", "one", august)
	add(t, j, "2", "", august)
	add(t, j, "3", "three", august.AddDate(0, 0, 1))
	const want = "1=one 2= 3=three"
	for _, dirs := range [][]string{{dir}, {other}, {dir, other}, {filepath.Join(dir, "gone"), other}} {
		if got := read(t, dirs...); got != want {
			t.Errorf("in %d directories: %s, want %s", len(dirs), got, want)
		}
	}
	if again := open(t, dir, other); !again.Has(kind, "3") || again.Has(kind, "4") {
		t.Error("opened anew it does not know what it has")
	}
	nodes, err := journal.Nodes(dir, other)
	if err != nil || len(nodes) != 1 || nodes[0] != "a" {
		t.Errorf("nodes %v, %v", nodes, err)
	}
	days, err := filepath.Glob(filepath.Join(dir, "a", "*"))
	if err != nil || len(days) != 2 {
		t.Errorf("files %v, %v: one a day", days, err)
	}
}

// TestJournal_EndsInTheMiddle cuts the last record at every byte: the ones before stay, and others may follow.
func TestJournal_EndsInTheMiddle(t *testing.T) {
	t.Parallel()
	whole, file := t.TempDir(), filepath.Join("a", "2005-08-11.journal")
	j := open(t, whole)
	add(t, j, "1", "one", august)
	first := size(t, filepath.Join(whole, file))
	add(t, j, "2", "two", august)
	text, err := os.ReadFile(filepath.Join(whole, file))
	if err != nil {
		t.Fatal(err)
	}
	for cut := first; cut < int64(len(text)); cut++ {
		for _, tail := range [][]byte{text[:cut], append(append([]byte{}, text[:cut]...), make([]byte, int64(len(text))-cut)...)} {
			dir := t.TempDir()
			write(t, filepath.Join(dir, file), tail)
			again := open(t, dir)
			add(t, again, "3", "three", august)
			if got := read(t, dir); got != "1=one 3=three" {
				t.Fatalf("cut at byte %d: %s", cut, got)
			}
		}
	}
}

// TestJournal_Changed flips every bit of a record that others follow.
func TestJournal_Changed(t *testing.T) {
	t.Parallel()
	whole, file := t.TempDir(), filepath.Join("a", "2005-08-11.journal")
	j := open(t, whole)
	add(t, j, "1", "one", august)
	first := size(t, filepath.Join(whole, file))
	add(t, j, "2", "two", august)
	text, err := os.ReadFile(filepath.Join(whole, file))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for at := range first {
		changed := append([]byte{}, text...)
		changed[at] ^= 1
		write(t, filepath.Join(dir, file), changed)
		all, err := journal.Read("a", dir)
		for _, r := range all {
			if err == nil {
				var body io.ReadCloser
				if body, err = r.Body(); err == nil {
					err = body.Close()
				}
			}
		}
		// A length may be changed so that the file seems to end in the record; then it has fewer records, which is noticed elsewhere.
		if !errors.Is(err, journal.ErrCorrupt) && len(all) == 2 {
			t.Fatalf("byte %d of %d changed: %v", at, first, err)
		}
	}
}

func TestJournal_BothMustTakeIt(t *testing.T) {
	t.Parallel()
	dir, broken := t.TempDir(), t.TempDir()
	j := open(t, dir, broken)
	add(t, j, "1", "one", august)
	if err := os.RemoveAll(filepath.Join(broken, "a")); err != nil {
		t.Fatal(err)
	}
	record := journal.Record{Kind: kind, Key: "2", At: august}
	if err := j.Append(record, 3, strings.NewReader("two")); err == nil {
		t.Error("one directory is gone, and the record counts")
	}
	if j.Has(kind, "2") {
		t.Error("it has what it did not take")
	}
	var failed []string
	lenient, err := journal.Open(journal.Options{Node: "a", Directories: []string{dir, filepath.Join(dir, "a", "2005-08-11.journal")}, OneIsEnough: true,
		Failed: func(dir string, _ error) { failed = append(failed, dir) }})
	if err != nil {
		t.Fatal(err)
	}
	add(t, lenient, "3", "three", august)
	if got := read(t, dir); got != "1=one 3=three" || len(failed) == 0 {
		t.Errorf("one is enough: %s, failed %v", got, failed)
	}
}

// TestJournal_ManyAtOnce has two processes' worth of writers.
func TestJournal_ManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writers := []*journal.Journal{open(t, dir), open(t, dir)}
	var wait sync.WaitGroup
	failed := make(chan error, 100)
	for i := range 100 {
		wait.Go(func() {
			key := fmt.Sprint(i)
			failed <- writers[i%2].Append(journal.Record{Kind: kind, Key: key, At: august}, int64(len(key)), strings.NewReader(key))
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			t.Error(err)
		}
	}
	if got := len(strings.Fields(read(t, dir))); got != 100 {
		t.Errorf("%d records of 100", got)
	}
}

// BenchmarkAppend is what a record costs, and what it costs where many come at once.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name    string
		writers int
	}{{"alone", 1}, {"many", 32}} {
		b.Run(c.name, func(b *testing.B) {
			j, err := journal.Open(journal.Options{Node: "a", Directories: []string{b.TempDir()}})
			if err != nil {
				b.Fatal(err)
			}
			body := strings.Repeat("x", 1000)
			b.SetParallelism(c.writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := j.Append(journal.Record{Kind: kind, Key: "1", At: august}, int64(len(body)), strings.NewReader(body)); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}
