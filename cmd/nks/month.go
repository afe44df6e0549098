package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres/closing"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
)

// monthCommands are what can be done with months.
func monthCommands() []command.Command {
	return []command.Command{
		{Name: "list", Summary: "list the months, and which are closed", Run: monthListCommand, Examples: []string{"month list --config /srv/nks/nks.toml"}},
		{Name: "close", Args: "MONTH", Summary: "close a month that has ended: freeze its sums into the log and carry on what is not at its end", Run: monthCloseCommand,
			Examples: []string{`month close 2005-08 --by "A. Hansen" --config /srv/nks/nks.toml`}},
		{Name: "show", Args: "MONTH", Summary: "show what a month was frozen as, and where what is carried of it stands", Run: monthShowCommand,
			Examples: []string{"month show 2005-08", "month show --json 2005-08"}},
		{Name: "verify", Args: "MONTH", Summary: "add a closed month up anew, and hold it against what was frozen and what the log was told", Run: monthVerifyCommand,
			Examples: []string{"month verify --config /srv/nks/nks.toml 2005-08"}},
	}
}

// withMonths runs f on the months of a configuration.
func withMonths(ctx context.Context, p *command.Program, path string, f func(context.Context, *closing.Store) error) error {
	return withTables(ctx, p, path, func(ctx context.Context, on tables) error {
		store, err := app.OpenClosing(ctx, on.config, on.db, on.log)
		if err != nil {
			return err
		}
		return f(ctx, store)
	})
}

// oneMonth reads flags and the one month that is named.
func oneMonth(fs *flag.FlagSet, args []string) (gateway.Month, error) {
	words, err := command.Parse(fs, args)
	if err != nil {
		return 0, err
	}
	if len(words) != 1 {
		return 0, command.Usagef("name one month, as 2005-08")
	}
	m, err := gateway.ParseMonth(words[0])
	if err != nil {
		return 0, command.Usage(err)
	}
	return m, nil
}

func monthListCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withMonths(ctx, p, *config, func(ctx context.Context, store *closing.Store) error {
		list, err := store.Months(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, struct {
				Months []closing.Month `json:"months"`
			}{append([]closing.Month{}, list...)})
		}
		for _, m := range list {
			tellMonth(p.Out, m)
		}
		return nil
	})
}

func tellMonth(w io.Writer, m closing.Month) {
	if m.ClosedAt == nil {
		_, _ = fmt.Fprintf(w, "%s  %s\n", m.Month, m.State)
		return
	}
	_, _ = fmt.Fprintf(w, "%s  %s  by %s  %d payments, %s DKK; carried on %d, %s DKK\n", m.Month, m.State, *m.ClosedBy, *m.Payments,
		report.Kroner(*m.Ore), *m.Carried, report.Kroner(*m.CarriedOre))
}

func monthCloseCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, by := configFlag(fs), fs.String("by", "", "`name` of who closes it")
	month, err := oneMonth(fs, args)
	if err != nil {
		return err
	}
	if *by == "" {
		return command.Usagef("--by is missing: who closes it")
	}
	return withMonths(ctx, p, *config, func(ctx context.Context, store *closing.Store) error {
		if err := store.Close(ctx, month, *by); err != nil {
			return err
		}
		d, err := store.Show(ctx, month)
		if err == nil {
			tellMonth(p.Out, d.Month)
		}
		return err
	})
}

func monthShowCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	month, err := oneMonth(fs, args)
	if err != nil {
		return err
	}
	return withMonths(ctx, p, *config, func(ctx context.Context, store *closing.Store) error {
		d, err := store.Show(ctx, month)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, d)
		}
		tellMonth(p.Out, d.Month)
		for _, s := range d.Sums {
			_, _ = fmt.Fprintf(p.Out, "  %s via %s  %-12s %-10s %10d %22s\n", s.Authority, s.Supplier, s.Agreement, s.State, s.Payments, report.Kroner(s.Ore))
		}
		for _, c := range d.Carried {
			_, _ = fmt.Fprintf(p.Out, "carried on: frozen as %s, now %s: %d payments, %s DKK, as %d\n", c.Frozen, c.Stands, c.Payments, report.Kroner(c.Ore), c.First)
		}
		return nil
	})
}

func monthVerifyCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	month, err := oneMonth(fs, args)
	if err != nil {
		return err
	}
	return withMonths(ctx, p, *config, func(ctx context.Context, store *closing.Store) error {
		v, err := store.Verify(ctx, month)
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(p.Out, v)
		} else {
			tellVerdict(p.Out, v)
		}
		if err == nil && len(v.Findings) > 0 {
			return command.ErrRejected
		}
		return err
	})
}

func tellVerdict(w io.Writer, v *closing.Verdict) {
	for _, f := range v.Findings {
		_, _ = fmt.Fprintln(w, f)
	}
	if len(v.Findings) > 0 {
		_, _ = fmt.Fprintf(w, "%s is NOT what was frozen\n", v.Month)
		return
	}
	if v.Dropped {
		_, _ = fmt.Fprintf(w, "%s has no rows any more: its sums are what was frozen: %d payments, %s DKK; so tells entry %d of the log\n", v.Month, v.Payments,
			report.Kroner(v.Ore), v.Entry)
		return
	}
	_, _ = fmt.Fprintf(w, "%s is what was frozen: %d payments, %s DKK; so tells entry %d of the log\n", v.Month, v.Payments, report.Kroner(v.Ore), v.Entry)
}
