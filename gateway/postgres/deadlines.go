package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
)

// executedFrom is the time of day at which the recipient has the money.
const executedFrom = 9 * time.Hour

// DeadlinesNext does what silence decides at one bank: a message without a reject is accepted when the acceptance
// deadline has passed; an order is executed when the profile says that silence after the execution day means it; a
// CONTRL that does not come is raised.
func (s *Store) DeadlinesNext(ctx context.Context, bankID string) (bool, error) {
	bank := s.banks[bankID]
	now := s.Now()
	worked := false
	err := s.transact(ctx, "deadlines", func(x *session) error {
		if err := lockLines(ctx, x, bankID); err != nil {
			return err
		}
		moved, err := s.acceptLines(ctx, x, now, `SELECT l.interchange_id, l.message_no, l.lin
			FROM order_line l JOIN interchange i ON i.id = l.interchange_id
			WHERE i.bank = $2 AND i.contrl = 'accepted' AND i.contrl_at <= $3::timestamptz AND l.state = 'with_bank'`,
			bank.ID, now.Add(-bank.AcceptanceDeadline))
		if err != nil {
			return err
		}
		worked = moved > 0
		if bank.ExecutedDeadline > 0 {
			last := s.executedThrough(now.Add(-bank.ExecutedDeadline))
			r, err := x.ExecContext(ctx, `UPDATE order_line l SET state = 'executed', changed_at = $1::timestamptz FROM interchange i
				WHERE i.id = l.interchange_id AND i.bank = $2 AND l.state = 'accepted' AND i.executes_on <= $3::date`, now, bank.ID, last.String())
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n > 0 {
				worked = true
			}
		}
		if err := s.raiseLate(ctx, x, bank, now); err != nil {
			return err
		}
		return s.raiseMissingContrl(ctx, x, bank, now)
	})
	return worked, err
}

// executedThrough is the last execution day whose 09:00 is not after t.
func (s *Store) executedThrough(t time.Time) gateway.Date {
	t = t.In(s.Location)
	d := gateway.DateOf(t)
	if d.At(executedFrom, s.Location).After(t) {
		d = d.AddDays(-1)
	}
	return d
}

// raiseLate tells of interchanges that have not left although the bank's send-by for their execution day has passed.
func (s *Store) raiseLate(ctx context.Context, x *session, bank Bank, now time.Time) error {
	terms := gateway.Terms{SendBy: bank.SendBy, LeadDays: bank.LeadDays, Calendar: s.Calendar, Location: s.Location}
	var waiting []struct {
		ID         int64     `db:"id"`
		FileName   string    `db:"file_name"`
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &waiting, `SELECT id, file_name, executes_on FROM interchange i
		WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing')
		  AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.kind = 'send-by missed' AND e.subject = i.id::text)`, bank.ID)
	if err != nil {
		return fmt.Errorf("late interchanges: %w", err)
	}
	for _, i := range waiting {
		planned := gateway.DateOf(i.ExecutesOn)
		if !planned.Before(terms.ExecutionDay(now, planned)) {
			continue
		}
		err := s.raise(ctx, x, "send-by missed", fmt.Sprint(i.ID), "file "+i.FileName+" for "+planned.String()+" has not reached bank "+bank.ID+" in time")
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) raiseMissingContrl(ctx context.Context, x *session, bank Bank, now time.Time) error {
	var late []struct {
		ID       int64  `db:"id"`
		FileName string `db:"file_name"`
	}
	err := x.SelectContext(ctx, &late, `SELECT id, file_name FROM interchange i
		WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND contrl IN ('none', 'received') AND sent_at <= $2
		  AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.kind = 'CONTRL missing' AND e.subject = i.id::text)`,
		bank.ID, now.Add(-bank.ContrlDeadline))
	if err != nil {
		return fmt.Errorf("missing CONTRL: %w", err)
	}
	for _, i := range late {
		if err := s.raise(ctx, x, "CONTRL missing", fmt.Sprint(i.ID), "bank "+bank.ID+" has not answered "+i.FileName); err != nil {
			return err
		}
	}
	return nil
}

// NextDue is the next business time at which something is due: a release, an acceptance or an execution by silence,
// the closing of an answer. ok is false when nothing is.
func (s *Store) NextDue(ctx context.Context) (next time.Time, ok bool, err error) {
	consider := func(t sql.NullTime) {
		if t.Valid && (!ok || t.Time.Before(next)) {
			next, ok = t.Time, true
		}
	}
	var t sql.NullTime
	if err := s.DB.QueryRowContext(ctx, `SELECT min(release_at) FROM release_group WHERE state = 'waiting'`).Scan(&t); err != nil {
		return next, false, fmt.Errorf("next release: %w", err)
	}
	consider(t)
	if err := s.DB.QueryRowContext(ctx, `SELECT max(caused_at) FROM answer_due WHERE answer_id IS NULL`).Scan(&t); err != nil {
		return next, false, fmt.Errorf("next answer: %w", err)
	}
	t.Time = t.Time.Add(s.Rules.AnswerQuiet)
	consider(t)
	for _, bank := range s.Banks {
		if err := s.DB.QueryRowContext(ctx, `SELECT min(i.contrl_at) FROM interchange i WHERE i.bank = $1 AND i.contrl = 'accepted'
			AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'with_bank')`, bank.ID).Scan(&t); err != nil {
			return next, false, fmt.Errorf("next acceptance: %w", err)
		}
		t.Time = t.Time.Add(bank.AcceptanceDeadline)
		consider(t)
		if bank.ExecutedDeadline == 0 {
			continue
		}
		if err := s.DB.QueryRowContext(ctx, `SELECT min(i.executes_on) FROM interchange i WHERE i.bank = $1
			AND EXISTS (SELECT 1 FROM order_line l WHERE l.interchange_id = i.id AND l.state = 'accepted')`, bank.ID).Scan(&t); err != nil {
			return next, false, fmt.Errorf("next execution: %w", err)
		}
		if t.Valid {
			t.Time = gateway.DateOf(t.Time).At(executedFrom, s.Location).Add(bank.ExecutedDeadline)
			consider(t)
		}
	}
	return next, ok, nil
}

// InHand tells whether anything is being worked on that does not wait for a moment in time.
func (s *Store) InHand(ctx context.Context) (bool, error) {
	var busy bool
	err := s.DB.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM delivery WHERE state IN ('received', 'read') AND failures < $1)
		OR EXISTS (SELECT 1 FROM interchange WHERE state IN ('frozen', 'rendered', 'sending', 'publishing'))
		OR EXISTS (SELECT 1 FROM bank_file WHERE state = 'received')
		OR EXISTS (SELECT 1 FROM mailbox_upload WHERE NOT complete AND made_at > $2)
		OR EXISTS (SELECT 1 FROM release_group WHERE state = 'waiting' AND release_at <= $3)
		OR EXISTS (SELECT 1 FROM answer WHERE collected_at IS NULL)`,
		s.Rules.ReadFailuresBefore, s.Now().Add(-time.Minute), s.Now()).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("in hand: %w", temporary(err))
	}
	return busy, nil
}
