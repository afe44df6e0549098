package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// raiseUnsent tells of interchanges that have not left although the bank's send-by for their execution day has passed.
func (s *Store) raiseUnsent(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	terms := s.Days.BankTerms(bank)
	var unsent []struct {
		waiting
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &unsent, `SELECT id, file_name, payments, ore, prepared_at AS since, executes_on FROM interchange
		WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing') ORDER BY id`, bank.ID)
	if err != nil {
		return fmt.Errorf("unsent interchanges: %w", err)
	}
	var late []waiting
	for _, i := range unsent {
		if planned := gateway.DateOf(i.ExecutesOn); planned.Before(terms.ExecutionDay(now, planned)) {
			late = append(late, i.waiting)
		}
	}
	a := alarm{kind: gateway.SendByMissed, reason: "it has not been handed over in time", stays: true,
		again: func(_ waiting, looked time.Time) bool { return terms.NextSendBy(looked).Before(now) }}
	if len(late) > 1 {
		var sent bool
		err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM interchange WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND sent_at >= $2)`,
			bank.ID, together(late).Since).Scan(&sent)
		if err != nil {
			return fmt.Errorf("sent to %s: %w", bank.ID, err)
		}
		if !sent {
			a.wholly = "nothing can be handed over"
		}
	}
	return s.raise(ctx, x, bank, a, late)
}

// raiseUnanswered tells of interchanges that the bank has not answered by CONTRL.
func (s *Store) raiseUnanswered(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var late []waiting
	err := x.SelectContext(ctx, &late, `SELECT id, file_name, payments, ore, sent_at AS since FROM interchange
		WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND contrl IN ('none', 'received') AND sent_at <= $2 ORDER BY id`,
		bank.ID, now.Add(-bank.ContrlDeadline))
	if err != nil {
		return fmt.Errorf("missing CONTRL: %w", err)
	}
	a := alarm{kind: gateway.ContrlMissing, reason: "it has not answered by CONTRL", again: periodic(bank.ContrlDeadline, now)}
	if a.wholly, err = s.silentSince(ctx, x, bank, late); err != nil {
		return err
	}
	return s.raise(ctx, x, bank, a, late)
}

// silentSince is why a bank waits as a whole, "" when it has laid out anything since the first of those that wait does.
func (s *Store) silentSince(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, late []waiting) (string, error) {
	if len(late) == 0 {
		return "", nil
	}
	const silent = "it has laid out nothing since"
	var last time.Time
	err := x.QueryRowContext(ctx, `SELECT received_at FROM bank_file WHERE bank = $1 ORDER BY id DESC LIMIT 1`, bank.ID).Scan(&last)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return silent, nil
	case err != nil:
		return "", fmt.Errorf("last file of %s: %w", bank.ID, err)
	case last.Before(together(late).Since):
		return silent, nil
	}
	return "", nil
}

// raiseBlocked tells of what silence would have decided long ago, were the bank's mailbox looked into and nothing open. It is
// asked after what silence decides has been carried out: what is left is blocked.
func (s *Store) raiseBlocked(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, now time.Time) error {
	var left []struct {
		waiting
		Accepts    bool      `db:"accepts"`
		ContrlAt   time.Time `db:"contrl_at"`
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &left, `SELECT i.id, i.file_name, sum(l.payments)::bigint AS payments, sum(l.ore)::bigint AS ore,
			bool_or(l.state = 'with_bank') AS accepts, i.contrl_at, i.executes_on
		FROM interchange i JOIN order_line l ON l.interchange_id = i.id
		WHERE i.bank = $1 AND i.contrl = 'accepted' AND (l.state = 'with_bank' AND i.contrl_at <= $2
			OR $3 AND l.state = 'accepted' AND i.executes_on <= $4::date)
		GROUP BY i.id ORDER BY i.id`, bank.ID, now.Add(-bank.AcceptanceDeadline), bank.ExecutedDeadline > 0, s.executedThrough(bank, now))
	if err != nil {
		return fmt.Errorf("silence that is blocked: %w", err)
	}
	var late []waiting
	for _, l := range left {
		l.Since = bank.ExecutedBySilence(gateway.DateOf(l.ExecutesOn), s.Location)
		if l.Accepts {
			l.Since = l.ContrlAt.Add(bank.AcceptanceDeadline)
		}
		if !gateway.LastDeadline(l.Since, bank.ContrlDeadline, now).IsZero() {
			late = append(late, l.waiting)
		}
	}
	a := alarm{kind: gateway.SilenceBlocked, reason: "something that it has laid out about it is not decided", again: periodic(bank.ContrlDeadline, now)}
	if a.wholly, err = s.deafness(ctx, x, bank, h, late, now); err != nil {
		return err
	}
	return s.raise(ctx, x, bank, a, late)
}

// deafness is why silence of the bank as a whole counts for nothing; "": it does.
func (s *Store) deafness(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, late []waiting, now time.Time) (string, error) {
	switch {
	case len(late) == 0:
		return "", nil
	case h.unheard:
		return "a file of it is not heard", nil
	case h.until.IsZero():
		return "its mailbox was never listed and fetched whole", nil
	case h.known(now).Before(together(late).Since):
		return "its mailbox was last listed and fetched whole at " + s.clock(h.until), nil
	}
	var doubted bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM bank_doubt WHERE bank = $1 AND interchange_id = $2 AND settled_at IS NULL)`,
		bank.ID, anyBank).Scan(&doubted)
	if err != nil {
		return "", fmt.Errorf("doubts of %s: %w", bank.ID, err)
	}
	if doubted {
		return "something that it has laid out is not decided and may concern any payment", nil
	}
	return "", nil
}

