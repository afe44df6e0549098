package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/console"
	"nks/internal/command"
)

// mostListed bounds a list for people; JSON has as many.
const mostListed = 1000

func exceptionCommands() []command.Command {
	return []command.Command{
		{Name: "show", Args: "ID", Summary: "show one, and every other time that the same arose", Run: showExceptionCommand,
			Examples: []string{"exceptions show 12", "exceptions show --json 12"}},
		{Name: "take", Args: "ID", Summary: "make somebody the owner of one: it is theirs to see to", Run: takeExceptionCommand,
			Examples: []string{`exceptions take 12 --by "A. Hansen"`}},
	}
}

// languageFlag is in which language kinds and details are told.
func languageFlag(fs *flag.FlagSet) *string {
	return fs.String("language", string(console.English), "`language` of kinds and details: en or da")
}

func exceptionsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, language := configFlag(fs), languageFlag(fs)
	all := fs.Bool("all", false, "those that are closed, too")
	kind := fs.String("kind", "", "this `kind` alone, as docs/operations.md names it")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if err := checkListing(*language, *kind); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		list, n, err := desk.Exceptions(ctx, act.Filter{All: *all, Kind: gateway.ExceptionKind(*kind), Most: mostListed})
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, struct {
				Exceptions []act.Exception `json:"exceptions"`
				All        int             `json:"all"`
			}{append([]act.Exception{}, list...), n})
		}
		for _, e := range list {
			tellException(p.Out, console.Language(*language), e, desk.Now())
		}
		what := "wait for a person"
		if *all {
			what = "exceptions, open and closed"
		}
		_, err = fmt.Fprintf(p.Out, "%d %s, %d shown\n", n, what, len(list))
		return err
	})
}

func checkListing(language, kind string) error {
	if err := command.OneOf("language", language, string(console.English), string(console.Danish)); err != nil || kind == "" {
		return err
	}
	var kinds []string
	for _, k := range gateway.ExceptionKinds() {
		kinds = append(kinds, string(k))
	}
	return command.OneOf("kind", kind, kinds...)
}

func showExceptionCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, language := configFlag(fs), languageFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	id, err := oneID(fs, args)
	if err != nil {
		return err
	}
	if err := checkListing(*language, ""); err != nil {
		return err
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		history, err := desk.History(ctx, id)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(p.Out, history)
		}
		for _, e := range history {
			tellException(p.Out, console.Language(*language), e, desk.Now())
		}
		return nil
	})
}

func takeExceptionCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	by := fs.String("by", "", "`name` of who sees to it")
	id, err := oneID(fs, args)
	if err != nil {
		return err
	}
	if gateway.PersonKey(*by) == "" {
		return command.Usagef("--by must name who sees to it")
	}
	return withDesk(ctx, p, *config, func(ctx context.Context, desk *act.Desk) error {
		if err := desk.Take(ctx, id, *by); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.Out, "exception %d is %s's\n", id, *by)
		return err
	})
}

// oneID reads flags and the one number that a command takes.
func oneID(fs *flag.FlagSet, args []string) (int64, error) {
	ids, err := idArguments(fs, args)
	if err == nil && len(ids) != 1 {
		err = command.Usagef("takes the number of one")
	}
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// idArguments reads flags and numbers.
func idArguments(fs *flag.FlagSet, args []string) ([]int64, error) {
	words, err := command.Parse(fs, args)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(words))
	for _, w := range words {
		id, err := strconv.ParseInt(w, 10, 64)
		if err != nil || id <= 0 {
			return nil, command.Usagef("%q is no number of ours: must be a whole number, 1 or more", w)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// tellException prints an exception in three lines or four.
func tellException(w io.Writer, l console.Language, e act.Exception, now time.Time) {
	_, _ = fmt.Fprintf(w, "%d  %s  %s: %s\n    %s\n", e.ID, console.SeverityText(l, e.Severity), console.ExceptionKind(l, string(e.Kind)),
		console.ExceptionPlace(l, e.Thing, e.ThingID, e.Subject), console.ExceptionDetail(l, e.Detail()))
	_, _ = fmt.Fprintf(w, "    raised %s", minute(e.RaisedAt))
	if e.LastAt != nil {
		_, _ = fmt.Fprintf(w, ", %d times, last %s", e.Times, minute(*e.LastAt))
	}
	if e.Previous != 0 {
		_, _ = fmt.Fprintf(w, ", was closed before as %d", e.Previous)
	}
	switch {
	case e.ClosedAt == nil:
		tellOpen(w, e, now)
	case e.Decision != 0:
		_, _ = fmt.Fprintf(w, ", closed %s by decision %d\n", minute(*e.ClosedAt), e.Decision)
	default:
		_, _ = fmt.Fprintf(w, ", closed %s by %s\n", minute(*e.ClosedAt), e.ClosedBy)
	}
}

// tellOpen says by when somebody must look, and who does.
func tellOpen(w io.Writer, e act.Exception, now time.Time) {
	_, _ = fmt.Fprintf(w, ", %s old", now.Sub(e.RaisedAt).Truncate(time.Minute))
	switch {
	case e.Deadline == nil:
	case e.Severity == gateway.Notice:
		_, _ = fmt.Fprintf(w, "; closes itself %s", minute(*e.Deadline))
	case e.Deadline.Before(now):
		_, _ = fmt.Fprintf(w, "; OVERDUE since %s", minute(*e.Deadline))
	default:
		_, _ = fmt.Fprintf(w, "; look by %s", minute(*e.Deadline))
	}
	owner := e.Owner
	if owner == "" {
		owner = "nobody's"
	}
	_, _ = fmt.Fprintf(w, "; owner: %s\n", owner)
	if e.Stands {
		_, _ = fmt.Fprintln(w, "    what it was raised for is still so")
	}
}

// minute is an instant for people, in the machine's own zone.
func minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
