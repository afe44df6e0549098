package bank

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// undoubted holds for an interchange i of which no open doubt stands: silence may decide about it.
const undoubted = `NOT EXISTS (SELECT 1 FROM bank_doubt d WHERE d.bank = i.bank AND d.interchange_id IN (0, i.id) AND d.settled_at IS NULL)`

// doubt is something in a bank's file that nobody can decide, with the exception that tells of it.
type doubt struct {
	interchange int64 // that it may concern; anyBank: any of the bank
	kind        gateway.ExceptionKind
	subject     string
}

// anyBank is the interchange of a doubt that names none of ours.
const anyBank = 0

func (s *Store) keepDoubts(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, all ...doubt) error {
	var interchanges []int64
	var kinds, subjects []string
	for _, d := range all {
		interchanges, kinds, subjects = append(interchanges, d.interchange), append(kinds, string(d.kind)), append(subjects, d.subject)
	}
	_, err := x.ExecContext(ctx, `INSERT INTO bank_doubt (bank, bank_file_id, hearing, raised_at, interchange_id, kind, subject)
		SELECT $1, $2, $3, $4, d.* FROM unnest($5::bigint[], $6::text[], $7::text[]) d`,
		bank.ID, file.ID, file.Hearing, s.Now(), interchanges, kinds, subjects)
	if err != nil {
		return fmt.Errorf("file %d: doubts: %w", file.ID, err)
	}
	return nil
}

// doubtStatuses keeps which interchanges the undecided statuses of a file may concern: those that they name, in
// whatever way, or any of the bank.
func (s *Store) doubtStatuses(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) error {
	_, err := x.ExecContext(ctx, `WITH undecided AS (
			SELECT s.n, s.message_ref, w.n IS NULL AS nameless, row_number() OVER (PARTITION BY w.n IS NULL ORDER BY s.n) AS nth
			FROM bank_status s LEFT JOIN matched w ON w.n = s.n AND w.trouble IS NULL
			-- What is of a month that is dropped concerns nothing that silence could decide.
			WHERE (w.n IS NULL OR w.meaning = @unclear) AND NOT EXISTS (SELECT FROM by_dropped g WHERE g.n = s.n)),
		named AS (
			SELECT n, interchange_id FROM by_place UNION SELECT n, interchange_id FROM by_reference
			UNION SELECT u.n, i.id FROM undecided u JOIN message m ON m.ref = u.message_ref AND NOT m.void JOIN interchange i ON i.id = m.interchange_id AND i.bank = @bank)
		INSERT INTO bank_doubt (bank, bank_file_id, hearing, raised_at, interchange_id, kind, subject)
		SELECT DISTINCT @bank, @file::bigint, @hearing::int, @now::timestamptz, coalesce(a.interchange_id, 0), @kind::text,
			@document || CASE WHEN u.nth <= @most THEN ' item ' || u.n WHEN u.nameless THEN '' ELSE ' unclear' END
		FROM undecided u LEFT JOIN named a USING (n)`,
		pgscript.Args{"bank": bank.ID, "file": file.ID, "hearing": file.Hearing, "now": s.Now(), "kind": string(gateway.BankStatusUndecided),
			"unclear": string(gateway.MeansUnclear), "most": mostItems, "document": documentSubject(bank, file)})
	if err != nil {
		return fmt.Errorf("file %d: doubts: %w", file.ID, err)
	}
	return nil
}
