package dryrun

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/check"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/tables.sql
var tablesScript string

//go:embed sql/duplicates.sql
var duplicatesScript string

// makeTables makes the temporary tables of a check, and what a dry run needs beside them.
func makeTables(ctx context.Context, x *postgres.Session) error {
	if err := check.MakeTables(ctx, x); err != nil {
		return err
	}
	return pgscript.Run(ctx, x, tablesScript, nil)
}

// bundleTable is the temporary table bundle, with the columns of a dry run.
func bundleTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.bundle", Columns: []string{"id", "group_id", "e2e", "benefit_type", "holder", "holder_kind", "complete",
		"read_code", "debit_code", "more", "ore", "line", "block", "tx"}}
}

// findUnpayable adds the errors of the recipients of the temporary table bundle, as they are at an instant, to fault.
func findUnpayable(ctx context.Context, x *postgres.Session, at time.Time) error {
	_, err := x.ExecContext(ctx, `INSERT INTO fault SELECT w.id, r.code, r.rank
		FROM (`+check.UnpayableOf(`SELECT id, holder_kind, holder FROM bundle WHERE NOT complete AND holder IS NOT NULL`, "$3::timestamptz")+`) w
		JOIN code_rank r ON r.code = CASE WHEN w.unknown THEN $1::text ELSE $2::text END`,
		string(gateway.CodeUnknownRecipient), string(gateway.CodeRecipientCeased), at)
	if err == nil {
		_, err = x.ExecContext(ctx, `ANALYZE fault`)
	}
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return nil
}

// findDuplicates adds the errors that are told beyond an answer's, and the duplicates that taking keys would find,
// without taking any.
func findDuplicates(ctx context.Context, x *postgres.Session, payer int64) error {
	return pgscript.Run(ctx, x, duplicatesScript, pgscript.Args{"payer": payer, "duplicate": string(gateway.CodeDuplicatePayment)})
}
