package restore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/journal"
	"nks/pgscript"
)

// MostLost bounds how many numbers of a kind may have been used by what is not known.
const MostLost = 100_000

// ErrNumbers: as many numbers cannot have been used.
var ErrNumbers = fmt.Errorf("must be 1 to %d", MostLost)

//go:embed sql/without.sql
var withoutScript string

// GoOnWithout has the database go on without what is not known: each thing of which the journals tell and that was not taken in is an
// exception; each bank is one, too, until whose end nothing is released or sent to it, and each supplier. What may have been sent since waits for
// somebody to ask the bank. As many numbers of each series as may have been used are never used again.
func (s *Store) GoOnWithout(ctx context.Context, by string, numbers int) (since time.Time, err error) {
	if numbers < 1 || numbers > MostLost {
		return since, fmt.Errorf("go on without a journal: numbers: %w", ErrNumbers)
	}
	u, err := s.unknown(ctx)
	if err != nil {
		return since, fmt.Errorf("go on without a journal: %w", err)
	}
	if u.Damaged != nil {
		return since, fmt.Errorf("go on without a journal: put the damaged file elsewhere and keep it: %w", u.Damaged)
	}
	if err := s.renderAll(ctx); err != nil {
		return since, err
	}
	err = s.Transact(ctx, "go on without a journal", func(x *postgres.Session) error {
		if err := x.QueryRowContext(ctx, lastKnown).Scan(&since); err != nil {
			return err
		}
		restore, err := s.noteRestore(ctx, x, by, "without", &since)
		if err != nil {
			return err
		}
		if err := s.leave(ctx, x, restore, u.Records); err != nil {
			return err
		}
		args := pgscript.Args{"restore": restore, "missing": u.Missing, "short": []string{}, "numbers": numbers, "now": s.Now(), "first": int64(gateway.FirstControlNumber(s.Cell)),
			"month": gateway.MonthOf(s.Now().In(s.Location)).Suffix()}
		if u.Missing == nil {
			args["missing"] = []string{}
		}
		for _, e := range u.short {
			args["short"] = append(args["short"].([]string), e.node)
		}
		if _, err := s.EnsureMonth(ctx, x, s.Now()); err != nil {
			return err
		}
		if err := pgscript.Run(ctx, x, withoutScript, args); err != nil {
			return err
		}
		if err := s.raiseNotKnown(ctx, x, since); err != nil {
			return err
		}
		return s.Audit(ctx, x, audit.Restore, restored{At: s.Now(), By: by, How: "without a journal", Since: &since})
	})
	if err != nil {
		return since, err
	}
	_, err = s.Compare(ctx)
	return since, err
}

// lastKnown is the last moment of which the database knows.
const lastKnown = `SELECT coalesce(greatest((SELECT max(received_at) FROM delivery), (SELECT max(prepared_at) FROM interchange), (SELECT max(sent_at) FROM interchange),
	(SELECT max(made_at) FROM answer), (SELECT max(received_at) FROM bank_file), (SELECT max(asked_at) FROM decision), (SELECT max(listed_at) FROM bank_round),
	(SELECT max(known_to) FROM journal_node)), now())`

// banks are those that anything may have been sent to.
const banks = `SELECT bank_centre AS bank FROM agreement_version UNION SELECT bank FROM bank_counter ORDER BY 1`

// renderAll writes what is frozen: it may have been written, and sent, before.
func (s *Store) renderAll(ctx context.Context) error {
	var all []string
	if err := s.DB.SelectContext(ctx, &all, banks); err != nil {
		return postgres.Transient(err)
	}
	for _, bank := range all {
		err := repeat(ctx, func(ctx context.Context) (bool, error) { return s.Flow.Render(ctx, bank) })
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return err
		}
	}
	return nil
}

// leave goes on without records, each of which is an exception.
func (s *Store) leave(ctx context.Context, x *postgres.Session, restore int64, records []journal.Record) error {
	for _, r := range records {
		if err := s.RaiseDetail(ctx, x, gateway.JournalNotTaken, r.Name(), gateway.DetailNotTaken.With(string(r.Kind), "persons go on without it")); err != nil {
			return err
		}
		_, err := x.ExecContext(ctx, `INSERT INTO journal_left (kind, key, restore) VALUES ($1, $2, $3)`, string(r.Kind), r.Key, restore)
		if err != nil {
			return fmt.Errorf("leave %s: %w", r.Name(), err)
		}
	}
	return nil
}

// raiseNotKnown raises what is not known: of each bank, each supplier, and each interchange that may have been sent.
func (s *Store) raiseNotKnown(ctx context.Context, x *postgres.Session, since time.Time) error {
	at := since.In(s.Location).Format("2006-01-02 15:04")
	var lost []struct {
		Bank  string `db:"bank"`
		First int64  `db:"first"`
		Last  int64  `db:"last"`
	}
	err := x.SelectContext(ctx, &lost, `SELECT b.bank, coalesce(min(u.number), 0) AS first, coalesce(max(u.number), 0) AS last FROM (`+banks+`) b
		LEFT JOIN unused_number u ON u.series = 'bank ' || b.bank AND NOT u.free GROUP BY 1 ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, b := range lost {
		if err := s.RaiseDetail(ctx, x, gateway.SentNotKnown, b.Bank, gateway.DetailSentNotKnown.With(at, b.First, b.Last)); err != nil {
			return err
		}
	}
	var suppliers []string
	if err := x.SelectContext(ctx, &suppliers, `SELECT supplier FROM supplier ORDER BY 1`); err != nil {
		return err
	}
	for _, supplier := range suppliers {
		if err := s.RaiseDetail(ctx, x, gateway.ReceivedNotKnown, supplier, gateway.DetailReceivedNotKnown.With(at)); err != nil {
			return err
		}
	}
	var unsure []struct {
		ID   int64  `db:"id"`
		Name string `db:"file_name"`
	}
	err = x.SelectContext(ctx, &unsure, `UPDATE interchange SET state = 'unknown', may_be_out_since = coalesce(may_be_out_since, $1)
		WHERE state IN ('rendered', 'sending', 'publishing') RETURNING id, file_name`, s.Now())
	if err != nil {
		return err
	}
	for _, i := range unsure {
		if err := s.RaiseDetail(ctx, x, gateway.InterchangeUnknown, fmt.Sprint(i.ID), gateway.DetailFileUnknown.With(i.Name)); err != nil {
			return err
		}
	}
	return nil
}
