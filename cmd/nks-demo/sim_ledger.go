package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"nks/internal/command"
	"nks/internal/report"
	"nks/sim/bank"
)

// simLedgerCommand prints what a centre's journal has: of its accounts, or of one order.
func simLedgerCommand(_ context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	dir := fs.String("dir", "", "data `directory` of the demonstration")
	centre := fs.String("centre", "", "which `centre`; it may be running")
	reference := fs.String("reference", "", "one `order`, as it is named in RFF+CR of PAYMUL, instead of the accounts")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if *dir == "" || *centre == "" {
		return command.Usagef("--dir and --centre must be given")
	}
	if _, err := os.Stat(bank.FoldersOf(*dir, *centre).Home); err != nil {
		return command.Usagef("--dir, --centre: no such centre is played: %w", err)
	}
	ledger, err := bank.ReadJournal(*dir, *centre)
	if err != nil {
		return err
	}
	if *reference == "" {
		return printAccounts(p.Out, ledger.Accounts())
	}
	order := ledger.Orders[*reference]
	if order == nil {
		return bank.ErrNoSuchOrder
	}
	printOrder(p.Out, order)
	return nil
}

func printAccounts(out io.Writer, accounts []*bank.LedgerAccount) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "account\tday\tdebits\tcredits\tbalance\t")
	for _, a := range accounts {
		_, _ = fmt.Fprintf(t, "%s\t\t\t\t%s\t\n", a, report.Kroner(a.Opening))
		for _, d := range a.Days {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", a, d.Date, report.Kroner(d.Debits), report.Kroner(d.Credits), report.Kroner(d.Balance))
		}
	}
	return t.Flush()
}

func printOrder(out io.Writer, o *bank.LedgerOrder) {
	back, fee := o.CameBack()
	_, _ = fmt.Fprintf(out, "%s, ordered %s, debited %s, came back %s, fees %s\n", o.Truth, report.Kroner(o.Oere), report.Kroner(o.Debited),
		report.Kroner(back), report.Kroner(fee))
	for _, r := range o.Returns {
		_, _ = fmt.Fprintf(out, "  %s %s came back to %s by %s\n", r.Date, report.Kroner(r.Oere), r.Account, r.ACK)
	}
}
