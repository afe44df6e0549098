// Package check is the second stage of the flow: it finds every error of every payment of a bundle that was read, gives the
// good ones their keys, decides which groups wait for their release, and answers with response 2. It writes payment_key,
// release_group and delivery (their states), and records rejected payments.
package check

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
)

// Store checks bundles. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Answers    *postgres.Answers
	Recipients Recipients
	Patience   gateway.Patience
}

//go:embed sql/next.sql
var nextSQL string

//go:embed sql/judge.sql
var judgeScript string

// Next checks every payment of the next bundle that was read. It reports whether there was one. The bundles of a payer are
// checked one after the other, in the order in which they were taken.
func (s *Store) Next(ctx context.Context) (bool, error) {
	worked := true
	var d postgres.Delivery
	err := s.Transact(ctx, "check", func(x *postgres.Session) (err error) {
		d, err = claim(ctx, x)
		if errors.Is(err, gateway.ErrNotFound) {
			worked = false
			return nil
		}
		if err != nil {
			return err
		}
		return s.check(ctx, x, d)
	})
	if err != nil && d.ID != 0 {
		return true, errors.Join(err, s.NoteFailure(ctx, d, err, s.Patience))
	}
	if err != nil || !worked {
		return worked, err
	}
	return true, s.Analyze(ctx, d.Month, d.Payments)
}

// claim locks the next bundle to check; gateway.ErrNotFound when there is none that nobody else works on.
func claim(ctx context.Context, x *postgres.Session) (postgres.Delivery, error) {
	var id int64
	open, err := x.FirstOpenDelivery(ctx)
	if err == nil {
		err = x.QueryRowContext(ctx, nextSQL, open).Scan(&id)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return postgres.Delivery{}, gateway.ErrNotFound
	}
	if err != nil {
		return postgres.Delivery{}, fmt.Errorf("claim: %w", err)
	}
	return x.LockDelivery(ctx, id)
}

