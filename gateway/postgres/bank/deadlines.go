package bank

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// DecideSilence does what silence decides at one bank: a message without a reject is accepted when the acceptance
// deadline has passed; an order is executed when the profile says that silence after the execution day means it; a
// CONTRL that does not come is raised.
func (s *Store) DecideSilence(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.Banks.ByID(bankID)
	if err != nil {
		return false, err
	}
	now := s.Now()
	worked := false
	err = s.Transact(ctx, "deadlines", func(x *postgres.Session) error {
		if err := lockLines(ctx, x, bankID); err != nil {
			return err
		}
		moved, err := s.acceptLines(ctx, x, `SELECT l.interchange_id, l.message_no, l.lin
			FROM order_line l JOIN interchange i ON i.id = l.interchange_id
			WHERE i.bank = @bank AND i.contrl = 'accepted' AND i.contrl_at <= @since::timestamptz AND l.state = 'with_bank'`,
			pgscript.Args{"bank": bank.ID, "since": now.Add(-bank.AcceptanceDeadline)})
		if err != nil {
			return err
		}
		worked = moved > 0
		if bank.ExecutedDeadline > 0 {
			n, err := s.assumeExecuted(ctx, x, bank, now)
			if err != nil {
				return err
			}
			worked = worked || n > 0
		}
		if worked {
			x.Wakes(postgres.ToAnswer)
		}
		if err := s.raiseLate(ctx, x, bank, now); err != nil {
			return err
		}
		return s.raiseMissingContrl(ctx, x, bank, now)
	})
	return worked, err
}

// assumeExecuted moves on the lines whose execution the bank's silence means. It tells how many they are.
func (s *Store) assumeExecuted(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) (int, error) {
	const due = `FROM order_line l JOIN interchange i ON i.id = l.interchange_id WHERE i.bank = @bank AND l.state = 'accepted' AND i.executes_on <= @last::date`
	args := pgscript.Args{"bank": bank.ID, "last": bank.ExecutedThrough(now, s.Location).String()}
	var any bool
	if err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT `+due+`)`, args).Scan(&any); err != nil || !any {
		return 0, err
	}
	return s.follow(ctx, x, gateway.NewsAssumed, source{}, "",
		`SELECT 0, NULL, NULL, NULL, l.interchange_id, l.message_no, l.lin, NULL, NULL, NULL `+due, args)
}

// raiseLate tells of interchanges that have not left although the bank's send-by for their execution day has passed.
func (s *Store) raiseLate(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	terms := s.Days.BankTerms(bank)
	var waiting []struct {
		ID         int64     `db:"id"`
		FileName   string    `db:"file_name"`
		ExecutesOn time.Time `db:"executes_on"`
	}
	err := x.SelectContext(ctx, &waiting, `SELECT id, file_name, executes_on FROM interchange i
		WHERE bank = $1 AND kind = 'PAYMUL' AND state IN ('frozen', 'rendered', 'sending', 'publishing')
		  AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.kind = $2 AND e.subject = i.id::text)`, bank.ID, gateway.SendByMissed)
	if err != nil {
		return fmt.Errorf("late interchanges: %w", err)
	}
	for _, i := range waiting {
		planned := gateway.DateOf(i.ExecutesOn)
		if !planned.Before(terms.ExecutionDay(now, planned)) {
			continue
		}
		err := s.RaiseDetail(ctx, x, gateway.SendByMissed, fmt.Sprint(i.ID), gateway.DetailFileLate.With(i.FileName, planned, bank.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) raiseMissingContrl(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var late []struct {
		ID       int64  `db:"id"`
		FileName string `db:"file_name"`
	}
	err := x.SelectContext(ctx, &late, `SELECT id, file_name FROM interchange i
		WHERE bank = $1 AND kind = 'PAYMUL' AND state = 'sent' AND contrl IN ('none', 'received') AND sent_at <= $2
		  AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.kind = $3 AND e.subject = i.id::text)`,
		bank.ID, now.Add(-bank.ContrlDeadline), gateway.ContrlMissing)
	if err != nil {
		return fmt.Errorf("missing CONTRL: %w", err)
	}
	for _, i := range late {
		if err := s.RaiseDetail(ctx, x, gateway.ContrlMissing, fmt.Sprint(i.ID), gateway.DetailNoContrl.With(bank.ID, i.FileName)); err != nil {
			return err
		}
	}
	return nil
}
