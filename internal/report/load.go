package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/internal/command"
	"nks/register"
)

// Load loads reference data that counts from a day on, or from business time on when that is zero, with a bar while it does, and
// prints what came of each file.
func Load(ctx context.Context, p *command.Program, db *sqlx.DB, sources []register.Source, from gateway.Date, now func() time.Time) error {
	started := time.Now()
	bar := command.NewProgress(p.Err)
	summary, err := register.Load(ctx, db, sources, register.Options{Now: now, From: from, Progress: func(g register.Progress) {
		bar.Show(fmt.Sprintf("%-6s %s", g.Phase, g.File), g.Done, g.Total)
	}})
	bar.End()
	if err != nil {
		return err
	}
	for _, f := range summary.Files {
		if _, err := fmt.Fprintf(p.Out, "%-24s %9d rows  %9d added  %9d changed\n", f.File, f.Rows, f.Added, f.Changed); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.Out, "loaded in %.1f s\n", time.Since(started).Seconds())
	return err
}