func (s *Store) check(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
	if err := s.findAllFaults(ctx, x, d); err != nil {
		return fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	now := s.Now()
	err := x.NewFacts(ctx)
	if err == nil {
		err = pgscript.Run(ctx, x, judgeScript, pgscript.Args{"month": d.Month})
	}
	if err == nil {
		err = s.RecordFacts(ctx, x)
	}
	if err != nil {
		return fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	if err := judgeGroups(ctx, x, d); err != nil {
		return fmt.Errorf("delivery %d: groups: %w", d.ID, err)
	}
	if err := s.HoldRepayments(ctx, x, []int64{d.PayerID.Int64}, d.ID); err != nil {
		return fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	if _, err := x.ExecContext(ctx, `DROP VIEW bundle`); err != nil {
		return fmt.Errorf("delivery %d: bundle: %w", d.ID, err)
	}
	if err := s.respond(ctx, x, d, now); err != nil {
		return fmt.Errorf("delivery %d: response 2: %w", d.ID, err)
	}
	if err := s.CloseMended(ctx, x, gateway.DeliveryFails, d.ID); err != nil {
		return err
	}
	x.Wakes(postgres.ToCheck, postgres.ToRelease) // the payer's next, and what waited for it
	return x.UpdateOne(ctx, `UPDATE delivery SET state = 'checked', checked_at = $2, `+postgres.NoTrouble+` WHERE id = $1 AND state = 'read'`, d.ID, now)
}

// judgeGroups decides which groups of the delivery wait for their release.
func judgeGroups(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
	var groups []struct {
		ID         int64        `db:"id"`
		DebitFault gateway.Code `db:"reject_code"`
		Payments   int          `db:"payments"`
		Rejected   int          `db:"rejected"`
	}
	err := x.SelectContext(ctx, &groups, `SELECT g.id, coalesce(g.reject_code, '') AS reject_code, g.payments, coalesce(r.rejected, 0) AS rejected
		FROM release_group g LEFT JOIN (SELECT p.group_id, count(*) AS rejected
			FROM fault f CROSS JOIN LATERAL (SELECT * FROM bundle b WHERE b.id = f.payment_id OFFSET 0) p WHERE f.leads GROUP BY 1) r ON r.group_id = g.id
		WHERE g.delivery_id = $1 AND g.state = 'unchecked'`, d.ID)
	if err != nil || len(groups) == 0 {
		return err
	}
	var ids []int64
	var states []string
	for _, g := range groups {
		ids, states = append(ids, g.ID), append(states, string(gateway.JudgeGroup(g.DebitFault, g.Rejected, g.Payments)))
	}
	return x.UpdateAll(ctx, len(ids), `UPDATE release_group g SET state = j.state::group_state
		FROM unnest($1::bigint[], $2::text[]) AS j (id, state) WHERE g.id = j.id AND g.state = 'unchecked'`, ids, states)
}

// findAllFaults gathers every error of every payment of the delivery in the temporary table fault, and gives each
// payment without one its EndToEndId. Whether the recipients exist is asked by a connection of its own meanwhile.
func (s *Store) findAllFaults(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		faults []byte
		err    error
	}
	asked := make(chan answer, 1)
	go func() {
		faults, err := s.unpayable(ctx, d)
		asked <- answer{faults, err}
	}()
	untaken, err := s.takeKeysFirst(ctx, x, d)
	if err != nil {
		cancel()
	}
	a := <-asked
	switch {
	case err != nil:
		return err
	case a.err != nil:
		return fmt.Errorf("recipients: %w", a.err)
	}
	if err := s.giveKeysBack(ctx, x, d, a.faults); err != nil {
		return err
	}
	return s.findDuplicates(ctx, x, d, untaken)
}

// responsePage is how many payments of a response are in memory at a time.
const responsePage = 5000

// respond writes response 2: always exactly one for a bundle that receipt 1 accepted.
func (s *Store) respond(ctx context.Context, x *postgres.Session, d postgres.Delivery, now time.Time) error {
	if there, err := s.Answers.Answered(ctx, x, d.ID, gateway.Response2); err != nil || there {
		return err
	}
	var rejected int
	var debit gateway.Code
	err := x.QueryRowContext(ctx, `SELECT count(*) FROM standing WHERE month = $1 AND payment_id BETWEEN $2 AND $3 AND kind = 'rejected'`,
		d.Month, d.FirstPayment(), d.LastPayment()).Scan(&rejected)
	if err == nil && d.Grouped.Bool {
		err = x.QueryRowContext(ctx, `SELECT coalesce(reject_code, '') FROM release_group WHERE delivery_id = $1`, d.ID).Scan(&debit)
	}
	if err != nil {
		return err
	}
	a, err := s.Answers.Begin(ctx, x, d, gateway.Response2, now, func(a *gateway.Answer) {
		a.Status, a.Code = gateway.BundleStatus(rejected, d.Payments), debit
	})
	if err != nil {
		return err
	}
	// A grouped bundle with an error of the debit level is told by that code alone, without a list.
	if debit == "" {
		if err := listRejected(ctx, x, d, a); err != nil {
			return err
		}
	}
	_, err = s.Answers.End(ctx, x, a)
	return err
}

func listRejected(ctx context.Context, x *postgres.Session, d postgres.Delivery, a *postgres.Answering) error {
	after := d.FirstPayment()
	for {
		var page []struct {
			ID      int64        `db:"payment_id"`
			E2E     string       `db:"e2e"`
			InstrID string       `db:"instr_id"`
			Code    gateway.Code `db:"code"`
		}
		err := x.SelectContext(ctx, &page, `SELECT e.payment_id, p.e2e, coalesce(p.instr_id, '') AS instr_id, e.code
			FROM standing e JOIN payment p ON p.month = e.month AND p.id = e.payment_id
			WHERE e.month = $1 AND e.payment_id > $2 AND e.payment_id <= $3 AND e.kind = 'rejected'
			ORDER BY e.payment_id LIMIT $4`, d.Month, after, d.LastPayment(), responsePage)
		if err != nil {
			return err
		}
		for _, r := range page {
			err := a.Encoder.Tx(gateway.AnswerTx{EndToEndID: r.E2E, InstrID: r.InstrID, Status: gateway.StatusRejected, Code: r.Code, Text: r.Code.Danish()})
			if err != nil {
				return fmt.Errorf("payment %d: %w", r.ID, err)
			}
			after = r.ID
		}
		if len(page) < responsePage {
			return nil
		}
	}
}
