package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/answer"
	"nks/reconciliation/report"
)

// Reporting lays daily reports into suppliers' mailboxes. Safe for concurrent use.
type Reporting struct {
	*postgres.Base
	Answer *answer.Store
	Daily  []conf.DailyReport
	Late   time.Duration // how old an answer may be before it counts as late
}

// newReporting is the daily reports of a configuration; one that there is not is a ConfigError.
func newReporting(base *postgres.Base, answers *answer.Store, r conf.Report, late time.Duration) (*Reporting, error) {
	daily, err := r.Days()
	if err != nil {
		return nil, ConfigError{fmt.Errorf("report.daily: %w", err)}
	}
	for _, d := range daily {
		if _, ok := report.Named(d.Name); !ok {
			return nil, ConfigError{fmt.Errorf("report.daily: there is no report %q", d.Name)}
		}
	}
	return &Reporting{Base: base, Answer: answers, Daily: daily, Late: late}, nil
}

// Next lays the next report that is due into its mailbox, and forgets those whose time is over. It reports whether there was one. Of
// days on which nobody was there the last one alone is made up for.
func (r *Reporting) Next(ctx context.Context) (bool, error) {
	for _, d := range r.Daily {
		laid, err := r.lay(ctx, d)
		if err != nil || laid {
			return laid, err
		}
	}
	return false, r.Answer.ForgetHandouts(ctx)
}

// NextDue is when the next report is due after a time. Zero: none ever is.
func (r *Reporting) NextDue(_ context.Context, after time.Time) (next time.Time, err error) {
	for _, d := range r.Daily {
		today := gateway.DateOf(after.In(r.Location))
		due := today.At(d.At.SinceMidnight(), r.Location)
		if !due.After(after) {
			due = today.AddDays(1).At(d.At.SinceMidnight(), r.Location)
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next, nil
}

func (r *Reporting) lay(ctx context.Context, d conf.DailyReport) (laid bool, err error) {
	now := r.Now().In(r.Location)
	about := gateway.DateOf(now).AddDays(-1)
	if now.Before(gateway.DateOf(now).At(d.At.SinceMidnight(), r.Location)) {
		about = about.AddDays(-1)
	}
	kind, _ := report.Named(d.Name)
	o := report.Options{Authority: d.Authority, Supplier: d.Supplier, Now: now, Late: r.Late}
	if kind.ByDay != "" {
		o.Day = about
	}
	language := report.Language(d.Language)
	head := report.Head{Title: language.Title(kind), About: d.Authority + "  " + about.String(), MadeAt: now, Columns: kind.Columns, Language: language}
	name := fmt.Sprintf("RAPPORT-%s-%s-%s.%s", strings.ToUpper(d.Name), d.Authority, about.Compact(), d.Format)
	err = r.Transact(ctx, "report "+d.Name, func(x *postgres.Session) error {
		laid, err = r.HandOut(ctx, x, d.Supplier, name, 0, func(to io.Writer) error {
			out, err := report.NewWriter(to, report.Format(d.Format), head)
			if err == nil {
				err = kind.Run(ctx, x, o, out.Row)
			}
			if err == nil {
				err = out.End()
			}
			return err
		})
		return err
	})
	return laid, err
}
