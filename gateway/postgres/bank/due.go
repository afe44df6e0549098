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
	bank, err := s.Banks.ByID(bankID)
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

// NextLate is the next business time after the given one at which an exception must be raised at a bank: a CONTRL that
// does not come, a send-by that is missed. Zero: there is none.
func (s *Store) NextLate(ctx context.Context, bankID string, after time.Time) (time.Time, error) {
	bank, err := s.Banks.ByID(bankID)
	if err != nil {
		return time.Time{}, err
	}
	var sent sql.NullTime
	var waiting bool
	err = s.DB.QueryRowContext(ctx, `SELECT
		(SELECT min(sent_at) FROM interchange WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND contrl IN ('none', 'received') AND sent_at > $2),
		EXISTS (SELECT 1 FROM interchange WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing'))`,
		bank.ID, after.Add(-bank.ContrlDeadline)).Scan(&sent, &waiting)
	if err != nil {
		return time.Time{}, fmt.Errorf("next exception of %s: %w", bank.ID, err)
	}
	var next time.Time
	if sent.Valid {
		next = sent.Time.Add(bank.ContrlDeadline)
	}
	if waiting {
		// A moment later, since what is handed over at the send-by itself is in time.
		next = gateway.Sooner(next, s.Days.BankTerms(bank).NextSendBy(after).Add(time.Millisecond))
	}
	return next, nil
}
