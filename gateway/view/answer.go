package view

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Answer is a receipt or response to an authority.
type Answer struct {
	ID          int64      `db:"id"`
	Delivery    int64      `db:"delivery_id"`
	Kind        int        `db:"kind"`   // its number, as gateway.AnswerKind
	Number      int64      `db:"number"` // gapless per kind
	Status      string     `db:"status"`
	FileName    string     `db:"file_name"`
	MadeAt      time.Time  `db:"made_at"`
	CollectedAt *time.Time `db:"collected_at"` // nil: it lies ready
	Document    int64      `db:"document_id"`
	Excerpt     *Excerpt   `db:"-"` // its beginning; nil where a view shows none
}

const answerColumns = `id, delivery_id, kind, number, status, file_name, made_at, collected_at, document_id`

// id is what the answer calls itself in its document.
func (a Answer) id() string {
	return gateway.Answer{Kind: gateway.AnswerKind(a.Kind), Number: a.Number}.ID()
}

// answersOf are the answers whose ids a query gives. It is asked first: only ids that are known say which months to look into.
func answersOf(ctx context.Context, tx *sqlx.Tx, query string, args ...any) (list []Answer, err error) {
	var ids []sql.NullInt64 // null: what is not answered yet
	err = tx.SelectContext(ctx, &ids, query, args...)
	known := make([]int64, 0, len(ids))
	for _, id := range ids {
		if id.Valid {
			known = append(known, id.Int64)
		}
	}
	if err == nil && len(known) > 0 {
		err = tx.SelectContext(ctx, &list, `SELECT `+answerColumns+` FROM answer WHERE id = ANY ($1::bigint[]) ORDER BY id`, known)
	}
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	return list, nil
}
