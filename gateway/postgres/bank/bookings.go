package bank

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/book.sql
var bookScript string

//go:embed sql/match_parts.sql
var matchPartsScript string

//go:embed sql/match_abroad.sql
var matchAbroadScript string

// mostParts is how many parts about one payment one file books; what is more waits for a person.
const mostParts = 50

// applyBookings carries out what a file tells of postings and statements: each posting is booked once for ever, what it is made of is matched
// by references of ours or by what nothing else fits, and what came back or was debited follows from that.
func (s *Store) applyBookings(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, heard *hearing, now time.Time) error {
	if heard.booked == nil {
		return s.recheckDebits(ctx, x, bank)
	}
	month, err := s.EnsureMonth(ctx, x, now)
	if err == nil {
		_, err = x.ExecContext(ctx, `TRUNCATE named`)
	}
	if err != nil {
		return fmt.Errorf("postings: %w", err)
	}
	args := pgscript.Args{"bank": bank.ID, "ids": month.IDs(), "file": file.ID, "hearing": file.Hearing, "now": now, "news": string(gateway.NewsCameBack), "rounds": mostParts}
	if err := pgscript.Run(ctx, x, bookScript, args); err != nil {
		return fmt.Errorf("postings: %w", err)
	}
	named, err := s.findNamed(ctx, x, bank, `NULL::date`)
	if err != nil {
		return fmt.Errorf("postings: %w", err)
	}
	args["since"], args["until"] = named["since"], named["until"]
	var sinceID int64
	if err := x.QueryRowContext(ctx, `SELECT month_ids($1::date)`, args["since"]).Scan(&sinceID); err != nil {
		return fmt.Errorf("postings: %w", err)
	}
	args["since_id"] = sinceID
	err = pgscript.Run(ctx, x, matchPartsScript, args)
	if err == nil {
		err = pgscript.Run(ctx, x, matchAbroadScript, args)
	}
	if err != nil {
		return fmt.Errorf("parts of postings: %w", err)
	}
	if err := s.proveSent(ctx, x, `SELECT interchange_id FROM part_match UNION SELECT interchange_id FROM debited WHERE trouble IS NULL`); err != nil {
		return err
	}
	if err := s.applyReturns(ctx, x, source{document: file.DocumentID}, now); err != nil {
		return err
	}
	found, err := s.lookFor(ctx, x, bank, file, now)
	if err != nil {
		return err
	}
	if err := s.recheckDebits(ctx, x, bank); err != nil {
		return err
	}
	if err := s.applyStatements(ctx, x, bank, args); err != nil {
		return err
	}
	return s.raiseUnmatched(ctx, x, bank, file, found)
}

// partWords are the parts that hold for a condition as rows of word with what has moved.
const partWords = `SELECT n, month, payment_id, attempt, interchange_id, message_no, lin, seq, code, text, posting_id, part, ore FROM part_match WHERE `

// applyReturns carries out what came back of orders: one part of a payment after the other, and then what cannot be.
func (s *Store) applyReturns(ctx context.Context, x *postgres.Session, from source, now time.Time) error {
	var rounds int
	if err := x.QueryRowContext(ctx, `SELECT coalesce(max(round), 0) FROM part_match WHERE trouble IS NULL AND NOT earlier`).Scan(&rounds); err != nil {
		return fmt.Errorf("returns: %w", err)
	}
	for round := 1; round <= rounds; round++ {
		if _, err := s.followMoved(ctx, x, gateway.NewsCameBack, from, partWords+`trouble IS NULL AND NOT earlier AND round = @round`, pgscript.Args{"round": round}); err != nil {
			return err
		}
		if err := s.matchMoved(ctx, x, gateway.MatchedByReference, from, now); err != nil {
			return err
		}
	}
	if err := s.returnEarlier(ctx, x, gateway.MatchedByReference, from, now); err != nil {
		return err
	}
	if _, err := s.followMoved(ctx, x, gateway.NewsOtherAmount, from, partWords+`trouble = 'another amount'`, nil); err != nil {
		return err
	}
	_, err := s.followMoved(ctx, x, gateway.NewsCameBack, from, partWords+`trouble = 'unpaid'`, nil)
	return err
}

// matchMoved keeps which order each part is about whose money came back just now.
func (s *Store) matchMoved(ctx context.Context, x *postgres.Session, rule gateway.MatchRule, from source, now time.Time) error {
	_, err := x.ExecContext(ctx, `INSERT INTO posting_match (posting_id, part, n, payment_id, attempt, interchange_id, message_no, lin, ore, charge_ore, exchange_ore, rule, decision_id, at)
		SELECT m.posting_id, m.part, coalesce(b.n, 0) + 1, m.payment_id, m.attempt, m.interchange_id, m.message_no, m.lin, m.ore, m.charge_ore, m.exchange_ore, @rule,
			CASE WHEN @rule = 'persons' THEN @decision::bigint END, @now::timestamptz
		FROM judged j JOIN part_match m ON m.posting_id = j.posting_id AND m.part = j.posting_part AND m.payment_id = j.payment_id
		LEFT JOIN LATERAL (SELECT max(y.n) AS n FROM posting_match y WHERE y.posting_id = m.posting_id AND y.part = m.part) b ON true
		WHERE j.effect = 'takes'`, pgscript.Args{"now": now, "decision": from.decision, "rule": string(rule)})
	if err != nil {
		return fmt.Errorf("matches of postings: %w", err)
	}
	return nil
}
