package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"nks/bankday"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register"
)

func registerAgreementsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	onDay := fs.String("on", "", "execution `date` that they decide about, as 2005-08-11; default: today")
	knownText := fs.String("known", "", "`time` as of whose knowledge they are shown, as 2005-08-11T04:30:00+02:00; default: now")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return command.Usagef("one number at a time")
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
			now, err := app.BusinessTime(ctx, t.config, t.db)
			if err != nil {
				return err
			}
			today := gateway.DateOf(now.In(days.Location())).String()
			if on, err = endOf("on", today, days.Location()); err != nil {
				return err
			}
		}
		if knownAt.IsZero() {
			knownAt = everything()
		}
		all, err := register.AgreementsAs(ctx, t.db.Pool(), on, knownAt)
		if err != nil {
			return err
		}
		if len(words) == 1 {
			all = all.ByNumber(words[0])
		}
		day := gateway.DateOf(on.In(days.Location()))
		for _, a := range all {
			inForce := "in force"
			if !a.InForce(day, days.Location()) {
				inForce = "not in force: its term has another day"
			}
			_, err := fmt.Fprintf(p.Out, "%s of %s by %s on %s: bank centre %s, from %s, without account %s, where an account has changed %s, until %02d:%02d, %s\n", a.Number, a.Authority, a.Supplier, day,
				a.BankCentre, strings.Join(a.PayoutAccounts, " "), a.NoAccount, a.WithEffect, int(a.ReceiveBy.Hours()), int(a.ReceiveBy.Minutes())%60, inForce)
			if err != nil {
				return err
			}
		}
		if len(all) == 0 {
			_, err = fmt.Fprintf(p.Out, "no agreement is known on %s\n", day)
		}
		return err
	})
}
