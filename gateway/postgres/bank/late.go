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
	controls, err := postgres.NightControls(ctx, x, now.In(s.Location))
	if err != nil {
		return err
	}
	terms, ofSalaries := s.Days.BankTerms(bank, controls), s.Days.SalaryBankTerms(bank, controls)
	var unsent []struct {
		waiting
		ExecutesOn time.Time `db:"executes_on"`
		Salaries   bool      `db:"salaries"`
	}
	err = x.SelectContext(ctx, &unsent, `SELECT id, file_name, payments, ore, prepared_at AS since, executes_on,
			EXISTS (SELECT FROM order_line l WHERE l.interchange_id = i.id AND l.type = $2) AS salaries FROM interchange i
		WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing') ORDER BY id`, bank.ID, gateway.Salary)
	if err != nil {
		return fmt.Errorf("unsent interchanges: %w", err)
	}
	var late []waiting
	for _, i := range unsent {
		of := terms
		if i.Salaries {
			of = ofSalaries
		}
		if planned := gateway.DateOf(i.ExecutesOn); planned.Before(of.ExecutionDay(now, planned)) {
			late = append(late, i.waiting)
		}
	}
	a := alarm{kind: gateway.SendByMissed, reason: gateway.DetailUnsent, stays: true,
		again: func(_ waiting, looked time.Time) bool { return terms.NextSendBy(looked).Before(now) }}
	if len(late) > 1 {
		var sent bool
		err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM interchange WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND sent_at >= $2)`,
			bank.ID, together(late).Since).Scan(&sent)
		if err != nil {
			return fmt.Errorf("sent to %s: %w", bank.ID, err)
		}
		if !sent {
			a.wholly = gateway.DetailNothingSent.With()
		}
	}
	return s.raise(ctx, x, bank, a, late)
}

// raiseUnanswered tells of interchanges that the bank has not answered by CONTRL.
func (s *Store) raiseUnanswered(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var late []waiting
	err := x.SelectContext(ctx, &late, `SELECT id, file_name, CASE kind WHEN 'FINCAN' THEN (SELECT count(*) FROM recall_line l WHERE l.interchange_id = i.id) ELSE payments END AS payments,
			CASE kind WHEN 'FINCAN' THEN (SELECT coalesce(sum(r.ore), 0)::bigint FROM recall_line l JOIN recall r ON r.id = l.recall_id WHERE l.interchange_id = i.id) ELSE ore END AS ore,
			sent_at AS since FROM interchange i
		WHERE bank = $1 AND kind <> 'CONTRL' AND state = 'sent' AND contrl IN ('none', 'received') AND sent_at <= $2 ORDER BY id`,
		bank.ID, now.Add(-bank.ContrlDeadline))
	if err != nil {
		return fmt.Errorf("missing CONTRL: %w", err)
	}
	a := alarm{kind: gateway.ContrlMissing, reason: gateway.DetailNoContrl, again: periodic(bank.ContrlDeadline, now)}
	if a.wholly, err = s.silentSince(ctx, x, bank, late); err != nil {
		return err
	}
	return s.raise(ctx, x, bank, a, late)
}

// silentSince is why a bank waits as a whole, without a code when it has laid out anything since the first of those that wait does.
func (s *Store) silentSince(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, late []waiting) (reason gateway.ExceptionDetail, err error) {
	if len(late) == 0 {
		return reason, nil
	}
	silent := gateway.DetailSilentBank.With()
	var last time.Time
	err = x.QueryRowContext(ctx, `SELECT received_at FROM bank_file WHERE bank = $1 ORDER BY id DESC LIMIT 1`, bank.ID).Scan(&last)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return silent, nil
	case err != nil:
		return reason, fmt.Errorf("last file of %s: %w", bank.ID, err)
	case last.Before(together(late).Since):
		return silent, nil
	}
	return reason, nil
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
	a := alarm{kind: gateway.SilenceBlocked, reason: gateway.DetailDoubted, again: periodic(bank.ContrlDeadline, now)}
	if a.wholly, err = s.deafness(ctx, x, bank, h, late, now); err != nil {
		return err
	}
	return s.raise(ctx, x, bank, a, late)
}

// deafness is why silence of the bank as a whole counts for nothing; without a code it does.
func (s *Store) deafness(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, late []waiting, now time.Time) (reason gateway.ExceptionDetail, err error) {
	switch {
	case len(late) == 0:
		return reason, nil
	case h.unheard:
		return gateway.DetailUnheard.With(), nil
	case h.until.IsZero():
		return gateway.DetailNeverListed.With(), nil
	case h.known(now).Before(together(late).Since):
		return gateway.DetailLastListed.With(s.clock(h.until)), nil
	}
	var doubted bool
	err = x.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM bank_doubt WHERE bank = $1 AND interchange_id = $2 AND settled_at IS NULL)`,
		bank.ID, anyBank).Scan(&doubted)
	if err != nil {
		return reason, fmt.Errorf("doubts of %s: %w", bank.ID, err)
	}
	if doubted {
		return gateway.DetailDoubtedBank.With(), nil
	}
	return reason, nil
}
