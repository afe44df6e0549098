package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nks/gateway/postgres/retention"
	"nks/internal/app"
	"nks/internal/command"
)

// retentionCommands are what can be done about what is kept; rules and holds are decided.
func retentionCommands() []command.Command {
	return []command.Command{
		{Name: "list", Summary: "list the rules, the legal holds, and what stands against dropping the first month that is kept", Run: retentionListCommand,
			Examples: []string{"retention list --config /srv/nks/nks.toml", "retention list --json"}},
		{Name: "drop", Args: "MONTH", Summary: "drop a month whose time is over, or go on with one that is being dropped", Run: retentionDropCommand,
			Examples: []string{`retention drop 2005-08 --by "A. Hansen" --config /srv/nks/nks.toml`}},
		{Name: "prove", Args: "MONTH", Summary: "look for anything that is left of a month, in every table", Run: retentionProveCommand,
			Examples: []string{"retention prove 2005-08", "retention prove --json 2005-08"}},
	}
}

// withRetention runs f on what a configuration keeps.
func withRetention(ctx context.Context, p *command.Program, path string, f func(context.Context, *retention.Store) error) error {
	return withTables(ctx, p, path, func(ctx context.Context, on tables) error {
		store, err := app.OpenRetention(ctx, on.config, on.db, on.log)
		if err != nil {
			return err
		}
		return f(ctx, store)
	})
}

// retentionDocument is what is kept and for how long, as JSON.
type retentionDocument struct {
	Rules []retention.Rule    `json:"rules"`
	Holds []retention.Hold    `json:"legal_holds"`
	First *retention.Standing `json:"first_kept,omitempty"` // of the closed months
}

func retentionListCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withRetention(ctx, p, *config, func(ctx context.Context, store *retention.Store) (err error) {
		d := retentionDocument{}
		if d.Rules, err = store.Rules(ctx); err != nil {
			return err
		}
		if d.Holds, err = store.Holds(ctx); err != nil {
			return err
		}
		if d.First, err = store.Standing(ctx); err != nil {
			return err
		}
		if *asJSON {
			d.Holds = append([]retention.Hold{}, d.Holds...)
			return printJSON(p.Out, d)
		}
		tellRetention(p, d)
		return nil
	})
}

func tellRetention(p *command.Program, d retentionDocument) {
	for _, r := range d.Rules {
		_, _ = fmt.Fprintf(p.Out, "%-10s %s\n", r.Kind, rule(r))
	}
	for _, h := range d.Holds {
		_, _ = fmt.Fprintf(p.Out, "legal hold %d on %s %s since %s, by decision %d\n", h.ID, h.What, h.Subject, minute(h.Since), h.Decision)
	}
	if d.First == nil {
		return
	}
	until := "is kept for ever"
	if d.First.KeptUntil != nil {
		until = "is kept until " + minute(*d.First.KeptUntil)
	}
	_, _ = fmt.Fprintf(p.Out, "%s is the first month that is kept; it %s\n", d.First.Month, until)
	for _, a := range d.First.Against {
		_, _ = fmt.Fprintf(p.Out, "  and there are %s\n", a)
	}
}

func rule(r retention.Rule) string {
	if r.Months == 0 {
		return "for ever"
	}
	return fmt.Sprintf("for %d months after the end of the month, by decision %d", r.Months, *r.Decision)
}

func retentionDropCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, by := configFlag(fs), fs.String("by", "", "`name` of who drops it")
	month, err := oneMonth(fs, args)
	if err != nil {
		return err
	}
	if *by == "" {
		return command.Usagef("--by is missing: who drops it")
	}
	return withRetention(ctx, p, *config, func(ctx context.Context, store *retention.Store) error {
		if err := store.Drop(ctx, month, *by); err != nil {
			return err
		}
		proof, err := store.Prove(ctx, month)
		if err != nil {
			return err
		}
		return tellProof(p, proof)
	})
}

func retentionProveCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	month, err := oneMonth(fs, args)
	if err != nil {
		return err
	}
	return withRetention(ctx, p, *config, func(ctx context.Context, store *retention.Store) error {
		proof, err := store.Prove(ctx, month)
		if err != nil {
			return err
		}
		if !*asJSON {
			return tellProof(p, proof)
		}
		if err := printJSON(p.Out, proof); err != nil {
			return err
		}
		return rejectedIf(len(proof.Findings) > 0)
	})
}

func tellProof(p *command.Program, proof *retention.Proof) error {
	for _, f := range proof.Findings {
		_, _ = fmt.Fprintln(p.Out, f)
	}
	if len(proof.Findings) > 0 {
		_, _ = fmt.Fprintf(p.Out, "%s is NOT gone\n", proof.Month)
		return rejectedIf(true)
	}
	looked := slices.Sorted(maps.Keys(proof.Partitions))
	looked = append(looked, slices.Sorted(maps.Keys(proof.Rows))...)
	_, err := fmt.Fprintf(p.Out, "%s is gone: nothing of it is in %s; %d keyed hashes of EndToEndIds stay\n", proof.Month, strings.Join(looked, ", "), proof.Hashes)
	return err
}

// rejectedIf is command.ErrRejected where something was found.
func rejectedIf(found bool) error {
	if found {
		return command.ErrRejected
	}
	return nil
}
