// Package view is what a viewer may see of the flow: the read models of pages and of other readers. It reads as
// nks_page, under row-level security, on one snapshot for each read model, and writes nothing but what the log keeps of a look
// at a payment. What of a citizen or of an account must not be seen is hidden before it leaves this package.
package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"
)

// ErrOperations is a refusal that is no fault: operations see no single payment.
var ErrOperations = errors.New("not for operations")

// mostReaders is how many raw documents are read at once, for all viewers together.
const mostReaders = 4

// Reader reads for viewers. It is safe for concurrent use.
type Reader struct {
	db  *sqlx.DB
	log zerolog.Logger
	// heavy bounds how many documents are read at the same time.
	heavy chan struct{}
}

// New makes a reader on a pool of role nks_page with SessionSettings. Documents that cannot be shown are logged.
func New(db *sqlx.DB, log zerolog.Logger) *Reader {
	return &Reader{db: db, log: log, heavy: make(chan struct{}, mostReaders)}
}

// SessionSettings are the database settings of a connection that views are read on. They end what takes too long: a
// view that nobody waits for any more must not keep the flow waiting.
func SessionSettings() []string {
	return []string{"search_path=nks", "statement_timeout=8s", "lock_timeout=2s", "idle_in_transaction_session_timeout=30s",
		"default_transaction_read_only=on", "jit=off"}
}

// readOnly is how views are read: everything of one view as of one instant.
var readOnly = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// look runs queries as nks_page for one viewer, on one snapshot of the database that cannot be written to.
func (r *Reader) look(ctx context.Context, v Viewer, queries func(tx *sqlx.Tx) error) error {
	tx, err := r.db.BeginTxx(ctx, readOnly)
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	role := "operations"
	if v.Authority != "" {
		role = "authority"
	}
	_, err = tx.ExecContext(ctx, `SELECT set_config('nks.viewer', $1, true), set_config('nks.viewer_authority', $2, true)`, role, v.Authority)
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	return queries(tx)
}
