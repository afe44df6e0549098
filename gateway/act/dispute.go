package act

import (
	"context"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
)

// settles is a kind of decision about everything that is disputed in interchanges.
func settles(name string, outcome bank.Outcome, summary string) Kind {
	return Kind{Name: name, Summary: summary, Thing: gateway.ThingInterchange, ByID: true,
		Example: "decide " + name + ` 17 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
		persons: two, find: (*Desk).disputed,
		do: func(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
			moved, err := d.bank.SettleDispute(ctx, x, bank.Dispute{Interchange: i.ID}, outcome, by.ID, by.Why)
			return fmt.Sprintf("%d lines and orders settled: %s", moved, outcome), movedOn(err)
		}}
}

// settlesPayment is a kind of decision about single payments that are disputed.
func settlesPayment(name string, outcome bank.Outcome, summary string) Kind {
	return Kind{Name: name, Summary: summary, Thing: gateway.ThingPayment, ByID: true,
		Example: "decide " + name + ` 16777217 --by "A. Hansen" --why "by telephone, at BEC: K. Olsen"`,
		persons: two, find: (*Desk).disputedPayments,
		do: func(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
			_, err := d.bank.SettleDispute(ctx, x, bank.Dispute{Payment: i.ID}, outcome, by.ID, by.Why)
			return "settled: " + string(outcome), movedOn(err)
		}}
}

// movedOn says of what is not disputed that it has moved on.
func movedOn(err error) error {
	if errors.Is(err, gateway.ErrNotFound) {
		return gateway.ErrLostOwnership
	}
	return err
}

func hold(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "is held", d.bank.HoldPayment(ctx, x, i.ID, by.ID, by.Why)
}

func free(d *Desk, ctx context.Context, x *postgres.Session, by gateway.Decision, i gateway.DecisionItem) (string, error) {
	return "goes", d.bank.FreePayment(ctx, x, i.ID, by.ID, by.Why)
}

// disputed is interchanges with how much of them is disputed.
func (d *Desk) disputed(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	if err := d.lockBanks(ctx, x, `SELECT DISTINCT bank FROM interchange WHERE id = ANY ($1::bigint[])`, of); err != nil {
		return nil, err
	}
	return items(ctx, x, `SELECT i.id, (SELECT a.authority FROM agreement a WHERE a.id = i.agreement_id) AS authority, i.bank,
			(SELECT count(*) FILTER (WHERE l.state = 'disputed') || ' lines and ' || coalesce(sum(t.payments), 0) || ' orders disputed'
				FROM order_line l LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments FROM fact_tally y WHERE y.interchange_id = l.interchange_id
					AND y.message_no = l.message_no AND y.lin = l.lin AND y.kind = 'disputed') t ON true WHERE l.interchange_id = i.id) AS state
		FROM interchange i WHERE i.id = ANY ($1::bigint[]) ORDER BY i.id FOR UPDATE`, of, gateway.ThingInterchange)
}

// disputedPayments is payments with where they are, the lines of their banks locked.
func (d *Desk) disputedPayments(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	err := d.lockBanks(ctx, x, `SELECT DISTINCT g.bank_centre FROM unnest($1::bigint[]) AS asked (id) JOIN delivery d ON d.id = delivery_of(asked.id)
		JOIN payment p ON p.month = d.month AND p.id = asked.id JOIN release_group g ON g.id = p.group_id`, of)
	if err != nil {
		return nil, err
	}
	return d.payments(ctx, x, of)
}

// payments is payments with where they are, their groups locked.
func (d *Desk) payments(ctx context.Context, x *postgres.Session, of gateway.Decision) ([]gateway.DecisionItem, error) {
	return items(ctx, x, `SELECT p.id, p.authority, g.bank_centre AS bank, state_of(s.kind, g.state, o.type, l.state, i.state) AS state
		FROM unnest($1::bigint[]) AS asked (id) JOIN delivery d ON d.id = delivery_of(asked.id) JOIN payment p ON p.month = d.month AND p.id = asked.id
		JOIN release_group g ON g.id = p.group_id LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
		LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
		LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
		LEFT JOIN interchange i ON i.id = o.interchange_id
		ORDER BY p.id FOR UPDATE OF g`, of, gateway.ThingPayment)
}
