package bank

import (
	"context"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// DecideSilence does what silence decides at one bank: a message without a reject is accepted when the acceptance
// deadline has passed; an order is executed when the profile says that silence after the execution day means it; what
// waits beyond its deadline is raised. Silence counts up to the last complete round of the bank's mailbox, and not of what
// an open doubt may concern: while the line is down we are deaf, not told.
func (s *Store) DecideSilence(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return false, err
	}
	now := s.Now()
	worked := false
	err = s.Transact(ctx, "deadlines", func(x *postgres.Session) error {
		if err := x.LockLines(ctx, bankID); err != nil {
			return err
		}
		h, err := s.hearsay(ctx, x, bankID)
		if err != nil {
			return err
		}
		if known := h.known(now); !known.IsZero() {
			if worked, err = s.countSilence(ctx, x, bank, known); err != nil {
				return err
			}
		}
		if worked {
			x.Wakes(postgres.ToAnswer)
		}
		if err := s.awaitRound(ctx, x, bank, h, now); err != nil {
			return err
		}
		return s.raiseWaits(ctx, x, bank, h, now)
	})
	return worked, err
}

// countSilence carries out what silence up to a moment means, and reports whether it meant anything.
func (s *Store) countSilence(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, known time.Time) (bool, error) {
	moved, err := s.acceptLines(ctx, x, `SELECT l.interchange_id, l.message_no, l.lin
		FROM order_line l JOIN interchange i ON i.id = l.interchange_id
		WHERE i.bank = @bank AND i.contrl = 'accepted' AND i.contrl_at <= @since::timestamptz AND l.state = 'with_bank' AND `+undoubted,
		pgscript.Args{"bank": bank.ID, "since": known.Add(-bank.AcceptanceDeadline)})
	if err != nil || bank.ExecutedDeadline == 0 {
		return moved > 0, err
	}
	const due = `FROM order_line l JOIN interchange i ON i.id = l.interchange_id
		WHERE i.bank = @bank AND l.state = 'accepted' AND i.executes_on <= @last::date AND ` + undoubted
	args := pgscript.Args{"bank": bank.ID, "last": bank.ExecutedThrough(known, s.Location).String()}
	var any bool
	if err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT `+due+`)`, args).Scan(&any); err != nil || !any {
		return moved > 0, err
	}
	n, err := s.follow(ctx, x, gateway.NewsAssumed, source{}, "",
		`SELECT 0, NULL, NULL, NULL, l.interchange_id, l.message_no, l.lin, NULL, NULL, NULL `+due, args)
	return moved > 0 || n > 0, err
}
