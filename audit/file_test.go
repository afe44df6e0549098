package audit_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"nks/audit"
)

// TestFile_AnyCut: whatever a process that died has left of the file, what was whole before stays, and the next checkpoint
// stands behind it.
func TestFile_AnyCut(t *testing.T) {
	t.Parallel()
	k, dir := newKeys(t), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "checkpoints")
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		f := audit.File{Path: path}
		n := rapid.IntRange(1, 5).Draw(t, "checkpoints")
		for size := range n {
			appendOne(t, k, f, int64(size+1))
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		if err := os.WriteFile(path, text[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for range f.Notes() {
			whole++
		}
		last, err := f.Newest(k.known)
		if err != nil || int(last.N) > whole || whole-int(last.N) > 1 {
			t.Fatalf("%d whole checkpoints, the newest of %d entries, %v", whole, last.N, err)
		}
		appendOne(t, k, f, int64(n))
		appendOne(t, k, f, int64(n)) // once more does nothing
		var sizes []int64
		for text, err := range f.Notes() {
			if err != nil {
				t.Fatal(err)
			}
			c, err := audit.OpenCheckpoint(text, k.known)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, c.N)
		}
		if len(sizes) == 0 || sizes[len(sizes)-1] != int64(n) || len(sizes) < min(whole, n) || len(sizes) > n {
			t.Fatalf("cut at %d of %d: then %v", cut, len(text), sizes)
		}
	})
}

func appendOne(t rapid.TB, k keys, f audit.File, size int64) {
	c := audit.Checkpoint{Tree: tlog.Tree{N: size}}
	signed, err := c.Sign(k.signer)
	if err == nil {
		err = f.Append(c, signed, k.known)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFile_SomethingElse: a file that is none of ours is not written to.
func TestFile_SomethingElse(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	f := audit.File{Path: filepath.Join(t.TempDir(), "checkpoints")}
	text := strings.Repeat("something else\n", 1000)
	if err := os.WriteFile(f.Path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c := audit.Checkpoint{Tree: tlog.Tree{N: 1}}
	signed, err := c.Sign(k.signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(c, signed, k.known); !errors.Is(err, audit.ErrCheckpoint) {
		t.Errorf("appended: %v", err)
	}
	if now, err := os.ReadFile(f.Path); err != nil || string(now) != text {
		t.Errorf("%d bytes, %v", len(now), err)
	}
}

// TestKey: a secret that others may open is refused, and none is ever overwritten.
func TestKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "audit")
	if err := audit.MakeKey(path); err != nil {
		t.Fatal(err)
	}
	if err := audit.MakeKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := audit.LoadKey(path); err != nil {
		t.Error(err)
	}
	public, err := os.ReadFile(audit.PublicPath(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(audit.PublicPath(path)); err != nil {
		t.Fatal(err)
	}
	if err := audit.Publish(path); err != nil {
		t.Error(err)
	}
	if again, err := os.ReadFile(audit.PublicPath(path)); err != nil || string(again) != string(public) {
		t.Errorf("published anew: %q, %v, want %q", again, err, public)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.LoadKey(path); !errors.Is(err, audit.ErrKey) {
		t.Errorf("open to its group: %v", err)
	}
	if _, err := audit.LoadVerifiers(path); !errors.Is(err, audit.ErrKey) || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a secret for a public key: %v", err)
	}
}
