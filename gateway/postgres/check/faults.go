package check

import (
	"context"
	_ "embed"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
	"nks/register"
)

//go:embed sql/tables.sql
var tablesScript string

//go:embed sql/faults.sql
var faultsScript string

// MakeTables makes the temporary tables of a check; they go with the transaction.
func MakeTables(ctx context.Context, x *postgres.Session) error {
	var codes []string
	var ranks []int
	for i, c := range gateway.Codes() {
		codes, ranks = append(codes, string(c.Code)), append(ranks, i)
	}
	return pgscript.Run(ctx, x, tablesScript, pgscript.Args{"codes": codes, "ranks": ranks})
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

// UnpayableOf is a query for who of some rows (id, holder_kind, holder) cannot be paid at the instant asOf: a recipient that
// does not exist (unknown), or is dead or has ceased for so long that its accounts cannot be used any more. Whether there is
// an account, and whether the payer's word lets it be used, is asked when the payment is released: both may come until
// then. Whom the register has twice counts by the better standing: its payments are held when they are released.
// B18.3 // B22.3
func UnpayableOf(rows, asOf string) string {
	// Counted, and not asked with EXISTS: that would be joined, and the whole register read for it.
	return `SELECT w.id, h.status IS NULL AS unknown FROM (` + rows + ` ORDER BY holder, holder_kind OFFSET 0) w
		LEFT JOIN LATERAL ` + register.StatusOf("w", asOf) + ` h ON true
		WHERE h.usable IS NOT TRUE AND (SELECT count(*) FROM ` + register.StatusOf("w", asOf) + ` o WHERE o.usable) = 0`
}
