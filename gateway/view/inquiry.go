package view

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Inquiry is that somebody misses a payment, as its authority sees it.
type Inquiry struct {
	ID          int64                  `db:"id"`
	OpenedAt    time.Time              `db:"opened_at"`
	DueOn       time.Time              `db:"due_on"` // a day
	AskedBankAt *time.Time             `db:"asked_bank_at"`
	AnsweredAt  *time.Time             `db:"answered_at"`
	Answer      string                 `db:"answer"` // what the citizen was told last
	ClosedAt    *time.Time             `db:"closed_at"`
	Outcome     gateway.InquiryOutcome `db:"outcome"`
}

// inquiries reads the cases about the payment.
func (p *paymentRow) inquiries(ctx context.Context, tx *sqlx.Tx) error {
	if err := tx.SelectContext(ctx, &p.Inquiries, `SELECT * FROM page_inquiries($1)`, p.ID); err != nil {
		return fmt.Errorf("inquiries: %w", err)
	}
	return nil
}
