package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"nks/conf"
	"nks/reconciliation"
)

func ledgerCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	if err := noWords(fs, args); err != nil {
		return err
	}
	return withDatabase(ctx, p, *config, func(ctx context.Context, _ conf.Config, db *database) error {
		ledger, err := reconciliation.Ledger(ctx, db.flow)
		if err != nil {
			return err
		}
		printLedger(p.out, ledger)
		if err := printExceptions(ctx, p.out, db); err != nil {
			return err
		}
		findings, err := reconciliation.Check(ctx, db.flow)
		if err != nil {
			return err
		}
		for _, f := range findings {
			_, _ = fmt.Fprintf(p.out, "%s: %s: %d, as %s\n", f.Rule, f.What, f.Count, f.Sample)
		}
		if len(findings) > 0 || !balanced(ledger) {
			return errRejected
		}
		_, err = fmt.Fprintln(p.out, "every invariant holds")
		return err
	})
}

// printExceptions lists what waits for a person.
func printExceptions(ctx context.Context, w io.Writer, db *database) error {
	list, all, err := reconciliation.Open(ctx, db.flow)
	if err != nil || all == 0 {
		return err
	}
	_, _ = fmt.Fprintf(w, "\n%d wait for a person:\n", all)
	for _, e := range list {
		_, _ = fmt.Fprintf(w, "  %s  %s: %s: %s\n", e.RaisedAt.Format("2006-01-02 15:04"), e.Kind, e.Subject, e.Detail)
	}
	return nil
}

// balanced tells whether every payment is explained and every order is of its payment's amount.
func balanced(ledger []reconciliation.Entry) bool {
	for _, e := range ledger {
		if e.State == reconciliation.Missing || e.Ore != e.OrderOre {
			return false
		}
	}
	return true
}

// printLedger prints where every øre is, by authority and state.
func printLedger(w io.Writer, ledger []reconciliation.Entry) {
	type total struct{ payments, ore int64 }
	by := map[string]map[reconciliation.State]total{}
	var authorities []string
	for _, e := range ledger {
		a := e.Authority + " via " + e.Supplier
		if by[a] == nil {
			by[a] = map[reconciliation.State]total{}
			authorities = append(authorities, a)
		}
		for _, key := range []string{a, ""} {
			if by[key] == nil {
				by[key] = map[reconciliation.State]total{}
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
		for _, s := range reconciliation.States() {
			t, ok := by[a][s]
			if !ok {
				continue
			}
			_, _ = fmt.Fprintf(w, "%-26s %-10s %10d %22s\n", name, s, t.payments, kroner(t.ore))
			name = ""
		}
	}
}

// kroner writes an amount in the Danish way: 1.234.567,89.
func kroner(ore int64) string {
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
