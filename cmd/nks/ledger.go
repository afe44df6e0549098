package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"

	"nks/bankday"
	"nks/gateway"
	"nks/internal/command"
	"nks/internal/report"
	"nks/reconciliation"
)

func ledgerCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, whole := configFlag(fs), fs.Bool("whole", false, "check the months that are closed, too: as long as there are payments")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		db := on.db.Pool()
		ledger, err := reconciliation.Ledger(ctx, db)
		if err != nil {
			return err
		}
		report.Ledger(p.Out, ledger)
		undecided, err := reconciliation.SumUndecided(ctx, db)
		if err != nil {
			return err
		}
		if undecided.Payments > 0 {
			_, _ = fmt.Fprintf(p.Out, "\nof with_bank %d payments, %s DKK, are undecided: something that their bank has laid out may concern them and is not decided\n",
				undecided.Payments, report.Kroner(undecided.Ore))
		}
		if err := printExceptions(ctx, p.Out, db); err != nil {
			return err
		}
		check := reconciliation.CheckOpen
		if *whole {
			check = reconciliation.Check
		}
		findings, err := check(ctx, db)
		if err != nil {
			return err
		}
		for _, f := range findings {
			_, _ = fmt.Fprintf(p.Out, "%s: %s: %d, as %s\n", f.Rule, f.What, f.Count, f.Sample)
		}
		if len(findings) > 0 || !balanced(ledger) {
			return command.ErrRejected
		}
		_, err = fmt.Fprintln(p.Out, "every invariant holds")
		return err
	})
}

// printExceptions lists what waits for a person.
func printExceptions(ctx context.Context, w io.Writer, db *sqlx.DB) error {
	list, all, err := reconciliation.Open(ctx, db)
	if err != nil || all == 0 {
		return err
	}
	days, err := bankday.New()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "\n%d wait for a person:\n", all)
	for _, e := range list {
		_, _ = fmt.Fprintf(w, "  %s  %s: %s: %s\n", e.RaisedAt.In(days.Location()).Format("2006-01-02 15:04 MST"), e.Kind, e.Subject, e.Detail)
	}
	return nil
}

// balanced reports whether every payment is explained and every order is of its payment's amount.
func balanced(ledger []reconciliation.Entry) bool {
	for _, e := range ledger {
		if e.State == gateway.PaymentMissing || e.Ore != e.OrderOre {
			return false
		}
	}
	return true
}
