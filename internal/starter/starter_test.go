package starter_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nks/internal/starter"
)

// TestWrite_QuotesForAShell: the commands can be pasted whatever the directory is called.
func TestWrite_QuotesForAShell(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `it's "mine" $HOME`)
	text, err := starter.Write(starter.Options{Dir: dir, NKS: "printf '%s\\n'", Demo: "d"})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		_, args, found := strings.Cut(line, " load ")
		if !found {
			continue
		}
		out, err := exec.Command("sh", "-c", "printf '%s\n' "+args).Output()
		if want := "--config\n" + filepath.Join(dir, "nks.toml") + "\n" + filepath.Join(dir, "reference") + "\n"; err != nil || string(out) != want {
			t.Errorf("%s gives a shell %q, %v", line, out, err)
		}
	}
}

// TestWrite_LeavesNothingHalf: what cannot be made whole is taken away, and what was there stays.
func TestWrite_LeavesNothingHalf(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := starter.Write(starter.Options{Dir: file}); err == nil {
		t.Error("a directory was made of a file")
	}
	if _, err := starter.Write(starter.Options{Dir: filepath.Dir(file)}); !errors.Is(err, starter.ErrTaken) {
		t.Errorf("a directory that holds a file: %v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "mine" {
		t.Errorf("the file holds %q, %v", b, err)
	}
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	ports, err := starter.FreePorts(50)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if seen[p] {
			t.Errorf("port %d twice", p)
		}
		seen[p] = true
	}
}
