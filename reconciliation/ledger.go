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

// stateSQL derives the state of payment p with event e, order o and its line l and interchange i, group g. A state is
// the event's, else the line's, else the group's.
const stateSQL = `
	CASE WHEN e0.kind = 'rejected' THEN 'rejected'
		WHEN e0.kind = 'returned' THEN CASE WHEN o.payment_id IS NULL THEN 'returned' ELSE 'missing' END
		WHEN o.payment_id IS NULL THEN CASE g.state WHEN 'unchecked' THEN 'unread' WHEN 'waiting' THEN 'waiting' ELSE 'missing' END
		WHEN l.lin IS NULL THEN 'missing'
		WHEN e1.kind = 'bank_rejected' OR e1.kind IS NULL AND l.state = 'rejected' THEN 'returned'
		WHEN e1.kind = 'executed' OR l.state = 'executed' THEN CASE WHEN o.type = 4 THEN 'cheque' ELSE 'executed' END
		WHEN i.state = 'unknown' THEN 'unknown'
		WHEN l.state IN ('with_bank', 'accepted') THEN 'with_bank'
		WHEN l.state = 'frozen' THEN 'frozen'
		ELSE 'missing' END`

// Ledger computes where every payment is from the tables of the flow.
func Ledger(ctx context.Context, db Queryer) ([]Entry, error) {
	rows, err := db.QueryContext(ctx, `
		SELECT supplier, authority, state, count(*), sum(ore)::bigint, sum(order_ore)::bigint FROM (
			SELECT d.supplier, p.authority, p.ore, coalesce(o.ore, p.ore) AS order_ore, `+stateSQL+` AS state
			FROM payment p
			JOIN release_group g ON g.id = p.group_id
			JOIN delivery d ON d.id = delivery_of(p.id)
			LEFT JOIN payment_event e0 ON e0.month = p.month AND e0.payment_id = p.id AND e0.attempt = 0
			LEFT JOIN bank_order o ON o.month = p.month AND o.payment_id = p.id AND o.attempt = 1
			LEFT JOIN payment_event e1 ON e1.month = p.month AND e1.payment_id = p.id AND e1.attempt = o.attempt
			LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
			LEFT JOIN interchange i ON i.id = o.interchange_id) s
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
