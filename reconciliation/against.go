package reconciliation

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
	"nks/reconciliation/ledger"
)

// Against is something that is not decided, and speaks against a certificate.
type Against struct {
	Authority string // empty: of all
	Agreement string // empty: of all
	Bank      string // empty: of all
	Since     time.Time
	What      string // holds no personal data
}

// Concerns reports whether it speaks against an agreement at a bank centre.
func (a Against) Concerns(authority, agreement, bank string) bool {
	return (a.Authority == "" || a.Authority == authority) && (a.Agreement == "" || a.Agreement == agreement) && (a.Bank == "" || a.Bank == bank)
}

// Before reports whether it was so when a day ended.
func (a Against) Before(day gateway.Date, at *time.Location) bool {
	return a.Since.Before(day.AddDays(1).At(0, at))
}

//go:embed against.sql
var againstSQL string

// AllAgainst is all that is undecided of what was known when a day ended: statements of banks, exceptions that wait for persons,
// interchanges of which nobody knows whether their bank has them, and what postings and statements say otherwise.
func AllAgainst(ctx context.Context, db Queryer, day gateway.Date, at *time.Location) (all []Against, err error) {
	_, until := daysOf(day, at)
	err = query(ctx, db, func(rows *sql.Rows) error {
		var a Against
		err := rows.Scan(&a.Authority, &a.Agreement, &a.Bank, &a.Since, &a.What)
		all = append(all, a)
		return err
	}, againstSQL, until, gateway.KindsBesideBooks())
	if err != nil {
		return nil, fmt.Errorf("what is undecided: %w", err)
	}
	flaws, err := Flaws(ctx, db, day)
	if err != nil || len(flaws) == 0 {
		return all, err
	}
	owners, err := ownersOf(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, f := range flaws {
		whose := owners[[2]string{f.Bank, f.Account}]
		if len(whose) == 0 {
			whose = []Against{{}}
		}
		for _, a := range whose {
			a.Bank, a.Since, a.What = f.Bank, f.Since(at), fmt.Sprintf("%s: %s, %d øre", f.Kind, f.Subject, f.Ore)
			all = append(all, a)
		}
	}
	return all, nil
}

// ownersOf are the agreements that an account at a bank is named in.
func ownersOf(ctx context.Context, db Queryer) (map[[2]string][]Against, error) {
	owners := map[[2]string][]Against{}
	err := query(ctx, db, func(rows *sql.Rows) error {
		var bank, account string
		var a Against
		err := rows.Scan(&bank, &account, &a.Authority, &a.Agreement)
		owners[[2]string{bank, account}] = append(owners[[2]string{bank, account}], a)
		return err
	}, `SELECT DISTINCT v.bank_centre, u.account, v.authority, v.agreement FROM agreement_version v
		CROSS JOIN LATERAL unnest(v.payout_accounts || v.return_account) u (account) WHERE u.account IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("accounts of agreements: %w", err)
	}
	return owners, nil
}

// Misbooked is an account that was booked otherwise than facts give.
type Misbooked struct {
	ledger.Key
	Why string `json:"why"`
}

// HoldBook holds the book of a day, computed from what was recorded on it, against what was kept when it was booked.
func HoldBook(ctx context.Context, db Queryer, day gateway.Date, b *Book) (wrong []Misbooked, err error) {
	type key struct {
		ledger.Key
		account ledger.Account
	}
	left := map[key]ledger.Balance{}
	for _, e := range b.Balances() {
		if e.In != 0 || e.Out != 0 {
			left[key{e.Key, e.Account}] = e
		}
	}
	err = query(ctx, db, func(rows *sql.Rows) error {
		var k ledger.Balance
		if err := rows.Scan(&k.Authority, &k.Agreement, &k.Currency, &k.Account, &k.Opening, &k.In, &k.Out); err != nil {
			return err
		}
		if e := left[key{k.Key, k.Account}]; e != k {
			wrong = append(wrong, Misbooked{k.Key, fmt.Sprintf("%s: %d, +%d, -%d øre were booked, and facts give %d, +%d, -%d", k.Account, k.Opening, k.In, k.Out,
				e.Opening, e.In, e.Out)})
		}
		delete(left, key{k.Key, k.Account})
		return nil
	}, `SELECT authority, agreement, currency, account, opening_ore, in_ore, out_ore FROM book_balance WHERE day = $1::date ORDER BY 1, 2, 3, 4`, day.String())
	if err != nil {
		return nil, fmt.Errorf("book of %s: %w", day, err)
	}
	for _, e := range b.Balances() {
		if _, is := left[key{e.Key, e.Account}]; is {
			wrong = append(wrong, Misbooked{e.Key, fmt.Sprintf("%s: nothing was booked, and facts give %d, +%d, -%d øre", e.Account, e.Opening, e.In, e.Out)})
		}
	}
	return wrong, nil
}
