package bank

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// daily is something that a bank must have said of the orders of an execution day, by a moment after it.
type daily struct {
	deadline time.Duration // after 09:00 of the execution day; 0: the bank does not say it
	kind     gateway.ExceptionKind
	reason   gateway.DetailCode
	// columns of bank_round: the last execution day that was looked at, and when.
	of, at string
	// lacking is the interchanges of execution days through one of which it has not come.
	lacking string
}

// dailies is what banks say of each execution day.
func dailies(bank gateway.BankCentre) []daily {
	return []daily{
		{bank.StatusDeadline, gateway.StatusMissing, gateway.DetailNoStatus, "statuses_of", "statuses_at", withoutStatus},
		{bank.DebitDeadline, gateway.DebitMissing, gateway.DetailNoDebit, "debits_of", "debits_at", withoutDebit},
	}
}

// withoutStatus is orders that are neither executed nor rejected.
const withoutStatus = `SELECT i.id, i.file_name, i.executes_on, sum(l.payments - l.later_payments - t.payments)::bigint AS payments, sum(l.ore - l.later_ore - t.ore)::bigint AS ore
	FROM interchange i JOIN order_line l ON l.interchange_id = i.id
	CROSS JOIN LATERAL (SELECT coalesce(sum(e.payments), 0) AS payments, coalesce(sum(e.ore), 0) AS ore FROM fact_tally e
		WHERE e.interchange_id = l.interchange_id AND e.message_no = l.message_no AND e.lin = l.lin AND e.kind <> 'dispute_settled') t
	WHERE i.bank = $1 AND i.contrl = 'accepted' AND i.executes_on <= $2::date AND l.state IN ('with_bank', 'accepted')
	GROUP BY i.id HAVING sum(l.payments - l.later_payments - t.payments) > 0 ORDER BY i.id`

// withoutDebit is lines that are executed, as the bank says or by its silence, with orders that it has not rejected by themselves, and of which
// no posting has debited anything. Of the last two months, and of those before the first that is raised and open: what is older was raised, and
// persons have closed it.
const withoutDebit = `SELECT i.id, i.file_name, i.executes_on, sum(l.payments)::bigint AS payments, sum(l.ore)::bigint AS ore
	FROM interchange i JOIN order_line l ON l.interchange_id = i.id
	WHERE i.month >= (date_trunc('month', least($2::date, (SELECT min(e.raised_at)::date FROM exception e WHERE e.kind = '` + string(gateway.DebitMissing) + `' AND e.closed_at IS NULL))) - interval '2 months')::date AND i.bank = $1 AND i.executes_on <= $2::date
		AND l.state IN ('assumed', 'executed')
		AND l.payments - l.later_payments > (SELECT coalesce(sum(e.payments), 0) FROM fact_tally e WHERE e.interchange_id = l.interchange_id AND e.message_no = l.message_no
			AND e.lin = l.lin AND e.kind = 'bank_rejected')
		AND NOT EXISTS (SELECT FROM posting_match m WHERE m.payment_id IS NULL AND m.interchange_id = l.interchange_id AND m.message_no = l.message_no AND m.lin = l.lin)
	GROUP BY i.id ORDER BY i.id`

// raiseDaily tells of orders of which the bank has not said what its profile says that it says: each day at the same time and, while
// something of it is open, when the bank has laid out something since.
func (s *Store) raiseDaily(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, d daily, h hearsay, now time.Time) error {
	if d.deadline == 0 {
		return nil
	}
	through := gateway.LastExecutionDay(now.Add(-d.deadline), s.Location)
	var asked bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM bank_round WHERE bank = $1 AND `+d.of+` >= $2::date
			AND (`+d.at+` > coalesce((SELECT f.received_at FROM bank_file f WHERE f.bank = $1 ORDER BY f.id DESC LIMIT 1), '-infinity')
				OR NOT EXISTS (SELECT 1 FROM exception WHERE kind = $3 AND closed_at IS NULL)))`,
		bank.ID, through.String(), d.kind).Scan(&asked)
	if err != nil || asked {
		return err
	}
	late, err := s.lacking(ctx, x, bank, d, through)
	if err != nil {
		return err
	}
	due := gateway.ExecutedFrom(through, s.Location).Add(d.deadline)
	a := alarm{kind: d.kind, reason: d.reason, again: func(_ waiting, looked time.Time) bool { return looked.Before(due) }}
	if a.wholly, err = s.silentSince(ctx, x, bank, late); err != nil {
		return err
	}
	if err := s.raise(ctx, x, bank, a, late); err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO bank_round AS r (bank, `+d.of+`, `+d.at+`) VALUES ($1, $2::date, CASE WHEN NOT $3 THEN $4::timestamptz END)
		ON CONFLICT (bank) DO UPDATE SET `+d.of+` = excluded.`+d.of+`, `+d.at+` = coalesce(excluded.`+d.at+`, r.`+d.at+`)`,
		bank.ID, through.String(), h.unheard, now)
	if err != nil {
		return fmt.Errorf("%s: %s through %s: %w", d.kind, bank.ID, through, err)
	}
	return nil
}

// lacking is the interchanges of execution days through one of which something has not come.
func (s *Store) lacking(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, d daily, through gateway.Date) ([]waiting, error) {
	var rows []struct {
		waiting
		ExecutesOn time.Time `db:"executes_on"`
	}
	if err := x.SelectContext(ctx, &rows, d.lacking, bank.ID, through.String()); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", d.kind, bank.ID, err)
	}
	late := make([]waiting, 0, len(rows))
	for _, r := range rows {
		r.Since = gateway.ExecutedFrom(gateway.DateOf(r.ExecutesOn), s.Location)
		late = append(late, r.waiting)
	}
	return late, nil
}
