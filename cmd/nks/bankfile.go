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

func bankFileCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	id, err := oneID(fs, args)
	if err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		f, err := desk.BankFile(ctx, id)
		if err != nil {
			return err
		}
		for i := range f.Statements {
			f.Statements[i].Text, f.Statements[i].Reference = view.Mask(f.Statements[i].Text), view.Mask(f.Statements[i].Reference)
		}
		if *asJSON {
			return printJSON(p.Out, f)
		}
		tellBankFile(p.Out, f)
		return nil
	})
}

func tellBankFile(w io.Writer, f act.HeardFile) {
	_, _ = fmt.Fprintf(w, "file %d of %s, received %s, %s, hearing %d\n", f.ID, f.Bank, minute(f.ReceivedAt), f.State, f.Hearing)
	if f.SignedBy != "" {
		_, _ = fmt.Fprintf(w, "signed by the key %s\n", f.SignedBy)
	}
	for _, s := range f.Statements {
		_, _ = fmt.Fprintf(w, "%d  %s  %s\n", s.N, s.Certainty, strings.Join(strings.Fields(strings.Join([]string{s.Kind, s.Reference, s.Meaning, s.Code, s.Text}, " ")), " "))
		var about []string
		if s.Interchange != 0 {
			about = append(about, fmt.Sprintf("about interchange %d", s.Interchange))
		}
		if s.Line != 0 {
			about = append(about, fmt.Sprintf("message %d LIN %d", s.Message, s.Line))
		}
		if s.Payment != 0 {
			about = append(about, fmt.Sprintf("payment %d", s.Payment))
		}
		if s.Ore != nil {
			about = append(about, fmt.Sprintf("%d øre named", *s.Ore))
		}
		for _, what := range []string{string(s.Undecided), string(s.Effect), string(s.Exception)} {
			if what != "" {
				about = append(about, what)
			}
		}
		if len(about) > 0 {
			_, _ = fmt.Fprintf(w, "    %s\n", strings.Join(about, ", "))
		}
	}
	_, _ = fmt.Fprintf(w, "%d statements, %d shown\n", f.All, len(f.Statements))
}
