// Package reconciliation says where every øre is: the ledger of payments by state, and what does not add up. It says
// what is so; it changes nothing.
package reconciliation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// Entry is the payments of one authority in one state. Ore is by the payments as received; OrderOre by what the
// orders say, where there are orders: the two differ only when something is wrong.
type Entry struct {
	Supplier  string               `db:"supplier"`
	Authority string               `db:"authority"`
	State     gateway.PaymentState `db:"state"`
	Payments  int64                `db:"payments"`
	Ore       int64                `db:"ore"`
	OrderOre  int64                `db:"order_ore"`
}

// Queryer reads.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Ledger computes where every payment is: from the tables of the flow for the open months, and from what was frozen for those that
// are closed, with what is carried of them as it stands.
func Ledger(ctx context.Context, db Queryer) ([]Entry, error) {
	open, err := firstOpen(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := hashing(ctx, db, true); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var ledger []Entry
	err = query(ctx, db, func(rows *sql.Rows) error {
		var e Entry
		err := rows.Scan(&e.Supplier, &e.Authority, &e.State, &e.Payments, &e.Ore, &e.OrderOre)
		ledger = append(ledger, e)
		return err
	}, `SELECT supplier, authority, state, sum(payments)::bigint, sum(ore)::bigint, sum(order_ore)::bigint FROM (`+everyState+`) p
		GROUP BY 1, 2, 3 HAVING sum(payments) <> 0 OR sum(ore) <> 0 OR sum(order_ore) <> 0 ORDER BY 1, 2, 3`, open.first, open.delivery)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return ledger, nil
}

// everyState is payments by supplier, authority, agreement and state, in several rows each, from the first open month and delivery, which
// are given as values so that it is planned for these months.
const everyState = `SELECT supplier, authority, agreement, state, count(*) AS payments, sum(ore) AS ore, sum(order_ore) AS order_ore
	FROM payment_states($1::date, NULL, $2, NULL) GROUP BY 1, 2, 3, 4
	UNION ALL SELECT supplier, authority, agreement, state, payments, ore, order_ore FROM closed_sum
	UNION ALL SELECT supplier, authority, agreement, state, -count(*), -sum(ore), -sum(order_ore) FROM carried WHERE month < $1::date GROUP BY 1, 2, 3, 4
	UNION ALL SELECT supplier, authority, agreement, stands, count(*), sum(now_ore), sum(now_order_ore) FROM carried_states
		WHERE month < $1::date GROUP BY 1, 2, 3, 4`

// query reads all rows of a query.
func query(ctx context.Context, db Queryer, row func(*sql.Rows) error, text string, args ...any) error {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = row(rows)
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

// from is where the open months begin: their first day and first delivery.
type from struct {
	first    time.Time
	delivery int64
}

// firstOpen is where the months begin that are not closed.
func firstOpen(ctx context.Context, db Queryer) (open from, err error) {
	rows, err := db.QueryContext(ctx, `SELECT m.first, month_deliveries(m.first) FROM (SELECT first_open()) m (first)`)
	if err != nil {
		return open, err
	}
	for rows.Next() {
		err = rows.Scan(&open.first, &open.delivery)
	}
	return open, errors.Join(err, rows.Close())
}

// hashing has the rest of a transaction join whole months by hashing, or as the planner thinks. It knows how many groups and lines there
// are in all months, and expects of those of one month as many times too few rows: looking each of them up would cost more with
// every month that closes.
func hashing(ctx context.Context, db Queryer, wanted bool) error {
	rows, err := db.QueryContext(ctx, `SELECT set_config('enable_nestloop', CASE WHEN $1::boolean THEN 'off' ELSE 'on' END, true)`, wanted)
	if err != nil {
		return err
	}
	return rows.Close()
}
