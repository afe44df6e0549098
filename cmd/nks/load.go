package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"nks/conf"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/register"
)

func loadCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	effective := fs.String("effective", "", "`date` from which on what is loaded counts, as 2005-09-01; default: since the load")
	tokens, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	var from gateway.Date
	if *effective != "" {
		if from, err = gateway.ParseDate(*effective); err != nil {
			return command.Usagef("--effective: %v", err)
		}
	}
	isProfiles := func(name string) bool { return strings.HasSuffix(name, ".toml") }
	switch {
	case len(tokens) == 0:
		return command.Usagef("name a folder or files of reference data (docs/reference-data.md)")
	case len(tokens) > 1 && slices.ContainsFunc(tokens, isProfiles):
		return command.Usagef("banks' profiles are loaded by themselves, one file at a time")
	case isProfiles(tokens[0]):
		return withLoading(ctx, p, *config, func(ctx context.Context, on tables, clock *gateway.Clock) error {
			n, err := app.LoadProfiles(ctx, on.config, on.db, tokens[0], filepath.Base(tokens[0]), from, clock.Now)
			if err == nil {
				_, err = fmt.Fprintf(p.Out, "%d profiles of banks changed\n", n)
			}
			return err
		})
	}
	sources, err := register.Files(tokens...)
	if err != nil {
		return command.Usage(err)
	}
	return withLoading(ctx, p, *config, func(ctx context.Context, on tables, clock *gateway.Clock) error {
		return report.Load(ctx, p, on.db.Pool(), sources, from, clock.Now)
	})
}

// withLoading changes reference data at the present business time, and warns of what does not go together afterwards. A day that has
// passed is a mistake of who loads.
func withLoading(ctx context.Context, p *command.Program, config string, load func(context.Context, tables, *gateway.Clock) error) error {
	return withTables(ctx, p, config, func(ctx context.Context, on tables) error {
		clock, err := app.PresentClock(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		if err := app.BeginProfiles(ctx, on.config, on.db, clock.Now); err != nil {
			return err
		}
		err = load(ctx, on, clock)
		if errors.Is(err, register.ErrSource) {
			err = command.Usage(err)
		}
		return errors.Join(err, warnOfCentres(ctx, p, on))
	})
}

// warnOfCentres names bank centres that agreements use and that have no profile, and tells what a late receive-by costs.
func warnOfCentres(ctx context.Context, p *command.Program, on tables) error {
	agreements, err := register.Agreements(ctx, on.db.Pool())
	if err != nil {
		return err
	}
	banks, err := app.KnownBanks(ctx, on.config, on.db)
	if err != nil {
		return err
	}
	missing, late := map[string]int{}, map[string]int{}
	for _, a := range agreements {
		i := slices.IndexFunc(banks, func(b conf.Bank) bool { return b.ID == a.BankCentre })
		switch {
		case !a.To.IsZero():
		case i < 0:
			missing[a.BankCentre]++
		case (gateway.Terms{ReceiveBy: a.ReceiveBy, SendBy: banks[i].SendBy.SinceMidnight()}).HandsOverLater():
			late[a.BankCentre]++
		}
	}
	for _, centre := range slices.Sorted(maps.Keys(missing)) {
		_, _ = fmt.Fprintf(p.Err, "warning: %d agreements use bank centre %s, which has no profile that is in force\n", missing[centre], centre)
	}
	for _, centre := range slices.Sorted(maps.Keys(late)) {
		_, _ = fmt.Fprintf(p.Err, "note: %d agreements receive until later than bank centre %s takes payments of the same day: theirs are planned to leave on the next banking day\n", late[centre], centre)
	}
	return nil
}
