package postgres

import (
	"context"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/pgscript"
)

//go:embed sql/regroup.sql
var regroupScript string

// Regroup gives payments without orders, which a query names by month and payment_id, groups that wait: one for each group that
// they leave, which must be locked, with its delivery, and has been released. A decision has let them go.
func (x *Session) Regroup(ctx context.Context, decision int64, payments string) error {
	if err := x.makeTable(ctx, movingSQL, "moving"); err != nil {
		return err
	}
	if _, err := x.ExecContext(ctx, `INSERT INTO moving (month, payment_id) `+payments); err != nil {
		return fmt.Errorf("payments of other groups: %w", err)
	}
	args, err := x.monthsOf(ctx, "moving")
	if err != nil || args == nil {
		return err
	}
	closes, err := x.HoldMonths(ctx, `SELECT DISTINCT month FROM moving`)
	if err == nil && closes {
		err = x.CarryMoved(ctx, `SELECT month, payment_id FROM moving`, `SELECT DISTINCT p.group_id, NULL::bigint AS interchange_id, NULL::int AS message_no, NULL::int AS lin
			FROM moving m JOIN payment p ON p.month = m.month AND p.id = m.payment_id`, nil)
	}
	if err != nil {
		return err
	}
	args["decision"] = decision
	if err := pgscript.Run(ctx, x, regroupScript, args); err != nil {
		return err
	}
	var last int64
	if err := x.QueryRowContext(ctx, `SELECT max(own & $1::bigint) FROM moving`, int64(gateway.MaxGroups)).Scan(&last); err != nil {
		return fmt.Errorf("groups of their own: %w", err)
	}
	if last == 0 { // the number after the last is the first of another delivery
		return errNoRoom
	}
	return x.carryMovedAside(ctx)
}