// raiseWithoutStatus tells of orders of which the bank has not said that they are executed, where its profile says that it
// does: each day at the same time and, while something of it is open, when the bank has laid out something since.
func (s *Store) raiseWithoutStatus(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, now time.Time) error {
	if bank.StatusDeadline == 0 {
		return nil
	}
	through := bank.StatusDueThrough(now, s.Location)
	var asked bool
	err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM bank_round WHERE bank = $1 AND statuses_of >= $2::date
			AND (statuses_at > coalesce((SELECT f.received_at FROM bank_file f WHERE f.bank = $1 ORDER BY f.id DESC LIMIT 1), '-infinity')
				OR NOT EXISTS (SELECT 1 FROM exception WHERE kind = $3 AND closed_at IS NULL)))`,
		bank.ID, through.String(), gateway.StatusMissing).Scan(&asked)
	if err != nil || asked {
		return err
	}
	late, err := s.withoutStatus(ctx, x, bank, through)
	if err != nil {
		return err
	}
	due := bank.StatusDue(through, s.Location)
	a := alarm{kind: gateway.StatusMissing, reason: "it has not said what it has executed",
		again: func(_ waiting, looked time.Time) bool { return looked.Before(due) }}
	if a.wholly, err = s.silentSince(ctx, x, bank, late); err != nil {
		return err
	}
	if err := s.raise(ctx, x, bank, a, late); err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO bank_round AS r (bank, statuses_of, statuses_at) VALUES ($1, $2::date, CASE WHEN NOT $3 THEN $4::timestamptz END)
		ON CONFLICT (bank) DO UPDATE SET statuses_of = excluded.statuses_of, statuses_at = coalesce(excluded.statuses_at, r.statuses_at)`,
		bank.ID, through.String(), h.unheard, now)
	if err != nil {
		return fmt.Errorf("statuses of %s through %s: %w", bank.ID, through, err)
	}
	return nil
}

// withoutStatus is the interchanges of execution days through one with orders that are neither executed nor rejected.
func (s *Store) withoutStatus(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, through gateway.Date) ([]waiting, error) {
	var rows []struct {
		waiting
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &rows, `SELECT i.id, i.file_name, i.executes_on, sum(l.payments - t.payments)::bigint AS payments, sum(l.ore - t.ore)::bigint AS ore
		FROM interchange i JOIN order_line l ON l.interchange_id = i.id
		CROSS JOIN LATERAL (SELECT coalesce(sum(e.payments), 0) AS payments, coalesce(sum(e.ore), 0) AS ore FROM event_tally e
			WHERE e.interchange_id = l.interchange_id AND e.message_no = l.message_no AND e.lin = l.lin AND e.kind IN ('executed', 'bank_rejected')) t
		WHERE i.bank = $1 AND i.contrl = 'accepted' AND i.executes_on <= $2::date AND l.state IN ('with_bank', 'accepted')
		GROUP BY i.id HAVING sum(l.payments - t.payments) > 0 ORDER BY i.id`, bank.ID, through.String())
	if err != nil {
		return nil, fmt.Errorf("missing statuses of %s: %w", bank.ID, err)
	}
	late := make([]waiting, 0, len(rows))
	for _, r := range rows {
		r.Since = bank.StatusDue(gateway.DateOf(r.ExecutesOn), s.Location).Add(-bank.StatusDeadline)
		late = append(late, r.waiting)
	}
	return late, nil
}
