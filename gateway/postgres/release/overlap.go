package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// doubled is a payment of which the register tells two things at once: two accounts, or two standings of its holder.
type doubled struct {
	Month time.Time `db:"month"`
	ID    int64     `db:"id"`
	Group int64     `db:"group_id"`
	Ore   int64     `db:"ore"`
}

// mayBeDoubled reports whether a release failed as one does that meets such a payment: it comes twice.
func mayBeDoubled(err error) bool {
	var pg *pgconn.PgError
	const uniqueViolation = "23505"
	return errors.Is(err, gateway.ErrCountMismatch) || errors.As(err, &pg) && pg.Code == uniqueViolation
}

// findDoubled are those of some groups that are not rejected or stopped. It completes all of them for it.
func findDoubled(ctx context.Context, x *postgres.Session, groups []int64, asOf time.Time) ([]doubled, error) {
	var found []doubled
	err := x.SelectContext(ctx, &found, `SELECT p.month, p.id, p.group_id, p.ore FROM release_group g
		CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = g.month AND q.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215
			AND q.group_id = g.id AND NOT q.complete OFFSET 0) p
		CROSS JOIN LATERAL `+register.AccountOf("p", "$2::timestamptz")+` f
		WHERE g.id = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM payment_event e WHERE e.month = p.month AND e.payment_id = p.id AND e.attempt = 0)
		GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 ORDER BY p.id`, groups, asOf)
	if err != nil {
		return nil, fmt.Errorf("payments of two accounts: %w", err)
	}
	return found, nil
}

// holdDoubled gives each such payment a group of its own, which waits until the register is mended, and tells how many
// there are: the others can go.
func (s *Store) holdDoubled(ctx context.Context, groups []int64) (held int, err error) {
	err = s.Transact(ctx, "hold", func(x *postgres.Session) error {
		var waiting []int64
		err := x.SelectContext(ctx, &waiting, `SELECT id FROM release_group WHERE id = ANY ($1::bigint[]) AND state = 'waiting' AND part = 0
			ORDER BY id FOR UPDATE`, groups)
		if err != nil {
			return fmt.Errorf("groups: %w", err)
		}
		found, err := findDoubled(ctx, x, waiting, s.Now())
		for i := 0; i < len(found) && err == nil; i++ {
			err = s.hold(ctx, x, found[i])
		}
		held = len(found)
		return err
	})
	return held, err
}

// hold moves a payment to a group of its own. Who mends the register releases it without knowing of it.
func (s *Store) hold(ctx context.Context, x *postgres.Session, p doubled) error {
	var own int64
	err := x.QueryRowContext(ctx, `INSERT INTO release_group (id, part, payments, ore, delivery_id, month, agreement, debit_account, requested_on,
			debit_text, agreement_id, bank_centre, los_unit, no_account, executes_on, release_at, state)
		SELECT last.id + 1, last.part + 1, 1, $2, delivery_id, month, agreement, debit_account, requested_on,
			debit_text, agreement_id, bank_centre, los_unit, no_account, executes_on, release_at, state
		FROM release_group g CROSS JOIN LATERAL (SELECT max(o.id) AS id, max(o.part) AS part FROM release_group o WHERE o.delivery_id = g.delivery_id) last
		WHERE g.id = $1 RETURNING id`, p.Group, p.Ore).Scan(&own)
	if err == nil && own&gateway.MaxGroups == 0 { // the id would be another delivery's
		err = fmt.Errorf("the delivery has %d groups, and no room for one that waits", gateway.MaxGroups)
	}
	if err == nil {
		err = x.UpdateOne(ctx, `UPDATE release_group SET payments = payments - 1, ore = ore - $2 WHERE id = $1`, p.Group, p.Ore)
	}
	if err == nil {
		err = x.UpdateOne(ctx, `UPDATE payment SET group_id = $3 WHERE month = $1 AND id = $2`, p.Month, p.ID, own)
	}
	if err != nil {
		return fmt.Errorf("payment %d: %w", p.ID, err)
	}
	return s.Raise(ctx, x, gateway.RegisterOverlap, strconv.FormatInt(own, 10),
		fmt.Sprintf("payment %d: the register has two accounts in force for one purpose, or its holder twice; it waits in group %d", p.ID, own))
}
