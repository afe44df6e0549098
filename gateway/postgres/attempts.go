package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/pgscript"
)

//go:embed sql/record_attempts.sql
var recordAttemptsSQL string

// NewAttempts makes the temporary table new_attempt, in which a stage gathers the later orders of payments before
// RecordAttempts: month is that of the payment, order_month that of its order.
func (x *Session) NewAttempts(ctx context.Context) error {
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE IF NOT EXISTS new_attempt (month date, payment_id bigint, attempt smallint, order_month date) ON COMMIT DROP`)
	if err != nil {
		return fmt.Errorf("table of attempts: %w", err)
	}
	return nil
}

// CarryOwed carries what obligations are open about, of months that are closed or closing: what was at its end, as rejected, when its
// month closed moves by a later order, too, and so do the lines and groups that count it. It comes before RecordAttempts.
func (x *Session) CarryOwed(ctx context.Context, payments []int64) error {
	closes, err := x.HoldMonths(ctx, `SELECT payment_month FROM obligation WHERE payment_id = ANY ($1::bigint[]) AND state = 'open'
		UNION SELECT i.month FROM obligation w JOIN interchange i ON i.id = w.cause_interchange WHERE w.payment_id = ANY ($1::bigint[]) AND w.state = 'open'`, payments)
	if err != nil || !closes {
		return err
	}
	return x.CarryMoved(ctx, `SELECT payment_month AS month, payment_id FROM obligation WHERE payment_id = ANY (@payments::bigint[]) AND state = 'open'`,
		`SELECT DISTINCT CASE WHEN w.cause_interchange IS NULL THEN p.group_id END AS group_id, w.cause_interchange AS interchange_id, w.cause_message AS message_no, w.cause_lin AS lin
			FROM obligation w JOIN payment p ON p.month = w.payment_month AND p.id = w.payment_id WHERE w.payment_id = ANY (@payments::bigint[]) AND w.state = 'open'`,
		pgscript.Args{"payments": payments})
}

// RecordAttempts records that the payments in new_attempt stand by those orders from now on, and empties it. It is an error when
// one of them has as late an order already. The lines of the orders before must be locked.
func (b *Base) RecordAttempts(ctx context.Context, x *Session) error {
	month, err := b.EnsureMonth(ctx, x, b.Now())
	if err != nil {
		return err
	}
	var since sql.NullTime
	if err := x.QueryRowContext(ctx, `SELECT min(month) FROM new_attempt`).Scan(&since); err != nil || !since.Valid {
		return err
	}
	if err := x.PlanForMonths(ctx); err != nil {
		return err
	}
	var orders, standings int
	err = x.QueryRowContext(ctx, recordAttemptsSQL, pgscript.Args{"recorded": month.String(), "since": since.Time, "now": b.Now()}).Scan(&orders, &standings)
	if err == nil && orders != standings {
		err = fmt.Errorf("%w: %d later orders of %d payments", gateway.ErrCountMismatch, orders, standings)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `TRUNCATE new_attempt`)
	}
	if err != nil {
		return fmt.Errorf("record attempts: %w", err)
	}
	return nil
}
