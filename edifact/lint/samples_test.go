package lint_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
)

var update = flag.Bool("update", false, "write what is found in the samples to testdata")

const (
	samples = "../../../shared/samples/edifact"
	golden  = "testdata/samples.txt"
)

// TestSamples judges interchanges of many makers. The table has the rule, the
// segment, the place and the severity of each finding, and nothing else of the
// files. Fewer lines are kept where a file repeats itself.
func TestSamples(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(samples); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no samples beside the repository")
	}
	got := map[string]string{}
	for _, dir := range []string{"payments", "general"} {
		entries, err := os.ReadDir(filepath.Join(samples, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := dir + "/" + e.Name()
			got[name] = strings.Join(sampleFindings(t, filepath.Join(samples, name)), "")
		}
	}
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(got)) {
		table.WriteString(name + "\n" + got[name])
	}
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for name, findings := range got {
		if !strings.Contains(string(want), name+"\n"+findings) {
			t.Errorf("%s: found\n%s", name, findings)
		}
	}
	if table.Len() != len(want) {
		t.Errorf("the table has %d bytes, should have %d", len(want), table.Len())
	}
}

// sampleFindings are the findings in a file, those of the same rule and tag from
// the fourth on counted only.
func sampleFindings(t *testing.T, path string) []string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var found []string
	seen := map[string]int{}
	sum, err := lint.File(in, lint.Options{
		Directories: []*directory.Directory{d96a.Directory(), d01b.Directory()}, Allowed: lint.Usual,
	}, func(f lint.Finding) error {
		kind := fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Tag)
		if seen[kind]++; seen[kind] <= 3 {
			found = append(found, fmt.Sprintf("  %d:%d %s %d:%d:%d\n", f.Line, f.Column, kind, f.Position, f.Element, f.Component))
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	for _, kind := range slices.Sorted(maps.Keys(seen)) {
		if n := seen[kind]; n > 3 {
			found = append(found, fmt.Sprintf("  %d in all: %s\n", n, kind))
		}
	}
	if sum.Unreported > 0 {
		found = append(found, fmt.Sprintf("  %d more breaks\n", sum.Unreported))
	}
	return found
}

// TestSamplesAreReadInEveryWay reads every sample strictly, with all leniencies,
// and with each alone.
func TestSamplesAreReadInEveryWay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(samples + "/*/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no samples beside the repository")
	}
	ways := []edifact.Leniency{0, edifact.Everything}
	for l := edifact.Leniency(1); l&edifact.Everything != 0; l <<= 1 {
		ways = append(ways, l)
	}
	for _, path := range files {
		if info, err := os.Stat(path); err != nil || info.IsDir() || info.Size() > 1<<20 && testing.Short() {
			continue
		}
		for _, l := range ways {
			in, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{Lenient: l}), edifact.NewSchema(d96a.Directory(), d01b.Directory()))
			for s, err := range v.Segments() {
				fault, ok := errors.AsType[*edifact.ParseError](err)
				if err != nil && (!ok || fault.Rule == "" || fault.Code == 0) {
					t.Errorf("%s, lenient %q: ended with %v", path, l, err)
				}
				if err == nil && s.Tag == "" {
					t.Errorf("%s, lenient %q: a segment without a tag", path, l)
				}
			}
			_ = in.Close()
		}
	}
}
