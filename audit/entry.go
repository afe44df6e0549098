// Package audit is a log that cannot be forged unseen. Its entries are salted commitments to what they tell; they stand as
// the leaves of a Merkle tree (golang.org/x/mod/sumdb/tlog, RFC 6962), whose heads are signed (golang.org/x/mod/sumdb/note)
// and kept outside the database too. What must be erased is erased with its salt: the commitment stays, and tells nothing.
package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Kind is what an entry tells of.
type Kind string

// What is entered.
const (
	Decision      Kind = "decision"
	PaymentLook   Kind = "look at a payment"
	PaymentSearch Kind = "search for payments"
	FrozenSums    Kind = "frozen sums"
	DroppedMonth  Kind = "dropped month"
	Certificate   Kind = "certificate"
	Restore       Kind = "restore"
)

// SaltBytes is the length of an entry's salt.
const SaltBytes = 32

// mostContent bounds what one entry may tell, in bytes.
const mostContent = 64 << 10

// Queryer asks a database for one row, in a transaction or by itself.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Commit enters something in the caller's transaction, and gives the entry's number. content is written as JSON, whose
// bytes are what counts from then on.
func Commit(ctx context.Context, q Queryer, kind Kind, content any) (int64, error) {
	text, err := json.Marshal(content)
	if err == nil && len(text) > mostContent {
		err = fmt.Errorf("%d bytes, must be at most %d", len(text), mostContent)
	}
	if err != nil {
		return 0, fmt.Errorf("audit %s: %w", kind, err)
	}
	salt := make([]byte, SaltBytes)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	var id int64
	if err := q.QueryRowContext(ctx, `SELECT nks.audit_commit($1, $2, $3)`, string(kind), string(text), salt).Scan(&id); err != nil {
		return 0, fmt.Errorf("audit %s: %w", kind, err)
	}
	return id, nil
}

// Content is what an entry tells.
type Content struct {
	Kind Kind
	Text string // JSON
	Salt []byte
}

// Commitment is what binds an entry to its content, as the database's function audit_commit computes it.
func (c Content) Commitment() tlog.Hash {
	return sha256.Sum256([]byte("nks audit commitment 1\n" + hex.EncodeToString(c.Salt) + "\n" + string(c.Kind) + "\n" + c.Text))
}

// Entry is an entry of the log as it is stored.
type Entry struct {
	ID         int64
	Recorded   time.Time // of the machine
	Commitment tlog.Hash
	Place      int64    // in the tree, from 0; Waiting: it has none yet
	Content    *Content // nil: erased
}

// Waiting is the place of an entry that has none yet.
const Waiting int64 = -1

// Record is the leaf's text: what the tree vouches for.
func (e Entry) Record() []byte {
	return fmt.Appendf(nil, "nks audit entry 1\n%d\n%d\n%s\n", e.ID, e.Recorded.UnixMicro(), base64.StdEncoding.EncodeToString(e.Commitment[:]))
}

// Hash is the leaf's hash.
func (e Entry) Hash() tlog.Hash { return tlog.RecordHash(e.Record()) }

// errShortHash: a stored hash that is none.
var errShortHash = errors.New("a hash has 32 bytes")

// HashOf reads a stored hash.
func HashOf(b []byte) (h tlog.Hash, err error) {
	if copy(h[:], b) != len(h) || len(b) != len(h) {
		return h, errShortHash
	}
	return h, nil
}
