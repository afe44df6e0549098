// Package report prints what every program of the gateway prints in the same way: amounts, the ledger, what was loaded.
package report

import (
	"fmt"
	"io"
	"strings"

	"nks/gateway"
	"nks/reconciliation"
)

// Ledger prints where every øre is, by authority and state.
func Ledger(w io.Writer, ledger []reconciliation.Entry) {
	type total struct{ payments, ore int64 }
	by := map[string]map[gateway.PaymentState]total{}
	var authorities []string
	for _, e := range ledger {
		a := e.Authority + " via " + e.Supplier
		if by[a] == nil {
			by[a] = map[gateway.PaymentState]total{}
			authorities = append(authorities, a)
		}
		for _, key := range []string{a, ""} {
			if by[key] == nil {
				by[key] = map[gateway.PaymentState]total{}
			}
			t := by[key][e.State]
			by[key][e.State] = total{t.payments + e.Payments, t.ore + e.OrderOre}
		}
	}
	_, _ = fmt.Fprintf(w, "\n%-26s %-10s %10s %22s\n%s\n", "authority", "state", "payments", "DKK", strings.Repeat("─", 71))
	for _, a := range append(authorities, "") {
		name := a
		if a == "" {
			name = "all"
			_, _ = fmt.Fprintln(w, strings.Repeat("─", 71))
		}
		for _, s := range gateway.PaymentStates() {
			t, ok := by[a][s]
			if !ok {
				continue
			}
			_, _ = fmt.Fprintf(w, "%-26s %-10s %10d %22s\n", name, s, t.payments, Kroner(t.ore))
			name = ""
		}
	}
}

// Kroner writes an amount in the Danish way: 1.234.567,89.
func Kroner(ore int64) string {
	sign := ""
	if ore < 0 {
		sign, ore = "-", -ore
	}
	whole := fmt.Sprint(ore / 100)
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte('.')
		}
		b.WriteRune(c)
	}
	return fmt.Sprintf("%s%s,%02d", sign, b.String(), ore%100)
}
