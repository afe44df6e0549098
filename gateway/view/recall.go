package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Recall is that a payment's bank was asked for it back, with what became of that.
type Recall struct {
	Decision   int64                `db:"decision_id"` // 0: nobody asked, its account had changed
	AskedBy    string               `db:"asked_by"`
	Bank       string               `db:"bank"`
	Attempt    int                  `db:"attempt"`
	Ore        int64                `db:"ore"`
	AskedAt    time.Time            `db:"asked_at"`
	SentAt     *time.Time           `db:"sent_at"`
	Answer     gateway.RecallAnswer `db:"answer"` // the one that counts; empty: the bank has not answered
	Code       string               `db:"code"`
	Text       string               `db:"text"`
	AnsweredAt *time.Time           `db:"answered_at"`
	BackOre    int64                `db:"back_ore"` // came back since it was asked
	BackAt     *time.Time           `db:"back_at"`
}

// recalls reads what the payment was asked back for.
func (p *paymentRow) recalls(ctx context.Context, tx *sqlx.Tx) error {
	if err := tx.SelectContext(ctx, &p.Recalls, `SELECT * FROM page_recalls($1)`, p.ID); err != nil {
		return fmt.Errorf("recalls: %w", err)
	}
	return nil
}
