package release

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/obligations.sql
var obligationsSQL string

// ofVoid are the obligations out of void interchanges, and obligationsOf what completes some: $1 are those interchanges.
const ofVoid = `b.cause IS NULL AND b.cause_interchange = ANY ($1::bigint[])`

func obligationsOf(which string) string {
	return strings.Replace(obligationsSQL, "/*which*/", which, 1)
}

// owedUnit is what is ordered anew in interchanges of its own: the due obligations of one agreement and execution day. Its bank
// centre is the agreement's by now.
type owedUnit struct {
	AgreementID int64     `db:"agreement_id"`
	ExecutesOn  time.Time `db:"executes_on"`
	Salaries    bool      `db:"-"` // there are some in it
}

// mostUnits bounds how many units of obligations are looked through for one that nobody else has.
const mostUnits = 100

// orderNext freezes the most urgent due obligations, and reports whether there were any that could be. What fails is an
// exception of the interchange that was void.
func (s *Store) orderNext(ctx context.Context) (bool, error) {
	return s.SkipFailing(ctx, gateway.InterchangeFails, func(over []int64) (void []int64, err error) {
		for {
			var ended int
			void, ended, err = s.orderFirst(ctx, over)
			if doubt := asDoubt(err); doubt != nil {
				s.Log.Error().Err(doubt).Msg("the register's image is thrown away, SQL completes the payments")
				return void, nil // SQL is next
			}
			if err != nil || len(void) == 0 || ended > 0 {
				return void, err
			}
			over = append(over, void...) // all of them still wait
		}
	})
}

// orderFirst freezes the obligations of the first unit none of whose void interchanges is to be passed over. It gives those, and
// how many obligations ended.
func (s *Store) orderFirst(ctx context.Context, over []int64) (void []int64, ended int, err error) {
	err = s.Transact(ctx, "order anew", func(x *postgres.Session) error {
		var u owedUnit
		if u, void, err = s.claimOwed(ctx, x, over); err != nil || len(void) == 0 {
			return err
		}
		way, err := s.leaving(ctx, x, u.AgreementID, gateway.DateOf(u.ExecutesOn), u.Salaries)
		var none *gateway.NotInForceError
		if errors.As(err, &none) {
			return s.noteNotInForce(ctx, x, u.AgreementID, none.On)
		}
		waits := false
		if err == nil {
			waits, err = s.mustWait(ctx, x, way.Bank.ID, u.AgreementID)
		}
		if err == nil && waits {
			return nil
		}
		if err == nil {
			ended, err = s.orderAnew(ctx, x, way, void)
		}
		if err != nil {
			return fmt.Errorf("agreement %d for %s: %w", u.AgreementID, u.ExecutesOn.Format(time.DateOnly), err)
		}
		if err := s.closeInForce(ctx, x, u.AgreementID); err != nil {
			return err
		}
		return s.noteWaiting(ctx, x, void)
	})
	return void, ended, err
}

