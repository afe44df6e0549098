package app

import (
	"context"
	"time"

	"nks/gateway"
)

// NextDue is the next business time after the given one at which payments or answers move on by themselves: a release,
// an acceptance or an execution by silence, the closing of an answer. Zero: there is none.
func (s *Steps) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	all := []gateway.Due{s.Release.NextDue, s.Answer.NextDue}
	banks, err := s.Banks.Known(ctx, s.Base.DB)
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range banks.IDs() {
		if _, err := banks.Serving(id, s.Base.Now()); err != nil {
			continue // it is still to come
		}
		all = append(all, func(ctx context.Context, after time.Time) (time.Time, error) { return s.Bank.NextDue(ctx, id, after) })
	}
	return soonest(ctx, after, all...)
}

// silence is when there is something to do because a bank has said nothing.
func (s *Steps) silence(bank string) gateway.Due {
	return func(ctx context.Context, after time.Time) (time.Time, error) {
		return soonest(ctx, after,
			func(ctx context.Context, after time.Time) (time.Time, error) { return s.Bank.NextDue(ctx, bank, after) },
			func(ctx context.Context, after time.Time) (time.Time, error) {
				return s.Bank.NextLate(ctx, bank, after)
			})
	}
}

func soonest(ctx context.Context, after time.Time, all ...gateway.Due) (next time.Time, err error) {
	for _, due := range all {
		t, err := due(ctx, after)
		if err != nil {
			return time.Time{}, err
		}
		next = gateway.Sooner(next, t)
	}
	return next, nil
}
