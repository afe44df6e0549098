package release

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
	"nks/register"
)

//go:embed sql/chosen.sql
var chosenSQL string

//go:embed sql/end_chosen.sql
var endChosenScript string

// mostChosen is how many payments are ordered at a time by what their authority chose.
const mostChosen = 50_000

// chosen is a payment for which something is to be ordered by what its authority chose.
type chosen struct {
	Payment     int64               `db:"payment_id"`
	Kind        string              `db:"kind"` // what its authority was told
	Cause       gateway.Cause       `db:"cause"`
	Version     int64               `db:"choice_version"`
	Decision    int64               `db:"decision_id"` // of persons who had it ordered anew; 0: its authority chose
	HoldUntil   sql.NullTime        `db:"hold_until"`
	PaymentOre  int64               `db:"payment_ore"`
	AccountKind gateway.AccountKind `db:"account_kind"` // that has failed
	Account     string              `db:"account"`

	choice gateway.StandingChoice
}

// asks reports whether the register decides about it.
func (w *chosen) asks(p *due) bool {
	return p.recipient.Number != 0 && (w.choice.Does == gateway.SendCheque || w.choice.Does == gateway.HoldForAccount)
}

// orderChosen freezes what is to be ordered by what authorities chose, of one agreement, and reports whether there was anything.
func (s *Store) orderChosen(ctx context.Context) (bool, error) {
	return s.SkipFailing(ctx, gateway.SettlementNotOrdered, func(over []int64) (took []int64, err error) {
		for {
			var agreement int64
			var ended int
			agreement, ended, err = s.orderChosenFirst(ctx, over)
			if agreement != 0 {
				took = []int64{agreement}
			}
			if doubt := asDoubt(err); doubt != nil {
				return took, nil // SQL is next
			}
			if err != nil || agreement == 0 || ended > 0 {
				return took, err
			}
			over, took = append(over, agreement), nil // all of it still waits
		}
	})
}

// orderChosenFirst freezes what is due of the first agreement that is not to be passed over. It gives that, and how many ended.
func (s *Store) orderChosenFirst(ctx context.Context, over []int64) (agreement int64, ended int, err error) {
	err = s.Transact(ctx, "order what was chosen", func(x *postgres.Session) error {
		now := s.Now()
		today := gateway.DateOf(now.In(s.Location))
		var payments []int64
		if agreement, payments, err = claimChosen(ctx, x, today, over); err != nil || agreement == 0 {
			return err
		}
		way, err := s.leaving(ctx, x, agreement, today, false)
		var none *gateway.NotInForceError
		if errors.As(err, &none) {
			return s.noteNotInForce(ctx, x, agreement, none.On)
		}
		waits := false
		if err == nil {
			waits, err = s.mustWait(ctx, x, way.Bank.ID, agreement)
		}
		if err == nil && !waits {
			ended, err = s.freezeChosen(ctx, x, way, payments)
		}
		if err != nil || waits {
			return err
		}
		if err := s.closeInForce(ctx, x, agreement); err != nil {
			return err
		}
		return s.CloseMended(ctx, x, gateway.SettlementNotOrdered, agreement)
	})
	if err != nil {
		err = fmt.Errorf("agreement %d: %w", agreement, err)
	}
	return agreement, ended, err
}

