package report

import (
	"fmt"
	"io"
	"strings"

	"nks/reconciliation"
	"nks/reconciliation/ledger"
)

// Book prints the book of a day: by agreement what each account stood at before and after it, and what moved it.
func Book(w io.Writer, d *reconciliation.Day) {
	if len(d.Accounts) == 0 {
		_, _ = fmt.Fprintf(w, "nothing stands in the book of %s\n", d.Day)
	}
	for i, a := range d.Accounts {
		if i == 0 || d.Accounts[i-1].Key != a.Key {
			_, _ = fmt.Fprintf(w, "\n%s: authority %s, agreement %s, %s\n%-12s %20s %20s %20s %20s\n%s\n", d.Day, a.Authority, a.Agreement, a.Currency,
				"account", "opening", "in", "out", "closing", strings.Repeat("─", 96))
		}
		_, _ = fmt.Fprintf(w, "%-12s %20s %20s %20s %20s\n", a.Balance.Account, Kroner(a.Opening), Kroner(a.In), Kroner(a.Out), Kroner(a.Closing))
		if i == len(d.Accounts)-1 || d.Accounts[i+1].Key != a.Key {
			moved(w, d, a.Key)
		}
	}
	for _, p := range d.Posted {
		_, _ = fmt.Fprintf(w, "posted by %s on %s of %s %s: %d postings, debited %s, of it charges %s, credited %s DKK\n", p.Bank, p.Account, p.Authority, p.Agreement, p.Postings,
			Kroner(p.Debited), Kroner(p.Charges), Kroner(p.Credited))
	}
	for _, a := range d.Abroad {
		_, _ = fmt.Fprintf(w, "abroad, %s %s: %d orders, ordered %s, debited %s DKK for %s %s, rate %.4f\n", a.Authority, a.Agreement, a.Orders, Kroner(a.Ordered), Kroner(a.Debited),
			Kroner(a.Foreign), a.Currency, float64(a.Debited)/float64(a.Foreign))
	}
}

func moved(w io.Writer, d *reconciliation.Day, k ledger.Key) {
	for _, m := range d.Moved {
		if m.Key != k {
			continue
		}
		var legs []string
		for _, l := range m.Legs {
			legs = append(legs, fmt.Sprintf("%s %s", l.Account, Kroner(l.Ore)))
		}
		if legs == nil {
			legs = []string{"nothing moves"}
		}
		_, _ = fmt.Fprintf(w, "  %-24s %-13s %-6s %9d  %s\n", m.Event, m.Was, m.Order, m.Payments, strings.Join(legs, ", "))
	}
}

// Verified prints what does not agree, each on a line.
func Verified(w io.Writer, v *reconciliation.Verified) {
	for _, g := range []struct {
		what string
		all  []reconciliation.Misbooked
	}{{"unexplained", v.Unexplained}, {"book", v.Misbooked}, {"bundles", v.Bundles}} {
		for _, m := range g.all {
			_, _ = fmt.Fprintf(w, "%s: %s %s: %s\n", g.what, m.Authority, m.Agreement, m.Why)
		}
	}
	for _, d := range v.Differences {
		_, _ = fmt.Fprintf(w, "difference: %s %s, %s: %s by what moved it, %s by where payments are\n", d.Authority, d.Agreement, d.Account, Kroner(d.ByEvents), Kroner(d.ByStates))
	}
	for _, f := range v.Flaws {
		_, _ = fmt.Fprintf(w, "%s: %s %s: %s: %s\n", f.Kind, f.Bank, f.Account, f.Subject, Kroner(f.Ore))
	}
	if v.Clean() {
		_, _ = fmt.Fprintln(w, "\neverything agrees: the difference is 0")
	}
}
