package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"

	"nks/audit"
	"nks/bankday"
	"nks/gateway/postgres/sequence"
	"nks/internal/app"
	"nks/internal/command"
)

// auditCommands are what can be asked of the log.
func auditCommands() []command.Command {
	return []command.Command{
		{Name: "verify", Summary: "hold the log against its entries, its hashes, and every checkpoint that was signed", Run: auditVerifyCommand,
			Examples: []string{"audit verify --config /srv/nks/nks.toml", "audit verify --config /srv/nks/nks.toml --checkpoint kept-2005-08-11.txt"}},
		{Name: "show", Args: "PLACE", Summary: "show the entry at a place of the log, from 0, and whether it is proven", Run: auditShowCommand,
			Examples: []string{"audit show --config /srv/nks/nks.toml 17"}},
		{Name: "checkpoint", Summary: "print the newest signed checkpoint, to be kept elsewhere", Run: auditCheckpointCommand,
			Examples: []string{"audit checkpoint --config /srv/nks/nks.toml > kept-2005-08-11.txt"}},
	}
}

// withLog runs f on the log of a configuration.
func withLog(ctx context.Context, p *command.Program, path string, f func(context.Context, sequence.Log) error) error {
	return withTables(ctx, p, path, func(ctx context.Context, on tables) error {
		err := f(ctx, app.AuditLog(on.config, on.db))
		if errors.Is(err, os.ErrNotExist) {
			return command.Usage(err) // a file that the configuration names
		}
		return err
	})
}

func auditVerifyCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	kept := fs.String("checkpoint", "", "`file` with checkpoints that were kept elsewhere")
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	var others []audit.Kept
	if *kept != "" {
		notes, err := keptNotes(*kept)
		if err != nil {
			return command.Usage(err)
		}
		others = []audit.Kept{{Name: *kept, Notes: notes}}
	}
	return withLog(ctx, p, *config, func(ctx context.Context, log sequence.Log) error {
		report, err := log.Verify(ctx, others...)
		if err != nil {
			return err
		}
		return printReport(p.Out, report, log.Keeping.File.Path)
	})
}

// keptNotes reads a file of one checkpoint, as it was printed, or of several.
func keptNotes(path string) (iter.Seq2[string, error], error) {
	const most = 64 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, fmt.Errorf("%s: must have at most %d bytes", path, most)
	}
	return audit.Notes(bytes.NewReader(text)), nil
}

// printReport tells what was held against what, and everything that was found.
func printReport(w io.Writer, r *audit.Report, file string) error {
	_, err := fmt.Fprintf(w, "%d entries in the tree, %d of all erased, %d wait for their place\n"+
		"%d signed checkpoints in the database, %d outside (%s)\n", r.Entries, r.Erased, r.Waiting, r.Checkpoints, r.Outside, file)
	if r.Newest.N > 0 {
		_, _ = fmt.Fprintf(w, "the newest: %d entries, %s, signed %s\n", r.Newest.N, r.Newest.Hash, r.Newest.At.Format("2006-01-02 15:04:05Z07:00"))
	}
	for _, f := range r.Findings {
		_, _ = fmt.Fprintln(w, f)
	}
	if r.Unnamed > 0 {
		_, _ = fmt.Fprintf(w, "and %d more\n", r.Unnamed)
	}
	if len(r.Findings) > 0 {
		_, _ = fmt.Fprintln(w, "the log is NOT what was signed")
		return command.ErrRejected
	}
	_, _ = fmt.Fprintln(w, "the log is what was signed")
	return err
}

func auditShowCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	words, err := command.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return command.Usagef("name one place of the log, from 0")
	}
	place, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || place < 0 {
		return command.Usagef("place %q: must be a whole number from 0", words[0])
	}
	days, err := bankday.New()
	if err != nil {
		return err
	}
	return withLog(ctx, p, *config, func(ctx context.Context, log sequence.Log) error {
		e, err := log.Show(ctx, place)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "place %d, entry %d, recorded %s\ncommitment %s\nleaf %s\n", e.Place, e.ID,
			e.Recorded.In(days.Location()).Format("2006-01-02 15:04:05.000000Z07:00"), base64.StdEncoding.EncodeToString(e.Commitment[:]), e.Hash())
		switch {
		case e.Content == nil:
			_, _ = fmt.Fprintln(p.Out, "its content has been erased")
		case !e.Whole:
			_, _ = fmt.Fprintf(p.Out, "%s: %s\nthis is NOT what was entered\n", e.Content.Kind, e.Content.Text)
		default:
			_, _ = fmt.Fprintf(p.Out, "%s: %s\n", e.Content.Kind, e.Content.Text)
		}
		if !e.Proven {
			_, _ = fmt.Fprintln(p.Out, "the newest checkpoint does NOT prove it: run nks audit verify")
		} else {
			_, _ = fmt.Fprintf(p.Out, "proven by the checkpoint of %d entries\n", e.Newest.N)
		}
		if !e.Proven || !e.Whole {
			return command.ErrRejected
		}
		return err
	})
}

func auditCheckpointCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withLog(ctx, p, *config, func(ctx context.Context, log sequence.Log) error {
		signed, err := log.Newest(ctx)
		if err == nil {
			_, err = fmt.Fprint(p.Out, signed)
		}
		return err
	})
}
