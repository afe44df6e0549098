package sftp

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	maxKeyFile = 64 << 10
	minRSABits = 2048
)

// ErrKey: a key that is not accepted: malformed, too short, of a forbidden kind,
// or in a file that others may read.
var ErrKey = errors.New("key not accepted")

// LoadKey reads a private key in OpenSSH or PEM form. The file must not be
// readable or writable by everybody, nor writable by its group.
func LoadKey(path string) (ssh.Signer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o027 != 0 {
		return nil, fmt.Errorf("%w: %s: permissions %#o are too open, use 0600", ErrKey, path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrKey, path, err)
	}
	if err := checkKey(key.PublicKey()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// GenerateKey makes a new ed25519 key at path (OpenSSH form, 0600) and its public
// half at path+".pub" (0644). An existing file is never overwritten: the error is
// then fs.ErrExist.
func GenerateKey(path string) (ssh.Signer, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	return key, publish(path, key)
}

// EnsureKey loads the key at path, or makes it when there is none.
func EnsureKey(path string) (ssh.Signer, error) {
	key, err := LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return GenerateKey(path)
	}
	if err != nil {
		return nil, err
	}
	return key, publish(path, key)
}

// publish writes the public half if it is missing, which a crash between the two
// files leaves behind.
func publish(path string, key ssh.Signer) error {
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key.PublicKey())), "\n")
	err := writeNew(path+".pub", []byte(line+" "+filepath.Base(path)+"\n"), 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// writeNew writes the whole file or none of it: under another name first, then
// linked into place, which fails where the name is taken.
func writeNew(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Link(f.Name(), path)
}

// ParsePublicKeys reads public keys in authorized_keys form, one a line; lines may
// also be joined with semicolons. Empty lines and comments are skipped; options
// before a key, certificates and weak keys are errors.
func ParsePublicKeys(text string) ([]ssh.PublicKey, error) {
	var keys []ssh.PublicKey
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ';' })
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: key %d: %w", ErrKey, i+1, err)
		case len(options) > 0:
			return nil, fmt.Errorf("%w: key %d: options are not supported", ErrKey, i+1)
		}
		if err := checkKey(key); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// LoadPublicKeys reads a file of public keys, see [ParsePublicKeys].
func LoadPublicKeys(path string) ([]ssh.PublicKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	keys, err := ParsePublicKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

func checkKey(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		c, ok := key.(ssh.CryptoPublicKey)
		if !ok {
			return fmt.Errorf("%w: unreadable RSA key", ErrKey)
		}
		r, ok := c.CryptoPublicKey().(*rsa.PublicKey)
		if !ok || r.N.BitLen() < minRSABits {
			return fmt.Errorf("%w: RSA keys need at least %d bits", ErrKey, minRSABits)
		}
		return nil
	default:
		return fmt.Errorf("%w: kind %q", ErrKey, key.Type())
	}
}
