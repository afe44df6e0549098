package postgres

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"nks/gateway"
)

// ErrHashKey: the key of the keyed hashes is not there, or is not the one that they were made with.
var ErrHashKey = errors.New("the key of the keyed hashes cannot be used")

// KeyedHash makes the hashes that stand for what is unique for ever in months that are dropped: HMAC-SHA-256, its first 128 bits.
type KeyedHash struct{ key []byte }

// hashKeyBytes is how long a key is.
const hashKeyBytes = 32

// Of is the hash of a text.
func (h *KeyedHash) Of(text string) []byte {
	m := hmac.New(sha256.New, h.key)
	_, _ = m.Write([]byte(text))
	return m.Sum(nil)[:16]
}

// Name is how the hash stands where a name stood.
func (h *KeyedHash) Name(text string) string { return "hash:" + hex.EncodeToString(h.Of(text)) }

// Holder is the hash of a holder of a payment.
func (h *KeyedHash) Holder(kind gateway.HolderKind, number int64) string {
	return hex.EncodeToString(h.Of(fmt.Sprintf("holder %d %d", kind, number)))
}

// Blocks are the key as the database's function keyed_hash takes it.
func (h *KeyedHash) Blocks() (inner, outer []byte) {
	if h == nil {
		return nil, nil
	}
	inner, outer = make([]byte, sha256.BlockSize), make([]byte, sha256.BlockSize)
	copy(inner, h.key)
	copy(outer, h.key)
	for i := range inner {
		inner[i], outer[i] = inner[i]^0x36, outer[i]^0x5c // RFC 2104, 2
	}
	return inner, outer
}

// Cipher seals what must not be read in the database or in a copy of it, with a key of its own for each purpose.
func (h *KeyedHash) Cipher(purpose string) (cipher.AEAD, error) {
	m := hmac.New(sha256.New, h.key)
	_, _ = m.Write([]byte("cipher " + purpose))
	block, err := aes.NewCipher(m.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("cipher of %s: %w", purpose, err)
	}
	return cipher.NewGCM(block)
}

// HashKey is the file of the key, outside the database: without it nobody can tell whose hash it is by trying numbers. Safe for
// concurrent use.
type HashKey struct {
	Path string // empty: there is none

	mu   sync.Mutex
	hash *KeyedHash
}

// Fingerprint tells keys apart, and nothing of what they are.
func (k *HashKey) Fingerprint() (string, error) {
	h, err := k.load()
	if err != nil {
		return "", err
	}
	return "HMAC-SHA256:" + hex.EncodeToString(h.Of("nks fingerprint 1")), nil
}

// proven is the text whose hash tells which key a database's hashes are made with.
const proven = "nks keyed hashes 1"

// Hashes are those that the database may hold; nil where it holds none yet. ErrHashKey: it holds some, and the key is not there.
func (b *Base) Hashes(ctx context.Context, db Queryer) (*KeyedHash, error) {
	var proof []byte
	err := db.QueryRowContext(ctx, `SELECT proof FROM hash_key`).Scan(&proof)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keyed hashes: %w", err)
	}
	h, err := b.HashKey.load()
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(h.Of(proven), proof) {
		return nil, fmt.Errorf("%w: %s is another than the database's hashes were made with", ErrHashKey, b.HashKey.Path)
	}
	return h, nil
}

// PrepareHashKey makes the key where it is not there and the database holds no hashes yet: whoever runs the gateway owns it. ErrHashKey: it holds
// some, and the key is not theirs.
func (b *Base) PrepareHashKey(ctx context.Context) error {
	h, err := b.Hashes(ctx, b.DB)
	if err != nil || h != nil || b.HashKey == nil || b.HashKey.Path == "" {
		return err
	}
	_, err = b.HashKey.make()
	return err
}

// BeginHashes is Hashes for whoever is about to make the first: a key that is not there is made, and a database without hashes
// learns which key they are made with.
func (b *Base) BeginHashes(ctx context.Context, x *Session) (*KeyedHash, error) {
	h, err := b.Hashes(ctx, x)
	if err != nil || h != nil {
		return h, err
	}
	if h, err = b.HashKey.make(); err != nil {
		return nil, err
	}
	if _, err := x.ExecContext(ctx, `INSERT INTO hash_key (proof) VALUES ($1) ON CONFLICT DO NOTHING`, h.Of(proven)); err != nil {
		return nil, fmt.Errorf("keyed hashes: %w", err)
	}
	return b.Hashes(ctx, x)
}

// load reads the key, once.
func (k *HashKey) load() (*KeyedHash, error) {
	if k == nil || k.Path == "" {
		return nil, fmt.Errorf("%w: the configuration names no file", ErrHashKey)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hash != nil {
		return k.hash, nil
	}
	info, err := os.Stat(k.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHashKey, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s: permissions %#o are too open, use 0600", ErrHashKey, k.Path, info.Mode().Perm())
	}
	text, err := os.ReadFile(k.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHashKey, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != hashKeyBytes {
		return nil, fmt.Errorf("%w: %s must hold %d bytes, in hexadecimal", ErrHashKey, k.Path, hashKeyBytes) // not repeated: it is a secret
	}
	k.hash = &KeyedHash{key}
	return k.hash, nil
}

// make makes the file where there is none, and reads it.
func (k *HashKey) make() (*KeyedHash, error) {
	h, err := k.load()
	if !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	key := make([]byte, hashKeyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the key of keyed hashes: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(k.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the key of keyed hashes: %w", err)
	}
	f, err := os.OpenFile(k.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key of keyed hashes: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the key of keyed hashes: %w", err)
	}
	return k.load()
}
