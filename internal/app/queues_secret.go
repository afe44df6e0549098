package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxSecret bounds a credential file: anything larger is some other file.
const maxSecret = 1 << 10

// SupplierSecret reads a supplier's password, and makes one up where there is none.
func SupplierSecret(dir, supplier string) (string, error) {
	if !filepath.IsLocal(supplier) || supplier == "." {
		return "", fmt.Errorf("supplier %q cannot have a credential file", supplier)
	}
	path := filepath.Join(dir, supplier)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is a secret that other users may open; chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s does not hold one line with a password", path)
	}
	return secret, nil
}

// makeSecret writes a random password: whole, or not at all, and on disk before anybody is let in by it.
func makeSecret(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	secret := rand.Text()
	// Its name can be no supplier's, which has no "~".
	temp := path + "~new"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(secret + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(temp, path); err != nil {
		return "", err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return secret, errors.Join(dir.Sync(), dir.Close())
}
