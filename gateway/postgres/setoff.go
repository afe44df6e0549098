package postgres

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/pgcopy"
	"nks/pgscript"
)

// SetOff is what is taken of a payment for a claim.
type SetOff struct {
	gateway.SetOffPart
	Part       int64     // the payment that goes to the creditor: a new one, or Payment itself
	Payment    int64     // that it is taken of
	Month      time.Time // of both
	EndToEndID string    // of Part
	Authority  string    // that pays
}

//go:embed sql/set_off.sql
var setOffScript string

// newSetOffSQL makes the temporary table of what is taken of payments.
const newSetOffSQL = `CREATE TEMP TABLE IF NOT EXISTS new_set_off (LIKE set_off, e2e text NOT NULL) ON COMMIT DROP`

func newSetOffTable() pgcopy.Table {
	return pgcopy.Table{Name: "new_set_off", Columns: []string{"part_id", "payment_id", "month", "authority", "creditor", "claim", "version", "ore", "left_ore", "account", "at", "e2e"}}
}

// RecordSetOffs parts payments in what is left of them and what goes to creditors. Their groups and claims are locked, and their months
// are held and open.
func (x *Session) RecordSetOffs(ctx context.Context, all []SetOff, now time.Time) error {
	if _, err := x.ExecContext(ctx, newSetOffSQL); err != nil {
		return fmt.Errorf("table of set-offs: %w", err)
	}
	rows := pgcopy.New(newSetOffTable())
	for i := range all {
		s := &all[i]
		rows.Int8("part_id", s.Part)
		rows.Int8("payment_id", s.Payment)
		rows.Day("month", s.Month)
		rows.Text("authority", s.Authority)
		rows.Text("creditor", s.Claim.Creditor)
		rows.Text("claim", s.Claim.Claim)
		rows.Int8("version", s.Claim.Version)
		rows.Int8("ore", s.Ore)
		rows.Int8("left_ore", s.Left)
		rows.Text("account", s.Claim.Account)
		rows.Instant("at", now)
		rows.Text("e2e", s.EndToEndID)
		rows.End()
	}
	b, err := rows.Take()
	if err == nil {
		_, err = x.CopyIn(ctx, newSetOffTable().Statement(), bytes.NewReader(b))
	}
	if err == nil {
		err = x.recordSetOffs(ctx)
	}
	return err
}

// TakeSetOffs takes in what was taken of payments, from rows as JSON, which may repeat each other or what is here. Their groups wait.
func (x *Session) TakeSetOffs(ctx context.Context, rows string) error {
	if _, err := x.ExecContext(ctx, newSetOffSQL); err != nil {
		return fmt.Errorf("table of set-offs: %w", err)
	}
	var taken int
	err := x.QueryRowContext(ctx, `WITH taken AS (INSERT INTO new_set_off SELECT DISTINCT ON (s.part_id) s.* FROM jsonb_populate_recordset(NULL::new_set_off, $1::jsonb) s
		JOIN payment p ON p.month = s.month AND p.id = s.payment_id JOIN release_group g ON g.id = p.group_id AND g.state = 'waiting'
		WHERE NOT EXISTS (SELECT FROM set_off t WHERE t.part_id = s.part_id) RETURNING 1) SELECT count(*) FROM taken`, rows).Scan(&taken)
	if err != nil {
		return fmt.Errorf("set-offs: %w", err)
	}
	if taken == 0 {
		return nil
	}
	return x.recordSetOffs(ctx)
}

// recordSetOffs records what stands in new_set_off.
func (x *Session) recordSetOffs(ctx context.Context) error {
	if err := x.PlanForMonths(ctx); err != nil {
		return err
	}
	var since, until string
	if err := x.QueryRowContext(ctx, `SELECT min(month)::text, max(month)::text FROM new_set_off`).Scan(&since, &until); err != nil {
		return fmt.Errorf("set-offs: %w", err)
	}
	if err := pgscript.Run(ctx, x, setOffScript, pgscript.Args{"since": since, "until": until}); err != nil {
		return fmt.Errorf("set-offs: %w", err)
	}
	return nil
}
