package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/register"
	"nks/schema"
	"nks/sim/authority"
	"nks/sim/bank"
)

// withDatabase runs f on the database of a configuration: the running instance's, else one that is started and
// stopped.
func withDatabase(ctx context.Context, p *program, path string, f func(context.Context, conf.Config, *database) error) error {
	c, err := loadConfig(path)
	if err != nil {
		return err
	}
	c.Log.Format, c.Log.Level = "console", "warn"
	log, err := newLog(c.Log, p.err)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, log, false)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, c, db), db.close())
}

func migrateCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	if err := noWords(fs, args); err != nil {
		return err
	}
	return withDatabase(ctx, p, *config, func(ctx context.Context, _ conf.Config, db *database) error {
		v, err := schema.Version(ctx, db.flow.DB)
		if err == nil {
			_, err = fmt.Fprintf(p.out, "the database is at version %d\n", v)
		}
		return err
	})
}

func checkConfigCommand(_ context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	words, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return usagef("one file at a time")
	}
	if len(words) == 1 {
		*config = words[0]
	}
	c, err := loadConfig(*config)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(p.out, "%s: good; %s environment, %d bank centres\n", *config, c.Environment, len(c.Banks)); err != nil {
		return err
	}
	// Files may be put in place later, and elsewhere than where the configuration is written: they are told, not held
	// against it.
	if err := c.CheckFiles(); err != nil {
		_, err = fmt.Fprintf(p.err, "before nks run: %v\n", err)
		return err
	}
	return nil
}

func loadCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	words, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usagef("name a folder or files of reference data (docs/reference-data.md)")
	}
	sources, err := register.Files(words...)
	if err != nil {
		return usageError{err}
	}
	return withDatabase(ctx, p, *config, func(ctx context.Context, c conf.Config, db *database) error {
		now, err := businessNow(ctx, c, db)
		if err != nil {
			return err
		}
		return errors.Join(loadReferenceData(ctx, p, db, sources, now), warnOfCentres(ctx, p, c, db))
	})
}

func loadReferenceData(ctx context.Context, p *program, db *database, sources []register.Source, now time.Time) error {
	started := time.Now()
	bar := newProgress(p.err)
	summary, err := register.Load(ctx, db.flow, sources, register.Options{Now: now, Progress: func(g register.Progress) {
		bar.show(fmt.Sprintf("%-6s %s", g.Phase, g.File), g.Done, g.Total)
	}})
	bar.end()
	if err != nil {
		return err
	}
	for _, f := range summary.Files {
		if _, err := fmt.Fprintf(p.out, "%-24s %9d rows  %9d added  %9d changed\n", f.File, f.Rows, f.Added, f.Changed); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.out, "loaded in %.1f s\n", time.Since(started).Seconds())
	return err
}

// warnOfCentres names bank centres that agreements use and the configuration does not have.
func warnOfCentres(ctx context.Context, p *program, c conf.Config, db *database) error {
	agreements, err := register.Agreements(ctx, db.flow)
	if err != nil {
		return err
	}
	missing := map[string]int{}
	for _, a := range agreements {
		if !slices.ContainsFunc(c.Banks, func(b conf.Bank) bool { return b.ID == a.BankCentre }) {
			missing[a.BankCentre]++
		}
	}
	for centre, n := range missing {
		_, _ = fmt.Fprintf(p.err, "warning: %d agreements use bank centre %s, which has no [[bank]] in the configuration\n", n, centre)
	}
	return nil
}

// businessNow is the present business time of the database's instance.
func businessNow(ctx context.Context, c conf.Config, db *database) (time.Time, error) {
	start, err := startTime(c.Clock.Start)
	if err != nil {
		return time.Time{}, err
	}
	offset, err := postgres.PresentClock(ctx, db.flow, time.Now, start)
	return time.Now().Add(offset), err
}

func resolveCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	config := fs.String("config", defaultConfig, "configuration file")
	centre := fs.String("bank", "", "bank centre")
	number := fs.Int64("interchange", 0, "control number (UNB 0020)")
	arrived := fs.String("arrived", "", "what the bank says: yes, it has the file; no, it has not (the same bytes then go again)")
	by := fs.String("by", "", "who asked the bank")
	approved := fs.String("approved-by", "", "the second person who stands for it")
	if err := noWords(fs, args); err != nil {
		return err
	}
	return withDatabase(ctx, p, *config, func(ctx context.Context, c conf.Config, db *database) error {
		store, err := commandStore(ctx, c, db)
		if err != nil {
			return err
		}
		if *centre == "" && *number == 0 {
			return listUnresolved(ctx, p, store)
		}
		if *arrived != "yes" && *arrived != "no" {
			return usagef("--arrived must be yes or no")
		}
		if *by == "" || *approved == "" || *by == *approved {
			return usagef("--by and --approved-by must name two different persons")
		}
		return store.ResolveUnknown(ctx, *centre, *number, *arrived == "yes", *by, *approved)
	})
}

// commandStore is the flow's store for commands that act once.
func commandStore(ctx context.Context, c conf.Config, db *database) (*postgres.Store, error) {
	start, err := startTime(c.Clock.Start)
	if err != nil {
		return nil, err
	}
	offset, err := postgres.PresentClock(ctx, db.flow, time.Now, start)
	if err != nil {
		return nil, err
	}
	log, err := newLog(conf.Log{Level: "warn", Format: "console"}, os.Stderr)
	if err != nil {
		return nil, err
	}
	return newStore(c, db, gateway.NewClock(time.Now, offset), log, func(string) {})
}

func listUnresolved(ctx context.Context, p *program, store *postgres.Store) error {
	all, err := store.UnresolvedInterchanges(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		if _, err := fmt.Fprintf(p.out, "--bank %s --interchange %d   %s, %d payments\n", u.Bank, u.ControlRef, u.FileName, u.Payments); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.out, "%d interchanges of which nobody knows whether the bank has them\n", len(all))
	return err
}

func simCommand(ctx context.Context, p *program, fs *flag.FlagSet, args []string) error {
	dir := fs.String("dir", "", "data directory of the demonstration")
	centre := fs.String("centre", "", "bank: which centre to play")
	listen := fs.String("listen", "127.0.0.1:0", "bank: address of its SFTP server")
	supplier := fs.String("supplier", "", "authority: which data supplier to play")
	mailbox := fs.String("mailbox", "", "authority: address of the gateway's mailbox")
	queue := fs.String("mq", "", "authority: address of the gateway's message broker")
	via := fs.String("via", viaSFTP, "authority: door for its bundles, sftp or mq; answers are taken from both")
	words, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || *dir == "" {
		return usagef("wants bank or authority, and --dir")
	}
	switch words[0] {
	case "bank":
		if *centre == "" {
			return usagef("sim bank wants --centre")
		}
		return bank.Run(ctx, bank.Config{Dir: *dir, Centre: *centre, Listen: *listen, Out: p.out})
	case "authority":
		if *supplier == "" || *mailbox == "" {
			return usagef("sim authority wants --supplier and --mailbox")
		}
		if *via != viaSFTP && (*via != viaMQ || *queue == "") {
			return usagef("--via %q: sftp, or mq with --mq", *via)
		}
		return authority.Run(ctx, authority.Config{Dir: *dir, Supplier: *supplier, Mailbox: *mailbox, Queue: *queue, ByQueue: *via == viaMQ, Out: p.out})
	}
	return usagef("sim %q: want bank or authority", words[0])
}
