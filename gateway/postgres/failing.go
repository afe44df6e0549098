package postgres

import (
	"context"
	"errors"
	"strconv"

	"nks/gateway"
)

// SkipFailing does the first piece of work that can be done: one that fails holds up no other. step takes the first piece
// whose id is not among those to pass over, and tells its ids, none when there is no such piece. What failed is an
// exception of the given kind, is tried again by the next call, and is returned when nothing else is left.
func (b *Base) SkipFailing(ctx context.Context, kind gateway.ExceptionKind, step func(over []int64) ([]int64, error)) (bool, error) {
	over, failures := []int64{}, []error(nil)
	for {
		took, err := step(over)
		switch {
		case err == nil && len(took) > 0:
			return true, nil
		case len(took) == 0 || ctx.Err() != nil || errors.Is(err, gateway.ErrTransient):
			return false, errors.Join(append(failures, err)...)
		}
		err = errors.Join(err, b.RaiseDetailAlone(ctx, kind, strconv.FormatInt(took[0], 10), gateway.DetailFailed.With(err)))
		over, failures = append(over, took...), append(failures, err)
	}
}
