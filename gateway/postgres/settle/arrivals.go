package settle

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// mostArrivals is how many payments are looked at at a time.
const mostArrivals = 5000

// waiting is a payment that is kept for an account.
type waiting struct {
	Payment     int64              `db:"payment_id"`
	Attempt     int16              `db:"attempt"`
	Authority   string             `db:"authority"`
	BenefitType string             `db:"benefit_type"`
	Holder      int64              `db:"holder"`
	HolderKind  gateway.HolderKind `db:"holder_kind"`
	HoldUntil   time.Time          `db:"hold_until"`
	DueOn       time.Time          `db:"due_on"`
}

// followArrivals looks, after a change of the register, whether what is kept for one whose account that touched can be paid now. What
// can is due at once. It reports whether the register had changed.
func (s *Store) followArrivals(ctx context.Context) (changed bool, err error) {
	err = s.Transact(ctx, "arrivals", func(x *postgres.Session) error {
		var seen, now struct {
			Epoch   int64 `db:"epoch"`
			Counter int64 `db:"counter"`
		}
		if err := x.GetContext(ctx, &seen, `SELECT epoch, counter FROM arrivals_followed FOR UPDATE`); err != nil {
			return err
		}
		if err := x.GetContext(ctx, &now, `SELECT epoch, counter FROM register_counter`); err != nil {
			return err
		}
		if changed = seen != now; !changed {
			return nil
		}
		for after := int64(0); ; {
			var page []waiting
			// Also those below a company whose account has arrived. After a change that was not logged anybody may have one.
			err := x.SelectContext(ctx, &page, `SELECT w.payment_id, w.attempt, p.authority, p.benefit_type, w.holder, w.holder_kind, w.hold_until, w.due_on FROM obligation w
				JOIN payment p ON p.month = w.payment_month AND p.id = w.payment_id
				WHERE w.state = 'open' AND w.hold_until IS NOT NULL AND w.payment_id > $1 AND ($2 OR EXISTS (SELECT FROM register_change c
					WHERE c.counter > $3 AND c.holder_id = w.holder AND c.holder_kind = w.holder_kind)
					OR EXISTS (SELECT FROM holder h JOIN register_change c ON c.counter > $3 AND c.holder_id = h.parent AND c.holder_kind = 2
						WHERE h.id = w.holder AND h.kind = w.holder_kind))
				ORDER BY w.payment_id LIMIT $4`, after, seen.Epoch != now.Epoch, seen.Counter, mostArrivals)
			if err == nil {
				err = s.arrive(ctx, x, page)
			}
			if err != nil {
				return err
			}
			if len(page) < mostArrivals {
				break
			}
			after = page[len(page)-1].Payment
		}
		_, err := x.ExecContext(ctx, `UPDATE arrivals_followed SET epoch = $1, counter = $2`, now.Epoch, now.Counter)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("arrived accounts: %w", err)
	}
	return changed, nil
}

// arrive makes due what can be paid now, and what can be from a day on that is known.
func (s *Store) arrive(ctx context.Context, x *postgres.Session, page []waiting) error {
	if len(page) == 0 {
		return nil
	}
	asked := make([]register.Asked, len(page))
	for i, w := range page {
		asked[i] = register.Asked{Kind: w.HolderKind, Number: w.Holder, Authority: w.Authority, BenefitType: w.BenefitType}
	}
	now := s.Now()
	var found []register.Found
	err := x.Raw(func(conn *pgx.Conn) (err error) {
		found, err = register.Find(ctx, conn, asked, now)
		return err
	})
	if err != nil {
		return err
	}
	today := gateway.DateOf(now.In(s.Location))
	for i, w := range page {
		due := today
		if found[i].Unpaid != "" {
			if due, err = s.nextAccount(ctx, x, w, now); err != nil {
				return err
			}
		}
		if due.IsZero() || !due.Before(gateway.DateOf(w.DueOn)) {
			continue
		}
		_, err := x.ExecContext(ctx, `UPDATE obligation SET due_on = $3 WHERE payment_id = $1 AND attempt = $2 AND state = 'open' AND due_on > $3`, w.Payment, w.Attempt, due.String())
		if err != nil {
			return fmt.Errorf("payment %d: %w", w.Payment, err)
		}
		x.Wakes(postgres.ToRelease)
	}
	return nil
}

// nextAccount is the next day on which an account of the holder begins to count; zero: none is known.
func (s *Store) nextAccount(ctx context.Context, x *postgres.Session, w waiting, now time.Time) (day gateway.Date, err error) {
	var begins *time.Time
	err = x.GetContext(ctx, &begins, `SELECT min(valid_from) FROM account_version WHERE holder_id = $1 AND holder_kind = $2 AND recorded_to IS NULL AND valid_from > $3`,
		w.Holder, w.HolderKind, now)
	if err != nil || begins == nil {
		return day, err
	}
	day = gateway.DateOf(begins.In(s.Location))
	if begins.After(day.At(0, s.Location)) {
		day = day.AddDays(1)
	}
	return day, nil
}
