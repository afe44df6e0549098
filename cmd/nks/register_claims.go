package main

import (
	"context"
	"flag"
	"fmt"

	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/register"
)

func registerClaimsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return command.Usagef("one creditor at a time")
	}
	return withTables(ctx, p, *config, func(ctx context.Context, t tables) error {
		now, err := app.BusinessTime(ctx, t.config, t.db)
		if err != nil {
			return err
		}
		all, err := register.Claims(ctx, t.db.Pool(), now)
		if err != nil {
			return err
		}
		shown := 0
		for _, c := range all {
			if len(words) == 1 && c.Creditor != words[0] {
				continue
			}
			shown++
			if _, err := fmt.Fprintf(p.Out, "%s, claim %s, priority %d: %s kr., of it %s taken\n", c.Creditor, c.Claim, c.Priority, report.Kroner(c.Ore), report.Kroner(c.Taken)); err != nil {
				return err
			}
		}
		if shown == 0 {
			_, err = fmt.Fprintln(p.Out, "there are no claims")
		}
		return err
	})
}
