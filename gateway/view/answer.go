package view

import (
	"time"

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
