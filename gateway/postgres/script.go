package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Args are the parameters of a script or statement by name: the text says @name.
type Args = pgx.NamedArgs

// stepMark begins a step of a script; the rest of its line names it.
const stepMark = "-- step: "

// Run runs the statements of a script one after the other. The script is a file of SQL in which each statement is headed
// by a line "-- step: name"; an error names the step that failed.
func Run(ctx context.Context, db Execer, script string, args Args) error {
	_, err := runSteps(ctx, db, script, args)
	return err
}

// RunCounting is Run, and tells how many rows the last statement changed.
func RunCounting(ctx context.Context, db Execer, script string, args Args) (int64, error) {
	last, err := runSteps(ctx, db, script, args)
	if err != nil {
		return 0, err
	}
	return last.RowsAffected()
}

func runSteps(ctx context.Context, db Execer, script string, args Args) (last sql.Result, err error) {
	_, rest, found := strings.Cut(script, stepMark)
	if !found {
		return nil, fmt.Errorf("script without a line %q", stepMark)
	}
	for found {
		var step string
		step, rest, found = strings.Cut(rest, stepMark)
		name, statement, _ := strings.Cut(step, "\n")
		if last, err = db.ExecContext(ctx, statement, args); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(name), err)
		}
	}
	return last, nil
}
