package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway/act"
	"nks/gateway/view"
	"nks/internal/command"
)

func recallsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	all := fs.Bool("all", false, "also those that are answered")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return command.Usagef("takes no arguments")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, err := desk.Recalls(ctx, *all)
		if err != nil {
			return err
		}
		return printRecalls(p.Out, list, *asJSON)
	})
}

// printRecalls prints what banks were asked for; persons' numbers in their texts are masked.
func printRecalls(w io.Writer, all []act.RecallAsked, asJSON bool) error {
	for i := range all {
		all[i].Text = view.Mask(all[i].Text)
	}
	if asJSON {
		return printJSON(w, all)
	}
	for _, r := range all {
		_, _ = fmt.Fprintf(w, "recall %d of payment %d, order %d: %d øre at %s, %s; it was %s\n    asked %s, %s\n    %s\n", r.ID, r.Payment, r.Attempt, r.Ore, r.Bank, recallCause(r),
			r.Position, r.AskedAt.Format(time.RFC3339), recallSent(r), recallAnswer(r))
	}
	_, _ = fmt.Fprintf(w, "%d recalls\n", len(all))
	return nil
}

func recallCause(r act.RecallAsked) string {
	if r.Decision == 0 {
		return "since its account has changed"
	}
	return fmt.Sprintf("by decision %d", r.Decision)
}

func recallSent(r act.RecallAsked) string {
	switch {
	case r.Control == "":
		return "not written yet: the bank has not got the order for certain"
	case r.SentAt == nil:
		return fmt.Sprintf("in interchange %s LIN %d, not sent yet", r.Control, r.Line)
	}
	return fmt.Sprintf("in interchange %s LIN %d, sent %s", r.Control, r.Line, r.SentAt.Format(time.RFC3339))
}

func recallAnswer(r act.RecallAsked) string {
	if r.Answer == "" {
		return "no answer"
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s, file %d: %s %s", r.Answer, r.At.Format(time.RFC3339), r.File, r.Code, r.Text)), " ")
}
