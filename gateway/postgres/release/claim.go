package release

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

//go:embed sql/unit.sql
var unitSQL string

// unit is what one release puts in interchanges of its own: bank centre, agreement and execution day, and salaries that have cut-offs of
// their own.
type unit struct {
	Bank        string    `db:"bank_centre"`
	AgreementID int64     `db:"agreement_id"`
	ExecutesOn  time.Time `db:"executes_on"`
	ReleaseAt   time.Time `db:"release_at"`
	Salaries    bool      `db:"salary"` // alone, by cut-offs of their own
	Held        int64     `db:"held"`   // the payment of a group that holds one back; 0: none
	Lock        int64     `db:"lock"`   // what who releases it holds
}

// claimUnit makes the transaction the one that releases the most urgent unit that is due, and gives all its groups;
// gateway.ErrNotFound when there is none that nobody else has. The lock is upon the unit and not upon its groups: of two
// that share the groups each would make interchanges of its own.
func (s *Store) claimUnit(ctx context.Context, x *postgres.Session, over []int64) (unit, []int64, error) {
	elsewhere := []int64{}
	open, err := x.FirstOpenDelivery(ctx)
	if err != nil {
		return unit{}, nil, fmt.Errorf("claim: %w", err)
	}
	for {
		var u unit
		now := s.Now()
		err := x.GetContext(ctx, &u, unitSQL, now, over, elsewhere, open)
		if errors.Is(err, sql.ErrNoRows) {
			return u, nil, gateway.ErrNotFound
		}
		if err != nil {
			return u, nil, fmt.Errorf("claim: %w", err)
		}
		groups, err := claimGroups(ctx, x, u, now)
		if err != nil || len(groups) > 0 {
			return u, groups, err
		}
		elsewhere = append(elsewhere, u.Lock)
	}
}

// claimGroups is all groups of a unit that are due; none when another transaction releases them, or has.
func claimGroups(ctx context.Context, x *postgres.Session, u unit, now time.Time) ([]int64, error) {
	var alone bool
	if err := x.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, u.Lock).Scan(&alone); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	if !alone {
		return nil, nil
	}
	var groups []int64
	err := x.SelectContext(ctx, &groups, `SELECT id FROM release_group
		WHERE state = 'waiting' AND release_at <= $1 AND release_at = $5
		  AND bank_centre = $2 AND agreement_id = $3 AND executes_on = $4 AND coalesce(held_payment, 0) = $6 AND salary = $7
		ORDER BY id FOR UPDATE`, now, u.Bank, u.AgreementID, u.ExecutesOn, u.ReleaseAt, u.Held, u.Salaries)
	if err != nil {
		return nil, fmt.Errorf("claim groups: %w", err)
	}
	return groups, nil
}
