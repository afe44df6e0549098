package closing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Month is a month as it stands.
type Month struct {
	Month      string     `db:"month" json:"month"`
	State      string     `db:"state" json:"state"` // open, closing, closed, dropping, dropped
	ClosedAt   *time.Time `db:"closed_at" json:"closed_at,omitempty"`
	ClosedBy   *string    `db:"closed_by" json:"closed_by,omitempty"` // nks: it was time
	Payments   *int64     `db:"payments" json:"payments,omitempty"`   // as frozen; nothing of an open month
	Ore        *int64     `db:"ore" json:"ore,omitempty"`
	Carried    *int64     `db:"carried" json:"carried,omitempty"` // at the closing
	CarriedOre *int64     `db:"carried_ore" json:"carried_ore,omitempty"`
	SumsSHA256 *string    `db:"sums_sha256" json:"sums_sha256,omitempty"`
	AuditEntry *int64     `db:"audit_entry" json:"audit_entry,omitempty"`
	// DocumentsDroppedAt is when its raw bytes were erased, where that was before the rest.
	DocumentsDroppedAt *time.Time `db:"documents_dropped_at" json:"documents_dropped_at,omitempty"`
	DroppedAt          *time.Time `db:"dropped_at" json:"dropped_at,omitempty"`
	DroppedBy          *string    `db:"dropped_by" json:"dropped_by,omitempty"` // nks: it was time
	DropEntry          *int64     `db:"drop_entry" json:"drop_entry,omitempty"` // that tells the log what was dropped
}

// Carried is payments of a closed month that were frozen in one state and stand in another, or the same, now.
type Carried struct {
	Frozen   gateway.PaymentState `db:"frozen" json:"frozen"`
	Stands   gateway.PaymentState `db:"stands" json:"stands"`
	Payments int64                `db:"payments" json:"payments"`
	Ore      int64                `db:"ore" json:"ore"`
	First    int64                `db:"first" json:"first"` // the smallest of their numbers
}

// Detail is a month with its sums and what is carried of it.
type Detail struct {
	Month
	Sums    []Sum     `json:"sums"`
	Carried []Carried `json:"carried_on"`
}

const months = `SELECT to_char(month, 'YYYY-MM') AS month,
	CASE WHEN dropped_at IS NOT NULL THEN 'dropped' WHEN dropping_at IS NOT NULL THEN 'dropping' ELSE state::text END AS state, closed_at, closed_by, payments, ore, carried, carried_ore,
	encode(sums_sha256, 'hex') AS sums_sha256, audit_entry, documents_dropped_at, dropped_at, dropped_by, drop_entry FROM month`

// Months lists the months that have begun, the first first.
func (s *Store) Months(ctx context.Context) (list []Month, err error) {
	this := gateway.MonthOf(s.Now().In(s.Location))
	if err = s.DB.SelectContext(ctx, &list, months+` WHERE month <= $1::date ORDER BY month.month`, this.String()); err != nil {
		return nil, fmt.Errorf("months: %w", postgres.Transient(err))
	}
	return list, nil
}

// Show reads one month. It is gateway.ErrNotFound when nothing is known of it.
func (s *Store) Show(ctx context.Context, month gateway.Month) (*Detail, error) {
	d := &Detail{Sums: []Sum{}, Carried: []Carried{}}
	err := s.DB.GetContext(ctx, &d.Month, months+` WHERE month = $1::date`, month.String())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("month %s: %w", month.Name(), gateway.ErrNotFound)
	}
	if err == nil {
		d.Sums, err = frozenSums(ctx, s.DB, month)
	}
	if err == nil {
		err = s.DB.SelectContext(ctx, &d.Carried, `SELECT state AS frozen, stands, count(*) AS payments, sum(ore)::bigint AS ore, min(payment_id) AS first
			FROM carried_states WHERE month = $1::date GROUP BY 1, 2 ORDER BY 1, 2`, month.String())
	}
	if err != nil {
		return nil, fmt.Errorf("month %s: %w", month.Name(), postgres.Transient(err))
	}
	return d, nil
}
