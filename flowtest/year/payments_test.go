package year_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/reconciliation/report"
	"nks/sim/bank"
	"nks/sim/country"
)

// ordered is one order of a payment, as the gateway has it.
type ordered struct {
	Payment   int64  `db:"payment_id"`
	State     string `db:"state"`
	Ore       int64  `db:"ore"`
	Bank      string `db:"bank"`
	Reference string `db:"reference"`
	Attempt   int    `db:"attempt"`
	Last      bool   `db:"last"`
	OrderOre  int64  `db:"order_ore"`
	Foretold  string `db:"foretold"`
	Void      bool   `db:"void"`
	Open      bool   `db:"open"` // its month is
}

const everyOrder = `SELECT p.payment_id, p.state, p.ore, i.bank, b.head || q.e2e AS reference, o.attempt, o.ore AS order_ore, coalesce(to_char(g.foretold_on, 'YYYYMMDD'), '') AS foretold,
		o.attempt = max(o.attempt) OVER (PARTITION BY o.payment_id) AS last, i.state = 'void' AS void, p.month >= first_open() AS open
	FROM payment_states(first_kept(), NULL) p JOIN payment q ON q.month = p.month AND q.id = p.payment_id JOIN release_group g ON g.id = q.group_id
	JOIN bank_order o ON o.payment_id = p.payment_id AND o.month >= first_kept() JOIN interchange i ON i.id = o.interchange_id
	JOIN bank_reference b ON b.delivery_id = delivery_of(p.payment_id) AND b.attempt = o.attempt ORDER BY 1, o.attempt`

// judgePayments holds each payment against what the bank's own journal has of its orders. No øre of it is paid twice, at any time.
func (r *run) judgePayments(ctx context.Context, v *verdict, journals map[string]bank.Ledger, over bool) error {
	var all []ordered
	if err := r.db.SelectContext(ctx, &all, everyOrder); err != nil {
		return err
	}
	known, anew := map[string]bool{}, 0
	for at := 0; at < len(all); {
		end := at + 1
		for end < len(all) && all[end].Payment == all[at].Payment {
			end++
		}
		paid := int64(0)
		for _, o := range all[at:end] {
			known[o.Bank+o.Reference] = true
			if o.Attempt > 1 {
				anew++
			}
			order := journals[o.Bank].Orders[o.Reference]
			if over {
				v.judgeOrder(o, order)
			}
			if order != nil {
				paid += keeps(order)
			}
		}
		if paid > all[at].Ore {
			v.fault("payment %d of %d øre: %d are paid, by the banks' journals", all[at].Payment, all[at].Ore, paid)
		}
		at = end
	}
	var dropped bool
	if err := r.db.GetContext(ctx, &dropped, `SELECT EXISTS (SELECT FROM month WHERE dropping_at IS NOT NULL)`); err != nil {
		return err
	}
	for centre, l := range journals {
		for ref, o := range l.Orders {
			if !known[centre+ref] && !dropped {
				v.fault("bank %s has order %s of %d øre, which the gateway does not know", centre, ref, o.Oere)
			}
		}
	}
	v.count("%d orders, %d of them anew", len(all), anew)
	return nil
}

// keeps is what of an order its recipient has, or the bank, in øre as they were ordered.
func keeps(o *bank.LedgerOrder) int64 {
	left := o.Debited
	if o.Foreign != 0 && left != 0 { // at whichever rate it was debited, and came back
		kept := o.Foreign
		for _, b := range o.Returns {
			kept -= b.Foreign
		}
		return o.Oere * kept / o.Foreign
	}
	for _, b := range o.Returns {
		left -= b.Oere
	}
	return left
}

// judgeOrder holds where a payment is against what its last order has become.
func (v *verdict) judgeOrder(o ordered, at *bank.LedgerOrder) {
	if at == nil {
		if !o.Void {
			v.fault("payment %d, %s: bank %s has no order %s", o.Payment, o.State, o.Bank, o.Reference)
		}
		return
	}
	if at.Oere != o.OrderOre {
		v.fault("payment %d: ordered %d øre, the bank has %d", o.Payment, o.OrderOre, at.Oere)
	}
	executed, back := at.Truth == bank.Executed, int64(0)
	for _, b := range at.Returns {
		back += b.Oere
	}
	if !o.Last {
		return
	}
	wrong := false
	switch gateway.PaymentState(o.State) {
	case gateway.PaymentExecuted, gateway.PaymentCheque:
		wrong = !executed || back > 0 || at.Debited != at.Rated
	case gateway.PaymentReturned:
		wrong = executed
	case gateway.PaymentCameBack:
		wrong = !executed || back == 0
	case gateway.PaymentWithBank:
		wrong = at.Debited > 0
	case gateway.PaymentSettled, gateway.PaymentDisputed:
	default:
		wrong = true
	}
	if wrong {
		v.fault("payment %d is %s, attempt %d; by the journal of %s %s is %s, %d of %d øre debited, %d came back", o.Payment, o.State, o.Attempt, o.Bank, o.Reference, at.Truth, at.Debited, at.Oere, back)
	}
}

