package main

import (
	"context"
	"flag"
	"fmt"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/command"
)

func resolveCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	centre := fs.String("bank", "", "bank `centre`")
	number := fs.Int64("interchange", 0, "control `number` (UNB 0020)")
	arrived := fs.String("arrived", "", "the bank's `answer`: yes, it has the file; no, it has not (the same bytes then go again)")
	by := fs.String("by", "", "`name` of who asked the bank")
	approved := fs.String("approved-by", "", "`name` of the second person who stands for it, where names are believed; otherwise nks decide approve")
	why := fs.String("why", "", "`reason`; what the bank says, when not given")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	list := *centre == "" && *number == 0
	if !list {
		if err := command.OneOf("arrived", *arrived, "yes", "no"); err != nil {
			return err
		}
		if gateway.PersonKey(*by) == "" {
			return command.Usagef("--by must name who asked the bank")
		}
		if *approved != "" && gateway.TwoPersons(*by, *approved) != nil {
			return command.Usagef("--by and --approved-by must name two different persons")
		}
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		if list {
			return listUnresolved(ctx, p, desk)
		}
		in, err := desk.Resolved(ctx, *centre, gateway.ControlNumber(*number), *arrived == "yes")
		if err != nil {
			return err
		}
		if in.By = *by; *why != "" {
			in.Why = *why
		}
		done, err := desk.Decide(ctx, in)
		if err == nil && *approved != "" {
			done, err = desk.Approve(ctx, done.ID, *approved, "")
		}
		if err != nil {
			return err
		}
		return printDecision(p.Out, done, desk.Now(), false)
	})
}

func listUnresolved(ctx context.Context, p *command.Program, desk *act.Desk) error {
	all, err := desk.Unresolved(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		if _, err := fmt.Fprintf(p.Out, "--bank %s --interchange %d   %s, %d payments\n", u.Bank, u.ControlRef, u.FileName, u.Payments); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.Out, "%d interchanges of which nobody knows whether the bank has them\n", len(all))
	return err
}