// noteWaiting raises what is still to be ordered out of void interchanges, and closes what was raised of those that are done.
func (s *Store) noteWaiting(ctx context.Context, x *postgres.Session, void []int64) error {
	for _, id := range void {
		var waiting int
		err := x.QueryRowContext(ctx, `SELECT count(*) FROM obligation WHERE cause_interchange = $1 AND cause IS NULL AND state = 'open'`, id).Scan(&waiting)
		switch {
		case err == nil && waiting == 0:
			err = s.CloseMended(ctx, x, gateway.InterchangeFails, id)
		case err == nil:
			err = s.RaiseDetail(ctx, x, gateway.InterchangeFails, strconv.FormatInt(id, 10), gateway.DetailWaitAnew.With(waiting))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// claimOwed makes the transaction the one that orders a unit anew, and gives the void interchanges that it is owed for; none
// when nothing is due that nobody else has.
func (s *Store) claimOwed(ctx context.Context, x *postgres.Session, over []int64) (owedUnit, []int64, error) {
	var units []owedUnit
	today := gateway.DateOf(s.Now().In(s.Location)).String()
	err := x.SelectContext(ctx, &units, `SELECT DISTINCT executes_on, agreement_id FROM obligation
		WHERE state = 'open' AND cause IS NULL AND due_on <= $1 AND cause_interchange <> ALL ($2::bigint[]) ORDER BY executes_on, agreement_id LIMIT $3`, today, over, mostUnits)
	if err != nil {
		return owedUnit{}, nil, fmt.Errorf("claim obligations: %w", err)
	}
	for _, u := range units {
		var alone bool
		err := x.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws('/', 'nks.owed', $1::bigint, $2::date), 0))`,
			u.AgreementID, u.ExecutesOn).Scan(&alone)
		if err != nil {
			return u, nil, fmt.Errorf("claim obligations: %w", err)
		}
		if !alone {
			continue
		}
		var void []int64
		// What was void of one day is ordered anew together; a salary among it, and all goes by the cut-offs of salaries.
		err = x.GetContext(ctx, &u.Salaries, `SELECT EXISTS (SELECT FROM obligation w JOIN order_line l ON l.interchange_id = w.cause_interchange AND l.type = $4
			WHERE w.state = 'open' AND w.cause IS NULL AND w.due_on <= $1 AND w.agreement_id = $2 AND w.executes_on = $3)`, today, u.AgreementID, u.ExecutesOn, gateway.Salary)
		if err != nil {
			return u, nil, fmt.Errorf("claim obligations: %w", err)
		}
		err = x.SelectContext(ctx, &void, `SELECT DISTINCT cause_interchange FROM obligation WHERE state = 'open' AND cause IS NULL AND due_on <= $1
			AND cause_interchange <> ALL ($2::bigint[]) AND agreement_id = $3 AND executes_on = $4 ORDER BY 1`, today, over, u.AgreementID, u.ExecutesOn)
		if err != nil || len(void) > 0 {
			return u, void, err
		}
	}
	return owedUnit{}, nil, nil
}

// orderAnew judges the payments of void interchanges as a release does, as of now, and freezes their next orders, or returns
// them. It tells how many; those whose account is in doubt wait.
func (s *Store) orderAnew(ctx context.Context, x *postgres.Session, way gateway.Way, void []int64) (ended int, err error) {
	bank, executesOn := way.Bank, way.Plan.ExecutesOn
	if err := lockBefore(ctx, x, void); err != nil {
		return 0, err
	}
	if err := lockClaimsOf(ctx, x, void); err != nil {
		return 0, err
	}
	c, err := s.completionOfOwed(ctx, x, bank, way.Agreement, void, way.Plan.ReleaseAt)
	if err != nil {
		return 0, err
	}
	left, err := s.freeze(ctx, x, c, executesOn)
	if err != nil {
		return 0, err
	}
	s.Failpoint("after-ordering-anew-before-end")
	x.Wakes(postgres.ToAnswer, postgres.ToRender(bank.ID), postgres.ToSend(bank.ID), postgres.ToAwait(bank.ID))
	// One that would be kept for an account was ordered before: it waits as those in doubt do.
	waiting := left.doubtful
	for i := range left.waits {
		waiting = append(waiting, left.waits[i].id)
	}
	ended = c.payments - len(waiting)
	return ended, s.endObligations(ctx, x, c, waiting, ended)
}

// lockBefore locks the lines of the attempts before, which must be void.
func lockBefore(ctx context.Context, x *postgres.Session, void []int64) error {
	var alive int
	err := x.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE state <> 'void') FROM (SELECT state FROM order_line
		WHERE interchange_id = ANY ($1::bigint[]) ORDER BY interchange_id, message_no, lin FOR UPDATE) l`, void).Scan(&alive)
	if err == nil && alive > 0 {
		err = fmt.Errorf("%w: %d of them are not void", gateway.ErrCountMismatch, alive)
	}
	if err != nil {
		return fmt.Errorf("lines of the attempts before: %w", err)
	}
	return nil
}

// completionOfOwed is how the payments of void interchanges are completed: all of them in one slice.
func (s *Store) completionOfOwed(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, a gateway.Agreement, void []int64, asOf time.Time) (*completion, error) {
	c, err := beginCompletion(ctx, x, bank, a, asOf)
	if err != nil {
		return nil, err
	}
	c.void, c.slices = void, []slice{{}}
	c.from = func(slice) (string, []any) { return obligationsOf(ofVoid), []any{void} }
	var owed []struct {
		attempt
		payer
		Month    time.Time `db:"month"`
		Payments int       `db:"payments"`
	}
	err = x.SelectContext(ctx, &owed, `SELECT o.delivery_id, o.attempt, o.payments, d.month, d.payer_id, d.authority
		FROM (SELECT delivery_of(payment_id) AS delivery_id, attempt, count(*) AS payments FROM obligation
			WHERE cause_interchange = ANY ($1::bigint[]) AND cause IS NULL AND state = 'open' GROUP BY 1, 2) o
		CROSS JOIN LATERAL (SELECT * FROM delivery e WHERE e.id = o.delivery_id OFFSET 0) d ORDER BY 1, 2`, void)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	for _, o := range owed {
		c.payments += o.Payments
		c.attempts = append(c.attempts, o.attempt)
		c.months[o.Delivery], c.payers[o.Delivery] = o.Month, o.payer
	}
	return c, nil
}

//go:embed sql/end_obligations.sql
var endScript string

// endObligations ends what was owed, but for what waits: what has an order by now stands by it, the rest was returned.
func (s *Store) endObligations(ctx context.Context, x *postgres.Session, c *completion, doubtful []int64, want int) error {
	if err := x.NewAttempts(ctx); err != nil {
		return err
	}
	if doubtful == nil {
		doubtful = []int64{} // NULL would be all
	}
	ended, err := pgscript.RunCounting(ctx, x, endScript, pgscript.Args{"void": c.void, "waiting": doubtful, "order_month": c.frozenIn, "now": c.asOf, "counter": c.counter})
	if err == nil && ended != int64(want) {
		err = fmt.Errorf("%w: %d obligations ended, must be %d", gateway.ErrCountMismatch, ended, want)
	}
	if err != nil {
		return fmt.Errorf("end obligations: %w", err)
	}
	return s.RecordAttempts(ctx, x)
}