// judgeAccounts: of every account and day the gateway knows the postings that the bank has booked, to the øre.
func (r *run) judgeAccounts(ctx context.Context, v *verdict, journals map[string]bank.Ledger) error {
	type key struct{ bank, account, day string }
	var first string
	if err := r.db.GetContext(ctx, &first, `SELECT to_char(greatest(first_kept(), '1900-01-01'), 'YYYYMMDD')`); err != nil {
		return err
	}
	apart := map[key][2]int64{}
	var rows []struct {
		Bank, Account, Day string
		Debits, Credits    int64
	}
	if err := r.db.SelectContext(ctx, &rows, `SELECT bank, account, to_char(posted_on, 'YYYYMMDD') AS day, coalesce(-sum(ore) FILTER (WHERE ore < 0), 0)::bigint AS debits,
		coalesce(sum(ore) FILTER (WHERE ore > 0), 0)::bigint AS credits FROM posting GROUP BY 1, 2, 3`); err != nil {
		return err
	}
	for _, p := range rows {
		apart[key{p.Bank, strings.TrimLeft(p.Account, "0"), p.Day}] = [2]int64{p.Debits, p.Credits}
	}
	var sums [2]int64
	for centre, l := range journals {
		for _, a := range l.Accounts() {
			for _, d := range a.Days {
				k := key{centre, strings.TrimLeft(accountOf(a.AccountName), "0"), d.Date}
				sums[0], sums[1] = sums[0]+d.Debits, sums[1]+d.Credits
				apart[k] = [2]int64{apart[k][0] - d.Debits, apart[k][1] - d.Credits}
			}
		}
	}
	for k, by := range apart {
		if by != [2]int64{} && k.day >= first {
			v.fault("account %s at %s on %s: the gateway knows debits of %d øre more, credits of %d øre more, than were booked", k.account, k.bank, k.day, by[0], by[1])
		}
	}
	v.count("banks debited %d øre and credited %d", sums[0], sums[1])
	return nil
}

// judgeForetold: on which day money was foretold to be there, by receipt 1, it is, by the bank's journal; or the gateway lists it with a reason.
func (r *run) judgeForetold(ctx context.Context, v *verdict, journals map[string]bank.Ledger) error {
	var all []ordered
	if err := r.db.SelectContext(ctx, &all, everyOrder); err != nil {
		return err
	}
	kept, otherwise := int64(0), int64(0)
	for _, o := range all {
		at := journals[o.Bank].Orders[o.Reference]
		switch {
		case o.Attempt > 1 || o.Foretold == "" || at == nil || !o.Open: // the list is of open months
		case at.Date == o.Foretold:
			kept++
		default:
			otherwise++
		}
	}
	reasons := map[string]int64{}
	rep, _ := report.Named("foretold")
	err := rep.Run(ctx, r.db, report.Options{Now: r.Now.In(r.zone)}, func(row report.Row) error {
		reasons[fmt.Sprint(row[5])] += row[6].(int64)
		return nil
	})
	listed := int64(0)
	for reason, n := range reasons {
		if reason != "ordered anew" {
			listed += n
		}
	}
	if listed < otherwise {
		v.fault("%d payments are executed on another day than was foretold, and %d are listed: %v", otherwise, listed, reasons)
	}
	v.count("foretold and kept %d, otherwise %d; listed %v", kept, otherwise, reasons)
	return err
}

// judgeAnswers: each response 8 names the day that the bank has of the order; what was foretold is that day, or the response says otherwise.
func (r *run) judgeAnswers(v *verdict, journals map[string]bank.Ledger) error {
	days := map[string]map[string]bool{} // by EndToEndId
	for _, l := range journals {
		for ref, o := range l.Orders {
			parsed, err := gateway.ParseBankReference(ref)
			if err != nil {
				return err
			}
			if days[parsed.EndToEndID] == nil {
				days[parsed.EndToEndID] = map[string]bool{}
			}
			days[parsed.EndToEndID][o.Date] = true
		}
	}
	kinds := map[string]int{}
	for _, supplier := range country.Suppliers() {
		files, err := filepath.Glob(filepath.Join(home(r.Dir, supplier), "got", "*"))
		if err != nil {
			return err
		}
		for _, path := range files {
			if err := v.judgeAnswer(path, days, kinds); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	v.count("answers %v", kinds)
	return nil
}

func (v *verdict) judgeAnswer(path string, days map[string]map[string]bool, kinds map[string]int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	doc, err := nksxml.ReadAnswer(f, nksxml.Limits{})
	if err != nil {
		return err
	}
	kinds[fmt.Sprintf("%T", doc)[len("*nksxml."):]]++
	response, is := doc.(*nksxml.Response8)
	if !is {
		return nil
	}
	for _, b := range response.Blocks {
		on := fmt.Sprintf("%04d%02d%02d", b.Debit.ExecutionDate.Year, b.Debit.ExecutionDate.Month, b.Debit.ExecutionDate.Day)
		for _, t := range b.Transfers {
			if !days[t.EndToEndID][on] {
				v.fault("response 8 says that %q is paid on %s; banks have %v", t.EndToEndID, on, slices.Sorted(maps.Keys(days[t.EndToEndID])))
			}
		}
	}
	return nil
}

func accountOf(a bank.AccountName) string { return a.Bank + a.Number }
