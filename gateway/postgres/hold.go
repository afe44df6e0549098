package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// MoveAside gives a waiting payment a group of its own, in which it waits while the others of its group go, and tells which.
// The payment's group must be locked. gateway.ErrLostOwnership: it is not waiting, or has a group of its own already.
func (x *Session) MoveAside(ctx context.Context, month time.Time, payment int64) (own int64, err error) {
	err = x.QueryRowContext(ctx, `INSERT INTO release_group (id, held_payment, payments, ore, delivery_id, month, agreement, debit_account, requested_on,
			debit_text, agreement_id, bank_centre, los_unit, no_account, executes_on, release_at, state)
		SELECT (SELECT max(o.id) + 1 FROM release_group o WHERE o.delivery_id = g.delivery_id), p.id, 1, p.ore, g.delivery_id, g.month, g.agreement, g.debit_account,
			g.requested_on, g.debit_text, g.agreement_id, g.bank_centre, g.los_unit, g.no_account, g.executes_on, g.release_at, g.state
		FROM payment p JOIN release_group g ON g.id = p.group_id
		WHERE p.month = $1 AND p.id = $2 AND g.state = 'waiting' AND g.held_payment IS NULL RETURNING id`, month, payment).Scan(&own)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("payment %d: %w: it does not wait among others", payment, gateway.ErrLostOwnership)
	}
	if err == nil && own&gateway.MaxGroups == 0 { // the id would be another delivery's
		err = fmt.Errorf("the delivery has %d groups, and no room for one that waits", gateway.MaxGroups)
	}
	if err == nil {
		err = x.carryGroup(ctx, month, own)
	}
	if err == nil {
		err = x.UpdateOne(ctx, `UPDATE release_group g SET payments = g.payments - 1, ore = g.ore - p.ore FROM payment p
			WHERE p.month = $1 AND p.id = $2 AND g.id = p.group_id`, month, payment)
	}
	if err == nil {
		err = x.UpdateOne(ctx, `UPDATE payment SET group_id = $3 WHERE month = $1 AND id = $2`, month, payment, own)
	}
	if err != nil {
		return 0, fmt.Errorf("payment %d: %w", payment, err)
	}
	return own, nil
}

// HoldPayment holds a waiting payment back until it is freed: it waits in a group of its own, and the fact says so. Holding
// what is held does nothing. gateway.ErrLostOwnership: it does not wait any more.
func (b *Base) HoldPayment(ctx context.Context, x *Session, payment, decision int64, why string) error {
	p, err := x.lockPayment(ctx, payment)
	if err != nil {
		return err
	}
	switch gateway.Follow(gateway.NewsHeld, gateway.ScopeOrder, p.position).Effect {
	case gateway.Repeats:
		return nil
	case gateway.Takes:
	default:
		return fmt.Errorf("payment %d: %w: it does not wait", payment, gateway.ErrLostOwnership)
	}
	if !p.aside {
		if _, err := x.MoveAside(ctx, p.month, payment); err != nil {
			return err
		}
	}
	return b.recordOne(ctx, x, p.month, payment, gateway.FactHeld, decision, why)
}

// FreePayment lets a held payment go: its release is due as it was. gateway.ErrLostOwnership: it is not held.
func (b *Base) FreePayment(ctx context.Context, x *Session, payment, decision int64, why string) error {
	p, err := x.lockPayment(ctx, payment)
	if err != nil {
		return err
	}
	if gateway.Follow(gateway.NewsFreed, gateway.ScopeOrder, p.position).Effect != gateway.Takes {
		return fmt.Errorf("payment %d: %w: it is not held", payment, gateway.ErrLostOwnership)
	}
	x.Wakes(ToRelease)
	if err := b.recordOne(ctx, x, p.month, payment, gateway.FactFreed, decision, why); err != nil {
		return err
	}
	return b.CloseDecided(ctx, x, decision, gateway.ThingPayment, payment, gateway.RepaymentHeld)
}

// locked is a payment whose group is locked.
type locked struct {
	month    time.Time
	position gateway.Position
	aside    bool // it has a group of its own
}

// lockPayment locks the group of a payment without an order, which keeps it where it is.
func (x *Session) lockPayment(ctx context.Context, payment int64) (p locked, err error) {
	var group int64
	err = x.QueryRowContext(ctx, `SELECT p.month, p.group_id FROM delivery d JOIN payment p ON p.month = d.month AND p.id = $2 WHERE d.id = $1`,
		gateway.DeliveryOf(payment), payment).Scan(&p.month, &group)
	if err == nil {
		_, err = x.ExecContext(ctx, `SELECT FROM release_group WHERE id = $1 FOR UPDATE`, group)
	}
	if err == nil {
		// One that was released has an order, or had its end before: either is past holding.
		err = x.QueryRowContext(ctx, `SELECT position_of(s.kind, g.state, NULL, NULL, NULL), g.held_payment IS NOT NULL
			FROM payment p JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
			WHERE p.month = $1 AND p.id = $2`, p.month, payment).Scan(&p.position, &p.aside)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("payment %d: %w", payment, err)
	}
	return p, nil
}

// recordOne records one fact about a payment without an order.
func (b *Base) recordOne(ctx context.Context, x *Session, month time.Time, payment int64, kind gateway.FactKind, decision int64, why string) error {
	if err := x.NewFacts(ctx); err != nil {
		return err
	}
	_, err := x.ExecContext(ctx, `INSERT INTO new_fact (month, payment_id, attempt, kind, text, decision_id)
		VALUES ($1, $2, 0, $3, $4, nullif($5::bigint, 0))`, month, payment, string(kind), why, decision)
	if err != nil {
		return fmt.Errorf("payment %d %s: %w", payment, kind, err)
	}
	return b.RecordFacts(ctx, x)
}
