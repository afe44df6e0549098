package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
)

// Common proves to processes that they share a database: one takes a lock by a number that nobody can guess, and the others see it. Copies and
// standbys of a database, which have all that it has, have other locks; and locks are what says which process works.
type Common struct {
	DB *sqlx.DB
}

// Show holds such a lock while ask runs.
func (c Common) Show(ctx context.Context, ask func(word string)) error {
	tx, err := c.DB.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("show: %w", Transient(err))
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails
	key := int64(binary.BigEndian.Uint64(number[:]))
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, key); err != nil {
		return fmt.Errorf("show: %w", Transient(err))
	}
	ask(strconv.FormatInt(key, 10))
	return nil
}

// Sees reports whether somebody holds the lock of a word.
func (c Common) Sees(ctx context.Context, word string) (sees bool, err error) {
	key, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return false, fmt.Errorf("sees: %w", err)
	}
	err = c.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid::bigint = ($1::bigint >> 32) & 4294967295 AND objid::bigint = $1::bigint & 4294967295)`, key).Scan(&sees)
	if err != nil {
		return false, fmt.Errorf("sees: %w", Transient(err))
	}
	return sees, nil
}
