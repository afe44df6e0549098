package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
	"nks/reconciliation/match"
)

//go:embed sql/look_orders.sql
var lookOrdersSQL string

// lookOrder is an order that money may have come back of.
type lookOrder struct {
	Payment      int64  `db:"payment_id"`
	Attempt      int32  `db:"attempt"`
	Month        string `db:"month"`
	Interchange  int64  `db:"interchange_id"`
	Message      int    `db:"message_no"`
	Line         int    `db:"lin"`
	Seq          int    `db:"seq"`
	Ore          int64  `db:"ore"`
	Left         int64  `db:"left_ore"`
	Counterparty string `db:"counterparty"`
	ExecutesOn   string `db:"executes_on"`
	Account      string `db:"account"` // on which it is looked for
}

// aloneFit is the rule by which a return is booked: more than one part, or order, is for persons.
const aloneFit = match.ByAmount

// lookForReturns matches credits with orders of the last days that were debited from the account that was credited, or whose returns come there.
func (s *Store) lookForReturns(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, parts []lookPart, found hints, now time.Time) error {
	if len(parts) == 0 {
		return nil
	}
	orders, candidates, err := s.ordersOf(ctx, x, bank, parts, found)
	if err != nil || orders == nil {
		return err
	}
	result, err := match.Find(asked(parts), candidates, lookWindows())
	if err != nil {
		return err
	}
	name := func(uses []match.Use) string { return fmt.Sprintf("payment %d", uses[0].Subject.ID) }
	var sure []int
	for _, m := range result.Matches {
		p, o := parts[m.Part], orders[m.Uses[0].Subject]
		switch {
		case p.Rival:
		case m.Rule != aloneFit:
			found.add(p.Posting, fmt.Sprintf("perhaps %s: %s", name(m.Uses), m.Rule))
		default:
			sure = append(sure, p.K)
			err := x.UpdateOne(ctx, `UPDATE part_match SET month = $2::date, payment_id = $3, attempt = $4, interchange_id = $5, message_no = $6, lin = $7, seq = $8, trouble = NULL, round = 0
				WHERE k = $1`, p.K, o.Month, o.Payment, o.Attempt, o.Interchange, o.Message, o.Line, o.Seq)
			if err != nil {
				return err
			}
		}
	}
	found.hint(parts, result, name)
	if len(sure) == 0 {
		return nil
	}
	from := source{document: file.DocumentID}
	if _, err := s.followMoved(ctx, x, gateway.NewsCameBack, from, partWords+`trouble IS NULL AND k = ANY (@sure::int[])`, pgscript.Args{"sure": sure}); err != nil {
		return err
	}
	return s.matchMoved(ctx, x, gateway.MatchedByAmount, from, now)
}

// ordersOf are the orders that parts may be about; nil where there are too many to look through, which is told.
func (s *Store) ordersOf(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, parts []lookPart, found hints) (map[match.Subject]lookOrder, []match.Candidate, error) {
	args, n, err := s.lookBounds(ctx, x, bank, parts)
	if err != nil {
		return nil, nil, err
	}
	if n > mostCandidates {
		found.tooMany(parts, "orders", n)
		return nil, nil, nil
	}
	var all []lookOrder
	if n > 0 {
		if err := x.SelectContext(ctx, &all, lookOrdersSQL, args); err != nil {
			return nil, nil, err
		}
	}
	orders, candidates := make(map[match.Subject]lookOrder, len(all)), make([]match.Candidate, len(all))
	for i, o := range all {
		day, err := gateway.ParseDate(o.ExecutesOn)
		if err != nil {
			return nil, nil, err
		}
		subject := match.PaymentAttempt(o.Payment, o.Attempt)
		orders[subject] = o
		candidates[i] = match.Candidate{Subject: subject, Way: match.Return, Account: o.Account, Counterparty: o.Counterparty, Ore: max(0, o.Left), OrderedOre: o.Ore, ExecutesOn: day}
	}
	return orders, candidates, nil
}

// lookBounds are the months and accounts that are looked at, and how many orders are in what is looked through.
func (s *Store) lookBounds(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, parts []lookPart) (pgscript.Args, int64, error) {
	first, last := daysOf(parts)
	var amounts []int64
	for _, p := range parts {
		if about := p.Ore + p.Charge; p.Counterparty == "" && !slices.Contains(amounts, about) {
			amounts = append(amounts, about)
		}
	}
	args := pgscript.Args{"bank": bank.ID, "from": first.AddDays(-lookedBack).String(), "to": last.String(), "news": string(gateway.NewsCameBack), "until": s.thisMonth(),
		"accounts": textsOf(parts, func(p lookPart) string { return p.Account }), "counterparties": textsOf(parts, func(p lookPart) string { return p.Counterparty }), "amounts": amounts}
	var n int64
	var since sql.NullString
	// Orders are frozen at most some days before they execute: in the month before, at the earliest.
	err := x.QueryRowContext(ctx, `SELECT coalesce(sum(l.payments), 0)::bigint, least(min(i.since), min(i.month))::text FROM interchange i JOIN order_line l ON l.interchange_id = i.id
			LEFT JOIN agreement_version v ON v.id = i.agreement_version
		WHERE i.month BETWEEN (date_trunc('month', @from::date) - interval '1 month')::date AND @until::date AND i.bank = @bank AND i.kind = 'PAYMUL' AND i.state = 'sent'
			AND i.since >= first_kept() AND i.executes_on BETWEEN @from::date AND @to::date
			AND (l.debit_account = ANY (@accounts::text[]) OR v.return_account = ANY (@accounts::text[]))`, args).Scan(&n, &since)
	if err != nil || !since.Valid {
		return args, 0, err
	}
	args["since"] = since.String
	var sinceID int64
	if err := x.QueryRowContext(ctx, `SELECT month_ids($1::date)`, since.String).Scan(&sinceID); err != nil {
		return nil, 0, err
	}
	args["since_id"] = sinceID
	return args, n, nil
}
