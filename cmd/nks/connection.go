package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/command"
	"nks/register"
)

// connectionSteps are the states that a connection goes through, by the words of the command line.
func connectionSteps() []struct {
	word, summary string
	state         gateway.ConnectionState
} {
	return []struct {
		word, summary string
		state         gateway.ConnectionState
	}{
		{"request", "authorities have asked to be connected by a payout system", gateway.ConnectionRequested},
		{"agree", "the agreement stands", gateway.ConnectionAgreed},
		{"test", "they are in the connection test, or must be tested again", gateway.ConnectionTesting},
		{"go-live", "they pay by it from now on; two persons, and a passed report or a dispensation", gateway.ConnectionLive},
		{"complete", "all that they pay goes by it: fully connected; two persons", gateway.ConnectionConnected},
		{"dispense", "they need not be connected by it; two persons", gateway.ConnectionDispensed},
		{"end", "they are connected by it no longer", gateway.ConnectionEnded},
	}
}

func connectionCommands() []command.Command {
	all := []command.Command{
		{Name: "list", Summary: "list how far each authority is connected, by which payout system, and who is responsible", Run: listConnectionsCommand,
			Examples: []string{"connection list --config /srv/nks/nks.toml", "connection list --json"}},
		{Name: "show", Args: "SYSTEM AUTHORITY", Summary: "show every state of a connection with its day and its persons, and the reports and dispensations", Run: showConnectionCommand,
			Examples: []string{"connection show KOM-LON 4101"}},
	}
	for _, s := range connectionSteps() {
		all = append(all, command.Command{Name: s.word, Args: "SYSTEM AUTHORITY...", Summary: s.summary, Run: connectionCommand(act.KindConnection, s.state),
			Examples: []string{fmt.Sprintf(`connection %s KOM-LON 4101 5200 --by "A. Hansen" --why "letter of 4101"`, s.word)}})
	}
	return append(all,
		command.Command{Name: "report", Args: "SYSTEM FILE", Summary: "keep the report of a connection test of the system: summary.json of nks conformance", Run: connectionReportCommand,
			Examples: []string{`connection report KOM-LON report/summary.json --by "A. Hansen" --why "the test of 2005-08-11"`}},
		command.Command{Name: "waive-test", Args: "SYSTEM AUTHORITY...", Summary: "a dispensation: they may go live without a passed report; two persons", Run: connectionCommand(act.KindWaiveTest, ""),
			Examples: []string{`connection waive-test KOM-LON 4101 --by "A. Hansen" --why "dispensation of the ministry, 2005-123"`}})
}

// askConnection are the flags of who decides something about a connection.
type askConnection struct {
	config, by, why *string
	dry, asJSON     *bool
}

func connectionFlags(fs *flag.FlagSet) askConnection {
	return askConnection{config: configFlag(fs), by: fs.String("by", "", "`name` of who asks for it"), why: fs.String("why", "", "`reason`, which stays on record: no personal data"),
		dry: fs.Bool("dry-run", false, "show what would become of it, and record nothing"), asJSON: fs.Bool("json", false, "print JSON")}
}

// decide asks for it, and prints what became of it.
func (a askConnection) decide(ctx context.Context, p *command.Program, in act.Intent) error {
	in.By, in.Why = *a.by, *a.why
	if gateway.PersonKey(in.By) == "" || gateway.PersonKey(in.Why) == "" {
		return command.Usagef("--by and --why must be given: who asks for it, and the reason")
	}
	return withDesk(ctx, p, *a.config, func(ctx context.Context, desk *act.Desk) error {
		if *a.dry {
			asked, err := desk.Preview(ctx, in)
			if err != nil {
				return err
			}
			return printDecision(p.Out, act.Decided{Decision: asked}, desk.Now(), *a.asJSON)
		}
		done, err := desk.Decide(ctx, in)
		if err != nil {
			return err
		}
		return printDecision(p.Out, done, desk.Now(), *a.asJSON)
	})
}

