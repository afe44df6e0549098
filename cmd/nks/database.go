package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/act"
	"nks/internal/app"
	"nks/internal/command"
	"nks/schema"
)

// tables are the database that a command works on, with what belongs to it.
type tables struct {
	config conf.Config
	log    zerolog.Logger
	db     *app.Database
}

// withTables runs f on the database of a configuration: the running instance's, else one that is started and stopped.
func withTables(ctx context.Context, p *command.Program, path string, f func(context.Context, tables) error) error {
	c, err := app.LoadConfig(path)
	if err != nil {
		return err
	}
	c.Log.Format, c.Log.Level = "console", "warn"
	log, err := app.NewLog(c.Log, p.Err)
	if err != nil {
		return err
	}
	db, err := app.OpenDatabase(ctx, c, log, app.Beside)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, tables{c, log, db}), db.Close())
}

// withDesk runs f on the database of a configuration by the way of its desk.
func withDesk(ctx context.Context, p *command.Program, path string, f func(context.Context, *act.Desk) error) error {
	return withTables(ctx, p, path, func(ctx context.Context, on tables) error {
		desk, err := app.OpenDesk(ctx, on.config, on.db, on.log)
		if err != nil {
			return err
		}
		return f(ctx, desk)
	})
}

func migrateCommand(ctx context.Context, p *command.Program, fs *flag.FlagSet, args []string) error {
	config := configFlag(fs)
	if err := command.NoArguments(fs, args); err != nil {
		return err
	}
	return withTables(ctx, p, *config, func(ctx context.Context, on tables) error {
		v, err := schema.Version(ctx, on.db.Pool().DB)
		if err == nil {
			_, err = fmt.Fprintf(p.Out, "the database is at version %d\n", v)
		}
		return err
	})
}
