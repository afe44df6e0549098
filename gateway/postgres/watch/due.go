package watch

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

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
	t.Time = t.Time.Add(s.AnswerQuiet)
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
			t.Time = bank.ExecutedBySilence(gateway.DateOf(t.Time), s.Location)
			consider(t)
		}
	}
	return next, ok, nil
}

// InHand reports whether anything is being worked on that does not wait for a moment in time.
func (s *Store) InHand(ctx context.Context) (bool, error) {
	var busy bool
	err := s.DB.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM delivery WHERE state IN ('received', 'read') AND failures < $1)
		OR EXISTS (SELECT 1 FROM interchange WHERE state IN ('frozen', 'rendered', 'sending', 'publishing'))
		OR EXISTS (SELECT 1 FROM bank_file WHERE state = 'received')
		OR EXISTS (SELECT 1 FROM release_group WHERE state = 'waiting' AND release_at <= $2)
		OR EXISTS (SELECT 1 FROM answer WHERE collected_at IS NULL)`,
		int(s.FailuresBefore), s.Now()).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("in hand: %w", postgres.Transient(err))
	}
	return busy, nil
}
