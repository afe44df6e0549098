package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway/postgres/restore"
	"nks/internal/app"
	"nks/internal/command"
	"nks/journal"
)

// recovering is what was asked for.
type recovering struct {
	take, without bool
	by            string
	numbers       int
}

// mostName bounds the name of who recovers.
const mostName = 200

// recoverCommand shows what the journals have and the database does not know, takes it in, or has the database go on without it.
func recoverCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	var asked recovering
	config := configFlag(fs)
	fs.BoolVar(&asked.take, "take", false, "take in what the journals have and the database does not know")
	fs.BoolVar(&asked.without, "without-journal", false, "go on without what is not known: persons decide what is sent")
	fs.StringVar(&asked.by, "by", "", "`name` of who does so; it stands in the log")
	fs.IntVar(&asked.numbers, "numbers", 10_000, "with --without-journal: how many numbers of each kind may have been used since")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	if err := asked.check(); err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		store, err := app.OpenRestore(ctx, on.config, on.db, on.log)
		if err != nil {
			return err
		}
		switch {
		case asked.take:
			return takeIn(ctx, p.Out, store, asked.by)
		case asked.without:
			since, err := store.GoOnWithout(ctx, asked.by, asked.numbers)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.Out, "what came after %s is not known; nothing is released or sent to a bank before two persons have closed its exception: nks exceptions\n",
				since.Format(time.RFC3339))
			return err
		}
		return showUnknown(ctx, p.Out, store)
	})
}

func (r *recovering) check() error {
	r.by = strings.TrimSpace(r.by)
	switch {
	case r.take && r.without:
		return command.Usagef("--take and --without-journal: one of them")
	case (r.take || r.without) && (r.by == "" || len(r.by) > mostName):
		return command.Usagef("--by must have 1 to %d characters", mostName)
	case r.without && (r.numbers < 1 || r.numbers > restore.MostLost):
		return command.Usagef("--numbers %w", restore.ErrNumbers)
	}
	return nil
}

// showUnknown lists what the journals have and the database does not know.
func showUnknown(ctx context.Context, out io.Writer, store *restore.Store) error {
	u, err := store.Compare(ctx)
	if err != nil {
		return err
	}
	for _, r := range u.Records {
		if _, err := fmt.Fprintln(out, lineOf(r)); err != nil {
			return err
		}
	}
	why := u.Why()
	if why == "" {
		why = "the database knows everything that the journals have"
	}
	_, err = fmt.Fprintln(out, why)
	return err
}

func lineOf(r journal.Record) string {
	return fmt.Sprintf("%s  %-9s  %s", r.At.Format(time.RFC3339), r.Kind, restore.Describe(r))
}

// errLeft: something could not be taken in.
var errLeft = errors.New("not everything could be taken in: the gateway stays quiet")

// takeIn takes everything in, and tells what could not be.
func takeIn(ctx context.Context, out io.Writer, store *restore.Store, by string) error {
	done, err := store.Take(ctx, by)
	if err != nil {
		return err
	}
	for _, l := range done.Left {
		if _, err := fmt.Fprintf(out, "%s: %v\n", lineOf(l.Record), l.Why); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "%d taken in, %d not\n", done.Took, len(done.Left)); err != nil || len(done.Left) == 0 {
		return err
	}
	return errLeft
}
