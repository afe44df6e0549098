package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Dispute is a line, or one order, about which the bank has contradicted itself.
type Dispute struct {
	Interchange int64                 `db:"interchange_id"`
	Bank        string                `db:"bank"`
	ControlRef  gateway.ControlNumber `db:"control_ref"`
	Message     int                   `db:"message_no"`
	Line        int                   `db:"lin"`
	Payment     int64                 `db:"payment_id"` // 0: the line, but for its orders that stand by themselves
	Payments    int                   `db:"payments"`
	Ore         int64                 `db:"ore"`
	Text        string                `db:"text"`
}

// mostDisputes bounds what is listed.
const mostDisputes = 1000

// Disputes lists what waits for persons, the oldest interchange first.
func (s *Store) Disputes(ctx context.Context) ([]Dispute, error) {
	var list []Dispute
	err := s.DB.SelectContext(ctx, &list, `SELECT * FROM (
			SELECT i.id AS interchange_id, i.bank, i.control_ref, l.message_no, l.lin, 0::bigint AS payment_id, l.payments - l.later_payments - coalesce(t.payments, 0)::int AS payments,
				(l.ore - l.later_ore - coalesce(t.ore, 0))::bigint AS ore, coalesce(l.text, '') AS text
			FROM order_line l JOIN interchange i ON i.id = l.interchange_id
			LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y WHERE y.interchange_id = l.interchange_id
				AND y.message_no = l.message_no AND y.lin = l.lin) t ON true
			WHERE l.state = 'disputed'
			UNION ALL
			SELECT i.id, i.bank, i.control_ref, o.message_no, o.lin, o.payment_id, 1, o.ore, coalesce(s.text, '')
			FROM standing s JOIN payment p ON p.month = s.month AND p.id = s.payment_id JOIN release_group g ON g.id = p.group_id
			JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = s.payment_id AND o.attempt = s.attempt
			JOIN interchange i ON i.id = o.interchange_id
			WHERE s.kind = 'disputed') d
		ORDER BY bank, control_ref, message_no, lin, payment_id LIMIT $1`, mostDisputes)
	if err != nil {
		return nil, fmt.Errorf("disputes: %w", err)
	}
	return list, nil
}

// Outcome is what persons have found out about what was disputed.
type Outcome string

// The outcomes.
const (
	SettledExecuted Outcome = "executed"  // the bank has carried it out: response 8
	SettledRejected Outcome = "rejected"  // the bank has not, and will not: response 9
	SettledWithBank Outcome = "with-bank" // it is still to come
)

// news is the outcome as the table of what may follow has it; empty for what is none.
func (o Outcome) news() gateway.News {
	switch o {
	case SettledExecuted:
		return gateway.NewsSettledExecuted
	case SettledRejected:
		return gateway.NewsSettledRejected
	case SettledWithBank:
		return gateway.NewsSettledOpen
	}
	return ""
}

// SettleDispute carries out what two persons decided about one disputed payment, or, where none is named, about all that is
// disputed in an interchange. What is not disputed there stays as it is. It tells how many lines and orders moved;
// gateway.ErrNotFound: nothing is disputed there.
func (s *Store) SettleDispute(ctx context.Context, x *postgres.Session, d Dispute, outcome Outcome, decision int64, why string) (int, error) {
	news := outcome.news()
	if news == "" {
		return 0, fmt.Errorf("outcome %q: must be one of executed, rejected, with-bank", outcome)
	}
	words, id := disputedInterchange, d.Interchange
	if d.Payment != 0 {
		words, id = disputedPayment, d.Payment
	}
	args := pgscript.Args{"id": id, "why": why}
	err := x.QueryRowContext(ctx, `SELECT i.id, i.bank FROM interchange i WHERE i.id = (SELECT q.interchange_id FROM (`+words+`) q LIMIT 1)`, args).
		Scan(&d.Interchange, &d.Bank)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, gateway.ErrNotFound
	}
	if err == nil {
		err = x.LockLines(ctx, d.Bank)
	}
	if err != nil {
		return 0, fmt.Errorf("settle dispute: %w", err)
	}
	moved, err := s.follow(ctx, x, news, source{decision: decision}, "", words, args)
	if err == nil && moved == 0 {
		err = gateway.ErrNotFound
	}
	if err == nil && outcome == SettledWithBank && d.Payment == 0 {
		// What was accepted and rejected counts as accepted from now on, and the bank's silence counts again.
		_, err = x.ExecContext(ctx, `UPDATE interchange SET contrl = 'accepted', contrl_at = $2 WHERE id = $1 AND contrl = 'disputed'`, d.Interchange, s.Now())
	}
	if err != nil {
		return 0, fmt.Errorf("settle dispute with %s: %w", d.Bank, err)
	}
	x.Wakes(postgres.ToAnswer, postgres.ToAwait(d.Bank))
	return moved, s.closeSettled(ctx, x, d.Interchange, decision)
}

