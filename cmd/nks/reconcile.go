package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/postgres/booking"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/reconciliation/ledger"
)

// reconcileFlags are what can be asked of the books.
type reconcileFlags struct {
	config, day, agreement, facts *string
	verify, certificates, asJSON  *bool
}

func reconcileCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	f := reconcileFlags{config: configFlag(fs), day: fs.String("day", "", "`date` of the book, as 2005-08-11; today"),
		agreement:    fs.String("agreement", "", "`number` of the one agreement to show; all"),
		facts:        fs.String("facts", "", "list what an `event` of the day is made of, as came_back; at most 1000"),
		verify:       fs.Bool("verify", false, "compute the day anew, and hold it against what was booked, where payments are, bundles, postings and statements"),
		certificates: fs.Bool("certificates", false, "show what is certified of the day, or of all days, and hold it against the log and the books"),
		asJSON:       fs.Bool("json", false, "print JSON")}
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	a := booking.Asked{Agreement: *f.agreement, Verify: *f.verify}
	if *f.day != "" {
		day, err := gateway.ParseDate(*f.day)
		if err != nil {
			return command.Usagef("--day %q: must be a day that exists, as 2005-08-11", *f.day)
		}
		a.Day = day
	}
	event := ledger.Event(*f.facts)
	if event != "" && !slices.Contains(ledger.Events(), event) {
		return command.Usagef("--facts %q: must be one of %s", event, strings.Trim(fmt.Sprint(ledger.Events()), "[]"))
	}
	return withTables(ctx, p, *f.config, func(ctx context.Context, on tables) error {
		store, err := app.OpenBooking(ctx, on.config, on.db, on.log)
		switch {
		case err != nil:
			return err
		case event != "":
			return listSources(ctx, p.Out, store, a, event, *f.asJSON)
		case *f.certificates:
			return showCertificates(ctx, p.Out, store, a, *f.asJSON)
		}
		return showBook(ctx, p.Out, store, a, *f.asJSON)
	})
}

func showBook(ctx context.Context, w io.Writer, store *booking.Store, a booking.Asked, asJSON bool) error {
	d, err := store.Show(ctx, a)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(w, d)
	} else if report.Book(w, d); d.Verified != nil {
		report.Verified(w, d.Verified)
	}
	if err == nil && d.Verified != nil && !d.Verified.Clean() {
		return command.ErrRejected
	}
	return err
}

func listSources(ctx context.Context, w io.Writer, store *booking.Store, a booking.Asked, event ledger.Event, asJSON bool) error {
	all, err := store.Sources(ctx, a, event)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w, all)
	}
	for _, s := range all {
		_, _ = fmt.Fprintf(w, "%s  %s  %s  %d payments  %s DKK\n", s.At.In(store.Location).Format("15:04:05"), s.What, s.Was, s.Payments, report.Kroner(s.Ore))
	}
	return nil
}

func showCertificates(ctx context.Context, w io.Writer, store *booking.Store, a booking.Asked, asJSON bool) error {
	all, err := store.Certificates(ctx, a.Day)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(h booking.Held) bool { return a.Agreement != "" && h.Agreement != a.Agreement })
	wrong := slices.ContainsFunc(all, func(h booking.Held) bool { return len(h.Findings) > 0 })
	if asJSON {
		err = printJSON(w, append([]booking.Held{}, all...))
	} else {
		for _, h := range all {
			tellCertificate(w, h)
		}
	}
	if err == nil && wrong {
		return command.ErrRejected
	}
	return err
}

func tellCertificate(w io.Writer, h booking.Held) {
	verdict := "certified: the difference is 0 and nothing is undecided"
	if !h.Issued {
		verdict = "NOT certified"
	}
	_, _ = fmt.Fprintf(w, "%s  authority %s, agreement %s at %s, verdict %d: %s; entry %d of the log\n", h.Day, h.Authority, h.Agreement, h.BankCentre, h.N, verdict, h.Entry)
	for _, r := range h.Reasons {
		_, _ = fmt.Fprintf(w, "  %s\n", r)
	}
	for _, f := range h.Findings {
		_, _ = fmt.Fprintf(w, "  NOT what was written: %s\n", f)
	}
}
