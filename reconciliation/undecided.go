package reconciliation

import (
	"context"
	"fmt"
)

// Undecided is what of the payments with a bank its silence counts for nothing of: something that the bank has laid out is
// not decided and may concern them.
type Undecided struct{ Payments, Ore int64 }

// SumUndecided adds up what is undecided. It is a part of the ledger's with_bank.
func SumUndecided(ctx context.Context, db Queryer) (u Undecided, err error) {
	rows, err := db.QueryContext(ctx, `SELECT coalesce(sum(l.payments - l.later_payments - coalesce(t.payments, 0)), 0)::bigint, coalesce(sum(l.ore - l.later_ore - coalesce(t.ore, 0)), 0)::bigint
		FROM order_line l JOIN interchange i ON i.id = l.interchange_id
		LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y WHERE y.interchange_id = l.interchange_id
			AND y.message_no = l.message_no AND y.lin = l.lin AND y.kind <> 'dispute_settled') t ON true
		WHERE l.state IN ('with_bank', 'accepted') AND EXISTS (SELECT FROM bank_doubt d WHERE d.bank = i.bank
			AND d.interchange_id IN (0, i.id) AND d.settled_at IS NULL)`)
	if err != nil {
		return u, fmt.Errorf("undecided: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(&u.Payments, &u.Ore); err != nil {
			return u, fmt.Errorf("undecided: %w", err)
		}
	}
	return u, rows.Err()
}
