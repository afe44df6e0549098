package dryrun

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/check"
	"nks/pgcopy"
	"nks/pgscript"
)

//go:embed sql/tables.sql
var tablesScript string

//go:embed sql/unpayable.sql
var unpayableScript string

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

// unpayableTable is the temporary table unpayable.
func unpayableTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.unpayable", Columns: []string{"id", "code"}}
}

// findUnpayable adds the errors of the recipients of the temporary table bundle, as they are at an instant, to fault.
func (s *Store) findUnpayable(ctx context.Context, x *postgres.Session, at time.Time) error {
	found := pgcopy.New(unpayableTable())
	of := check.Rows{Query: `SELECT id, holder_kind, holder FROM bundle WHERE NOT complete AND holder IS NOT NULL`}
	err := x.Raw(func(conn *pgx.Conn) error {
		return s.Recipients.Unpayable(ctx, conn, of, at, func(id int64, code gateway.Code) {
			found.Int8("id", id)
			found.Text("code", string(code))
			found.End()
		})
	})
	if err != nil || found.Len() == 0 {
		return err
	}
	rows, err := found.Take()
	if err == nil {
		_, err = x.CopyIn(ctx, unpayableTable().Statement(), bytes.NewReader(rows))
	}
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	return pgscript.Run(ctx, x, unpayableScript, nil)
}

// findDuplicates adds the errors that are told beyond an answer's, and the duplicates that taking keys would find,
// without taking any.
func findDuplicates(ctx context.Context, x *postgres.Session, hashes *postgres.KeyedHash, payer int64) error {
	if err := check.FindKept(ctx, x, hashes, payer); err != nil {
		return err
	}
	return pgscript.Run(ctx, x, duplicatesScript, pgscript.Args{"payer": payer, "duplicate": string(gateway.CodeDuplicatePayment)})
}
