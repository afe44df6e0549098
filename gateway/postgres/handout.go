package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"nks/gateway"
)

// HandOut lays a file in a supplier's mailbox beside its answers. It reports false, and does nothing, where one of that name was laid
// there before, fetched or not. delivery is what it belongs to; 0: to none.
func (b *Base) HandOut(ctx context.Context, x *Session, supplier, name string, delivery int64, write func(io.Writer) error) (bool, error) {
	var there bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM handout WHERE supplier = $1 AND file_name = $2)`, supplier, name).Scan(&there)
	if err != nil || there {
		return false, err
	}
	d, err := b.newDocument(ctx, x, sql.NullInt64{Int64: delivery, Valid: delivery != 0})
	if err == nil {
		err = write(d)
	}
	if err == nil {
		_, err = d.Finish(ctx, x)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO handout (supplier, file_name, document_id, made_at) VALUES ($1, $2, $3, $4)`, supplier, name, d.ID(), b.Now())
	}
	if err != nil {
		return false, fmt.Errorf("file %s: %w", name, err)
	}
	return true, nil
}

// copied writes an answer twice: for machines, and for people.
type copied struct{ answer, copy gateway.AnswerEncoder }

// Tx implements gateway.AnswerEncoder.
func (c copied) Tx(t gateway.AnswerTx) error {
	if err := c.answer.Tx(t); err != nil {
		return err
	}
	return c.copy.Tx(t)
}

// End implements gateway.AnswerEncoder.
func (c copied) End() error {
	if err := c.answer.End(); err != nil {
		return err
	}
	return c.copy.End()
}
