package bank

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// postingSubject is how an exception names a posting.
func postingSubject(bank string, id int64) string { return fmt.Sprintf("%s posting %d", bank, id) }

// itemSubject is how an exception names a statement of a file.
func itemSubject(bank gateway.BankCentre, file bankFile, n int) string {
	return fmt.Sprintf("%s item %d", documentSubject(bank, file), n)
}

// raiseUnmatched tells of the postings of a file of which something is about nothing of ours that is known, and closes what was told of
// those that have been found since; of what cannot be read; and of what contradicts what was booked.
func (s *Store) raiseUnmatched(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, found hints) error {
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE unmatched ON COMMIT DROP AS
		SELECT p.id AS posting_id, abs(p.ore) - p.charge_ore - coalesce(m.ore, 0) AS ore, min(b.n) AS n FROM booked b JOIN posting p ON p.id = b.posting_id
		LEFT JOIN LATERAL (SELECT sum(y.ore) AS ore FROM posting_match y WHERE y.posting_id = b.posting_id) m ON true
		WHERE b.effect = 'takes' OR EXISTS (SELECT FROM parted d WHERE d.posting_id = b.posting_id) GROUP BY p.id, p.ore, p.charge_ore, m.ore`)
	if err == nil {
		err = s.CloseMany(ctx, x, gateway.PostingUnmatched, closedByBank, `SELECT posting_id FROM unmatched WHERE ore = 0`)
	}
	if err != nil {
		return fmt.Errorf("postings without match: %w", err)
	}
	if err := s.raiseWithoutMatch(ctx, x, bank, file, found); err != nil {
		return err
	}
	return s.raiseUnreadPostings(ctx, x, bank, file)
}

// raiseWithoutMatch makes one exception for each posting that is not matched, with what it may be about.
func (s *Store) raiseWithoutMatch(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, found hints) error {
	var all []struct {
		ID      int64  `db:"posting_id"`
		Account string `db:"account"`
		Day     string `db:"day"`
		Ore     int64  `db:"ore"`
		Left    int64  `db:"left_ore"`
		Why     string `db:"why"`
		Payment int64  `db:"payment"`
		All     int    `db:"all"`
	}
	err := x.SelectContext(ctx, &all, `SELECT u.posting_id, p.account, p.posted_on::text AS day, p.ore, u.ore AS left_ore, coalesce(h.unclear, m.trouble, d.trouble, '') AS why,
			coalesce(m.payment_id, 0) AS payment, count(*) OVER () AS all
		FROM unmatched u JOIN posting p ON p.id = u.posting_id JOIN heard_posting h ON h.n = u.n
		LEFT JOIN LATERAL (SELECT y.trouble, y.payment_id FROM part_match y WHERE y.posting_id = u.posting_id AND y.trouble IS NOT NULL ORDER BY y.k LIMIT 1) m ON true
		LEFT JOIN LATERAL (SELECT y.trouble FROM debited y WHERE y.n = u.n AND y.trouble IS NOT NULL ORDER BY y.part LIMIT 1) d ON true
		WHERE u.ore <> 0 ORDER BY u.n LIMIT @most`, pgscript.Args{"most": mostItems})
	if err != nil {
		return fmt.Errorf("postings without match: %w", err)
	}
	for _, p := range all {
		detail := gateway.DetailUnmatched.With(p.Day, gateway.ShownAccount(p.Account), p.Ore, p.Left, strings.Join(append([]string{whyUnmatched(p.Why, p.Payment)}, found[p.ID]...), "; "))
		if err := s.RaiseDetail(ctx, x, gateway.PostingUnmatched, postingSubject(bank.ID, p.ID), detail); err != nil {
			return err
		}
	}
	if len(all) == 0 || all[0].All <= mostItems {
		return nil
	}
	return s.RaiseDetail(ctx, x, gateway.PostingUndecided, documentSubject(bank, file)+" unmatched", gateway.DetailMorePostings.With(all[0].All-mostItems))
}

// whyUnmatched tells why nothing is booked by a part.
func whyUnmatched(trouble string, payment int64) string {
	switch trouble {
	case "", "nothing named":
		return "the bank names no reference of ours"
	case "nothing of ours":
		return "its reference is none of ours"
	case "dropped":
		return "it is of a month that is dropped"
	case "earlier":
		return fmt.Sprintf("it is of an earlier order of payment %d than the last", payment)
	case "another amount":
		return fmt.Sprintf("more came back of payment %d than was ordered", payment)
	case "unpaid":
		return fmt.Sprintf("payment %d was rejected by the bank", payment)
	case "disputed":
		return fmt.Sprintf("payment %d is disputed: settle that first", payment)
	case "too many":
		return fmt.Sprintf("more than %d parts of payment %d", mostParts, payment)
	case "another account":
		return "the line that it names is not of this account"
	}
	return trouble
}

// raiseUnreadPostings tells of postings that lack what a posting is known by, of those that contradict one that is booked, and of
// statements that cannot be read. What cannot be read is doubtful: it may concern anything.
func (s *Store) raiseUnreadPostings(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) error {
	var all []struct {
		N       int    `db:"n"`
		Kind    string `db:"kind"`
		Unclear string `db:"unclear"`
	}
	err := x.SelectContext(ctx, &all, `SELECT p.n, CASE WHEN b.n IS NULL THEN 'illegible' ELSE 'contradicts' END AS kind, coalesce(p.unclear, '') AS unclear
			FROM heard_posting p LEFT JOIN booked b USING (n) WHERE b.n IS NULL OR b.effect = 'disputes'
		UNION ALL SELECT h.n, CASE WHEN t.n IS NULL THEN 'statement' ELSE 'other statement' END, coalesce(h.unclear, '') FROM heard_statement h LEFT JOIN told_statement t USING (n)
			WHERE t.n IS NULL OR t.effect = 'disputes'
		ORDER BY n LIMIT @most`, pgscript.Args{"most": mostItems})
	if err != nil {
		return fmt.Errorf("postings that cannot be read: %w", err)
	}
	var doubts []doubt
	for _, p := range all {
		kind, detail := gateway.PostingUndecided, gateway.DetailUnclear.With(p.Unclear)
		switch p.Kind {
		case "contradicts":
			kind, detail = gateway.PostingContradicts, gateway.DetailPostingContradicts.With()
		case "other statement":
			kind, detail = gateway.PostingContradicts, gateway.DetailStatementContradicts.With()
		case "illegible":
			doubts = append(doubts, doubt{anyBank, kind, itemSubject(bank, file, p.N)})
		}
		if err := s.RaiseDetail(ctx, x, kind, itemSubject(bank, file, p.N), detail); err != nil {
			return err
		}
	}
	if len(doubts) == 0 {
		return nil
	}
	return s.keepDoubts(ctx, x, bank, file, doubts...)
}

//go:embed sql/posting_facts.sql
var postingFactsScript string

// keepBookings keeps the postings and statements of a file as what the bank has laid out, after all of them were carried out.
func (s *Store) keepBookings(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, heard *hearing) error {
	if heard.booked == nil {
		return nil
	}
	err := pgscript.Run(ctx, x, postingFactsScript, pgscript.Args{"file": file.ID, "hearing": file.Hearing, "now": s.Now(), "unreadable": string(gateway.UndecidedPosting),
		"nothing": string(gateway.UndecidedMatch), "statement": string(gateway.UndecidedStatement), "contradicts": string(gateway.PostingContradicts),
		"undecided": string(gateway.PostingUndecided), "unmatched": string(gateway.PostingUnmatched), "wrong": string(gateway.PostingContradicts)})
	if err != nil {
		return fmt.Errorf("file %d: facts of postings: %w", file.ID, err)
	}
	return nil
}
