package night

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Case is groups that would leave together and are over a limit.
type Case struct {
	ID         int64     `db:"id" json:"id"`
	Agreement  string    `db:"agreement" json:"agreement"`
	Authority  string    `db:"authority" json:"authority"`
	Bank       string    `db:"bank" json:"bank"`
	ExecutesOn string    `db:"executes_on" json:"executes_on"`
	FirstGroup int64     `db:"first_group" json:"first_group"`
	Groups     int64     `db:"groups" json:"groups"`
	Payments   int64     `db:"payments" json:"payments"`
	Ore        int64     `db:"ore" json:"ore"`
	Breaches   string    `db:"breaches" json:"breaches"`
	SeenAt     time.Time `db:"seen_at" json:"seen_at"`
	Freed      bool      `db:"freed" json:"freed"`
}

const cases = `SELECT o.id, a.agreement, a.authority, o.bank, o.executes_on::text AS executes_on, o.groups[1] AS first_group, cardinality(o.groups) AS groups, o.payments, o.ore,
	array_to_string(o.breaches, '; ') AS breaches, o.seen_at, o.freed_at IS NOT NULL AS freed FROM over_limit o JOIN agreement a ON a.id = o.agreement_id WHERE o.ended_at IS NULL`

// Cases lists what is over a limit and has not left.
func (s *Store) Cases(ctx context.Context) ([]Case, error) {
	list := []Case{}
	if err := s.DB.SelectContext(ctx, &list, cases+` ORDER BY o.id`); err != nil {
		return nil, fmt.Errorf("over limits: %w", postgres.Transient(err))
	}
	return list, nil
}

// LockCases reads and locks cases that are not over by their numbers.
func (s *Store) LockCases(ctx context.Context, x *postgres.Session, ids []int64) (list []Case, err error) {
	if err = x.SelectContext(ctx, &list, cases+` AND o.id = ANY ($1::bigint[]) ORDER BY o.id FOR UPDATE OF o`, ids); err != nil {
		return nil, fmt.Errorf("over limits: %w", err)
	}
	return list, nil
}

// Free lets exactly the groups of a case go, as they were seen; gateway.ErrLostOwnership when they go already, or are others by now.
func (s *Store) Free(ctx context.Context, x *postgres.Session, id, decision int64) error {
	var group int64
	err := get(ctx, x, &group, `SELECT groups[1] FROM over_limit WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("case %d: %w", id, err)
	}
	err = x.UpdateOne(ctx, `UPDATE over_limit SET freed_at = $2, freed_by = $3 WHERE id = $1 AND freed_at IS NULL AND ended_at IS NULL`, id, s.Now(), decision)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToRelease)
	return s.CloseDecidedSubject(ctx, x, decision, gateway.OverLimit, strconv.FormatInt(group, 10))
}

// mostLimit bounds a limit in øre: a thousand billion kroner. mostFactor bounds one of the history.
const (
	mostLimit  = 100_000_000_000_000
	mostFactor = 1000
)

// CheckLimit is gateway.ErrIntent when there can be no such limit.
func CheckLimit(l gateway.ReleaseLimit) error {
	most := int64(mostLimit)
	if l.Limit == gateway.LimitHistory {
		most = mostFactor
	}
	switch {
	case !slices.Contains(gateway.AllLimits(), l.Limit):
		return fmt.Errorf("limit %q must be one of %v: %w", l.Limit, gateway.AllLimits(), gateway.ErrIntent)
	case l.Reach == gateway.ReachBank:
		return fmt.Errorf("a limit is of all, an authority or an agreement: %w", gateway.ErrIntent)
	case l.Most < 0 || l.Most > most:
		return fmt.Errorf("limit %s must be between 0, none, and %d: %w", l.Limit, most, gateway.ErrIntent)
	case l.Limit == gateway.LimitHistory && l.Most == 1:
		return fmt.Errorf("limit %s must be 2 times at least: %w", l.Limit, gateway.ErrIntent)
	}
	return nil
}

// Limits are those that were set, the last of each.
func (s *Store) Limits(ctx context.Context) (gateway.ReleaseLimits, error) {
	all, _, err := postgres.ReleaseLimits(ctx, s.DB)
	return all, err
}

const insertLimit = `INSERT INTO release_limit (reach, subject, limit_of, most, since, decision) VALUES ($1, $2, $3, $4, $5, nullif($6::bigint, 0))`

// SetLimit sets a limit from now on, by a decision.
func (s *Store) SetLimit(ctx context.Context, x *postgres.Session, l gateway.ReleaseLimit, decision int64) error {
	if err := CheckLimit(l); err != nil {
		return err
	}
	_, err := x.ExecContext(ctx, insertLimit,
		l.Reach, l.Subject, l.Limit, l.Most, s.Now(), decision)
	if err != nil {
		return fmt.Errorf("limit %s: %w", l.Limit, err)
	}
	x.Wakes(postgres.ToRelease) // what was over it may go
	return nil
}

// BeginLimits sets limits of all by the configuration, where none ever was set.
func (s *Store) BeginLimits(ctx context.Context, limits gateway.Limits) error {
	if !limits.Any() {
		return nil
	}
	return s.Transact(ctx, "begin limits", func(x *postgres.Session) error {
		// One process at a time finds it empty.
		if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.limits', 0))`); err != nil {
			return err
		}
		var any bool
		if err := x.GetContext(ctx, &any, `SELECT EXISTS (SELECT FROM release_limit)`); err != nil || any {
			return err
		}
		for _, limit := range gateway.AllLimits() {
			l := gateway.ReleaseLimit{Reach: gateway.ReachAll, Limit: limit, Most: limits[limit]}
			if err := CheckLimit(l); err != nil {
				return err
			}
			if _, err := x.ExecContext(ctx, insertLimit, l.Reach, l.Subject, l.Limit, l.Most, s.Now(), 0); err != nil {
				return fmt.Errorf("limit %s: %w", limit, err)
			}
		}
		return nil
	})
}
