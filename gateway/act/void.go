package act

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// unsent is interchanges with whether they have been sent. That one is rendered, or tried once more, meanwhile is no reason to
// decide anew. They are not locked: voiding does that, in the order in which a bank's word about them would.
func (d *Desk) unsent(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT i.id, (SELECT a.authority FROM agreement a WHERE a.id = i.agreement_id) AS authority, i.bank,
			CASE WHEN i.state IN ('frozen', 'rendered', 'sending') THEN CASE WHEN i.may_be_out_since IS NULL THEN 'not sent' ELSE 'not sent, but may be at the bank' END
				ELSE i.state::text END AS state
		FROM interchange i WHERE i.id = ANY ($1::bigint[])`, of, gateway.ThingInterchange)
}

func void(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	payments, err := d.bank.Void(ctx, x, i.ID, by.ID, by.Why)
	return fmt.Sprintf("is void, and %d payments are ordered anew", payments), movedOn(err)
}
