package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// HeardFile is a file of a bank with what its last hearing understood of it.
type HeardFile struct {
	ID         int64       `db:"id" json:"id"`
	Bank       string      `db:"bank" json:"bank"`
	State      string      `db:"state" json:"state"` // received, done, parked
	Hearing    int         `db:"hearing" json:"hearing"`
	ReceivedAt time.Time   `db:"received_at" json:"received_at"`
	ControlRef string      `db:"control_ref" json:"control_ref,omitempty"`
	SignedBy   string      `db:"signed_by" json:"signed_by,omitempty"` // fingerprint of the key that proved who wrote it; empty: none did
	Statements []Statement `json:"statements"`
	All        int         `json:"all"` // how many there are; the first are listed
}

// Statement is one thing that a file lays out.
type Statement struct {
	N           int                   `db:"n" json:"n"`
	Kind        string                `db:"kind" json:"kind"`
	Interchange gateway.ControlNumber `db:"control_ref" json:"interchange,omitempty"` // of ours that it is about; 0: not known
	Message     int                   `db:"message_no" json:"message,omitempty"`
	Line        int                   `db:"lin" json:"line,omitempty"`
	Payment     int64                 `db:"payment_id" json:"payment,omitempty"`
	Reference   string                `db:"reference" json:"reference,omitempty"` // as the bank wrote it
	Meaning     string                `db:"meaning" json:"meaning"`
	Ore         *int64                `db:"ore" json:"ore,omitempty"`
	Code        string                `db:"code" json:"code,omitempty"`
	Text        string                `db:"text" json:"text,omitempty"`
	Certainty   gateway.Certainty     `db:"certainty" json:"certainty"`
	Effect      gateway.Effect        `db:"effect" json:"effect,omitempty"`
	Undecided   gateway.Undecided     `db:"undecided" json:"undecided,omitempty"`
	Exception   gateway.ExceptionKind `db:"exception" json:"exception,omitempty"`
}

// mostStatements bounds what is listed of a file.
const mostStatements = 1000

// File is a file of a bank, with the first of its statements: those that nobody could decide, those that contradict something, and
// then the others, each in the order of the file. gateway.ErrNotFound: there is none.
func (s *Store) File(ctx context.Context, id int64) (f HeardFile, err error) {
	err = s.DB.GetContext(ctx, &f, `SELECT id, bank, state, hearing, received_at, coalesce(control_ref, '') AS control_ref,
		coalesce(encode(signed_by, 'hex'), '') AS signed_by FROM bank_file WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("bank file %d: %w", id, gateway.ErrNotFound)
	}
	if err == nil {
		err = s.DB.GetContext(ctx, &f.All, `SELECT count(*) FROM bank_fact WHERE bank_file_id = $1 AND hearing = $2`, id, f.Hearing)
	}
	if err == nil {
		err = s.DB.SelectContext(ctx, &f.Statements, `SELECT k.n, k.kind, coalesce(i.control_ref, 0) AS control_ref, coalesce(k.message_no, 0) AS message_no,
				coalesce(k.lin, 0) AS lin, coalesce(k.payment_id, 0) AS payment_id, coalesce(k.reference, '') AS reference, k.meaning, k.ore,
				coalesce(k.code, '') AS code, coalesce(k.text, '') AS text, k.certainty, coalesce(k.effect, '') AS effect,
				coalesce(k.undecided, '') AS undecided, coalesce(k.exception, '') AS exception
			FROM bank_fact k LEFT JOIN interchange i ON i.id = k.interchange_id WHERE k.bank_file_id = $1 AND k.hearing = $2
			ORDER BY array_position(ARRAY['undecided', 'contradicting', 'decided'], k.certainty::text), k.n LIMIT $3`, id, f.Hearing, mostStatements)
	}
	if err != nil {
		return f, fmt.Errorf("bank file %d: %w", id, postgres.Transient(err))
	}
	return f, nil
}
