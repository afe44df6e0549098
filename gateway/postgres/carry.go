package postgres

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"strings"

	"nks/gateway"
	"nks/pgscript"
)

// HoldMonths keeps the months that a query gives from beginning to close until the transaction ends, and reports whether one of
// them has begun to. Whoever moves payments holds their months before it looks where they stand.
func (x *Session) HoldMonths(ctx context.Context, months string, args ...any) (closes bool, err error) {
	// Two statements: what the second sees is what is true once the first has its locks.
	_, err = x.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared(hashtext('nks.month'), month_number(m)::int) FROM (`+months+`) h (m) ORDER BY m`, args...)
	var dropped bool
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT count(*) > 0, count(c.dropping_at) > 0 FROM month c WHERE c.state <> 'open' AND c.month IN (`+months+`)`, args...).
			Scan(&closes, &dropped)
	}
	if err == nil && dropped {
		err = fmt.Errorf("%w: one of them is dropped meanwhile", gateway.ErrTransient) // whoever looks again does not find it
	}
	if err != nil {
		return false, fmt.Errorf("hold months: %w", err)
	}
	return closes, nil
}

//go:embed sql/carry.sql
var carryScript string

// CarryMoved carries what is about to move of months that are closed or closing: payments at their end, from a query of month
// and payment_id, and groups and lines, from one of group_id, interchange_id, message_no and lin. It comes before
// anything of them is changed, and after HoldMonths.
func (x *Session) CarryMoved(ctx context.Context, payments, places string, args pgscript.Args) error {
	var batch int64
	if err := x.QueryRowContext(ctx, `SELECT nextval('carried_batch')`).Scan(&batch); err != nil {
		return fmt.Errorf("carry: %w", err)
	}
	all := pgscript.Args{"batch": batch}
	maps.Copy(all, args)
	script := strings.NewReplacer("/*payments*/", payments, "/*places*/", places).Replace(carryScript)
	if err := pgscript.Run(ctx, x, script, all); err != nil {
		return fmt.Errorf("carry: %w", err)
	}
	return nil
}

// carryFacts carries what the facts in new_fact move.
func (x *Session) carryFacts(ctx context.Context) error {
	closes, err := x.HoldMonths(ctx, `SELECT DISTINCT month FROM new_fact
		UNION SELECT i.month FROM new_fact f JOIN interchange i ON i.id = f.interchange_id`)
	if err != nil || !closes {
		return err
	}
	return x.CarryMoved(ctx, `SELECT month, payment_id FROM new_fact`,
		`SELECT DISTINCT CASE WHEN f.interchange_id IS NULL THEN p.group_id END AS group_id, f.interchange_id, f.message_no, f.lin FROM new_fact f
			CROSS JOIN LATERAL (SELECT q.group_id FROM payment q WHERE q.month = f.month AND q.id = f.payment_id LIMIT 1) p`, nil)
}

// carryMovedAside carries the groups that the payments of the temporary table moving were given: they wait, and have just been made.
// Where their month is open, that is not needed.
func (x *Session) carryMovedAside(ctx context.Context) error {
	closes, err := x.HoldMonths(ctx, `SELECT DISTINCT month FROM moving`)
	if err != nil || !closes {
		return err
	}
	_, err = x.ExecContext(ctx, `WITH batch AS MATERIALIZED (SELECT nextval('carried_batch') AS n)
		INSERT INTO carried_place (month, batch, authority, group_id) SELECT DISTINCT m.month, b.n * 1024 + month_number(m.month), d.authority, m.own FROM batch b
		CROSS JOIN moving m JOIN month c ON c.month = m.month AND c.state <> 'open'
		CROSS JOIN LATERAL (SELECT e.authority FROM delivery e WHERE e.id = delivery_of(m.payment_id) LIMIT 1) d WHERE m.own IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("carry groups: %w", err)
	}
	return nil
}