// claimChosen makes the transaction the one that orders for an agreement, and gives the payments: nothing becomes known of them until
// it ends.
func claimChosen(ctx context.Context, x *postgres.Session, today gateway.Date, over []int64) (agreement int64, payments []int64, err error) {
	var candidates []int64
	err = x.SelectContext(ctx, &candidates, `SELECT DISTINCT agreement_id FROM obligation WHERE state = 'open' AND cause IS NOT NULL AND due_on <= $1
		AND agreement_id <> ALL ($2::bigint[]) ORDER BY 1 LIMIT $3`, today.String(), over, mostUnits)
	for _, id := range candidates {
		var alone bool
		if err == nil {
			err = x.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('nks.chosen/' || $1::bigint, 0))`, id).Scan(&alone)
		}
		if err == nil && alone {
			agreement = id
			break
		}
	}
	if err != nil || agreement == 0 {
		return 0, nil, err
	}
	var banks []string
	err = x.SelectContext(ctx, &banks, `SELECT DISTINCT v.bank_centre FROM agreement a JOIN agreement_version v USING (agreement, authority, supplier) WHERE a.id = $1 ORDER BY 1`, agreement)
	for i := 0; err == nil && i < len(banks); i++ {
		err = x.LockLines(ctx, banks[i])
	}
	if err == nil {
		err = x.SelectContext(ctx, &payments, `SELECT payment_id FROM obligation WHERE state = 'open' AND cause IS NOT NULL AND due_on <= $1 AND agreement_id = $2
			ORDER BY payment_id LIMIT $3 FOR UPDATE`, today.String(), agreement, mostChosen)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `SELECT FROM release_group WHERE id IN (SELECT p.group_id FROM unnest($1::bigint[]) w (id)
			CROSS JOIN LATERAL (SELECT q.group_id FROM payment q WHERE q.month = month_of(delivery_of(w.id)) AND q.id = w.id LIMIT 1) p) ORDER BY id FOR UPDATE`, payments)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("claim what was chosen: %w", err)
	}
	return agreement, payments, nil
}

// freezeChosen judges payments again and freezes what can be ordered for them. It tells how many ended; what waits for an account stays.
func (s *Store) freezeChosen(ctx context.Context, x *postgres.Session, way gateway.Way, payments []int64) (ended int, err error) {
	c, err := s.completionOfChosen(ctx, x, way, payments)
	if err != nil {
		return 0, err
	}
	left, err := s.freeze(ctx, x, c, way.Plan.ExecutesOn)
	if err != nil {
		return 0, err
	}
	s.Failpoint("after-ordering-chosen-before-end")
	x.Wakes(postgres.ToSettle, postgres.ToAnswer, postgres.ToRender(way.Bank.ID), postgres.ToSend(way.Bank.ID), postgres.ToAwait(way.Bank.ID))
	waits, waiting := []int64{}, append([]int64{}, left.doubtful...)
	for i := range left.waits {
		waits = append(waits, left.waits[i].id)
	}
	disputed, err := disputedOf(ctx, x, payments)
	if err != nil {
		return 0, err
	}
	waiting = append(append(waiting, waits...), disputed...)
	givenBack, why := make([]int64, len(left.givenBack)), make([]string, len(left.givenBack))
	for i := range left.givenBack {
		givenBack[i], why[i] = left.givenBack[i].id, string(left.givenBack[i].reason)
	}
	if err := x.NewAttempts(ctx); err != nil {
		return 0, err
	}
	if err := x.CarryOwed(ctx, payments); err != nil {
		return 0, err
	}
	n, err := pgscript.RunCounting(ctx, x, endChosenScript, pgscript.Args{"payments": payments, "waiting": waiting, "waits": waits, "given_back": givenBack, "why": why,
		"order_month": c.frozenIn, "now": c.asOf, "counter": c.counter})
	if err == nil && n != int64(len(payments)-len(waiting)) {
		err = fmt.Errorf("%w: %d ended, must be %d", gateway.ErrCountMismatch, n, len(payments)-len(waiting))
	}
	if err != nil {
		return 0, fmt.Errorf("end what was chosen: %w", err)
	}
	return int(n), s.RecordAttempts(ctx, x)
}

// disputedOf are the payments that the bank has contradicted itself about: persons decide first.
func disputedOf(ctx context.Context, x *postgres.Session, payments []int64) (disputed []int64, err error) {
	err = x.SelectContext(ctx, &disputed, `SELECT w.id FROM unnest($1::bigint[]) w (id) CROSS JOIN LATERAL payment_at(month_of(delivery_of(w.id)), w.id) a
		WHERE a.state = 'disputed'`, payments)
	if err != nil {
		return nil, fmt.Errorf("disputed payments: %w", err)
	}
	return disputed, nil
}

const ofPayments = `b.cause IS NOT NULL AND b.payment_id = ANY ($1::bigint[])`

// completionOfChosen is how payments are completed for which something was chosen: those that may be ordered still, in one slice.
func (s *Store) completionOfChosen(ctx context.Context, x *postgres.Session, way gateway.Way, payments []int64) (*completion, error) {
	c, err := beginCompletion(ctx, x, way.Bank, way.Agreement, way.Plan.ReleaseAt)
	if err != nil {
		return nil, err
	}
	c.slices, c.chosen = []slice{{}}, map[int64]chosen{}
	c.from = func(slice) (string, []any) { return obligationsOf(ofPayments), []any{payments} }
	if err := x.GetContext(ctx, &c.payments, `SELECT count(*) FROM (`+obligationsOf(ofPayments)+`) q`, payments); err != nil {
		return nil, fmt.Errorf("how many may be ordered: %w", err)
	}
	if err := x.GetContext(ctx, &c.returnAccount, `SELECT coalesce(return_account, '') FROM agreement_version WHERE id = $1`, way.Agreement.Version); err != nil {
		return nil, fmt.Errorf("return account: %w", err)
	}
	var all []chosen
	if err := x.SelectContext(ctx, &all, chosenSQL, payments); err != nil {
		return nil, fmt.Errorf("what was chosen: %w", err)
	}
	versions := make([]int64, len(all))
	for i := range all {
		versions[i] = all[i].Version
	}
	choices, err := register.ChoiceVersions(ctx, x, versions)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		known := w.Decision != 0
		if known {
			w.choice = gateway.FollowUpChoice()
		} else {
			w.choice, known = choices.ByVersion(w.Version)
		}
		if !known {
			return nil, fmt.Errorf("payment %d: choice %d: %w", w.Payment, w.Version, gateway.ErrNotFound)
		}
		c.chosen[w.Payment] = w
	}
	return c, s.deliveriesOfChosen(ctx, x, c, payments)
}

// deliveriesOfChosen adds what the orders need of their deliveries.
func (s *Store) deliveriesOfChosen(ctx context.Context, x *postgres.Session, c *completion, payments []int64) error {
	var owed []struct {
		attempt
		payer
		Month time.Time `db:"month"`
	}
	err := x.SelectContext(ctx, &owed, `SELECT o.delivery_id, o.attempt, d.month, d.payer_id, d.authority
		FROM (SELECT DISTINCT delivery_of(payment_id) AS delivery_id, attempt FROM obligation WHERE payment_id = ANY ($1::bigint[]) AND state = 'open') o
		CROSS JOIN LATERAL (SELECT * FROM delivery e WHERE e.id = o.delivery_id OFFSET 0) d ORDER BY 1, 2`, payments)
	if err != nil {
		return fmt.Errorf("deliveries: %w", err)
	}
	for _, o := range owed {
		c.attempts = append(c.attempts, o.attempt)
		c.months[o.Delivery], c.payers[o.Delivery] = o.Month, o.payer
	}
	return nil
}

// judgeChosen is what becomes of a payment for which something was chosen, as it is now.
func (c *completer) judgeChosen(d *due, w chosen, found *gateway.FoundAccount) (completed, error) {
	facts := gateway.Stranded{Cause: w.Cause, Unpaid: gateway.UnpaidUnknown, Cheques: c.bank.Cheques, ToAuthority: d.ToAuthority,
		Over: w.HoldUntil.Valid && gateway.DateOf(w.HoldUntil.Time).Before(gateway.DateOf(c.asOf.In(c.store.Location)))}
	if w.asks(d) {
		facts.Unpaid, facts.Address = found.Unpaid, gateway.CanBeSentTo(&found.Address)
		if found.Unpaid == "" && found.Account.Kind == w.AccountKind && found.Account.Number == w.Account {
			facts.Unpaid = gateway.UnpaidNoAccount // the one that failed
		}
	}
	does, why := gateway.Settle(w.choice, facts)
	if !c.agreement.Pays(d.debit) && d.debit != c.returnAccount {
		does, why = gateway.SettleReturn, gateway.UnpaidDebit
	}
	if does == gateway.SettleReturn && w.Cause != gateway.CauseNoAccount {
		return completed{id: d.id, givenBack: true, reason: why}, nil
	}
	own := d.DuePayment
	own.Complete = false // where it goes is not what it named
	p, err := c.payout(d, gateway.SettledPayout(does, why, w.choice, &own, found))
	p.whole = w.PaymentOre
	switch {
	case does == gateway.SettleWait:
		p = completed{id: d.id, reason: waitsReason}
	case w.Kind == string(does):
		p.tells = "" // it was told
	}
	return p, err
}
