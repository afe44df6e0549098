package postgres

import (
	"context"
	"errors"
	"strconv"

	"nks/gateway"
)

// passing does the first piece of work that can be done: one that fails holds up no other. step takes the first piece
// whose id is not among those to pass over, and tells its ids, none when there is no such piece. What failed is an
// alarm, is tried again by the next call, and is told when nothing else is left.
func (s *Store) passing(ctx context.Context, what string, step func(over []int64) ([]int64, error)) (bool, error) {
	over, failures := []int64{}, []error(nil)
	for {
		took, err := step(over)
		switch {
		case err == nil && len(took) > 0:
			return true, nil
		case len(took) == 0 || ctx.Err() != nil || errors.Is(err, gateway.ErrTemporary):
			return false, errors.Join(append(failures, err)...)
		}
		err = errors.Join(err, s.alarm(ctx, what, strconv.FormatInt(took[0], 10), err.Error()))
		over, failures = append(over, took...), append(failures, err)
	}
}

// alarm raises an exception in a transaction of its own: what it is about has been rolled back.
func (s *Store) alarm(ctx context.Context, kind, subject, detail string) error {
	return s.transact(ctx, "alarm", func(x *session) error { return s.raise(ctx, x, kind, subject, detail) })
}
