package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"nks/gateway/act"
	"nks/internal/command"
)

// mostLetters bounds what is listed.
const mostLetters = 1000

func lettersCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	state := fs.String("state", "", "only those in `state`: waits, sent, failed or void")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "waits", "sent", "failed", "void"}, *state) {
		return command.Usagef("--state: %q must be one of waits, sent, failed, void", *state)
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, err := desk.Letters(ctx, *state, mostLetters)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, list)
		}
		for _, l := range list {
			_, _ = fmt.Fprintf(p.Out, "%s of application %d: %s, made %s; its code is %s and counts until %s\n", l.File, l.Application, l.State, l.Made.Format(time.RFC3339), l.Code,
				l.Expires.Format(time.RFC3339))
		}
		_, err = fmt.Fprintf(p.Out, "%d letters\n", len(list))
		return err
	})
}
