package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nks/sftp"
)

// openSSHServer is OpenSSH's own SFTP server behind a bank's SSH, in a directory
// with in/ and out/.
func openSSHServer(t *testing.T) (*bank, string) {
	t.Helper()
	const program = "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v (install openssh-sftp-server)", err)
	}
	dir := t.TempDir()
	for _, d := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	b := newBank(t)
	b.serve = func(ch io.ReadWriteCloser) {
		cmd := exec.Command(program, "-d", dir)
		cmd.Stdin, cmd.Stdout = ch, ch
		if err := cmd.Run(); err != nil && t.Context().Err() == nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Error(err)
			}
		}
	}
	return b, dir
}

func TestAgainstOpenSSHServer(t *testing.T) {
	t.Parallel()
	b, dir := openSSHServer(t)
	c := b.dial(t)
	data := pattern(1<<20 + 3)
	res, err := c.Put(t.Context(), request(data))
	if err != nil || res.Size != int64(len(data)) || res.Modified.IsZero() {
		t.Fatalf("put: %+v, %v", res, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, finalName))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the bank has %d bytes, %v", len(got), err)
	}

	again := request(data[:5])
	again.TempName += "2"
	if _, err := c.Put(t.Context(), again); !errors.Is(err, sftp.ErrExists) {
		t.Errorf("put over a file: %v", err)
	}
	if p, err := c.Look(t.Context(), finalName, res.Size); p != sftp.Found || err != nil {
		t.Errorf("look: %v, %v", p, err)
	}

	for name, text := range map[string]string{"a.edi": "UNB+1", ".b.edi.tmp": "half"} {
		if err := os.WriteFile(filepath.Join(dir, "out", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := c.List(t.Context(), "out")
	if err != nil || len(files) != 1 || files[0].Name != "a.edi" {
		t.Fatalf("list: %+v, %v", files, err)
	}
	var sink bytes.Buffer
	if _, err := c.Fetch(t.Context(), "out/a.edi", 100, &sink); err != nil || sink.String() != "UNB+1" {
		t.Errorf("fetch: %q, %v", sink.String(), err)
	}
	if err := c.Remove(t.Context(), "out/a.edi"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "a.edi")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not removed: %v", err)
	}
}

// A plain rename of OpenSSH does not replace, so a file that appears at the last
// moment stays.
func TestOpenSSHServerKeepsExisting(t *testing.T) {
	t.Parallel()
	b, dir := openSSHServer(t)
	r := request(pattern(1000))
	path := filepath.Join(dir, finalName)
	r.BeforeRename = func(ctx context.Context) error { return os.WriteFile(path, []byte("other"), 0o600) }
	if _, err := b.dial(t).Put(t.Context(), r); !errors.Is(err, sftp.ErrExists) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "other" {
		t.Errorf("replaced by %d bytes, %v", len(got), err)
	}
}

// A bank without the folder says so, and nothing is published.
func TestOpenSSHServerNoFolder(t *testing.T) {
	t.Parallel()
	b, dir := openSSHServer(t)
	if err := os.Remove(filepath.Join(dir, "in")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.dial(t).Put(t.Context(), request(pattern(1000))); !errors.Is(err, sftp.ErrNotSent) {
		t.Errorf("got %v", err)
	}
}
