package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/journal"
)

// days is a journal of four days in two directories, and what of it is to be forgotten on the last.
func days(t *testing.T) (j *journal.Journal, dirs []string, before, now time.Time) {
	t.Helper()
	dirs = []string{t.TempDir(), t.TempDir()}
	j = open(t, dirs...)
	for n := range 4 {
		add(t, j, fmt.Sprint(n, "a"), "x", august.AddDate(0, 0, n))
		add(t, j, fmt.Sprint(n, "b"), "y", august.AddDate(0, 0, n).Add(time.Minute))
	}
	return j, dirs, august.AddDate(0, 0, 2), august.AddDate(0, 0, 3).Add(time.Hour)
}

func floorOf(t *testing.T, dirs ...string) journal.Floor {
	t.Helper()
	all, err := journal.Read("a", dirs...)
	if err != nil {
		t.Fatal(err)
	}
	floor, err := journal.FloorOf(all)
	if err != nil {
		t.Fatal(err)
	}
	return floor
}

func forget(t *testing.T, j *journal.Journal, before, now time.Time) int {
	t.Helper()
	files, err := j.Forget(before, now)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// forgotten demands what is left of the days in a directory.
func forgotten(t *testing.T, dirs ...string) {
	t.Helper()
	const want = "2a=x 2b=y 3a=x 3b=y 2005-08-12T04:01:00Z="
	if got := read(t, dirs...); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if f := floorOf(t, dirs...); !f.To.Equal(august.AddDate(0, 0, 1).Add(time.Minute)) || f.Records != 4 {
		t.Errorf("floor %+v", f)
	}
}

// TestForget_BrokenOff: whatever stands in the directories when a process died while it forgot, or one directory was away, in the
// end both have forgotten the same, and a third time nothing more.
func TestForget_BrokenOff(t *testing.T) {
	t.Parallel()
	today, first, second := "2005-08-14.journal", "2005-08-11.journal", "2005-08-12.journal"
	all := []string{first, second, today}
	for name, c := range map[string]struct {
		as    map[int][]string // files of a directory that are as they were before
		files int
	}{
		"not begun":             {map[int][]string{0: all, 1: all}, 4},
		"floor in one":          {map[int][]string{0: {first, second}, 1: all}, 4},
		"floor in both":         {map[int][]string{0: {first, second}, 1: {first, second}}, 4},
		"one file removed":      {map[int][]string{0: {second}, 1: all}, 3},
		"the later one removed": {map[int][]string{0: {first}, 1: all}, 3},
		"second was away":       {map[int][]string{1: all}, 2},
		"first was away":        {map[int][]string{0: all}, 2},
		"all done":              {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, dirs, before, now := days(t)
			was := map[string][]byte{}
			for _, dir := range dirs {
				for _, file := range all {
					text, err := os.ReadFile(filepath.Join(dir, "a", file))
					if err != nil {
						t.Fatal(err)
					}
					was[filepath.Join(dir, "a", file)] = text
				}
			}
			if n := forget(t, j, before, now); n != 4 {
				t.Fatalf("%d files forgotten", n)
			}
			for i, files := range c.as {
				for _, file := range files {
					path := filepath.Join(dirs[i], "a", file)
					write(t, path, was[path])
				}
			}
			again := open(t, dirs...)
			if n := forget(t, again, before, now); n != c.files {
				t.Errorf("%d files forgotten, want %d", n, c.files)
			}
			for _, from := range [][]string{{dirs[0]}, {dirs[1]}, dirs} {
				forgotten(t, from...)
			}
			if n := forget(t, again, before, now); n != 0 {
				t.Errorf("%d files forgotten in the end", n)
			}
			add(t, again, "4", "z", now)
			if last := open(t, dirs...); !last.Has(kind, "4") || !last.Has(kind, "2a") || last.Has(kind, "0a") {
				t.Error("opened anew it does not know what it has")
			}
		})
	}
}

