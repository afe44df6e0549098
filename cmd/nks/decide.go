package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/command"
)

func decideCommands() []command.Command {
	var all []command.Command
	for _, k := range act.Kinds() {
		args := ""
		if k.ByID {
			args = "ID..."
		}
		all = append(all, command.Command{Name: k.Name, Args: args, Summary: k.Summary, Examples: []string{k.Example}, Run: decideCommand(k)})
	}
	return append(all,
		command.Command{Name: "approve", Args: "DECISION", Summary: "stand for a decision, as a second person or with the signature of who asked; it is carried out when all have",
			Examples: []string{`decide approve 7 --by "B. Jensen"`, `decide approve 7 --by "B. Jensen" --signature 7.sig`}, Run: approveCommand},
		command.Command{Name: "list", Summary: "list the decisions that wait for somebody", Run: listDecisionsCommand,
			Examples: []string{"decide list", "decide list --all --json"}},
		command.Command{Name: "show", Args: "DECISION", Summary: "show a decision and what became of it", Run: showDecisionCommand,
			Examples: []string{"decide show 7", "decide show 7 --to-sign > 7.txt", "decide show 7 --payments > 7.csv"}})
}

// decideCommand asks for a decision of a kind.
func decideCommand(k act.Kind) func(context.Context, *command.Program, *flag.FlagSet, []string) error {
	return func(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
		config := configFlag(fs)
		in := act.Intent{Kind: k.Name, Content: map[string]string{}}
		fs.StringVar(&in.By, "by", "", "`name` of who asks for it")
		fs.StringVar(&in.Why, "why", "", "`reason`, which stays on record: no personal data")
		fs.DurationVar(&in.Within, "within", 0, "how long it may be approved; a day when not given")
		dry := fs.Bool("dry-run", false, "show what would become of it, and record nothing")
		asJSON := fs.Bool("json", false, "print JSON")
		values := map[string]*string{}
		for _, t := range k.Takes {
			values[t.Name] = fs.String(t.Name, "", t.Help)
		}
		var err error
		if in.IDs, err = idArguments(fs, args); err != nil {
			return err
		}
		for _, t := range k.Takes {
			if in.Content[t.Name], err = parameterValue(t, *values[t.Name]); err != nil {
				return err
			}
		}
		if k.ByID != (len(in.IDs) > 0) {
			return command.Usagef("takes the numbers of what it is about: %s", k.Thing)
		}
		if gateway.PersonKey(in.By) == "" || gateway.PersonKey(in.Why) == "" {
			return command.Usagef("--by and --why must be given: who asks for it, and the reason")
		}
		return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
			if *dry {
				asked, err := desk.Preview(ctx, in)
				if err != nil {
					return err
				}
				return printDecision(p.Out, act.Decided{Decision: asked}, desk.Now(), *asJSON)
			}
			done, err := desk.Decide(ctx, in)
			if err != nil {
				return err
			}
			return printDecision(p.Out, done, desk.Now(), *asJSON)
		})
	}
}

// parameterValue is the value of a parameter as a decision has it: of a file its content.
func parameterValue(t act.Parameter, given string) (string, error) {
	switch {
	case given == "" && !t.Optional:
		return "", command.Usagef("--%s must be given", t.Name)
	case given == "" || !t.File:
		return given, nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return "", command.Usage(err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return "", command.Usagef("--%s: there is nothing in %s", t.Name, given)
	}
	return string(text), nil
}

// mostSignature bounds a file that holds a signature.
const mostSignature = 64 << 10

func approveCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	by := fs.String("by", "", "`name` of who stands for it")
	file := fs.String("signature", "", "`file` with the person's signature, by ssh-keygen -Y sign; - is standard input")
	asJSON := fs.Bool("json", false, "print JSON")
	id, err := oneID(fs, args)
	if err != nil {
		return err
	}
	if gateway.PersonKey(*by) == "" {
		return command.Usagef("--by must name who stands for it")
	}
	signature, err := readSignature(*file)
	if err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		done, err := desk.Approve(ctx, id, *by, signature)
		if err != nil {
			return err
		}
		return printDecision(p.Out, done, desk.Now(), *asJSON)
	})
}

func readSignature(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	in := io.Reader(os.Stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", command.Usage(err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, mostSignature))
	return string(text), err
}

func listDecisionsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	all := fs.Bool("all", false, "those that were carried out or have expired, too")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, err := desk.Decisions(ctx, *all)
		if err != nil {
			return err
		}
		if *asJSON {
			documents := []decisionDocument{}
			for _, d := range list {
				documents = append(documents, asDocument(d))
			}
			return printJSON(p.Out, documents)
		}
		for _, d := range list {
			_, _ = fmt.Fprintf(p.Out, "%d  %s %s, by %s, %s: %s\n    %s\n", d.ID, d.Kind, itemNumbers(d), d.By, minute(d.AskedAt), d.Why, standing(d, desk.Now()))
		}
		_, err = fmt.Fprintf(p.Out, "%d decisions\n", len(list))
		return err
	})
}

func showDecisionCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	toSign := fs.Bool("to-sign", false, "print the text that is to be signed, and nothing else")
	payments := fs.Bool("payments", false, "print what a decision to stop did with each payment, as CSV, and nothing else")
	asJSON := fs.Bool("json", false, "print JSON")
	id, err := oneID(fs, args)
	if err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		d, err := desk.Decision(ctx, id)
		if err != nil {
			return err
		}
		if *payments {
			return printStopped(ctx, p.Out, desk, id)
		}
		if *toSign {
			_, err := io.WriteString(p.Out, d.ToSign())
			return err
		}
		return printDecision(p.Out, d, desk.Now(), *asJSON)
	})
}

// printStopped prints what a decision to stop, or to order anew what failed, did with each payment.
func printStopped(ctx context.Context, w io.Writer, desk *act.Desk, id int64) error {
	followed, err := desk.FollowedUp(ctx, id)
	if err != nil {
		return err
	}
	if len(followed) > 0 {
		_, err = io.WriteString(w, "payment,order,ore,refused\n")
		for i := 0; err == nil && i < len(followed); i++ {
			f := followed[i]
			_, err = fmt.Fprintf(w, "%d,%d,%d,%q\n", f.Payment, f.Attempt, f.Ore, f.Why)
		}
		return err
	}
	if _, err := io.WriteString(w, "payment,outcome,position,ore,handed_over\n"); err != nil {
		return err
	}
	return desk.EachStopped(ctx, id, func(s act.Stopped) error {
		handed := ""
		if s.HandedOver != nil {
			handed = s.HandedOver.UTC().Format(time.RFC3339)
		}
		_, err := fmt.Fprintf(w, "%d,%s,%s,%d,%s\n", s.Payment, s.Outcome, s.Position, s.Ore, handed)
		return err
	})
}

// decisionDocument is a decision as JSON.
type decisionDocument struct {
	ID int64 `json:"id"`
	act.Decided
	Hash     string `json:"sha256"`
	WaitsFor string `json:"waits_for,omitempty"`
}

func asDocument(d act.Decided) decisionDocument {
	return decisionDocument{d.ID, d, hex.EncodeToString(d.Hash[:]), d.WaitsFor()}
}

// printDecision tells of a decision, and of what must still be done.
func printDecision(w io.Writer, d act.Decided, now time.Time, asJSON bool) error {
	if asJSON {
		return printJSON(w, asDocument(d))
	}
	name := fmt.Sprintf("decision %d", d.ID)
	if d.ID == 0 {
		name = "decision that would be asked for"
	}
	_, _ = fmt.Fprintf(w, "%s: %s, by %s: %s\n", name, d.Kind, d.By, d.Why)
	if done := d.Executed(); done != nil {
		for _, o := range done.Outcome {
			mark := "done"
			if !o.Done {
				mark = "NOT DONE"
			}
			_, _ = fmt.Fprintf(w, "  %s %d: %s: %s\n", o.Thing, o.ID, mark, o.What)
		}
	} else {
		for _, i := range d.Items {
			_, _ = fmt.Fprintf(w, "  %s %d (%s): %s\n", i.Thing, i.ID, i.State, i.Preview)
		}
	}
	if d.ID == 0 {
		_, err := fmt.Fprintf(w, "  %d must stand for it; nothing was recorded\n", d.Persons)
		return err
	}
	for _, s := range d.Steps {
		_, _ = fmt.Fprintf(w, "  %s %s %s\n", s.Step, minute(s.At), s.Person)
	}
	_, err := fmt.Fprintf(w, "  %s\n", standing(d, now))
	return err
}

// standing says in one line where a decision stands.
func standing(d act.Decided, now time.Time) string {
	switch waits := d.WaitsFor(); {
	case d.Executed() != nil:
		return "carried out in transaction " + d.Executed().Txid
	case waits == "" || !now.Before(d.ExpiresAt):
		return "has expired; ask anew"
	default:
		return fmt.Sprintf("waits for %s until %s: nks decide approve %d --by NAME\n  where persons sign: nks decide show %d --to-sign | ssh-keygen -Y sign -f KEY -n %s > %d.sig, and --signature %d.sig",
			waits, minute(d.ExpiresAt), d.ID, d.ID, gateway.SignatureNamespace, d.ID, d.ID)
	}
}

// itemNumbers are the first things of a decision, and how many more there are.
func itemNumbers(d act.Decided) string {
	const most = 5
	text := ""
	for n, i := range d.Items {
		if n == most {
			return text + fmt.Sprintf(" and %d more", len(d.Items)-most)
		}
		if n > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %d", i.Thing, i.ID)
	}
	return text
}
