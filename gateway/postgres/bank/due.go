package bank

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// NextDue is the next business time after the given one at which a bank's silence moves payments on: an acceptance or an
// execution. What an open doubt may concern is not among them. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, bankID string, after time.Time) (time.Time, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return time.Time{}, err
	}
	return s.nextSilence(ctx, s.DB, bank, after)
}

func (s *Store) nextSilence(ctx context.Context, q postgres.Queryer, bank gateway.BankCentre, after time.Time) (time.Time, error) {
	var answered, executes sql.NullTime
	err := q.QueryRowContext(ctx, `SELECT
		(SELECT min(i.contrl_at) FROM interchange i WHERE i.bank = $1 AND i.contrl = 'accepted' AND i.contrl_at > $2
			AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'with_bank') AND `+undoubted+`),
		(SELECT min(i.executes_on) FROM interchange i WHERE $3 AND i.bank = $1 AND i.executes_on > $4::date
			AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'accepted') AND `+undoubted+`)`,
		bank.ID, after.Add(-bank.AcceptanceDeadline), bank.ExecutedDeadline > 0, s.executedThrough(bank, after)).Scan(&answered, &executes)
	if err != nil {
		return time.Time{}, fmt.Errorf("next deadline of %s: %w", bank.ID, err)
	}
	var next time.Time
	if answered.Valid {
		next = answered.Time.Add(bank.AcceptanceDeadline)
	}
	if executes.Valid {
		next = gateway.Sooner(next, bank.ExecutedBySilence(gateway.DateOf(executes.Time), s.Location))
	}
	return next, nil
}

// executedThrough is the last execution day that silence has decided at a time, as the database knows it.
func (s *Store) executedThrough(bank gateway.BankCentre, at time.Time) string {
	if at.IsZero() {
		return "-infinity"
	}
	return bank.ExecutedThrough(at, s.Location).String()
}

// NextLate is the next business time after the given one at which an exception must be raised at a bank, or again: a CONTRL
// or a status that does not come, a send-by that is missed, silence that is blocked. Zero: there is none.
func (s *Store) NextLate(ctx context.Context, bankID string, after time.Time) (time.Time, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return time.Time{}, err
	}
	var next time.Time
	var unsent bool
	err = s.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM interchange
		WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing'))`, bank.ID).Scan(&unsent)
	if err != nil {
		return time.Time{}, fmt.Errorf("next send-by of %s: %w", bank.ID, err)
	}
	if unsent {
		// A moment later, since what is handed over at the send-by itself is in time.
		controls, err := postgres.NightControls(ctx, s.DB, s.Now().In(s.Location))
		if err != nil {
			return time.Time{}, err
		}
		next = gateway.Sooner(s.Days.BankTerms(bank, controls).NextSendBy(after), s.Days.SalaryBankTerms(bank, controls).NextSendBy(after)).Add(time.Millisecond)
	}
	for _, d := range dailies(bank) {
		if d.deadline > 0 {
			next = gateway.Sooner(next, gateway.ExecutedFrom(gateway.LastExecutionDay(after.Add(-d.deadline), s.Location).AddDays(1), s.Location).Add(d.deadline))
		}
	}
	asked, err := s.askedSince(ctx, bank)
	if err != nil {
		return time.Time{}, err
	}
	for _, t := range asked {
		next = gateway.Sooner(next, gateway.NextDeadline(t, gateway.RecallDeadline, after))
	}
	since, err := s.waitingSince(ctx, bank)
	for _, t := range since {
		next = gateway.Sooner(next, gateway.NextDeadline(t, bank.ContrlDeadline, after))
	}
	return next, err
}

// waitingSince is the moments from which a bank's CONTRL, or what its silence should decide, has been awaited.
func (s *Store) waitingSince(ctx context.Context, bank gateway.BankCentre) ([]time.Time, error) {
	var answers []time.Time
	err := s.DB.SelectContext(ctx, &answers, `SELECT DISTINCT sent_at FROM interchange
			WHERE bank = $1 AND kind <> 'CONTRL' AND state = 'sent' AND contrl IN ('none', 'received')
		UNION SELECT DISTINCT i.contrl_at + make_interval(secs => $2) FROM interchange i
			WHERE i.bank = $1 AND i.contrl = 'accepted' AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'with_bank')`,
		bank.ID, bank.AcceptanceDeadline.Seconds())
	if err != nil {
		return nil, fmt.Errorf("waits of %s: %w", bank.ID, err)
	}
	if bank.ExecutedDeadline == 0 {
		return answers, nil
	}
	var days []time.Time
	err = s.DB.SelectContext(ctx, &days, `SELECT DISTINCT i.executes_on FROM interchange i
		WHERE i.bank = $1 AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'accepted')`, bank.ID)
	if err != nil {
		return nil, fmt.Errorf("execution days of %s: %w", bank.ID, err)
	}
	for _, d := range days {
		answers = append(answers, bank.ExecutedBySilence(gateway.DateOf(d), s.Location))
	}
	return answers, nil
}

// askedSince is the moments from which a bank has been asked for orders that it has not answered about.
func (s *Store) askedSince(ctx context.Context, bank gateway.BankCentre) (asked []time.Time, err error) {
	err = s.DB.SelectContext(ctx, &asked, `SELECT DISTINCT i.sent_at FROM interchange i JOIN recall_line l ON l.interchange_id = i.id
		WHERE i.bank = $1 AND i.kind = 'FINCAN' AND i.state = 'sent' AND recall_answered(l.recall_id) IS NULL`, bank.ID)
	if err != nil {
		return nil, fmt.Errorf("recalls of %s: %w", bank.ID, err)
	}
	return asked, nil
}
