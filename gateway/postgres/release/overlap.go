package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// doubtError ends a release that meets payments whose account is in doubt. Nothing of it was done.
type doubtError struct {
	overlap bool    // of some the register has two accounts, or its holder twice
	differ  []int64 // of these the image and SQL say different things
	why     string  // what they say of one of them
}

func (e *doubtError) Error() string {
	if len(e.differ) > 0 {
		return fmt.Sprintf("the register's image and SQL differ about %d payments, as %s", len(e.differ), e.why)
	}
	return "the register has two accounts in force for one purpose, or a holder twice"
}

// inDoubt is a payment that is to be held.
type inDoubt struct {
	Month time.Time `db:"month"`
	ID    int64     `db:"id"`
	Group int64     `db:"group_id"`
	Ore   int64     `db:"ore"`
	why   gateway.ExceptionKind
}

// findDoubled are those of some groups that are not rejected or stopped, and of which the register tells two things at
// once. It asks SQL about all of them for it.
func findDoubled(ctx context.Context, x *postgres.Session, groups []int64, asOf time.Time) ([]inDoubt, error) {
	var found []inDoubt
	err := x.SelectContext(ctx, &found, `SELECT p.month, p.id, p.group_id, p.ore FROM release_group g
		CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = g.month AND q.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215
			AND q.group_id = g.id AND NOT q.complete OFFSET 0) p
		CROSS JOIN LATERAL `+register.AccountOf("p", "$2::timestamptz")+` f
		WHERE g.id = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM standing e WHERE e.month = p.month AND e.payment_id = p.id AND e.kind IN ('rejected', 'stopped', 'held'))
		GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 ORDER BY p.id`, groups, asOf)
	if err != nil {
		return nil, fmt.Errorf("payments of two accounts: %w", err)
	}
	for i := range found {
		found[i].why = gateway.RegisterOverlap
	}
	return found, nil
}

// doubtOf is why a payment is to be held: the register has two accounts for it, or the rule chooses another one than SQL
// does, from the same facts. Empty: it may go.
func (s *Store) doubtOf(ctx context.Context, x *postgres.Session, payment int64) (p inDoubt, err error) {
	var q register.Question
	err = x.QueryRowContext(ctx, `SELECT p.month, p.id, p.group_id, p.ore, coalesce(p.holder_kind, 0), coalesce(p.holder, 0), p.authority, p.benefit_type
		FROM payment p JOIN delivery d ON d.month = p.month WHERE d.id = delivery_of($1) AND p.id = $1`, payment).
		Scan(&p.Month, &p.ID, &p.Group, &p.Ore, &q.Kind, &q.Number, &q.Authority, &q.BenefitType)
	if err != nil {
		return p, fmt.Errorf("payment %d: %w", payment, err)
	}
	now := s.Now()
	var found []register.Found
	asked := []register.Asked{{Kind: q.Kind, Number: q.Number, Authority: q.Authority, BenefitType: q.BenefitType}}
	err = x.Raw(func(conn *pgx.Conn) (err error) {
		found, err = register.Find(ctx, conn, asked, now)
		return err
	})
	if err != nil {
		return p, err
	}
	if found[0].Reason == register.Overlap {
		p.why = gateway.RegisterOverlap
		return p, nil
	}
	chosen, err := choose(ctx, x, q, now)
	if err == nil && chosen != found[0].Choice {
		p.why = gateway.RegisterDiffers
	}
	return p, err
}

// choose is what the rule makes of the facts that the register has on record.
func choose(ctx context.Context, x *postgres.Session, q register.Question, now time.Time) (c register.Choice, err error) {
	known := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) // all that is known, also by a clock that runs ahead
	if q.Words, err = register.WordsAs(ctx, x, q.Authority, q.BenefitType, now, known); err != nil {
		return c, err
	}
	policy, err := register.PolicyAs(ctx, x, now, known)
	if err != nil {
		return c, err
	}
	holder, _, err := register.As(ctx, x, q.Kind, q.Number, now, known)
	if err != nil {
		return c, err
	}
	parent, _, err := register.As(ctx, x, gateway.CVR, holder.Parent, now, known)
	if err != nil {
		return c, err
	}
	return register.Choose(&q, &holder.Facts, &parent.Facts, &policy, now), nil
}

// holdDoubtful gives each payment in doubt a group of its own, which waits until the register is mended, and tells how
// many there are: the others can go. moved reports whether another process has moved some of the groups on meanwhile.
func (s *Store) holdDoubtful(ctx context.Context, groups []int64, doubt *doubtError) (held int, moved bool, err error) {
	err = s.Transact(ctx, "hold", func(x *postgres.Session) error {
		waiting, err := lockShared(ctx, x, groups)
		if err != nil {
			return err
		}
		var found []inDoubt
		if doubt.overlap {
			if found, err = findDoubled(ctx, x, waiting, s.Now()); err != nil {
				return err
			}
		}
		for _, payment := range doubt.differ {
			p, err := s.doubtOf(ctx, x, payment)
			if err != nil {
				return err
			}
			// Another process may have held or released it meanwhile.
			if p.why == gateway.RegisterDiffers && slices.Contains(waiting, p.Group) {
				found = append(found, p)
			}
		}
		for i := 0; i < len(found) && err == nil; i++ {
			err = s.hold(ctx, x, found[i])
		}
		held, moved = len(found), len(waiting) < len(groups)
		return err
	})
	return held, moved, err
}

// lockShared locks those of some groups that wait and share their release, so that payments of them can be moved aside.
func lockShared(ctx context.Context, x *postgres.Session, groups []int64) (waiting []int64, err error) {
	// Who moves payments of a delivery gives groups numbers: one at a time.
	_, err = x.ExecContext(ctx, `SELECT FROM delivery WHERE id IN (SELECT delivery_id FROM release_group WHERE id = ANY ($1::bigint[])) ORDER BY id FOR UPDATE`, groups)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	err = x.SelectContext(ctx, &waiting, `SELECT id FROM release_group WHERE id = ANY ($1::bigint[]) AND state = 'waiting' AND held_payment IS NULL
		ORDER BY id FOR UPDATE`, groups)
	if err != nil {
		return nil, fmt.Errorf("groups: %w", err)
	}
	return waiting, nil
}

// hold moves a payment to a group of its own. Who mends the register releases it without knowing of it.
func (s *Store) hold(ctx context.Context, x *postgres.Session, p inDoubt) error {
	own, err := x.MoveAside(ctx, p.Month, p.ID)
	if err != nil {
		return err
	}
	return s.RaiseDetail(ctx, x, p.why, strconv.FormatInt(own, 10), holdReason(p.why).With(p.ID, own))
}

func holdReason(why gateway.ExceptionKind) gateway.DetailCode {
	if why == gateway.RegisterDiffers {
		return gateway.DetailHeldDiffers
	}
	return gateway.DetailHeldOverlap
}

// asDoubt is a release's doubt about payments, nil when it failed for another reason or not at all.
func asDoubt(err error) *doubtError {
	var d *doubtError
	if errors.As(err, &d) {
		return d
	}
	return nil
}
