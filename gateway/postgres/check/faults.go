package check

import (
	"context"
	_ "embed"
	"time"

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
// duplicates, in the temporary table fault, as of an instant.
func FindFaults(ctx context.Context, x *postgres.Session, authority string, at time.Time) error {
	benefits, err := register.BenefitCodes(ctx, x, authority, at)
	if err != nil {
		return err
	}
	return pgscript.Run(ctx, x, faultsScript, pgscript.Args{"benefits": benefits, "unknown_benefit": string(gateway.CodeBenefitType)})
}
