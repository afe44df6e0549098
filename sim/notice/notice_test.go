package notice_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"nks/sim/notice"
)

// TestFolders: what appears and what goes is told, in each of the folders.
func TestFolders(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	changed, err := notice.Folders(t.Context(), one, two)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"written", func() error { return os.WriteFile(filepath.Join(one, "a"), nil, 0o644) }},
		{"moved", func() error { return os.Rename(filepath.Join(one, "a"), filepath.Join(two, "a")) }},
		{"removed", func() error { return os.Remove(filepath.Join(two, "a")) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(5 * time.Minute):
			t.Fatalf("%s: nobody was told", step.name)
		}
	}
	if _, err := notice.Folders(t.Context(), filepath.Join(one, "none")); err == nil {
		t.Error("a folder that is not there is watched")
	}
}
