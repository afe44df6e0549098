package postgres

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"nks/audit"
)

// Entered is what an entry of the log tells. Fault is why it cannot be believed; empty: its commitment proves it.
type Entered struct {
	audit.Content
	Placed bool // it has its place in the log's tree
	Fault  string
}

// ReadEntry reads what an entry of the log tells, and holds it against its commitment.
func ReadEntry(ctx context.Context, q sqlx.QueryerContext, entry int64) (e Entered, err error) {
	var kind, text sql.NullString
	var commitment []byte
	err = q.QueryRowxContext(ctx, `SELECT e.commitment, e.place IS NOT NULL, c.kind, c.content, c.salt FROM audit_entry e
		LEFT JOIN audit_content c ON c.entry_id = e.id WHERE e.id = $1`, entry).Scan(&commitment, &e.Placed, &kind, &text, &e.Salt)
	if errors.Is(err, sql.ErrNoRows) {
		e.Fault = fmt.Sprintf("entry %d of the log is not there", entry)
		return e, nil
	}
	if err != nil {
		return e, err
	}
	e.Kind, e.Text = audit.Kind(kind.String), text.String
	if is := e.Commitment(); string(is[:]) != string(commitment) {
		e.Fault = fmt.Sprintf("entry %d of the log does not tell what it was committed to: %s", entry, hex.EncodeToString(commitment[:8]))
	}
	return e, nil
}
