// Package settle is what becomes of money that has nowhere to go: by the standing choice of its authority it goes to the sender, or
// something is to be ordered for it. It writes settle_due (its end), obligation (of what is to be ordered), answer_due (response 9)
// and arrivals_followed, and records what went to the sender.
package settle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
)

// Store settles what banks have rejected or sent back. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
}

// Next settles what is due of one interchange, or of a line of it that was rejected as a whole, or looks whose accounts have arrived.
// It reports whether there was anything.
func (s *Store) Next(ctx context.Context) (bool, error) {
	worked, err := s.SkipFailing(ctx, gateway.SettlementFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "settle", func(x *postgres.Session) error {
			took, err = s.next(ctx, x, over)
			return err
		})
		return took, err
	})
	if worked {
		return true, err
	}
	arrived, failed := s.followArrivals(ctx)
	return arrived, errors.Join(err, failed)
}

// due is the interchange whose orders are settled first.
type due struct {
	Interchange int64  `db:"interchange_id"`
	Bank        string `db:"bank"`
	Authority   string `db:"authority"`
	AgreementID int64  `db:"agreement_id"`
}

// next settles some of the first interchange that is not to be passed over, and gives it; none: nothing is due.
func (s *Store) next(ctx context.Context, x *postgres.Session, over []int64) ([]int64, error) {
	var d due
	err := x.GetContext(ctx, &d, `SELECT i.id AS interchange_id, i.bank, a.authority, a.id AS agreement_id FROM settle_due w
		JOIN interchange i ON i.id = w.interchange_id JOIN agreement a ON a.id = i.agreement_id
		WHERE i.id <> ALL ($1::bigint[]) ORDER BY w.id LIMIT 1`, over)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	took := []int64{d.Interchange}
	if err == nil {
		err = x.LockLines(ctx, d.Bank) // as who learns of the orders does
	}
	if err != nil {
		return took, err
	}
	now := s.Now()
	choices, err := register.Choices(ctx, x, now)
	if err != nil {
		return took, err
	}
	if err := dropReturns(ctx, x, d, choices); err != nil {
		return took, err
	}
	all, err := s.load(ctx, x, d)
	if err == nil && len(all.rows) > 0 {
		err = s.settle(ctx, x, d, choices, all, now)
	}
	if err != nil {
		return took, fmt.Errorf("interchange %d: %w", d.Interchange, err)
	}
	return took, s.CloseMended(ctx, x, gateway.SettlementFails, d.Interchange)
}

// dropReturns ends at once what was rejected of an authority that wants all of that back, and had nothing ordered by a choice
// before: nothing was debited for it, and its authority is told by the bank's own words.
func dropReturns(ctx context.Context, x *postgres.Session, d due, choices gateway.StandingChoices) error {
	for _, c := range choices.Of(d.Authority, gateway.CauseBankRejected) {
		if c.Does != gateway.ReturnToSender {
			return nil
		}
	}
	_, err := x.ExecContext(ctx, `DELETE FROM settle_due u USING order_line l WHERE u.interchange_id = $1 AND u.cause = 'bank_rejected' AND u.given_back IS NULL
		AND l.interchange_id = u.interchange_id AND l.message_no = u.message_no AND l.lin = u.lin AND l.attempt = 1`, d.Interchange)
	if err != nil {
		return fmt.Errorf("returned by the bank's reject: %w", err)
	}
	return nil
}

// settle decides about what is due, and carries that out.
func (s *Store) settle(ctx context.Context, x *postgres.Session, d due, choices gateway.StandingChoices, all batch, now time.Time) error {
	bank, err := s.bankOf(ctx, x, d, now)
	if err != nil {
		return err
	}
	if err := s.findAccounts(ctx, x, choices, all.rows, now); err != nil {
		return err
	}
	out := newOutcomes()
	for i := range all.rows {
		s.judge(&all.rows[i], choices, bank, now, out)
	}
	return s.carryOut(ctx, x, all, out, now)
}

// bankOf is the booking centre that something would be ordered from now.
func (s *Store) bankOf(ctx context.Context, x *postgres.Session, d due, now time.Time) (bank gateway.BankCentre, err error) {
	banks, err := s.Banks.Known(ctx, x)
	if err != nil {
		return bank, err
	}
	agreements, err := register.Agreements(ctx, x)
	if err != nil {
		return bank, err
	}
	id := d.Bank
	if a, found := agreements.ByID(d.AgreementID).OnDay(gateway.DateOf(now.In(s.Location)), s.Location); found {
		id = a.BankCentre
	}
	bank, err = banks.InForce(id, now)
	if errors.Is(err, gateway.ErrNotFound) {
		return gateway.BankCentre{ID: id}, nil // it is judged again when it is ordered
	}
	return bank, err
}