// disputedInterchange is all that is disputed in an interchange, as rows of word.
const disputedInterchange = `SELECT 0 AS n, s.month, s.payment_id, s.attempt, o.interchange_id, o.message_no, o.lin, o.seq, NULL AS code, @why::text AS text
	FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
	JOIN delivery d ON d.id = delivery_of(o.payment_id) JOIN standing s ON s.month = d.month AND s.payment_id = o.payment_id AND s.attempt = o.attempt
	WHERE s.kind = 'disputed' AND i.id = @id
	UNION ALL
	SELECT 0, NULL, NULL, NULL, l.interchange_id, l.message_no, l.lin, NULL, NULL, @why::text
	FROM order_line l WHERE l.state = 'disputed' AND l.interchange_id = @id`

// disputedPayment is the order of a payment that is disputed by itself or with its line, as a row of word.
const disputedPayment = `SELECT 0 AS n, d.month, o.payment_id, o.attempt, o.interchange_id, o.message_no, o.lin, o.seq, NULL AS code, @why::text AS text
	FROM delivery d JOIN payment p ON p.month = d.month AND p.id = @id JOIN release_group g ON g.id = p.group_id
	LEFT JOIN standing s ON s.month = d.month AND s.payment_id = p.id
	JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
	JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = o.interchange_id
	WHERE d.id = delivery_of(@id) AND position_of(s.kind, g.state, o.type, l.state, i.state) = 'disputed'`

// WaitsForPersons holds for a tally y of a line l of orders that persons must look at: disputed, or with the bank though their line
// is not.
const WaitsForPersons = `(y.kind = 'disputed' OR y.kind = 'dispute_settled' AND l.state IN ('rejected', 'executed', 'disputed'))`

// closeSettled closes the contradictions of an interchange in which nothing is disputed any more, by the decision; not while an
// order is still with the bank whose line is not: only persons wait for that one.
func (s *Store) closeSettled(ctx context.Context, x *postgres.Session, interchange, decision int64) error {
	var open bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM order_line l WHERE l.interchange_id = $1 AND (l.state = 'disputed'
			AND l.payments - l.later_payments > coalesce((SELECT sum(y.payments) FROM fact_tally y WHERE y.interchange_id = $1 AND y.message_no = l.message_no AND y.lin = l.lin), 0)
			OR (SELECT sum(y.payments) FROM fact_tally y WHERE y.interchange_id = $1 AND y.message_no = l.message_no AND y.lin = l.lin AND `+WaitsForPersons+`) > 0))`,
		interchange).Scan(&open)
	if err != nil || open {
		return err
	}
	return s.CloseDecided(ctx, x, decision, gateway.ThingInterchange, interchange, gateway.ContrlAfterReject, gateway.ContrlRejectsAccepted,
		gateway.RejectAfterExecution, gateway.ExecutedAfterReject, gateway.AmountDiffers, gateway.CameBackUnpaid)
}
