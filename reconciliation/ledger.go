// Package reconciliation says where every øre is: the ledger of payments by state, and what does not add up. It says
// what is so; it changes nothing.
package reconciliation

import (
	"context"
	"database/sql"
	"fmt"

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

// Ledger computes where every payment is from the tables of the flow; of several orders of a payment the last one counts.
func Ledger(ctx context.Context, db Queryer) ([]Entry, error) {
	rows, err := db.QueryContext(ctx, `
		SELECT supplier, authority, state, count(*), sum(ore)::bigint, sum(order_ore)::bigint FROM (
			SELECT d.supplier, p.authority, p.ore, coalesce(o.ore, p.ore) AS order_ore,
				state_of(s.kind, g.state, o.type, l.state, i.state) AS state
			FROM payment p
			JOIN release_group g ON g.id = p.group_id
			JOIN delivery d ON d.id = delivery_of(p.id)
			LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
			LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id
				AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
			LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
			LEFT JOIN interchange i ON i.id = o.interchange_id) p
		GROUP BY supplier, authority, state ORDER BY supplier, authority, state`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var ledger []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Supplier, &e.Authority, &e.State, &e.Payments, &e.Ore, &e.OrderOre); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		ledger = append(ledger, e)
	}
	return ledger, rows.Err()
}
