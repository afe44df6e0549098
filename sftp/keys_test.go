package sftp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
)

func TestGenerateAndLoadKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mailbox_host")
	made, err := sftp.GenerateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := sftp.LoadKey(path)
	if err != nil || !bytes.Equal(loaded.PublicKey().Marshal(), made.PublicKey().Marshal()) {
		t.Fatalf("loaded another key, %v", err)
	}
	public, err := sftp.LoadPublicKeys(path + ".pub")
	if err != nil || len(public) != 1 || !bytes.Equal(public[0].Marshal(), made.PublicKey().Marshal()) {
		t.Fatalf("public half: %v, %v", public, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if out, err := run(t, "", "ssh-keygen", "-l", "-f", path); err != nil || !strings.Contains(out, ssh.FingerprintSHA256(made.PublicKey())) {
		t.Errorf("ssh-keygen: %s %v", out, err)
	}
	if _, err := sftp.GenerateKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwritten: %v", err)
	}
	// A crash between the two files is mended.
	if err := os.Remove(path + ".pub"); err != nil {
		t.Fatal(err)
	}
	same, err := sftp.EnsureKey(path)
	if err != nil || !bytes.Equal(same.PublicKey().Marshal(), made.PublicKey().Marshal()) {
		t.Errorf("ensure: %v", err)
	}
	if _, err := os.Stat(path + ".pub"); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".new-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestLoadKeyRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := sftp.GenerateKey(good); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(short, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text []byte
		mode fs.FileMode
	}{
		"readable by all": {text, 0o644}, "writable by group": {text, 0o620}, "empty": {nil, 0o600},
		"half": {text[:len(text)/2], 0o600}, "short RSA": {pem.EncodeToMemory(block), 0o600},
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, c.text, 0o600), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := sftp.LoadKey(path); !errors.Is(err, sftp.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sftp.LoadKey(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestParsePublicKeys(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(b.host.PublicKey())))
	for text, want := range map[string]int{
		"": 0, "# none\n": 0, line: 1, line + " comment here\n": 1,
		line + ";" + line: 2, line + "\n\n# two\n" + line + "\r\n": 2,
	} {
		keys, err := sftp.ParsePublicKeys(text)
		if err != nil || len(keys) != want {
			t.Errorf("%q: %d keys, %v; want %d", text, len(keys), err, want)
		}
	}
	for name, text := range map[string]string{
		"nonsense": "nonsense", "cut": line[:40], "options": `command="x" ` + line, "second is nonsense": line + ";x",
	} {
		if _, err := sftp.ParsePublicKeys(text); !errors.Is(err, sftp.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
