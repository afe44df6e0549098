package audit

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// KeyName is the name under which this log's keys sign.
const KeyName = "nks-audit"

// maxKeyFile bounds a file that holds keys, in bytes.
const maxKeyFile = 64 << 10

// ErrKey: a key file that cannot be used.
var ErrKey = errors.New("audit key not accepted")

// LoadKey reads the private key at path, in the form of golang.org/x/mod/sumdb/note. Nobody else may open the file.
func LoadKey(path string) (note.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s: permissions %#o are too open, use 0600", ErrKey, path, info.Mode().Perm())
	}
	text, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	secret, _, _ := strings.Cut(text, "\n")
	signer, err := note.NewSigner(strings.TrimSpace(secret))
	if err != nil {
		// The text is not repeated: it is a secret.
		return nil, fmt.Errorf("%w: %s: must begin with a private key of an audit log", ErrKey, path)
	}
	return signer, nil
}

// PublicPath is where the public half of the key at path stands.
func PublicPath(path string) string { return path + ".pub" }

// MakeKey makes a new Ed25519 key at path (0600), its public half on the second line and in a file beside it (0644). A file
// that is there is never overwritten: the error is then fs.ErrExist.
func MakeKey(path string) error {
	secret, public, err := note.GenerateKey(rand.Reader, KeyName)
	if err != nil {
		return fmt.Errorf("make the audit key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the audit key: %w", err)
	}
	if err := writeNew(path, secret+"\n"+public, 0o600); err != nil {
		return err
	}
	return Publish(path)
}

// Publish writes the public half of the key at path beside it, where it is missing: who makes a key may die before that.
func Publish(path string) error {
	if _, err := os.Stat(PublicPath(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := readKeys(path)
	if err != nil {
		return err
	}
	_, public, _ := strings.Cut(text, "\n")
	if public = strings.TrimSpace(public); public == "" {
		return fmt.Errorf("%w: %s: its public half must stand on the second line, or in %s", ErrKey, path, PublicPath(path))
	}
	if err := writeNew(PublicPath(path), public, 0o644); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeNew writes a whole file, or none.
func writeNew(path, line string, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(line + "\n")
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names in a directory outlive a power cut.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// LoadVerifiers reads public keys, one a line of each file; former keys stand beside the present one.
func LoadVerifiers(paths ...string) (note.Verifiers, error) {
	var all []note.Verifier
	for _, path := range paths {
		text, err := readKeys(path)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			v, err := note.NewVerifier(line)
			if err != nil {
				// Nor is this: it may be a secret.
				return nil, fmt.Errorf("%w: %s: must hold public keys of an audit log, one a line", ErrKey, path)
			}
			all = append(all, v)
		}
	}
	return note.VerifierList(all...), nil
}

func readKeys(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(text), errors.Join(err, f.Close())
}
