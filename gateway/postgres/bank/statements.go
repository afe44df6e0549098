package bank

import (
	"context"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/statements.sql
var statementsScript string

// applyStatements keeps the statements of a file, and tells of those that do not add up, with themselves or with the one before, and of
// postings that do not stand where they should.
func (s *Store) applyStatements(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, args pgscript.Args) error {
	if err := pgscript.Run(ctx, x, statementsScript, args); err != nil {
		return fmt.Errorf("statements: %w", err)
	}
	if err := s.raiseWrongStatements(ctx, x, bank); err != nil {
		return err
	}
	return s.raiseNotInStatement(ctx, x, bank)
}

// raiseWrongStatements looks at the statements of a file, and at those that follow them.
func (s *Store) raiseWrongStatements(ctx context.Context, x *postgres.Session, bank gateway.BankCentre) error {
	var all []struct {
		ID      int64  `db:"id"`
		Account string `db:"account"`
		Number  string `db:"number"`
		Day     string `db:"day"`
		Trouble string `db:"trouble"`
	}
	err := x.SelectContext(ctx, &all, `WITH fresh AS (SELECT s.* FROM told_statement t JOIN statement s ON s.id = t.statement_id WHERE t.effect = 'takes'),
			judged AS (SELECT * FROM fresh UNION SELECT a.* FROM fresh f CROSS JOIN LATERAL (SELECT * FROM statement n WHERE n.bank = @bank AND n.account = f.account
				AND n.day >= f.day AND (n.day, n.number::bigint) > (f.day, f.number::bigint) ORDER BY n.day, n.number::bigint LIMIT 1) a)
		SELECT j.id, j.account, j.number, j.day::text AS day, CASE WHEN NOT j.agrees THEN 'entries' WHEN p.closing_ore <> j.opening_ore THEN 'opening'
				WHEN j.number::bigint NOT IN (1, p.number::bigint + 1) THEN 'hole' ELSE '' END AS trouble
		FROM judged j LEFT JOIN LATERAL (SELECT * FROM statement q WHERE q.bank = @bank AND q.account = j.account AND q.day <= j.day
			AND (q.day, q.number::bigint) < (j.day, j.number::bigint) ORDER BY q.day DESC, q.number::bigint DESC LIMIT 1) p ON true ORDER BY j.id`, pgscript.Args{"bank": bank.ID})
	if err != nil {
		return fmt.Errorf("statements: %w", err)
	}
	details := map[string]gateway.DetailCode{"entries": gateway.DetailStatementEntries, "opening": gateway.DetailStatementOpening, "hole": gateway.DetailStatementHole}
	for _, w := range all {
		subject := fmt.Sprintf("%s statement %d", bank.ID, w.ID)
		if w.Trouble == "" {
			err = s.Close(ctx, x, gateway.StatementWrong, subject, closedByBank)
		} else {
			err = s.RaiseDetail(ctx, x, gateway.StatementWrong, subject, details[w.Trouble].With(w.Number, w.Day, gateway.ShownAccount(w.Account)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// raiseNotInStatement looks at the postings of the days that a file speaks of, as far as statements are known for them.
func (s *Store) raiseNotInStatement(ctx context.Context, x *postgres.Session, bank gateway.BankCentre) error {
	err := s.CloseMany(ctx, x, gateway.PostingNotInStatement, closedByBank, `SELECT b.posting_id FROM booked b JOIN statement_entry e USING (posting_id)`)
	if err != nil {
		return err
	}
	var all []struct {
		ID      int64  `db:"id"`
		Account string `db:"account"`
		Day     string `db:"day"`
		Ore     int64  `db:"ore"`
	}
	// What is posted on a day is heard of about then: earlier months are not looked at.
	err = x.SelectContext(ctx, &all, `WITH touched AS (
			SELECT account, min(day) AS day FROM (
				SELECT p.account, p.posted_on AS day FROM booked b JOIN heard_posting p USING (n) WHERE b.effect = 'takes'
				UNION ALL SELECT h.account, coalesce((SELECT max(s.day) + 1 FROM statement s WHERE s.bank = @bank AND s.account = h.account AND s.day < h.day), h.day)
				FROM told_statement t JOIN heard_statement h USING (n) WHERE t.effect = 'takes') d GROUP BY account),
			known AS (SELECT t.account, greatest(t.day, b.first) AS first, b.last FROM touched t
				CROSS JOIN LATERAL (SELECT min(s.day) AS first, max(s.day) AS last FROM statement s WHERE s.bank = @bank AND s.account = t.account) b)
		SELECT p.id, p.account, p.posted_on::text AS day, p.ore FROM known k CROSS JOIN LATERAL (SELECT * FROM posting q WHERE q.bank = @bank AND q.account = k.account
			AND q.posted_on BETWEEN k.first AND k.last AND q.id >= month_ids(date_trunc('month', k.first)::date) OFFSET 0) p
		WHERE NOT EXISTS (SELECT FROM statement_entry e WHERE e.posting_id = p.id) ORDER BY p.id LIMIT @most`, pgscript.Args{"bank": bank.ID, "most": mostItems})
	if err != nil {
		return fmt.Errorf("postings in statements: %w", err)
	}
	for _, p := range all {
		err := s.RaiseDetail(ctx, x, gateway.PostingNotInStatement, postingSubject(bank.ID, p.ID), gateway.DetailNotInStatement.With(p.Day, gateway.ShownAccount(p.Account), p.Ore))
		if err != nil {
			return err
		}
	}
	return nil
}
