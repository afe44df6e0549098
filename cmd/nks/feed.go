package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jmoiron/sqlx"

	"nks/bankday"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register/feed"
)

func feedCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	files, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return command.Usagef("name files of changes, in the order of their numbers (docs/feed.md)")
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		clock, err := app.PresentClock(ctx, on.config, on.db)
		if err != nil {
			return err
		}
		left := 0
		for _, name := range files {
			n, err := feedFile(ctx, p.Out, on.db.Pool(), clock, name)
			if err != nil {
				return err
			}
			left += n
		}
		if left > 0 {
			return fmt.Errorf("%d changes were left out", left)
		}
		return nil
	})
}

// feedFile applies one file, in a transaction of its own, and tells of the changes that it left out.
func feedFile(ctx context.Context, out io.Writer, db *sqlx.DB, clock *gateway.Clock, name string) (left int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, command.Usage(err)
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(f, feed.MostBytes+1)); err != nil {
		return 0, command.Usage(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, command.Usage(err)
	}
	shown := filepath.Base(name)
	r, err := feed.Open(f)
	if err != nil {
		return 0, feedFault(shown, err)
	}
	days, err := bankday.New()
	if err != nil {
		return 0, err
	}
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	taken, err := feed.Apply(ctx, tx, r, feed.By{Now: clock.Now, Location: days.Location(), SHA256: sum.Sum(nil)})
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return 0, feedFault(shown, err)
	}
	again := ""
	if taken.Again {
		again = ", when it was applied before"
	}
	_, _ = fmt.Fprintf(out, "%s: %s %d: %d of %d changes applied%s\n", shown, taken.Source, taken.Number, taken.Done, taken.Changes, again)
	for _, l := range taken.Left {
		_, _ = fmt.Fprintf(out, "    change %d: %s\n", l.Number, l.Rule)
	}
	return len(taken.Left), nil
}

// feedFault tells a mistake of the file from any other error.
func feedFault(name string, err error) error {
	err = fmt.Errorf("%s: %w", name, err)
	if _, form := errors.AsType[*feed.FormError](err); form || errors.Is(err, feed.ErrOrder) {
		return command.Usage(err)
	}
	return err
}
