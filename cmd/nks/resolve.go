package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/command"
)

// resolution is what two persons decide.
type resolution struct {
	bank         string
	number       int64 // of an interchange of the bank
	arrived      string
	delivery     int64 // that was set aside
	again        bool
	by, approved string
	why          string
}

func resolveCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	var r resolution
	fs.StringVar(&r.bank, "bank", "", "bank `centre`")
	fs.Int64Var(&r.number, "interchange", 0, "control `number` (UNB 0020)")
	fs.StringVar(&r.arrived, "arrived", "", "the bank's `answer`: yes, it has the file; no, it has not (the same bytes then go again)")
	fs.Int64Var(&r.delivery, "delivery", 0, "`number` of a delivery that was set aside")
	fs.BoolVar(&r.again, "read-again", false, "what kept the delivery is mended: it is read and checked again")
	fs.StringVar(&r.by, "by", "", "`name` of who asked the bank, or mended what kept the delivery")
	fs.StringVar(&r.approved, "approved-by", "", "`name` of the second person who stands for it, where names are believed; otherwise nks decide approve")
	fs.StringVar(&r.why, "why", "", "`reason`; what the bank says, or that it is mended, when not given")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		if r.lists() {
			return errors.Join(listUnresolved(ctx, p, desk), listSetAside(ctx, p, desk))
		}
		in, err := r.intent(ctx, desk)
		if err != nil {
			return err
		}
		done, err := desk.Decide(ctx, in)
		if err == nil && r.approved != "" {
			done, err = desk.Approve(ctx, done.ID, r.approved, "")
		}
		if err != nil {
			return err
		}
		return printDecision(p.Out, done, desk.Now(), false)
	})
}

// intent is what is to be decided.
func (r resolution) intent(ctx context.Context, desk *act.Desk) (in act.Intent, err error) {
	if r.delivery != 0 {
		in = act.Intent{Kind: act.KindReadAgain, IDs: []int64{r.delivery}, Why: "what kept it is mended"}
	} else {
		in, err = desk.Resolved(ctx, r.bank, gateway.ControlNumber(r.number), r.arrived == "yes")
	}
	if in.By = r.by; r.why != "" {
		in.Why = r.why
	}
	return in, err
}

// lists reports whether nothing is decided.
func (r resolution) lists() bool {
	return r.bank == "" && r.number == 0 && r.delivery == 0 && !r.again
}

func (r resolution) check() error {
	switch interchange := r.bank != "" || r.number != 0 || r.arrived != ""; {
	case r.lists():
		return nil
	case interchange && (r.delivery != 0 || r.again):
		return command.Usagef("--interchange and --delivery cannot be resolved together")
	case !interchange && (r.delivery == 0 || !r.again):
		return command.Usagef("--delivery and --read-again must both be given")
	case interchange:
		if err := command.OneOf("arrived", r.arrived, "yes", "no"); err != nil {
			return err
		}
	}
	if gateway.PersonKey(r.by) == "" {
		return command.Usagef("--by must name who asked the bank, or mended what kept the delivery")
	}
	if r.approved != "" && gateway.TwoPersons(r.by, r.approved) != nil {
		return command.Usagef("--by and --approved-by must name two different persons")
	}
	return nil
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

func listSetAside(ctx context.Context, p *command.Program, desk *act.Desk) error {
	all, err := desk.SetAside(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		step := "read"
		if d.State == "read" {
			step = "checked"
		}
		if _, err := fmt.Fprintf(p.Out, "--delivery %d   of %s, could not be %s\n", d.ID, d.Supplier, step); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.Out, "%d deliveries that were set aside\n", len(all))
	return err
}
