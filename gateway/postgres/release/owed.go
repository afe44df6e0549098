package release

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

//go:embed sql/obligations.sql
var obligationsSQL string

// owedUnit is what is ordered anew in interchanges of its own: the due obligations of one agreement and execution day. Its bank
// centre is the agreement's by now.
type owedUnit struct {
	AgreementID int64     `db:"agreement_id"`
	ExecutesOn  time.Time `db:"executes_on"`
}

// mostUnits bounds how many units of obligations are looked through for one that nobody else has.
const mostUnits = 100

// orderNext freezes the most urgent due obligations, and reports whether there were any. What fails is an exception of the
// interchange that was void.
func (s *Store) orderNext(ctx context.Context) (bool, error) {
	return s.SkipFailing(ctx, gateway.InterchangeFails, func(over []int64) (void []int64, err error) {
		err = s.Transact(ctx, "order anew", func(x *postgres.Session) error {
			var u owedUnit
			if u, void, err = s.claimOwed(ctx, x, over); err != nil || len(void) == 0 {
				return err
			}
			if err := s.orderAnew(ctx, x, u, void); err != nil {
				return fmt.Errorf("agreement %d for %s: %w", u.AgreementID, u.ExecutesOn.Format(time.DateOnly), err)
			}
			return s.CloseMended(ctx, x, gateway.InterchangeFails, void...)
		})
		if doubt := asDoubt(err); doubt != nil && len(doubt.differ) > 0 {
			s.Log.Error().Err(doubt).Msg("the register's image is thrown away, SQL completes the payments")
			return void, nil // SQL is next
		}
		return void, err
	})
}

// claimOwed makes the transaction the one that orders a unit anew, and gives the void interchanges that it is owed for; none
// when nothing is due that nobody else has.
func (s *Store) claimOwed(ctx context.Context, x *postgres.Session, over []int64) (owedUnit, []int64, error) {
	var units []owedUnit
	today := gateway.DateOf(s.Now().In(s.Location)).String()
	err := x.SelectContext(ctx, &units, `SELECT DISTINCT executes_on, agreement_id FROM obligation
		WHERE state = 'open' AND due_on <= $1 AND cause_interchange <> ALL ($2::bigint[]) ORDER BY executes_on, agreement_id LIMIT $3`, today, over, mostUnits)
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
		err = x.SelectContext(ctx, &void, `SELECT DISTINCT cause_interchange FROM obligation WHERE state = 'open' AND due_on <= $1
			AND cause_interchange <> ALL ($2::bigint[]) AND agreement_id = $3 AND executes_on = $4 ORDER BY 1`, today, over, u.AgreementID, u.ExecutesOn)
		if err != nil || len(void) > 0 {
			return u, void, err
		}
	}
	return owedUnit{}, nil, nil
}

// orderAnew judges the payments of void interchanges as a release does, as of now, and freezes their next orders, or returns
// them.
func (s *Store) orderAnew(ctx context.Context, x *postgres.Session, u owedUnit, void []int64) error {
	terms, err := agreement(ctx, x, u.AgreementID)
	if err != nil {
		return err
	}
	bank, err := s.Banks.ByID(terms.BankCentre)
	if err != nil {
		return err
	}
	now := s.Now()
	executesOn := s.Days.Terms(terms, bank).ExecutionDay(now, gateway.DateOf(u.ExecutesOn))
	if err := passOn(ctx, x, void); err != nil {
		return err
	}
	c, err := s.completionOfOwed(ctx, x, bank, terms, void, now)
	if err != nil {
		return err
	}
	if err := s.freeze(ctx, x, c, executesOn); err != nil {
		return err
	}
	s.Failpoint("after-ordering-anew-before-end")
	x.Wakes(postgres.ToAnswer, postgres.ToRender(bank.ID), postgres.ToSend(bank.ID), postgres.ToAwait(bank.ID))
	return s.endObligations(ctx, x, c)
}

// passOn locks the lines of the attempts before, and counts in them what comes to a later one.
func passOn(ctx context.Context, x *postgres.Session, void []int64) error {
	var lines int
	err := x.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT DISTINCT cause_interchange, cause_message, cause_lin FROM obligation
		WHERE cause_interchange = ANY ($1::bigint[]) AND state = 'open') l`, void).Scan(&lines)
	if err == nil {
		err = x.UpdateAll(ctx, lines, `UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
			FROM (SELECT cause_interchange, cause_message, cause_lin, count(*) AS payments, sum(ore) AS ore FROM obligation
				WHERE cause_interchange = ANY ($1::bigint[]) AND state = 'open' GROUP BY 1, 2, 3) o
			WHERE l.interchange_id = o.cause_interchange AND l.message_no = o.cause_message AND l.lin = o.cause_lin AND l.state = 'void'`, void)
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
	c.from = func(slice) (string, []any) { return obligationsSQL, []any{void} }
	var owed []struct {
		attempt
		payer
		Month    time.Time `db:"month"`
		Payments int       `db:"payments"`
	}
	err = x.SelectContext(ctx, &owed, `SELECT o.delivery_id, o.attempt, o.payments, d.month, d.payer_id, d.authority
		FROM (SELECT delivery_of(payment_id) AS delivery_id, attempt, count(*) AS payments FROM obligation
			WHERE cause_interchange = ANY ($1::bigint[]) AND state = 'open' GROUP BY 1, 2) o
		JOIN delivery d ON d.id = o.delivery_id ORDER BY 1, 2`, void)
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

// endObligations ends what was owed: what has an order by now stands by it, the rest was returned.
func (s *Store) endObligations(ctx context.Context, x *postgres.Session, c *completion) error {
	if err := x.NewAttempts(ctx); err != nil {
		return err
	}
	_, err := x.ExecContext(ctx, `INSERT INTO new_attempt (month, payment_id, attempt, order_month)
		SELECT w.payment_month, w.payment_id, w.attempt, $2::date FROM obligation w
		CROSS JOIN LATERAL (SELECT FROM bank_order b WHERE b.month = $2::date AND b.payment_id = w.payment_id AND b.attempt = w.attempt LIMIT 1) o
		WHERE w.cause_interchange = ANY ($1::bigint[]) AND w.state = 'open'`, c.void, c.frozenIn)
	if err == nil {
		err = x.UpdateAll(ctx, c.payments, `UPDATE obligation w SET ended_at = $2, register_counter = $3,
				state = CASE WHEN EXISTS (SELECT FROM new_attempt a WHERE a.payment_id = w.payment_id) THEN 'ordered' ELSE 'given_up' END::obligation_state
			WHERE w.cause_interchange = ANY ($1::bigint[]) AND w.state = 'open'`, c.void, c.asOf, c.counter)
	}
	if err != nil {
		return fmt.Errorf("end obligations: %w", err)
	}
	return s.RecordAttempts(ctx, x)
}
