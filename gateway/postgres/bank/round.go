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

// RoundComplete implements gateway.Outbox: the bank's silence is known up to listedAt, once what was stored is heard.
func (s *Store) RoundComplete(ctx context.Context, bank string, fence int64, listedAt time.Time) error {
	return s.Transact(ctx, "round", func(x *postgres.Session) error {
		var awaited sql.NullBool
		err := x.QueryRowContext(ctx, `INSERT INTO bank_round AS r (bank, listed_at, complete_at)
			SELECT l.bank, $3::timestamptz, $4::timestamptz FROM bank_lease l WHERE l.bank = $1 AND l.fence = $2
			ON CONFLICT (bank) DO UPDATE SET listed_at = excluded.listed_at, complete_at = excluded.complete_at, awaited = false
			RETURNING (SELECT b.awaited FROM bank_round b WHERE b.bank = r.bank)`, bank, fence, listedAt, s.Now()).Scan(&awaited)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("round of %s: %w", bank, gateway.ErrLostOwnership)
		}
		if err != nil {
			return fmt.Errorf("round of %s: %w", bank, err)
		}
		if awaited.Bool {
			x.Wakes(postgres.ToAwait(bank))
		}
		return nil
	})
}

// hearsay is how far a bank's silence is known.
type hearsay struct {
	until   time.Time // the last complete round; zero: there was none
	unheard bool      // something that the bank has laid out is not heard yet, or what it was sent is not known
}

// known is the last moment up to which silence counts: zero while it counts for nothing.
func (h hearsay) known(now time.Time) time.Time {
	switch {
	case h.unheard:
		return time.Time{}
	case h.until.After(now):
		return now
	}
	return h.until
}

// hearsay reads how far the bank's silence is known.
func (s *Store) hearsay(ctx context.Context, x *postgres.Session, bank string) (h hearsay, err error) {
	var listed sql.NullTime
	err = x.QueryRowContext(ctx, `SELECT (SELECT listed_at FROM bank_round WHERE bank = $1),
		EXISTS (SELECT 1 FROM bank_file WHERE bank = $1 AND state = 'received') OR bank_in_doubt($1)`, bank).Scan(&listed, &h.unheard)
	if err != nil {
		return h, fmt.Errorf("round of %s: %w", bank, err)
	}
	h.until = listed.Time
	return h, nil
}

// awaitRound has the owner of the connection look into the bank's mailbox when silence would decide something that the
// last round does not cover. It asks once: a line that is down is not asked again and again.
func (s *Store) awaitRound(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, now time.Time) error {
	if h.unheard {
		return nil // who hears it asks again
	}
	due, err := s.nextSilence(ctx, x, bank, h.until)
	if err != nil || due.IsZero() || due.After(now) {
		return err
	}
	r, err := x.ExecContext(ctx, `INSERT INTO bank_round AS r (bank, awaited) VALUES ($1, true)
		ON CONFLICT (bank) DO UPDATE SET awaited = true WHERE NOT r.awaited`, bank.ID)
	if err != nil {
		return fmt.Errorf("await a round of %s: %w", bank.ID, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	x.Wakes(postgres.ToSend(bank.ID))
	return nil
}
