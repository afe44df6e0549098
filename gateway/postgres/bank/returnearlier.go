package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/return_earlier.sql
var returnEarlierScript string

// returnEarlier carries out the parts of orders of which something came back before, and was ordered anew since. A payment has one order at a
// time, so nothing is ordered of these: the money is on the authority's own account, and stays there, as response 9 says.
func (s *Store) returnEarlier(ctx context.Context, x *postgres.Session, rule gateway.MatchRule, from source, now time.Time) error {
	var parts []struct {
		K    int    `db:"k"`
		Ore  int64  `db:"ore"`
		Text string `db:"text"`
	}
	err := x.SelectContext(ctx, &parts, `SELECT k, ore, coalesce(text, '') AS text FROM part_match WHERE earlier AND trouble IS NULL ORDER BY k`)
	if err != nil || len(parts) == 0 {
		return err
	}
	month, err := s.EnsureMonth(ctx, x, now)
	if err != nil {
		return err
	}
	places, texts := make([]int, len(parts)), make([]string, len(parts))
	for i, p := range parts {
		places[i], texts[i] = p.K, gateway.CameBackText(p.Text, p.Ore, gateway.SettlementText(gateway.SettleReturn, gateway.UnpaidEarlier, gateway.Date{}))
	}
	err = pgscript.Run(ctx, x, returnEarlierScript, pgscript.Args{"recorded": month.String(), "now": now, "rule": string(rule), "parts": places, "texts": texts,
		"document": sql.NullInt64{Int64: from.document, Valid: from.document != 0}, "decision": sql.NullInt64{Int64: from.decision, Valid: from.decision != 0}, "proof": from.decision,
		"response8": int(gateway.Response8), "response9": int(gateway.Response9), "rejected": gateway.StatusRejected, "rejectcode": string(gateway.CodeBankReject)})
	if err != nil {
		return fmt.Errorf("returns of earlier orders: %w", err)
	}
	x.Wakes(postgres.ToAnswer)
	return nil
}
