package act

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// KindRecall is the kind of decision that asks a bank for orders back.
const KindRecall = "recall"

// RecallAsked is an order that a bank was asked for, with what it has answered.
type RecallAsked = bank.RecallAsked

// Recalls lists what banks were asked for, newest first: what nothing decisive was answered to, or all.
func (d *Desk) Recalls(ctx context.Context, all bool) ([]RecallAsked, error) {
	return d.bank.Recalls(ctx, all)
}

func recallKinds() []Kind {
	return []Kind{
		// It lets nothing go, and the bank cannot be told that it was not meant.
		{Name: KindRecall, Summary: "a bank that has a payment is asked for it back; it may say no", Thing: gateway.ThingPayment, ByID: true,
			Example: `decide recall 16777217 --by "A. Hansen" --why "4101: paid to the wrong person"`,
			persons: two, find: (*Desk).recallable, together: recallPayments, again: true},
	}
}

// recallable is payments with their banks, whose lines are locked. Where a payment stands may change until it is approved: what matters is
// whether it can be asked for then.
func (d *Desk) recallable(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	const where = `FROM unnest($1::bigint[]) AS asked (id) JOIN delivery d ON d.id = delivery_of(asked.id) JOIN payment p ON p.month = d.month AND p.id = asked.id
		JOIN release_group g ON g.id = p.group_id`
	if err := d.lockBanks(ctx, x, `SELECT DISTINCT g.bank_centre `+where+` WHERE g.bank_centre IS NOT NULL`, of); err != nil {
		return nil, err
	}
	return items(ctx, x, `SELECT p.id, p.authority, g.bank_centre AS bank, 'known' AS state `+where, of, gateway.ThingPayment)
}

func recallPayments(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, all []gateway.DecisionItem) ([]gateway.Outcome, error) {
	asked, err := d.bank.Recall(ctx, x, idsOf(gateway.Decision{Items: all}), by.ID)
	if err != nil {
		return nil, err
	}
	outcomes := make([]gateway.Outcome, 0, len(all))
	for _, i := range all {
		of := asked[i.ID]
		outcomes = append(outcomes, gateway.Outcome{Thing: i.Thing, ID: i.ID, Done: of.Done(), What: of.Text(d.bank.Location)})
	}
	return outcomes, nil
}
