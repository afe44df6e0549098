package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver of database/sql
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/postgres/server"
	"nks/schema"
)

// flowSettings: statements over temporary tables of any size are planned anew each time, without compiling them.
func flowSettings() []string {
	return []string{"search_path=nks", "plan_cache_mode=force_custom_plan", "jit=off", "work_mem=128MB", "temp_buffers=64MB", "enable_memoize=off"}
}

// database is the private PostgreSQL or an external one, migrated, with the flow's pool on it.
type database struct {
	private *server.Server // nil: external
	flow    *sqlx.DB
	// dsn is where another pool of a role connects to.
	dsn func(role string, settings ...string) (string, error)
}

// openDatabase starts the private server, or uses the one of a running instance, or connects to the external one.
// Commands that work beside a running gateway do so, too: exclusive refuses that.
func openDatabase(ctx context.Context, c conf.Config, log zerolog.Logger, exclusive bool) (*database, error) {
	url, err := c.Database.ExternalURL()
	if err != nil {
		return nil, usageError{err}
	}
	d := &database{}
	dsn := func(role string, settings ...string) (string, error) {
		return server.ExternalDSN(url, role, settings...)
	}
	superuser := ""
	if url == "" {
		sc := server.Config{DataDir: c.Database.PrivateDir, SocketDir: c.Database.SocketDir, BinDir: c.Database.BinDir,
			MaxConnections: c.Database.MaxConnections + pageConnections + 10, Logger: log}
		start := server.Open
		if exclusive {
			start = server.Start
		}
		if d.private, err = start(ctx, sc); err != nil {
			if errors.Is(err, server.ErrMissing) {
				return nil, usageError{err}
			}
			return nil, err
		}
		dsn = func(role string, settings ...string) (string, error) {
			return d.private.DSN(server.Database, role, settings...), nil
		}
		superuser = server.Superuser
	}
	d.dsn = dsn
	if err := d.connect(ctx, dsn, superuser, c.Database.MaxConnections); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *database) connect(ctx context.Context, dsn func(string, ...string) (string, error), superuser string, connections int) error {
	admin, err := dsn(superuser)
	if err != nil {
		return usageError{err}
	}
	m, err := sql.Open("pgx", admin)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	err = schema.Migrate(ctx, m)
	if err := errors.Join(err, m.Close()); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	flow, err := dsn(schema.Flow, flowSettings()...)
	if err != nil {
		return usageError{err}
	}
	if d.flow, err = sqlx.Open("pgx", flow); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	d.flow.SetMaxOpenConns(connections)
	d.flow.SetMaxIdleConns(connections)
	return d.flow.PingContext(ctx)
}

// close lets go of the pool and stops the private server where this process has started it.
func (d *database) close() error {
	var err error
	if d.flow != nil {
		err = d.flow.Close()
	}
	if d.private != nil {
		err = errors.Join(err, d.private.Stop(context.Background()))
	}
	return err
}
