package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"time"

	"nks/gateway"
	"nks/pgscript"
)

// errNoRoom: a delivery has as many groups as it may have, and none can be made for a payment that is to wait by itself.
var errNoRoom = fmt.Errorf("the delivery has %d groups, and no room for one that waits", gateway.MaxGroups)

//go:embed sql/move_aside.sql
var moveAsideScript string

//go:embed sql/hold.sql
var holdScript string

// movingSQL makes the temporary table of payments that are to wait in groups of their own.
const movingSQL = `CREATE TEMP TABLE IF NOT EXISTS moving (payment_id bigint PRIMARY KEY, month date NOT NULL, own bigint) ON COMMIT DROP`

// holdingSQL makes the temporary table of payments that are to be held.
const holdingSQL = `CREATE TEMP TABLE IF NOT EXISTS holding (payment_id bigint PRIMARY KEY, month date NOT NULL, group_id bigint NOT NULL, once bigint NOT NULL,
	aside boolean NOT NULL DEFAULT false, effect text) ON COMMIT DROP`

// MoveAside gives a waiting payment a group of its own, in which it waits while the others of its group go, and tells which.
// The payment's group must be locked, and be one that it shares.
func (x *Session) MoveAside(ctx context.Context, month time.Time, payment int64) (own int64, err error) {
	if err := x.makeTable(ctx, movingSQL, "moving"); err != nil {
		return 0, err
	}
	if _, err = x.ExecContext(ctx, `INSERT INTO moving (month, payment_id) VALUES ($1, $2)`, month, payment); err == nil {
		err = x.moveAside(ctx)
	}
	var given sql.NullInt64
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT own FROM moving`).Scan(&given)
	}
	if err == nil && !given.Valid {
		err = errNoRoom
	}
	if err != nil {
		return 0, fmt.Errorf("payment %d: %w", payment, err)
	}
	return given.Int64, nil
}

// makeTable makes a temporary table, or empties it.
func (x *Session) makeTable(ctx context.Context, create, name string) error {
	_, err := x.ExecContext(ctx, create)
	if err == nil {
		_, err = x.ExecContext(ctx, `TRUNCATE `+name)
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	return nil
}

// moveAside gives the payments of the temporary table moving groups of their own.
func (x *Session) moveAside(ctx context.Context) error {
	args, err := x.monthsOf(ctx, "moving")
	if err != nil || args == nil {
		return err
	}
	args["maxgroups"] = gateway.MaxGroups
	if err := pgscript.Run(ctx, x, moveAsideScript, args); err != nil {
		return err
	}
	return x.carryMovedAside(ctx)
}

// monthsOf is the months of the payments of a temporary table as bounds for a script; nil when it has no rows.
func (x *Session) monthsOf(ctx context.Context, table string) (pgscript.Args, error) {
	if err := x.PlanForMonths(ctx); err != nil {
		return nil, err
	}
	var since, until sql.NullTime
	err := x.QueryRowContext(ctx, `SELECT min(month), max(month) FROM `+table).Scan(&since, &until)
	if err != nil {
		return nil, fmt.Errorf("months of %s: %w", table, err)
	}
	if !since.Valid {
		return nil, nil
	}
	return pgscript.Args{"since": since.Time, "until": until.Time}, nil
}

// repayment is a waiting payment that may pay once more what an earlier one has paid.
type repayment struct {
	ID   int64 `db:"id"`
	Once int64 `db:"once"`
}

// holdAll holds waiting payments back until they are freed, as the temporary table holding has them then: each waits in a group
// of its own, and the fact says so, with the words of a query over holding. What does not wait stays as it is, and so does what
// has no room; it tells how many have none.
func (b *Base) holdAll(ctx context.Context, x *Session, all []repayment, decision int64, why string, args pgscript.Args) (noRoom int, err error) {
	ids, once := make([]int64, 0, len(all)), make([]int64, 0, len(all))
	for _, p := range all {
		ids, once = append(ids, p.ID), append(once, p.Once)
	}
	if err := x.makeTable(ctx, holdingSQL, "holding"); err != nil {
		return 0, err
	}
	if err := x.makeTable(ctx, movingSQL, "moving"); err != nil {
		return 0, err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO holding (payment_id, month, group_id, once) SELECT a.id, d.month, p.group_id, a.once
		FROM unnest($1::bigint[], $2::bigint[]) a (id, once) JOIN delivery d ON d.id = delivery_of(a.id)
		CROSS JOIN LATERAL (SELECT q.group_id FROM payment q WHERE q.month = d.month AND q.id = a.id LIMIT 1) p`, ids, once)
	if err != nil {
		return 0, fmt.Errorf("payments to hold: %w", err)
	}
	months, err := x.monthsOf(ctx, "holding")
	if err != nil || months == nil {
		return 0, err
	}
	if err := pgscript.Run(ctx, x, holdScript, months); err != nil {
		return 0, err
	}
	if err := x.moveAside(ctx); err != nil {
		return 0, err
	}
	err = x.QueryRowContext(ctx, `WITH none AS (DELETE FROM holding h USING moving m WHERE m.payment_id = h.payment_id AND m.own IS NULL RETURNING 1)
		SELECT count(*) FROM none`).Scan(&noRoom)
	if err != nil {
		return 0, fmt.Errorf("payments without room: %w", err)
	}
	if err := x.NewFacts(ctx); err != nil {
		return 0, err
	}
	words := pgscript.Args{"kind": string(gateway.FactHeld), "decision": decision}
	maps.Copy(words, args)
	_, err = x.ExecContext(ctx, `INSERT INTO new_fact (month, payment_id, attempt, kind, text, decision_id)
		SELECT month, payment_id, 0, @kind, `+why+`, nullif(@decision::bigint, 0) FROM holding WHERE effect = 'takes' ORDER BY payment_id`, words)
	if err != nil {
		return 0, fmt.Errorf("facts of what is held: %w", err)
	}
	return noRoom, b.RecordFacts(ctx, x)
}

// HoldPayment holds a waiting payment back until it is freed: it waits in a group of its own, and the fact says so. Holding
// what is held does nothing. gateway.ErrLostOwnership: it does not wait any more.
func (b *Base) HoldPayment(ctx context.Context, x *Session, payment, decision int64, why string) error {
	noRoom, err := b.holdAll(ctx, x, []repayment{{ID: payment}}, decision, "@why::text", pgscript.Args{"why": why})
	if err == nil && noRoom > 0 {
		err = errNoRoom
	}
	var effect sql.NullString
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT (SELECT effect FROM holding)`).Scan(&effect)
	}
	if e := gateway.Effect(effect.String); err == nil && e != gateway.Takes && e != gateway.Repeats {
		err = fmt.Errorf("%w: it does not wait", gateway.ErrLostOwnership)
	}
	if err != nil {
		return fmt.Errorf("payment %d: %w", payment, err)
	}
	return nil
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
		// One that was released has an order, or had its end before, or waits for an account: each is past holding.
		err = x.QueryRowContext(ctx, `SELECT position_of(s.kind, CASE WHEN s.kind IS DISTINCT FROM 'awaits_account' THEN g.state END, NULL, NULL, NULL)
			FROM payment p JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
			WHERE p.month = $1 AND p.id = $2`, p.month, payment).Scan(&p.position)
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
