package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"nks/internal/app"
	"nks/internal/command"
)

// recoverCommand shows what the journals have and the database does not know.
func recoverCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	show := fs.Bool("show", false, "show what the journals have and the database does not know")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if !*show {
		return command.Usagef("--show must be given: nothing is taken in by a command, bring the database to a later moment")
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		u, err := app.CompareJournals(ctx, on.config, on.db, on.log)
		if err != nil {
			return err
		}
		for _, r := range u.Records {
			if _, err := fmt.Fprintf(p.Out, "%s  %-9s  %s\n", r.At.Format(time.RFC3339), r.Kind, r.Key); err != nil {
				return err
			}
		}
		why := u.Why()
		if why == "" {
			why = "the database knows everything that the journals have"
		}
		_, err = fmt.Fprintln(p.Out, why)
		return err
	})
}
