package act

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// unsent is interchanges with how far their sending has come. They are not locked: voiding does that, in the order in which a
// bank's word about them would.
func (d *Desk) unsent(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT i.id, (SELECT a.authority FROM agreement a WHERE a.id = i.agreement_id) AS authority, i.bank,
			i.state::text || CASE WHEN i.state <> 'sent' AND i.may_be_out_since IS NOT NULL THEN ', may be at the bank' ELSE '' END AS state
		FROM interchange i WHERE i.id = ANY ($1::bigint[])`, of, gateway.ThingInterchange)
}

func void(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	payments, err := d.bank.Void(ctx, x, i.ID, by.ID, by.Why)
	return fmt.Sprintf("is void, and %d payments are ordered anew", payments), movedOn(err)
}
