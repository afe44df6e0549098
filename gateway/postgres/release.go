package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// releaseUnit is what one release puts in interchanges of its own: bank centre, agreement and execution day.
type releaseUnit struct {
	Bank        string    `db:"bank_centre"`
	AgreementID int64     `db:"agreement_id"`
	ExecutesOn  time.Time `db:"executes_on"`
	ReleaseAt   time.Time `db:"release_at"`
}

// ReleaseNext releases the most urgent unit that is due: completes its payments with accounts, splits them into
// interchanges, and freezes those. It tells whether there was anything to do.
//
// A release waits until every delivery stamped before it has been read and checked.
func (s *Store) ReleaseNext(ctx context.Context) (bool, error) {
	var month time.Time
	var payments int
	worked, err := s.passing(ctx, releaseFails, func(over []int64) (groups []int64, err error) {
		err = s.transact(ctx, "release", func(x *session) error {
			var unit releaseUnit
			var err error
			unit, groups, err = s.claimUnit(ctx, x, over)
			if errors.Is(err, gateway.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.release(ctx, x, unit, groups); err != nil {
				return fmt.Errorf("bank %s agreement %d: %w", unit.Bank, unit.AgreementID, err)
			}
			if err := s.mended(ctx, x, releaseFails, groups...); err != nil {
				return err
			}
			return x.QueryRowContext(ctx, `SELECT max(month), sum(payments) FROM release_group WHERE id = ANY ($1::bigint[])`, groups).
				Scan(&month, &payments)
		})
		return groups, err
	})
	if err != nil || !worked {
		return worked, err
	}
	return true, s.grown(ctx, month, payments)
}

func (s *Store) claimUnit(ctx context.Context, x *session, over []int64) (releaseUnit, []int64, error) {
	var unit releaseUnit
	now := s.Now()
	err := x.GetContext(ctx, &unit, `SELECT g.bank_centre, g.agreement_id, g.executes_on, g.release_at
		FROM release_group g
		WHERE g.state = 'waiting' AND g.release_at <= $1 AND g.id <> ALL ($3::bigint[])
		  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.state IN ('received', 'read')
			AND d.failures < $2 AND d.received_at <= g.release_at)
		ORDER BY g.release_at, g.executes_on, g.bank_centre, g.agreement_id
		LIMIT 1 FOR UPDATE SKIP LOCKED`, now, s.Rules.ReadFailuresBefore, over)
	if errors.Is(err, sql.ErrNoRows) {
		return unit, nil, gateway.ErrNotFound
	}
	if err != nil {
		return unit, nil, fmt.Errorf("claim: %w", err)
	}
	var groups []int64
	err = x.SelectContext(ctx, &groups, `SELECT id FROM release_group
		WHERE state = 'waiting' AND release_at <= $1 AND release_at = $5
		  AND bank_centre = $2 AND agreement_id = $3 AND executes_on = $4
		ORDER BY id FOR UPDATE SKIP LOCKED`, now, unit.Bank, unit.AgreementID, unit.ExecutesOn, unit.ReleaseAt)
	if err != nil {
		return unit, nil, fmt.Errorf("claim groups: %w", err)
	}
	return unit, groups, nil
}

func (s *Store) release(ctx context.Context, x *session, unit releaseUnit, groups []int64) error {
	agreement, err := s.agreement(ctx, x, unit.AgreementID)
	if err != nil {
		return err
	}
	if agreement.BankCentre != unit.Bank {
		return moveGroups(ctx, x, agreement.BankCentre, groups)
	}
	bank, ok := s.banks[unit.Bank]
	if !ok {
		return fmt.Errorf("bank centre %s is not configured", unit.Bank)
	}
	now := s.Now()
	terms := gateway.Terms{ReceiveBy: agreement.ReceiveBy, SendBy: bank.SendBy, LeadDays: bank.LeadDays,
		Calendar: s.Calendar, Location: s.Location}
	executesOn := terms.ExecutionDay(now, gateway.DateOf(unit.ExecutesOn))
	c, err := s.newCompletion(ctx, x, bank, agreement, groups, now)
	if err != nil {
		return err
	}
	if err := s.freeze(ctx, x, c, executesOn); err != nil {
		return err
	}
	r, err := x.ExecContext(ctx, `UPDATE release_group SET state = 'released', released_at = $1, executes_on = $2
		WHERE state = 'waiting' AND id = ANY ($3::bigint[])`, now, executesOn.String(), groups)
	if err != nil {
		return fmt.Errorf("mark groups: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n != int64(len(groups)) {
		return fmt.Errorf("%w: marked %d groups of %d: %w", gateway.ErrLostOwnership, n, len(groups), err)
	}
	return nil
}

// agreement is one agreement as the register has it now.
func (s *Store) agreement(ctx context.Context, x *session, id int64) (Agreement, error) {
	all, err := s.Register.Agreements(ctx, x)
	if err != nil {
		return Agreement{}, fmt.Errorf("agreements: %w", err)
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return Agreement{}, fmt.Errorf("agreement %d: %w", id, gateway.ErrNotFound)
}

// moveGroups gives groups to the bank centre that their agreement has by now; it releases them next.
func moveGroups(ctx context.Context, x *session, bank string, groups []int64) error {
	_, err := x.ExecContext(ctx, `UPDATE release_group SET bank_centre = $1 WHERE state = 'waiting' AND id = ANY ($2::bigint[])`, bank, groups)
	if err != nil {
		return fmt.Errorf("move to bank %s: %w", bank, err)
	}
	return nil
}
