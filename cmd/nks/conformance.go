package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/internal/command"
	"nks/internal/conformance"
)

func conformanceCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var door sendOptions
	o := conformance.Options{Say: p.Out, Now: time.Now}
	doorFlags(fs, &door)
	cast := fs.String("cast", "conformance.toml", "`file` of who the cases are played with; nks init writes one")
	fs.StringVar(&o.Dir, "out", "", "`directory` of the report, new or empty: what was sent and received, summary.txt and summary.json")
	fs.DurationVar(&o.Wait, "wait", 30*time.Second, "how long to wait for what must come at once")
	fs.DurationVar(&o.Bank, "bank", 0, "how long to wait for what comes when payments are due: responses 5, 7, 8 and 9; 0: not at all")
	fs.IntVar(&o.Massive, "mass", 200, "how many payments the bundle of very many has")
	only := fs.String("only", "", "`CASES` that are played, with commas between them; default: all")
	list := fs.Bool("list", false, "list the cases, with what is sent and what must come, and play none")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if o.Massive < 1 || o.Massive > 100_000 {
		return command.Usagef("--mass: must be between 1 and 100000")
	}
	if *list {
		return listCases(p, o.Massive)
	}
	if o.Dir == "" {
		return command.Usagef("--out must name a directory for the report")
	}
	for id := range strings.FieldsFuncSeq(*only, func(r rune) bool { return r == ',' }) {
		o.Only = append(o.Only, strings.TrimSpace(id))
	}
	if err := door.settleDoor(); err != nil {
		return err
	}
	if door.via == viaRASP && door.Listen == "" {
		return command.Usagef("--listen must name the supplier's endpoint, to which the gateway sends the answers")
	}
	return playConformance(ctx, p, o, door, *cast)
}

func playConformance(ctx context.Context, p *command.Program, o conformance.Options, door sendOptions, cast string) (err error) {
	if o.Cast, err = conformance.LoadCast(cast); errors.Is(err, conformance.ErrCast) || errors.Is(err, os.ErrNotExist) {
		return command.Usage(err)
	}
	if err != nil {
		return err
	}
	door.Login, door.Receiver, door.Wait, door.Into = o.Cast.Supplier, o.Cast.To, o.Wait, filepath.Join(o.Dir, "taken")
	o.Door = door.Config
	r, err := conformance.Play(ctx, o)
	if errors.Is(err, conformance.ErrTaken) || errors.Is(err, conformance.ErrCast) {
		return command.Usage(err)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.Out, "%s\n%s has every byte; nks connection report takes its summary.json\n", r, o.Dir); err != nil {
		return err
	}
	if r.Faulty() {
		return command.ErrRejected
	}
	return nil
}

func listCases(p *command.Program, massive int) error {
	for _, c := range conformance.Cases(massive) {
		whose := "ours"
		if c.Official {
			whose = "official"
		}
		if _, err := fmt.Fprintf(p.Out, "%s  %s (%s)\n    rule: %s\n    sent: %s\n    must be: %s\n", c.ID, c.Title, whose, c.Rule, c.Sends, c.Expects); err != nil {
			return err
		}
	}
	return nil
}
