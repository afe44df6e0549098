package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"nks/gateway/act"
	"nks/gateway/postgres/night"
	"nks/internal/command"
)

func nightCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, asJSON := configFlag(fs), fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		n, err := desk.Night(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, asNight(n))
		}
		return printNight(p.Out, n, desk.Now())
	})
}

// nightDocument is what is in force of a night, as JSON.
type nightDocument struct {
	Controls []night.Control `json:"controls"`
	Limits   []limitDocument `json:"limits"`
	Over     []night.Case    `json:"over_limit"`
}

// limitDocument is a limit, in øre; of history how many times.
type limitDocument struct {
	Reach   string `json:"what"`
	Subject string `json:"of,omitempty"`
	Limit   string `json:"limit"`
	Most    int64  `json:"most"`
}

func asNight(n act.Night) nightDocument {
	d := nightDocument{Controls: n.Controls, Limits: []limitDocument{}, Over: n.Over}
	for _, l := range n.Limits {
		d.Limits = append(d.Limits, limitDocument{string(l.Reach), l.Subject, string(l.Limit), l.Most})
	}
	return d
}

func printNight(w io.Writer, n act.Night, now time.Time) error {
	for _, c := range n.Controls {
		_, _ = fmt.Fprintf(w, "control %d: %s, from %s", c.ID, act.NightName(c), minute(c.From))
		if c.Until != nil {
			_, _ = fmt.Fprintf(w, " until %s", minute(*c.Until))
		}
		switch k := c.Keeps; {
		case k != nil && c.From.After(now):
			_, _ = fmt.Fprint(w, "; not yet")
		case k != nil:
			_, _ = fmt.Fprintf(w, "; waiting: %d payments, %d øre, that are due, and %d files of %d payments, %d øre, that are not sent",
				k.Payments, k.Ore, k.Files, k.FilePayments, k.FileOre)
		}
		_, _ = fmt.Fprintln(w)
	}
	for _, o := range n.Over {
		standing := fmt.Sprintf("waits for two persons: nks decide release-over-limit %d", o.ID)
		if o.Freed {
			standing = "goes with the next release"
		}
		_, _ = fmt.Fprintf(w, "over limit %d: agreement %s of %s at %s for %s: %d payments, %d øre, since %s; %s\n    %s\n", o.ID, o.Agreement, o.Authority, o.Bank, o.ExecutesOn,
			o.Payments, o.Ore, minute(o.SeenAt), o.Breaches, standing)
	}
	for _, l := range n.Limits {
		_, _ = fmt.Fprintf(w, "limit of %s\n", act.LimitName(l))
	}
	_, err := fmt.Fprintf(w, "%d controls, %d over a limit, %d limits\n", len(n.Controls), len(n.Over), len(n.Limits))
	return err
}
