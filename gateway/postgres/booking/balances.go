package booking

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
	"nks/reconciliation/ledger"
)

// keepBalances keeps what has moved on a day.
func keepBalances(ctx context.Context, x *postgres.Session, day gateway.Date, b *reconciliation.Book) error {
	moved := []ledger.Balance{}
	for _, e := range b.Balances() {
		if e.In != 0 || e.Out != 0 {
			moved = append(moved, e)
		}
	}
	rows, err := json.Marshal(moved)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO book_balance (day, authority, agreement, currency, account, opening_ore, in_ore, out_ore)
			SELECT $1, authority, agreement, currency, account, opening_ore, in_ore, out_ore FROM json_to_recordset($2)
				r (authority text, agreement text, currency text, account text, opening_ore bigint, in_ore bigint, out_ore bigint)`, day.String(), string(rows))
	}
	if err != nil {
		return fmt.Errorf("balances: %w", err)
	}
	return nil
}

// oweCertificates owes one for each agreement that has moved on a day or has something open after it, and each bank centre: its own, and
// those that have moved something.
func oweCertificates(ctx context.Context, x *postgres.Session, day gateway.Date, until time.Time, b *reconciliation.Book) error {
	type due struct {
		Authority string `json:"authority"`
		Agreement string `json:"agreement"`
		Bank      string `json:"bank"` // empty: the agreement's own
	}
	all := map[due]bool{}
	for _, e := range b.Balances() {
		if e.In != 0 || e.Out != 0 || e.Account.Open() && e.Closing() != 0 {
			all[due{e.Authority, e.Agreement, ""}] = true
		}
	}
	for _, t := range b.Transactions {
		all[due{t.Authority, t.Agreement, t.Bank}] = true
	}
	list := make([]due, 0, len(all))
	for d := range all {
		list = append(list, d)
	}
	rows, err := json.Marshal(list)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO certificate_due (day, authority, agreement, bank_centre)
			SELECT DISTINCT $1::date, r.authority, r.agreement, coalesce(nullif(r.bank, ''), v.bank_centre, '')
			FROM json_to_recordset($2) r (authority text, agreement text, bank text)
			LEFT JOIN LATERAL (SELECT a.bank_centre FROM agreement_version a WHERE a.authority = r.authority AND a.agreement = r.agreement AND a.recorded_to IS NULL
				AND a.valid_from < $3 ORDER BY a.valid_from DESC LIMIT 1) v ON true`, day.String(), string(rows), until)
	}
	if err != nil {
		return fmt.Errorf("certificates due: %w", err)
	}
	return nil
}
