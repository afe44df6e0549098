package main

import (
	"context"
	"flag"
	"fmt"

	"nks/bankday"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register"
)

func registerChoicesCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	onDay := fs.String("on", "", "`date` at whose end they count, as 2005-08-11; default: now")
	knownText := fs.String("known", "", "`time` as of whose knowledge they are shown, as 2005-08-11T04:30:00+02:00; default: now")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return command.Usagef("one authority at a time")
	}
	knownAt, err := command.Time("known", *knownText)
	if err != nil {
		return err
	}
	days, err := bankday.New()
	if err != nil {
		return err
	}
	on, err := endOf("on", *onDay, days.Location())
	if err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, t tables) error {
		if on.IsZero() {
			if on, err = app.BusinessTime(ctx, t.config, t.db); err != nil {
				return err
			}
		}
		if knownAt.IsZero() {
			knownAt = everything()
		}
		all, err := register.ChoicesAs(ctx, t.db.Pool(), on, knownAt)
		if err != nil {
			return err
		}
		shown := 0
		for _, c := range all {
			if len(words) == 1 && c.Authority != words[0] {
				continue
			}
			shown++
			benefit := c.BenefitType
			if benefit == "" {
				benefit = "all others"
			}
			if _, err := fmt.Fprintf(p.Out, "%s, %s, %s: %s (version %d)\n", c.Authority, benefit, c.Cause, c, c.Version); err != nil {
				return err
			}
		}
		if shown == 0 {
			_, err = fmt.Fprintln(p.Out, "no choice is made: agreements say what is done without an account, and everything else goes back to the sender")
		}
		return err
	})
}
