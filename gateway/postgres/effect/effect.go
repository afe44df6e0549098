// Package effect looks, whenever an account changes, which orders would be executed to the old one, and does what their agreement wants. It
// writes effect_followed, effect_unlooked (its end), effect_watch and effect_finding; what is taken out or asked back is the bank stage's work.
package effect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Orders is what can be done with orders.
type Orders interface {
	// Void ends an interchange that no bank has, and owes its payments other orders. gateway.ErrLostOwnership: a bank may have it, or somebody is
	// sending it.
	Void(ctx context.Context, x *postgres.Session, interchange, decision int64, why string) (payments int, err error)
	// Recallable is which of some payments their banks can be asked for.
	Recallable(ctx context.Context, x *postgres.Session, payments []int64) ([]int64, error)
	// RecallFound asks banks for payments, for what was found of each.
	RecallFound(ctx context.Context, x *postgres.Session, findings map[int64]int64) error
}

// Store finds orders to accounts that have changed. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days   gateway.Days
	Banks  postgres.Centres
	Orders Orders
}

// Next follows some changes of the register, or looks at an interchange that was frozen meanwhile, or at orders that may be late by now. It
// reports whether there was anything. Several processes may take it: one does at a time.
func (s *Store) Next(ctx context.Context) (bool, error) {
	worked, err := s.find(ctx)
	if worked {
		return true, err
	}
	judged, failed := s.SkipFailing(ctx, gateway.EffectFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "effect", func(x *postgres.Session) error {
			took, err = s.judgeNext(ctx, x, over)
			return err
		})
		return took, err
	})
	return judged, errors.Join(err, failed)
}

// NextDue is when the next order is looked at again.
func (s *Store) NextDue(ctx context.Context, after time.Time) (next time.Time, err error) {
	var at sql.NullTime
	if err := s.DB.GetContext(ctx, &at, `SELECT min(look_at) FROM effect_watch WHERE look_at > $1`, after); err != nil {
		return next, fmt.Errorf("orders to be looked at: %w", postgres.Transient(err))
	}
	return at.Time, nil
}
