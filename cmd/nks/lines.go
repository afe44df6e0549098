package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/gateway/console"
	"nks/gateway/view"
	"nks/internal/app"
	"nks/internal/command"
)

// lineSeen is a line as the command prints it in JSON.
type lineSeen struct {
	Kind     string      `json:"kind"`
	Name     string      `json:"name"`
	Node     string      `json:"node,omitempty"` // whose it is; "": a bank's line, which is of no node
	ToldBy   string      `json:"told_by"`
	State    string      `json:"state"` // up, down, closed, unknown
	Since    time.Time   `json:"since"` // business times
	LastGood *time.Time  `json:"last_good,omitempty"`
	Late     bool        `json:"late"` // it is down for longer than its limit
	Limit    string      `json:"limit"`
	Why      string      `json:"why,omitempty"`
	Error    string      `json:"error,omitempty"`
	Queues   []placeSeen `json:"queues,omitempty"`
}

// placeSeen is what waits in a place of a data supplier's queues.
type placeSeen struct {
	Place    string     `json:"place"`            // in, to_put, out, parked
	Messages *int64     `json:"messages"`         // null: not known
	Oldest   *time.Time `json:"oldest,omitempty"` // since when the first of them waits
}

func linesCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config, language := configFlag(fs), languageFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if err := checkListing(*language, ""); err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		now, err := app.BusinessTime(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		reader, closeReader, err := on.db.OpenReader(ctx, on.log)
		if err != nil {
			return err
		}
		all, err := reader.Lines(ctx, view.Viewer{}, now)
		if err := errors.Join(err, closeReader()); err != nil {
			return err
		}
		if *asJSON {
			return printLinesJSON(p.Out, all)
		}
		return printLines(p.Out, console.Language(*language), all)
	})
}

func printLinesJSON(w io.Writer, all []view.Line) error {
	list := []lineSeen{}
	for _, l := range all {
		list = append(list, lineSeen{Kind: string(l.Kind), Name: l.Name, Node: l.Node, ToldBy: l.Owner, State: string(l.Is.State), Since: l.Is.Since,
			LastGood: l.Good, Late: l.Is.Late, Limit: l.Limited().String(), Why: string(l.Is.Why), Error: l.Error,
			Queues: placesSeen(l.Places)})
	}
	return printJSON(w, struct {
		Lines []lineSeen `json:"lines"`
		Late  int        `json:"late"`
	}{list, view.LateLines(all)})
}

func placesSeen(places []view.QueuePlace) (list []placeSeen) {
	for _, p := range places {
		seen := placeSeen{Place: string(p.Place)}
		if p.Known {
			seen.Messages, seen.Oldest = &p.Messages, p.Oldest
		}
		list = append(list, seen)
	}
	return list
}

// printLines prints each line in two rows or more.
func printLines(w io.Writer, l console.Language, all []view.Line) error {
	for _, line := range all {
		node := line.Node
		if node == "" {
			node = line.Owner
		}
		good := "never"
		if line.Good != nil {
			good = minute(*line.Good)
		}
		late := ""
		if line.Is.Late {
			late = "; FOR TOO LONG"
		}
		_, _ = fmt.Fprintf(w, "%s  %s, by %s\n    since %s, last good %s; may be down for %s%s\n", console.LineState(l, line.Is.State), console.LineName(l, line.Kind, line.Name), node,
			minute(line.Is.Since), good, line.Limited(), late)
		if why := console.LineTrouble(l, line.Is.Why); why != "" {
			_, _ = fmt.Fprintf(w, "    %s\n", why)
		}
		if line.Error != "" {
			_, _ = fmt.Fprintf(w, "    %s\n", line.Error)
		}
		printPlaces(w, l, line.Places)
	}
	_, err := fmt.Fprintf(w, "%d lines, %d down for too long\n", len(all), view.LateLines(all))
	return err
}

func printPlaces(w io.Writer, l console.Language, places []view.QueuePlace) {
	for _, p := range places {
		holds := console.LineState(l, gateway.LinkUnknown)
		if p.Known {
			holds = fmt.Sprint(p.Messages)
		}
		if p.Known && p.Oldest != nil {
			holds += ", oldest since " + minute(*p.Oldest)
		}
		_, _ = fmt.Fprintf(w, "    %s: %s\n", console.Place(l, p.Place), holds)
	}
}
