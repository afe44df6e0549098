package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/view"
	"nks/internal/command"
)

func inquiryCommands() []command.Command {
	return []command.Command{
		{Name: "list", Summary: "list the inquiries that are open", Run: listInquiriesCommand, Examples: []string{"inquiry list --config /srv/nks/nks.toml", "inquiry list --all --json"}},
		{Name: "show", Args: "INQUIRY", Summary: "show an inquiry: what was known when it was opened, and what was done; the log keeps who looks", Run: showInquiryCommand,
			Examples: []string{`inquiry show 3 --by "A. Hansen" --config /srv/nks/nks.toml`}},
	}
}

func listInquiriesCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	all := fs.Bool("all", false, "also those that are closed")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, err := desk.Inquiries(ctx, *all)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, list)
		}
		for _, i := range list {
			_, _ = fmt.Fprintf(p.Out, "inquiry %d about payment %d of authority %s: opened %s by %s, due %s\n", i.ID, i.Payment, i.Authority, i.OpenedAt.Format(time.RFC3339), i.OpenedBy,
				gateway.DateOf(i.DueOn))
		}
		_, err = fmt.Fprintf(p.Out, "%d inquiries\n", len(list))
		return err
	})
}

func showInquiryCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	by := fs.String("by", "", "`name` of who looks")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return command.Usagef("takes the number of one inquiry")
	}
	id, err := strconv.ParseInt(words[0], 10, 64)
	switch {
	case err != nil || id < 1:
		return command.Usagef("%q is no number of an inquiry", words[0])
	case gateway.PersonKey(*by) == "":
		return command.Usagef("--by must be given: who looks")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		i, err := desk.Inquiry(ctx, id, *by)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, i)
		}
		printInquiry(p.Out, i)
		return nil
	})
}

func printInquiry(w io.Writer, i act.Inquiry) {
	_, _ = fmt.Fprintf(w, "inquiry %d about payment %d of authority %s\nopened %s by %s, decision %d, due %s\nwhy: %s\nevidence: %s\nknown then: %s\n", i.ID, i.Payment, i.Authority,
		i.OpenedAt.Format(time.RFC3339), i.OpenedBy, i.Decision, gateway.DateOf(i.DueOn), view.Mask(i.Why), view.Mask(i.Evidence), i.Known)
	for _, s := range i.Steps {
		_, _ = fmt.Fprintf(w, "%s %s by %s, decision %d %s\n", s.At.Format(time.RFC3339), strings.ReplaceAll(string(s.Step), "_", " "), s.By, s.Decision, s.Outcome)
		for line := range strings.Lines(view.Mask(s.Text)) {
			_, _ = fmt.Fprintf(w, "    %s\n", strings.TrimRight(line, "\n"))
		}
		if s.Evidence != "" {
			_, _ = fmt.Fprintf(w, "    evidence: %s\n", view.Mask(s.Evidence))
		}
	}
	for _, r := range i.Recalls {
		_, _ = fmt.Fprintf(w, "recall %d was asked since\n", r)
	}
}
