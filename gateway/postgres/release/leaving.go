package release

import (
	"context"
	"fmt"
	"strconv"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// leaving is the way of an agreement's payments, or of its salaries, that leave now and were planned for a day, by what is known now; a
// gateway.NotInForceError when they have to wait.
func (s *Store) leaving(ctx context.Context, x *postgres.Session, agreement int64, planned gateway.Date, salaries bool) (gateway.Way, error) {
	all, err := register.Agreements(ctx, x)
	if err != nil {
		return gateway.Way{}, err
	}
	versions := all.ByID(agreement)
	if len(versions) == 0 {
		return gateway.Way{}, fmt.Errorf("agreement %d: %w", agreement, gateway.ErrNotFound)
	}
	banks, err := s.Banks.Known(ctx, x)
	if err != nil {
		return gateway.Way{}, err
	}
	now := s.Now()
	controls, err := postgres.NightControls(ctx, x, now.In(s.Location))
	if err != nil {
		return gateway.Way{}, err
	}
	return gateway.Ways{Days: s.Days, Banks: banks, Controls: controls, Salaries: salaries}.Leaving(versions, now, planned)
}

// mustWait reports whether an agreement's payments have to wait: persons hold them, or it is not known what the bank was sent before
// the database was set back.
func (s *Store) mustWait(ctx context.Context, x *postgres.Session, bank string, agreement int64) (waits bool, err error) {
	if err = x.GetContext(ctx, &waits, `SELECT bank_in_doubt($1) OR night_hold($1, $2, $3) IS NOT NULL`, bank, agreement, s.Now()); err != nil {
		err = fmt.Errorf("whether agreement %d at bank %s must wait: %w", agreement, bank, err)
	}
	return waits, err
}

// dueOf is what is due of an agreement and has not left.
const dueOf = `SELECT agreement, n, ore FROM agreement, LATERAL (SELECT coalesce(sum(n), 0)::bigint AS n, coalesce(sum(ore), 0)::bigint AS ore FROM (
		SELECT payments AS n, ore FROM release_group WHERE state = 'waiting' AND agreement_id = $1 AND release_at <= $2
		UNION ALL SELECT 1, ore FROM obligation WHERE state = 'open' AND agreement_id = $1 AND due_on <= $3) of) due
	WHERE id = $1`

// waiting is what of an agreement waits.
type waiting struct {
	Agreement string `db:"agreement"`
	Payments  int64  `db:"n"`
	Ore       int64  `db:"ore"`
}

func (s *Store) dueOf(ctx context.Context, x *postgres.Session, agreement int64) (w waiting, err error) {
	now := s.Now()
	err = x.GetContext(ctx, &w, dueOf, agreement, now, gateway.DateOf(now.In(s.Location)).String())
	if err != nil {
		err = fmt.Errorf("due of agreement %d: %w", agreement, err)
	}
	return w, err
}

// noteNotInForce tells that an agreement's payments wait, since it is not in force on the day on which they would be executed.
func (s *Store) noteNotInForce(ctx context.Context, x *postgres.Session, agreement int64, on gateway.Date) error {
	w, err := s.dueOf(ctx, x, agreement)
	if err != nil {
		return err
	}
	return s.RaiseDetail(ctx, x, gateway.AgreementNotInForce, strconv.FormatInt(agreement, 10),
		gateway.DetailNotInForce.With(w.Agreement, on, w.Payments, w.Ore))
}

// closeInForce ends what was told of an agreement, once nothing of it waits any more.
func (s *Store) closeInForce(ctx context.Context, x *postgres.Session, agreement int64) error {
	w, err := s.dueOf(ctx, x, agreement)
	if err != nil || w.Payments > 0 {
		return err
	}
	return s.CloseMended(ctx, x, gateway.AgreementNotInForce, agreement)
}
