// Package pgscript runs SQL that consists of several statements, each with a name: an error says which of them failed.
package pgscript

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Args are parameters by name: a statement says @name. What it does not name is not sent.
type Args = pgx.NamedArgs

// Execer runs one statement, in a transaction or by itself.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Step is one named statement.
type Step struct{ Name, Statement string }

// stepMark begins a step of a script; the rest of its line names it.
const stepMark = "-- step: "

var errNoStep = errors.New("script without a line " + stepMark)

// Parse cuts a script: a file of SQL in which each statement is headed by a line "-- step: name".
func Parse(script string) ([]Step, error) {
	_, rest, found := strings.Cut(script, stepMark)
	if !found {
		return nil, errNoStep
	}
	var steps []Step
	for found {
		var step string
		step, rest, found = strings.Cut(rest, stepMark)
		name, statement, _ := strings.Cut(step, "\n")
		steps = append(steps, Step{strings.TrimSpace(name), statement})
	}
	return steps, nil
}

// Run runs the statements of a script one after the other.
func Run(ctx context.Context, db Execer, script string, args Args) error {
	return run(ctx, db, script, args, func(string, int64) {})
}

// RunCounting is Run, and tells how many rows the last statement changed.
func RunCounting(ctx context.Context, db Execer, script string, args Args) (last int64, err error) {
	err = run(ctx, db, script, args, func(_ string, rows int64) { last = rows })
	return last, err
}

func run(ctx context.Context, db Execer, script string, args Args, ran func(string, int64)) error {
	steps, err := Parse(script)
	if err != nil {
		return err
	}
	return RunSteps(ctx, db, steps, args, ran)
}

// RunSteps runs statements one after the other; ran is told of each that it has run and how many rows it changed.
func RunSteps(ctx context.Context, db Execer, steps []Step, args Args, ran func(name string, rows int64)) error {
	for _, s := range steps {
		result, err := db.ExecContext(ctx, s.Statement, args)
		var rows int64
		if err == nil {
			rows, err = result.RowsAffected()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		ran(s.Name, rows)
	}
	return nil
}
