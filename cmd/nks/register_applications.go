package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"nks/gateway/act"
	"nks/gateway/view"
	"nks/internal/command"
)

func registerApplicationsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	ids, err := idArguments(fs, args)
	if err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, err := desk.Applications(ctx, ids)
		if err != nil {
			return err
		}
		return printApplications(p.Out, list, *asJSON)
	})
}

// printApplications prints applications with their steps; persons' numbers in what was written are masked.
func printApplications(w io.Writer, list []act.Applied, asJSON bool) error {
	for i := range list {
		list[i].By = view.Mask(list[i].By)
		for n := range list[i].Steps {
			list[i].Steps[n].Person, list[i].Steps[n].Why = view.Mask(list[i].Steps[n].Person), view.Mask(list[i].Steps[n].Why)
		}
	}
	if asJSON {
		return printJSON(w, list)
	}
	for _, a := range list {
		purpose := "NemKonto"
		if a.Authority != "" {
			purpose = a.Authority + "/" + a.Benefit
		}
		_, _ = fmt.Fprintf(w, "application %d: %s %s of %s %s, by %s of %s, %s\n", a.ID, a.Action, purpose, a.Holder, a.Account, a.By, cmp.Or(a.OnBehalfOf, a.Channel), minute(a.AskedAt))
		for _, s := range a.Steps {
			_, _ = fmt.Fprintf(w, "    %s %s\n", minute(s.At), strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", s.State, s.Rule, s.Why, s.Person)), " "))
		}
	}
	_, err := fmt.Fprintf(w, "%d applications\n", len(list))
	return err
}
