package foreign_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"nks/sim/foreign"
)

var update = flag.Bool("update", false, "write the golden file anew")

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	return names
}

// TestSum: whole, with line breaks between segments, wrapped in the middle of them, and without UNA.
func TestSum(t *testing.T) {
	t.Parallel()
	got, err := foreign.Sum(t.Context(), files(t, "*.edi"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/sum.golden", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/sum.golden")
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(text)+"\n" {
		t.Errorf("got %s", text)
	}
}

func TestSumRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, "*.bad") {
		if _, err := foreign.Sum(t.Context(), []string{name}); !errors.Is(err, foreign.ErrRead) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := foreign.Sum(t.Context(), []string{"testdata/none"}); !errors.Is(err, foreign.ErrRead) {
		t.Errorf("no file: %v", err)
	}
}
