package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"nks/gateway/act"
	"nks/gateway/view"
	"nks/internal/command"
)

func postingsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	ids, err := idArguments(fs, args)
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		return command.Usagef("takes the number of one posting, or none")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		if len(ids) == 1 {
			one, err := desk.Posting(ctx, ids[0])
			if err != nil {
				return err
			}
			return printPostings(p.Out, []act.Posting{one}, *asJSON)
		}
		all, err := desk.UnmatchedPostings(ctx)
		if err != nil {
			return err
		}
		return printPostings(p.Out, all, *asJSON)
	})
}

// printPostings prints postings with what the bank says of their parts; persons' numbers in its texts are masked.
func printPostings(w io.Writer, all []act.Posting, asJSON bool) error {
	for i := range all {
		all[i].Reference = view.Mask(all[i].Reference)
		for j := range all[i].Parts {
			part := &all[i].Parts[j]
			part.Text, part.Reference = view.Mask(part.Text), view.Mask(part.Reference)
		}
	}
	if asJSON {
		return printJSON(w, all)
	}
	for _, p := range all {
		_, _ = fmt.Fprintf(w, "posting %d of %s on %s: %d øre on account %s, %d matched; %s, file %d\n", p.ID, p.Bank, p.PostedOn, p.Ore, p.Account, p.MatchedOre, p.HeardIn, p.File)
		if p.Why != "" {
			_, _ = fmt.Fprintf(w, "    %s\n", p.Why)
		}
		for _, x := range p.Parts {
			_, _ = fmt.Fprintf(w, "    part %d: %d øre  %s\n", x.N, x.Ore, strings.Join(strings.Fields(strings.Join([]string{x.Reference, x.Code, x.Text}, " ")), " "))
		}
		for _, m := range p.Matches {
			about := fmt.Sprintf("interchange %s message %d LIN %d", m.Control, m.Message, m.Line)
			if m.Payment != 0 {
				about = fmt.Sprintf("payment %d, order %d", m.Payment, m.Attempt)
			}
			if m.Exchange != 0 {
				about += fmt.Sprintf(", of it %d øre exchange", m.Exchange)
			}
			_, _ = fmt.Fprintf(w, "    part %d is about %s: %d øre, by %s\n", m.Part, about, m.Ore, m.Rule)
		}
	}
	_, _ = fmt.Fprintf(w, "%d postings\n", len(all))
	return nil
}
