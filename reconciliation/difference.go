package reconciliation

import (
	"context"
	"fmt"

	"nks/gateway"
)

// Difference is what the ledger does not explain of what was received; all of it must be 0.
type Difference struct {
	// Payments and Ore are received by the bundles and in no state of the ledger, or in it and in no bundle. Ore holds
	// what orders say otherwise than their payments, too.
	Payments, Ore int64
	// Violations counts the violations of all invariants.
	Violations int64
	Findings   []Finding
	Ledger     []Entry
}

// Clean reports whether there is none.
func (d Difference) Clean() bool { return d.Payments == 0 && d.Ore == 0 && d.Violations == 0 }

// Compare sets what bundles say was received against the ledger, and checks every invariant. It reads every payment of the months
// that are not closed, and of the others what was frozen and what is carried: db should be a transaction of one snapshot, and the
// caller leaves time between two runs.
func Compare(ctx context.Context, db Queryer) (d Difference, err error) {
	rows, err := db.QueryContext(ctx, `SELECT coalesce(sum(payments), 0)::bigint, coalesce(sum(ore), 0)::bigint
		FROM (SELECT payments, ore FROM delivery WHERE state IN ('read', 'checked') AND id >= (SELECT first_open_delivery())
			UNION ALL SELECT payments, ore FROM month WHERE state = 'closed') r`)
	if err != nil {
		return d, fmt.Errorf("difference: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(&d.Payments, &d.Ore); err != nil {
			return d, fmt.Errorf("difference: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return d, fmt.Errorf("difference: %w", err)
	}
	if d.Ledger, err = Ledger(ctx, db); err != nil {
		return d, err
	}
	otherwise := int64(0)
	for _, e := range d.Ledger {
		if e.State != gateway.PaymentMissing {
			d.Payments, d.Ore = d.Payments-e.Payments, d.Ore-e.Ore
		}
		otherwise += max(e.Ore-e.OrderOre, e.OrderOre-e.Ore)
	}
	// Added as an amount of its own, so that two faults cannot hide each other.
	d.Payments, d.Ore = max(d.Payments, -d.Payments), max(d.Ore, -d.Ore)+otherwise
	if d.Findings, err = CheckOpen(ctx, db); err != nil {
		return d, err
	}
	for _, f := range d.Findings {
		d.Violations += f.Count
	}
	return d, nil
}