// TestForget_FloorFirst: where the floor cannot be written nothing goes, and the other directory forgets.
func TestForget_FloorFirst(t *testing.T) {
	t.Parallel()
	j, dirs, before, now := days(t)
	now = now.AddDate(0, 0, 1)
	if err := os.Mkdir(filepath.Join(dirs[1], "a", now.Format("2006-01-02")+".journal"), 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := j.Forget(before, now); err == nil || n != 2 {
		t.Errorf("%d files forgotten, %v", n, err)
	}
	forgotten(t, dirs[0])
	for dir, want := range map[string]int{dirs[0]: 3, dirs[1]: 5} {
		if files, err := filepath.Glob(filepath.Join(dir, "a", "*")); err != nil || len(files) != want {
			t.Errorf("%v, %v: want %d", files, err, want)
		}
	}
}

// TestForget_Away: a directory that is away does not stop the other.
func TestForget_Away(t *testing.T) {
	t.Parallel()
	j, dirs, before, now := days(t)
	if err := os.Rename(dirs[1], dirs[1]+"-away"); err != nil {
		t.Fatal(err)
	}
	if n := forget(t, j, before, now); n != 2 {
		t.Errorf("%d files forgotten", n)
	}
	if err := os.Rename(dirs[1]+"-away", dirs[1]); err != nil {
		t.Fatal(err)
	}
	if n := forget(t, j, before, now); n != 2 {
		t.Errorf("%d files forgotten when it is back", n)
	}
	for _, dir := range dirs {
		forgotten(t, dir)
	}
}

// TestLoad: Read keeps no facts in memory, Load has them; what was forgotten between is left out.
func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir)
	for n := range 4 {
		r := journal.Record{Kind: kind, Key: fmt.Sprint(n), At: august.AddDate(0, 0, n/2), Facts: fmt.Appendf(nil, `{"n":%d}`, n)}
		if err := j.Append(r, 1, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	all, err := journal.Read("a", dir)
	if err != nil {
		t.Fatal(err)
	}
	facts := func(records []journal.Record) (text string) {
		for _, r := range records {
			text += string(r.Facts)
		}
		return text
	}
	if got := facts(all); len(all) != 4 || got != "" {
		t.Errorf("%d records, in memory %s", len(all), got)
	}
	loaded, err := journal.Load(all)
	if got := facts(loaded); err != nil || got != `{"n":0}{"n":1}{"n":2}{"n":3}` {
		t.Errorf("loaded %s, %v", got, err)
	}
	now := august.AddDate(0, 0, 1)
	if n := forget(t, j, now, now.AddDate(0, 0, 1)); n != 1 {
		t.Fatalf("%d files forgotten", n)
	}
	loaded, err = journal.Load(all)
	if got := facts(loaded); err != nil || got != `{"n":2}{"n":3}` {
		t.Errorf("loaded %s, %v", got, err)
	}
}

// TestForget_Stays: a day goes when all of it is old, the present one never, and nothing that is called otherwise.
func TestForget_Stays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir)
	add(t, j, "1", "one", august)
	other := filepath.Join(dir, "a", "aside.journal")
	write(t, other, nil)
	midnight := time.Date(2005, 8, 12, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		before, now time.Time
		files       int
	}{
		{midnight.Add(-time.Second), midnight.AddDate(1, 0, 0), 0},
		{midnight.AddDate(1, 0, 0), midnight.Add(-time.Second), 0},
		{midnight, midnight, 1},
	} {
		if n := forget(t, j, c.before, c.now); n != c.files {
			t.Errorf("before %s at %s: %d files forgotten, want %d", c.before, c.now, n, c.files)
		}
	}
	if size(t, other) != 0 {
		t.Error("a file of another name was changed")
	}
	later := midnight.AddDate(0, 0, 9)
	add(t, j, "2", "two", later)
	if n := forget(t, j, later, later); n != 1 {
		t.Errorf("%d files forgotten", n)
	}
	if f := floorOf(t, dir); !f.To.Equal(midnight) || f.Records != 2 {
		t.Errorf("floor %+v: of the record and the floor before", f)
	}
}
