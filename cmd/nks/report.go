package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"strings"

	"nks/bankday"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/reconciliation/report"
)

// reportCommands are the reports, and the list of the payments that a number of one counts.
func reportCommands() []command.Command {
	var all []command.Command
	for _, r := range report.Reports() {
		summary := r.Summary
		if r.ByDay != "" {
			summary += "; --day is the day " + r.ByDay
		}
		all = append(all, command.Command{Name: r.Name, Summary: summary, Examples: []string{"report " + r.Name + " --config /srv/nks/nks.toml",
			"report " + r.Name + " --authority 4101 --format xlsx --out " + r.Name + ".xlsx"},
			Run: func(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
				return reportCommand(ctx, p, fs, args, r)
			}})
	}
	return append(all, command.Command{Name: "payments", Args: "REFERENCE", Summary: "list the payments that a row of a report counts, by its reference, as they stand now",
		Run: reportPaymentsCommand, Examples: []string{`report payments "authority=4101&ordered=no&state=held"`}})
}

// reportFlags are how a report is wanted.
type reportFlags struct{ config, format, language, out *string }

func newReportFlags(fs *flag.FlagSet) reportFlags {
	return reportFlags{config: configFlag(fs),
		format:   fs.String("format", string(report.CSV), "csv, xlsx or `pdf`"),
		language: fs.String("language", string(report.Danish), "of headings and numbers: da or `en`"),
		out:      fs.String("out", "", "`file` that is written; without it the report is printed")}
}

// check refuses what no report can be.
func (f reportFlags) check() error {
	if err := command.OneOf("format", *f.format, string(report.CSV), string(report.XLSX), string(report.PDF)); err != nil {
		return err
	}
	return command.OneOf("language", *f.language, string(report.Danish), string(report.English))
}

func reportCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string, r report.Report) error {
	f := newReportFlags(fs)
	authority, day := fs.String("authority", "", "`number` of the only one that it is about"), new(string)
	if r.ByDay != "" {
		day = fs.String("day", "", "`day` "+r.ByDay+", as 2005-08-11; without it: all of the open months")
	}
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	o := report.Options{Authority: *authority}
	if *day != "" {
		d, err := gateway.ParseDate(*day)
		if err != nil {
			return command.Usagef("--day %q: must be a day, as 2005-08-11", *day)
		}
		o.Day = d
	}
	return f.write(ctx, p, o, report.Language(*f.language).Title(r), r.Columns, func(ctx context.Context, db report.Queryer, o report.Options, each func(report.Row) error) error {
		return r.Run(ctx, db, o, each)
	})
}

func reportPaymentsCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	f := newReportFlags(fs)
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return command.Usagef("takes one reference, as a row of a report has it")
	}
	if err := f.check(); err != nil {
		return err
	}
	title := map[string]string{string(report.Danish): "Betalinger", string(report.English): "Payments"}[*f.language]
	err = f.write(ctx, p, report.Options{}, title, report.Listed(), func(ctx context.Context, db report.Queryer, o report.Options, each func(report.Row) error) error {
		return report.Payments(ctx, db, words[0], o, each)
	})
	if errors.Is(err, report.ErrReference) {
		return command.Usage(err)
	}
	return err
}

// write makes a report as it is wanted, at present business time.
func (f reportFlags) write(ctx context.Context, p *command.Program, o report.Options, title string, columns []report.Column,
	rows func(context.Context, report.Queryer, report.Options, func(report.Row) error) error) error {
	days, err := bankday.New()
	if err != nil {
		return err
	}
	return withTables(ctx, p, *f.config, func(ctx context.Context, on tables) error {
		clock, err := app.PresentClock(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		o.Now, o.Late = clock.Now().In(days.Location()), on.config.Answers.Deadline.Duration
		h := report.Head{Title: title, About: about(o), MadeAt: o.Now, Columns: columns, Language: report.Language(*f.language)}
		return toFile(*f.out, p.Out, func(w io.Writer) error {
			out, err := report.NewWriter(w, report.Format(*f.format), h)
			if err == nil {
				err = rows(ctx, on.db.Pool(), o, out.Row)
			}
			if err == nil {
				err = out.End()
			}
			return err
		})
	})
}

// about is what stands below the title.
func about(o report.Options) string {
	parts := []string{o.Now.Format("2006-01-02 15:04")}
	if !o.Day.IsZero() {
		parts = append(parts, "--day "+o.Day.String())
	}
	if o.Authority != "" {
		parts = append(parts, "--authority "+o.Authority)
	}
	return strings.Join(parts, "  ")
}

// toFile writes to a file, which is there when all of it is; without a name, to what is printed.
func toFile(name string, printed io.Writer, write func(io.Writer) error) error {
	if name == "" {
		return write(printed)
	}
	part := name + ".part"
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}
