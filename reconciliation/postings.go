package reconciliation

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"nks/gateway"
)

// Flaw is something on the side of the banks that does not agree with the books.
type Flaw struct {
	Kind    string `json:"kind"` // one of the Flaw constants
	Bank    string `json:"bank"`
	Account string `json:"account"` // of the authority
	Subject string `json:"subject"`
	Day     string `json:"day"`
	Ore     int64  `json:"ore"` // that it is wrong by
}

// Since is when its day began.
func (f Flaw) Since(at *time.Location) time.Time {
	day, err := gateway.ParseDate(f.Day)
	if err != nil {
		return time.Time{}
	}
	return day.At(0, at)
}

// The kinds of flaws.
const (
	FlawUnmatched   = "posting is not matched"
	FlawDebit       = "debits of a line are not its orders less what was rejected"
	FlawReturn      = "return is not what its posting says"
	FlawStatement   = "statement does not agree with itself or the one before"
	FlawStatementOf = "statement is not what was posted"
)

//go:embed flaws.sql
var flawsSQL string

// Flaws are what postings and statements up to and with a day say that the books do not: each is of an account. Of months that are closed
// nothing is asked again.
func Flaws(ctx context.Context, db Queryer, day gateway.Date) (all []Flaw, err error) {
	err = query(ctx, db, func(rows *sql.Rows) error {
		var f Flaw
		err := rows.Scan(&f.Kind, &f.Bank, &f.Account, &f.Subject, &f.Day, &f.Ore)
		all = append(all, f)
		return err
	}, flawsSQL, day.String(), FlawUnmatched, FlawDebit, FlawReturn, FlawStatement, FlawStatementOf)
	if err != nil {
		return nil, fmt.Errorf("postings: %w", err)
	}
	return all, nil
}

// Posted is what was posted on one account of an authority on a day, in øre.
type Posted struct {
	Authority string `json:"authority"`
	Agreement string `json:"agreement"`
	Bank      string `json:"bank"`
	Account   string `json:"account"`
	Postings  int64  `json:"postings"`
	Debited   int64  `json:"debited_ore"` // positive, charges included
	Credited  int64  `json:"credited_ore"`
	Charges   int64  `json:"charges_ore"` // of what was debited
}

// PostedOn is what was posted on a day on the accounts of agreements that are known now.
func PostedOn(ctx context.Context, db Queryer, day gateway.Date) (all []Posted, err error) {
	err = query(ctx, db, func(rows *sql.Rows) error {
		var p Posted
		err := rows.Scan(&p.Authority, &p.Agreement, &p.Bank, &p.Account, &p.Postings, &p.Debited, &p.Credited, &p.Charges)
		all = append(all, p)
		return err
	}, `SELECT a.authority, a.agreement, p.bank, p.account, count(*), coalesce(-sum(p.ore) FILTER (WHERE p.ore < 0), 0)::bigint,
			coalesce(sum(p.ore) FILTER (WHERE p.ore > 0), 0)::bigint, sum(p.charge_ore)::bigint
		FROM (SELECT DISTINCT v.authority, v.agreement, v.bank_centre, u.account FROM agreement_version v
			CROSS JOIN LATERAL unnest(v.payout_accounts || v.return_account) u (account) WHERE v.recorded_to IS NULL AND u.account IS NOT NULL) a
		JOIN posting p ON p.bank = a.bank_centre AND p.account = a.account AND p.posted_on = $1::date
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, day.String())
	if err != nil {
		return nil, fmt.Errorf("posted on %s: %w", day, err)
	}
	return all, nil
}

// Abroad is what the orders abroad of an agreement came to on a day at a bank, as far as it tells it by order: what was ordered and what
// was debited for that are in øre, and apart is what the rate made of it; charges were debited beside. What arrived is in minor units of its currency.
type Abroad struct {
	Authority string `json:"authority"`
	Agreement string `json:"agreement"`
	Currency  string `json:"currency"`
	Orders    int64  `json:"orders"`
	Ordered   int64  `json:"ordered_ore"`
	Debited   int64  `json:"debited_ore"`
	Exchange  int64  `json:"exchange_ore"` // debited less ordered
	Charges   int64  `json:"charges_ore"`  // of the postings of such orders
	Foreign   int64  `json:"foreign_minor"`
}

// AbroadOn is what was debited on a day for orders in other currencies, as far as banks say it by order.
func AbroadOn(ctx context.Context, db Queryer, day gateway.Date) (all []Abroad, err error) {
	err = query(ctx, db, func(rows *sql.Rows) error {
		var a Abroad
		err := rows.Scan(&a.Authority, &a.Agreement, &a.Currency, &a.Orders, &a.Ordered, &a.Debited, &a.Exchange, &a.Charges, &a.Foreign)
		all = append(all, a)
		return err
	}, `WITH parts AS (
			SELECT i.agreement_id, p.id, p.charge_ore, t.foreign_currency, t.foreign_amount, t.ore, order_of(t.reference, m.interchange_id, m.message_no, m.lin) AS ordered
			FROM posting p JOIN posting_part t ON t.posting_id = p.id AND t.foreign_currency IS NOT NULL
			CROSS JOIN LATERAL (SELECT DISTINCT y.interchange_id, y.message_no, y.lin FROM posting_match y WHERE y.posting_id = p.id AND y.payment_id IS NULL) m
			JOIN interchange i ON i.id = m.interchange_id
			WHERE p.ore < 0 AND p.posted_on = $1::date),
		charged AS (SELECT agreement_id, foreign_currency, sum(charge_ore) AS ore FROM (SELECT DISTINCT agreement_id, foreign_currency, id, charge_ore FROM parts) d GROUP BY 1, 2)
		SELECT a.authority, a.agreement, t.foreign_currency, count(*), sum(t.ordered)::bigint, sum(t.ore)::bigint, sum(t.ore - t.ordered)::bigint, min(c.ore)::bigint, sum(t.foreign_amount)::bigint
		FROM parts t JOIN charged c USING (agreement_id, foreign_currency) JOIN agreement a ON a.id = t.agreement_id
		WHERE t.ordered IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, day.String())
	if err != nil {
		return nil, fmt.Errorf("debited for orders abroad on %s: %w", day, err)
	}
	return all, nil
}

// daysOf are the bounds of a day of business time.
func daysOf(day gateway.Date, at *time.Location) (from, until time.Time) {
	return day.At(0, at), day.AddDays(1).At(0, at)
}