func connectionCommand(kind string, state gateway.ConnectionState) func(context.Context, *command.Program, *flag.FlagSet, []string) error {
	return func(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
		ask := connectionFlags(fs)
		responsible, rights, effective := new(string), new(string), new(string)
		if kind == act.KindConnection {
			responsible = fs.String("responsible", "", "the authority's `person`; otherwise as before")
			rights = fs.String("rights", "", "what they may do, `WORDS` of payments, accounts and lookups with blanks between them; otherwise as before")
			effective = fs.String("effective", "", "the `day` from whose beginning it counts, such as 2005-08-15; otherwise at once")
		}
		words, err := command.Parse(fs, args)
		if err != nil {
			return err
		}
		if len(words) < 2 {
			return command.Usagef("name a payout system and the authorities")
		}
		content := map[string]string{"system": words[0], "authorities": strings.Join(words[1:], " ")}
		if kind == act.KindConnection {
			content["state"], content["responsible"], content["rights"], content["effective"] = string(state), *responsible, *rights, *effective
		}
		return ask.decide(ctx, p, act.Intent{Kind: kind, Content: content})
	}
}

func connectionReportCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	ask := connectionFlags(fs)
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 2 {
		return command.Usagef("name a payout system and the file of the report")
	}
	text, err := os.ReadFile(words[1])
	if err != nil {
		return command.Usage(err)
	}
	return ask.decide(ctx, p, act.Intent{Kind: act.KindConformance, Content: map[string]string{"system": words[0], "report": string(text)}})
}

func listConnectionsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		all, err := desk.Connections(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, all)
		}
		for _, c := range all {
			if _, err := fmt.Fprintln(p.Out, connectionLine(c)); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.Out, "%d connections\n", len(all))
		return err
	})
}

// connectionLine is a connection in the list: as it is, or as it will be where it is of a later day alone.
func connectionLine(c register.Connection) string {
	state, word, from := c.State, "since", c.Since
	if c.State == "" {
		state, word = c.Next.State, "from"
	}
	line := fmt.Sprintf("%-16s %-10s %-10s %s %s  %-8s %s, %s", c.System, c.Authority, state, word, day(from), c.Supplier, c.Responsible, strings.Join(c.Rights, " "))
	if c.State != "" && c.Next != nil {
		line += fmt.Sprintf("; %s from %s", c.Next.State, day(c.Next.Since))
	}
	return line
}

// day is the day of an instant in Copenhagen; what always was has none.
func day(t time.Time) string {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		zone = time.UTC
	}
	return t.In(zone).Format(time.DateOnly)
}

func showConnectionCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 2 {
		return command.Usagef("name a payout system and one authority")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		r, err := desk.Connection(ctx, words[0], words[1])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, r)
		}
		return printConnection(p, r)
	})
}

func printConnection(p *command.Program, r act.ConnectionRecord) error {
	last := r.History[len(r.History)-1]
	lines := []string{fmt.Sprintf("authority %s by %s (%s), run by %s: %s", last.Authority, last.System, last.SystemName, last.Supplier, last.State)}
	for _, c := range r.History {
		by := "loaded"
		if c.Decision != 0 {
			by = fmt.Sprintf("decision %d", c.Decision)
		}
		if c.Later {
			by += ", still to come"
		}
		lines = append(lines, fmt.Sprintf("  %s  %-10s %s; %s; %s", day(c.Since), c.State, c.Responsible, strings.Join(c.Rights, " "), by))
	}
	for _, d := range r.Decided {
		lines = append(lines, fmt.Sprintf("decision %d, %s, %s: %s", d.ID, minute(d.AskedAt), d.Kind, d.Why))
		for _, s := range d.Steps {
			if s.Person != "" {
				lines = append(lines, fmt.Sprintf("  %s by %s, %s", s.Step, s.Person, minute(s.At)))
			}
			for _, o := range s.Outcome {
				lines = append(lines, "  "+o.What)
			}
		}
	}
	_, err := fmt.Fprintln(p.Out, strings.Join(lines, "\n"))
	return err
}
