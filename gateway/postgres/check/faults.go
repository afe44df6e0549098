package check

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
	"nks/pgscript"
	"nks/register"
)

//go:embed sql/tables.sql
var tablesScript string

//go:embed sql/faults.sql
var faultsScript string

//go:embed sql/would_be_duplicates.sql
var wouldBeDuplicatesScript string

// MakeTables makes the temporary tables of a check; they go with the transaction.
func MakeTables(ctx context.Context, x *postgres.Session) error {
	var codes []string
	var ranks []int
	for i, c := range gateway.Codes() {
		codes, ranks = append(codes, string(c.Code)), append(ranks, i)
	}
	return pgscript.Run(ctx, x, tablesScript, pgscript.Args{"codes": codes, "ranks": ranks})
}

// BundleTable is the temporary table bundle, for who fills it by COPY.
func BundleTable() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.bundle", Columns: []string{"id", "group_id", "e2e", "benefit_type", "holder", "holder_kind", "complete",
		"read_code", "debit_code", "more", "ore", "line", "block", "tx"}}
}

// FindFaults gathers the errors of every payment in the temporary table bundle, but for unpayable recipients and
// duplicates, in the temporary table fault.
func FindFaults(ctx context.Context, x *postgres.Session, authority string) error {
	benefits, err := register.BenefitCodes(ctx, x, authority)
	if err != nil {
		return err
	}
	return pgscript.Run(ctx, x, faultsScript, pgscript.Args{"benefits": benefits, "unknown_benefit": string(gateway.CodeBenefitType)})
}

// FindUnpayable adds the errors of the recipients of the temporary table bundle, as they are at an instant, to fault.
func FindUnpayable(ctx context.Context, x *postgres.Session, at time.Time) error {
	_, err := x.ExecContext(ctx, `INSERT INTO fault SELECT w.id, r.code, r.rank
		FROM (`+unpayableOf(`SELECT id, holder_kind, holder FROM bundle WHERE NOT complete AND holder IS NOT NULL`, "$3::timestamptz")+`) w
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

// FindWouldBeDuplicates adds the errors that a dry run tells beyond an answer's, and the duplicates that taking keys
// would find, without taking any.
func FindWouldBeDuplicates(ctx context.Context, x *postgres.Session, payer int64) error {
	return pgscript.Run(ctx, x, wouldBeDuplicatesScript, pgscript.Args{"payer": payer, "duplicate": string(gateway.CodeDuplicatePayment)})
}

// unpayableOf is who of some rows cannot be paid at the instant asOf: a recipient that does not exist, or is dead or has
// ceased for so long that its accounts cannot be used any more. Whether there is an account, and whether the payer's word
// lets it be used, is asked when the payment is released: both may come until then. // B18.3 // B22.3
func unpayableOf(rows, asOf string) string {
	return `SELECT w.id, h.status IS NULL AS unknown FROM (` + rows + ` ORDER BY holder, holder_kind OFFSET 0) w
		LEFT JOIN LATERAL ` + register.StatusOf("w", asOf) + ` h ON true WHERE h.usable IS NOT TRUE`
}
