// Package release is the third stage of the flow: a unit of groups that is due is completed with accounts, split into
// interchanges, frozen and rendered; so is what is to be ordered anew. It writes release_group (its state, and groups of held payments), payment (the group of
// a held one), obligation (its end, and of payments that are kept for an account), settle_due (of what a choice could not have ordered), interchange, effect_unlooked, message, order_line, bank_order, bank_reference, reference_counter, text_change and answer_due (response 7), and
// records what cannot be paid. What is set off for claims makes payments of their own (payment, payment_key, set_off, fact_tally), by the base.
package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register/image"
)

// Rules are the limits that interchanges are split by.
type Rules struct {
	Split gateway.SplitLimits
}

// Store releases payments. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
	Rules Rules
	Image *image.Keeper // of the register; nil: SQL is asked for everything
}

// Next freezes what is most urgent and due: first what is to be ordered anew, then what authorities chose for
// money that has nowhere to go, then a unit of groups. It completes the payments
// with accounts, splits them into interchanges, and freezes those. It reports whether there was anything.
//
// A release waits until the deliveries that came in time and may be of it have been read and checked, and for no others.
func (s *Store) Next(ctx context.Context) (bool, error) {
	worked, err := s.endControls(ctx)
	if worked || err != nil {
		return worked, err
	}
	worked, failed := s.orderNext(ctx)
	if worked {
		return true, failed
	}
	// What cannot be ordered anew holds up no release.
	chosen, notOrdered := s.orderChosen(ctx)
	if chosen {
		return true, notOrdered
	}
	worked, err = s.nextRelease(ctx)
	if worked {
		return true, err
	}
	return false, errors.Join(failed, notOrdered, err, s.noteHeld(ctx))
}

// nextRelease releases the most urgent unit that is due.
func (s *Store) nextRelease(ctx context.Context) (bool, error) {
	var done released
	worked, err := s.SkipFailing(ctx, gateway.ReleaseFails, func(over []int64) (groups []int64, err error) {
		for {
			done, err = s.releaseNext(ctx, over)
			if !done.waits {
				break
			}
			over = append(over, done.groups...)
		}
		var large *largeError
		if errors.As(err, &large) {
			return done.groups, s.setLargeAside(ctx, done.groups, large.over) // the others are next
		}
		doubt := asDoubt(err)
		if doubt == nil {
			return done.groups, err
		}
		held, moved, holding := s.holdDoubtful(ctx, done.groups, doubt)
		if len(doubt.differ) > 0 {
			s.Log.Error().Err(doubt).Int("held", held).Msg("the register's image is thrown away, SQL completes the payments")
		}
		if holding == nil && (held > 0 || moved || len(doubt.differ) > 0) {
			return done.groups, nil // the others are next, by SQL
		}
		return done.groups, errors.Join(err, holding)
	})
	if err != nil || !worked || done.payments == 0 {
		return worked, err
	}
	return true, s.Analyze(ctx, done.month, done.payments)
}

// released is what a release did.
type released struct {
	groups   []int64
	month    time.Time
	payments int
	waits    bool // nothing: it is a payment that is still held, or an agreement that is not in force
}

// releaseNext releases the first unit none of whose groups is to be passed over.
func (s *Store) releaseNext(ctx context.Context, over []int64) (done released, err error) {
	err = s.Transact(ctx, "release", func(x *postgres.Session) error {
		u, groups, err := s.claimUnit(ctx, x, over)
		if errors.Is(err, gateway.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		done.groups = groups
		if u.Held != 0 {
			still, err := s.doubtOf(ctx, x, u.Held)
			if done.waits = still.why != ""; done.waits && err == nil {
				err = s.RaiseDetail(ctx, x, still.why, strconv.FormatInt(still.Group, 10), holdReason(still.why).With(still.ID, still.Group))
			}
			if err != nil || done.waits {
				return err
			}
		}
		way, err := s.leaving(ctx, x, u.AgreementID, gateway.DateOf(u.ExecutesOn), u.Salaries)
		var none *gateway.NotInForceError
		if errors.As(err, &none) {
			done.waits = true
			return s.noteNotInForce(ctx, x, u.AgreementID, none.On)
		}
		if err == nil {
			done.waits, err = s.mustWait(ctx, x, way.Bank.ID, u.AgreementID)
		}
		if err == nil && !done.waits && way.Bank.ID == u.Bank {
			done.waits, err = s.overLimit(ctx, x, u, way, groups)
		}
		if done.waits {
			return err
		}
		if err == nil {
			err = s.release(ctx, x, u, way, groups)
		}
		if err != nil {
			return fmt.Errorf("bank %s agreement %d: %w", u.Bank, u.AgreementID, err)
		}
		if err := s.closeInForce(ctx, x, u.AgreementID); err != nil {
			return err
		}
		if err := s.EndOverLimit(ctx, x, groups); err != nil {
			return err
		}
		for _, mended := range []gateway.ExceptionKind{gateway.ReleaseFails, gateway.RegisterOverlap, gateway.RegisterDiffers} {
			if err := s.CloseMended(ctx, x, mended, groups...); err != nil {
				return err
			}
		}
		return x.QueryRowContext(ctx, `SELECT max(month), sum(payments) FROM release_group WHERE id = ANY ($1::bigint[])`, groups).
			Scan(&done.month, &done.payments)
	})
	return done, err
}

func (s *Store) release(ctx context.Context, x *postgres.Session, u unit, way gateway.Way, groups []int64) error {
	bank, executesOn, now := way.Bank, way.Plan.ExecutesOn, way.Plan.ReleaseAt
	if bank.ID != u.Bank {
		return moveGroups(ctx, x, bank.ID, groups)
	}
	c, err := s.newCompletion(ctx, x, bank, way.Agreement, u, groups, now)
	if err != nil {
		return err
	}
	if c.setOffs, err = claimsOf(ctx, x, c, executesOn); err != nil {
		return err
	}
	left, err := s.freeze(ctx, x, c, executesOn)
	if err == nil {
		err = s.keepWaiting(ctx, x, c, left.waits)
	}
	if err == nil {
		err = s.recordSetOffs(ctx, x, c)
	}
	if err != nil {
		return err
	}
	if err := postgres.AddReleased(ctx, x, way.Agreement.ID, executesOn, c.left); err != nil {
		return err
	}
	s.Failpoint("after-freezing-before-release")
	x.Wakes(postgres.ToAnswer, postgres.ToRender(bank.ID), postgres.ToSend(bank.ID), postgres.ToAwait(bank.ID))
	err = x.UpdateAll(ctx, len(groups), `UPDATE release_group SET state = 'released', released_at = $1, register_counter = $2, executes_on = $3, order_month = $4
		WHERE state = 'waiting' AND id = ANY ($5::bigint[])`, now, c.counter, executesOn.String(), c.frozenIn, groups)
	if err != nil {
		return fmt.Errorf("mark groups: %w", err)
	}
	return nil
}

// moveGroups gives groups to the bank centre that their agreement has by now; it releases them next.
func moveGroups(ctx context.Context, x *postgres.Session, bank string, groups []int64) error {
	_, err := x.ExecContext(ctx, `UPDATE release_group SET bank_centre = $1 WHERE state = 'waiting' AND id = ANY ($2::bigint[])`, bank, groups)
	if err != nil {
		return fmt.Errorf("move to bank %s: %w", bank, err)
	}
	return nil
}
