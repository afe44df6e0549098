package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"

	"nks/conf"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/register"
)

func loadCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return command.Usagef("name a folder or files of reference data (docs/reference-data.md)")
	}
	sources, err := register.Files(tokens...)
	if err != nil {
		return command.Usage(err)
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		clock, err := app.PresentClock(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		return errors.Join(report.Load(ctx, p, on.db.Pool(), sources, clock.Now), warnOfCentres(ctx, p, on))
	})
}

// warnOfCentres names bank centres that agreements use and the configuration does not have.
func warnOfCentres(ctx context.Context, p *command.Program, on tables) error {
	agreements, err := register.Agreements(ctx, on.db.Pool())
	if err != nil {
		return err
	}
	missing := map[string]int{}
	for _, a := range agreements {
		if !slices.ContainsFunc(on.config.Banks, func(b conf.Bank) bool { return b.ID == a.BankCentre }) {
			missing[a.BankCentre]++
		}
	}
	for _, centre := range slices.Sorted(maps.Keys(missing)) {
		_, _ = fmt.Fprintf(p.Err, "warning: %d agreements use bank centre %s, which has no [[bank]] in the configuration\n", missing[centre], centre)
	}
	return nil
}
