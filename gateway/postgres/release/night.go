package release

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// endControls ends the controls whose time is over, and reports whether there were any: what a hold kept goes on.
func (s *Store) endControls(ctx context.Context) (bool, error) {
	var over []int64
	err := s.Transact(ctx, "end night controls", func(x *postgres.Session) error {
		err := x.SelectContext(ctx, &over, `UPDATE night_control SET ended_at = $1 WHERE ended_at IS NULL AND until_at <= $1 RETURNING id`, s.Now())
		if err != nil || len(over) == 0 {
			return err
		}
		if err := s.CloseMended(ctx, x, gateway.NightHold, over...); err != nil {
			return err
		}
		return postgres.WakeBanks(ctx, x, s.Banks, postgres.ToSend)
	})
	return len(over) > 0, err
}

// noteHeld tells, once for each hold, that something due waits for it: again when a send-by has passed since it was told last.
func (s *Store) noteHeld(ctx context.Context) error {
	now := s.Now()
	controls, err := postgres.NightControls(ctx, s.DB, now.In(s.Location))
	if err != nil {
		return err
	}
	for _, c := range controls {
		if !c.InForce(now) {
			continue
		}
		if err := s.noteHold(ctx, c, controls, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) noteHold(ctx context.Context, c gateway.NightControl, controls gateway.NightControls, now time.Time) error {
	return s.Transact(ctx, "note what is held", func(x *postgres.Session) error {
		var last sql.NullTime
		subject := strconv.FormatInt(c.ID, 10)
		err := x.GetContext(ctx, &last, `SELECT max(raised_at) FROM exception WHERE kind = $1 AND subject = $2`, gateway.NightHold, subject)
		if err != nil {
			return err
		}
		if last.Valid {
			by, err := s.sendByAfter(ctx, x, c, controls, last.Time)
			if err != nil || by.IsZero() || !by.Before(now) {
				return err
			}
		}
		held, err := s.Waiting(ctx, x, c.Reach, c.Subject, now)
		if err != nil || held.Payments+held.FilePayments == 0 {
			return err
		}
		if err := s.Close(ctx, x, gateway.NightHold, subject, postgres.ClosedByFlow); err != nil {
			return err
		}
		return s.RaiseDetail(ctx, x, gateway.NightHold, subject, gateway.DetailNightHold.With(c.ID, c.Name(), held.Payments+held.FilePayments, held.Ore+held.FileOre))
	})
}

// sendByAfter is the first send-by after an instant of the banks whose payments a control may keep; zero: there is none.
func (s *Store) sendByAfter(ctx context.Context, x *postgres.Session, c gateway.NightControl, controls gateway.NightControls, after time.Time) (next time.Time, err error) {
	banks, err := s.Banks.Known(ctx, x)
	if err != nil {
		return next, err
	}
	for _, id := range banks.IDs() {
		bank, err := banks.Serving(id, s.Now())
		if errors.Is(err, gateway.ErrNotFound) || c.Reach == gateway.ReachBank && c.Subject != id {
			continue
		}
		if err != nil {
			return next, err
		}
		next = gateway.Sooner(next, s.Days.BankTerms(bank, controls).NextSendBy(after))
	}
	return next, nil
}

// aMoment after a send-by it has passed: what leaves at the send-by itself is in time.
const aMoment = time.Millisecond

// nextNight is the next instant at which a hold begins or ends, or what waits is told again; zero: there is none.
func (s *Store) nextNight(ctx context.Context, after time.Time) (next time.Time, err error) {
	controls, err := postgres.NightControls(ctx, s.DB, after.In(s.Location))
	if err != nil {
		return next, err
	}
	next = controls.NextChange(after)
	var again sql.NullTime
	err = s.DB.GetContext(ctx, &again, `SELECT min(again_at) FROM over_limit WHERE ended_at IS NULL AND freed_at IS NULL AND again_at >= $1`, after)
	if err != nil {
		return next, fmt.Errorf("next of the night: %w", err)
	}
	if again.Valid {
		next = gateway.Sooner(next, again.Time.Add(aMoment))
	}
	if !controls.Any(after) {
		return next, nil
	}
	err = s.Transact(ctx, "next send-by", func(x *postgres.Session) error {
		by, err := s.sendByAfter(ctx, x, gateway.NightControl{Reach: gateway.ReachAll}, controls, after)
		if err == nil && !by.IsZero() {
			next = gateway.Sooner(next, by.Add(aMoment))
		}
		return err
	})
	return next, err
}
