package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestMutants_AreOfThisTree: each place is there, once, and each change is one.
func TestMutants_AreOfThisTree(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		if text, err := m.broken("../.."); err != nil || m.old == m.new || text == "" {
			t.Errorf("%s in %s: %v", m.rule, m.file, err)
		}
	}
}

// TestTry: a test that finds the change kills it; one that passes, one that is not there and a change that does not build show nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module small\n\ngo 1.24\n", "small.go": "package small\n\nfunc Twice(n int) int { return 2 * n }\n",
		"small_test.go": "package small\n\nimport \"testing\"\n\nfunc TestTwice(t *testing.T) {\n\tif Twice(3) != 6 {\n\t\tt.Error(Twice(3))\n\t}\n}\n\nfunc TestNothing(t *testing.T) { _ = Twice(1) }\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, of := range map[string]struct {
		m       mutant
		verdict string
	}{
		"found":          {mutant{file: "small.go", old: "2 * n", new: "3 * n", pkg: ".", run: "TestTwice"}, "killed"},
		"not found":      {mutant{file: "small.go", old: "2 * n", new: "3 * n", pkg: ".", run: "TestNothing"}, "survived"},
		"no such test":   {mutant{file: "small.go", old: "2 * n", new: "3 * n", pkg: ".", run: "TestOther"}, "no test"},
		"does not build": {mutant{file: "small.go", old: "2 * n", new: "2 * x", pkg: ".", run: "TestTwice"}, "broken"},
		"not there":      {mutant{file: "small.go", old: "4 * n", new: "3 * n", pkg: ".", run: "TestTwice"}, "stale"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict, err := of.m.try(context.Background(), root)
			if verdict != of.verdict || (err == nil) != (verdict == "killed") || errors.Is(err, errSurvived) != (verdict == "survived") {
				t.Errorf("%s: %v, want %s", verdict, err, of.verdict)
			}
		})
	}
}
