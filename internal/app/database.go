package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/server"
	"nks/schema"
)

// flowSettings: statements over temporary tables of any size are planned anew each time, without compiling them.
func flowSettings() []string {
	return []string{"search_path=nks", "plan_cache_mode=force_custom_plan", "jit=off", "work_mem=128MB", "temp_buffers=64MB", "enable_memoize=off"}
}

// Database is the private PostgreSQL or an external one, migrated, with the flow's pool on it.
type Database struct {
	private *server.Server // nil: external
	pool    *sqlx.DB
	// dsn is where another pool of a role connects to.
	dsn func(role string, settings ...string) (string, error)
}

// Sharing reports whether a database may be one that another process runs.
type Sharing bool

// A gateway runs its private server itself; a command may work beside the gateway that does.
const (
	Alone  Sharing = false
	Beside Sharing = true
)

// OpenDatabase starts the private server, or uses that of a running instance where it may, or connects to the external
// one; and brings its tables to this program's version. A mistake of the configuration is a ConfigError.
func OpenDatabase(ctx context.Context, c conf.Config, log zerolog.Logger, may Sharing) (*Database, error) {
	return openDatabase(ctx, c, log, may, sessions{})
}

// sessions is what is told of the flow's connections: every statement to trace, every new one to opened. Nil: nobody.
type sessions struct {
	trace  pgx.QueryTracer
	opened func(context.Context, *pgx.Conn) error
}

func openDatabase(ctx context.Context, c conf.Config, log zerolog.Logger, may Sharing, watching sessions) (*Database, error) {
	url, err := c.Database.ExternalURL()
	if err != nil {
		return nil, ConfigError{err}
	}
	d := &Database{}
	dsn := func(role string, settings ...string) (string, error) {
		return server.ExternalDSN(url, role, settings...)
	}
	superuser := ""
	if url == "" {
		sc := server.Config{DataDir: c.Database.PrivateDir, SocketDir: c.Database.SocketDir, BinDir: c.Database.BinDir,
			MaxConnections: c.Database.MaxConnections + pageConnections + 10, Logger: log}
		start := server.Open
		if may == Alone {
			start = server.Start
		}
		if d.private, err = start(ctx, sc); err != nil {
			if errors.Is(err, server.ErrMissing) {
				return nil, ConfigError{err}
			}
			return nil, err
		}
		dsn = func(role string, settings ...string) (string, error) {
			return d.private.DSN(server.Database, role, settings...), nil
		}
		superuser = server.Superuser
	}
	d.dsn = dsn
	err = d.connect(ctx, dsn, superuser, c, watching)
	if errors.Is(err, postgres.ErrOtherEnvironment) {
		err = ConfigError{err}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	err = postgres.ClaimCell(ctx, d.pool, gateway.Cell(c.Cell.Number))
	if err == nil {
		err = postgres.ClaimEnvironment(ctx, d.pool, string(c.Environment))
	}
	if errors.Is(err, postgres.ErrOtherCell) || errors.Is(err, postgres.ErrOtherEnvironment) {
		err = ConfigError{err}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Database) connect(ctx context.Context, dsn func(string, ...string) (string, error), superuser string, c conf.Config, watching sessions) error {
	admin, err := dsn(superuser)
	if err != nil {
		return ConfigError{err}
	}
	m, err := sql.Open("pgx", admin)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if err = postgres.CheckEnvironment(ctx, m, string(c.Environment)); err == nil {
		err = schema.Migrate(ctx, m)
	}
	if errors.Is(err, postgres.ErrOtherEnvironment) {
		return errors.Join(err, m.Close())
	}
	if err := errors.Join(err, m.Close()); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	flow, err := dsn(schema.Flow, flowSettings()...)
	if err != nil {
		return ConfigError{err}
	}
	settings, err := pgx.ParseConfig(flow)
	if err != nil {
		return ConfigError{fmt.Errorf("database: %w", err)}
	}
	settings.Tracer = watching.trace
	var options []stdlib.OptionOpenDB
	if watching.opened != nil {
		options = append(options, stdlib.OptionAfterConnect(watching.opened))
	}
	d.pool = sqlx.NewDb(stdlib.OpenDB(*settings, options...), "pgx")
	d.pool.SetMaxOpenConns(c.Database.MaxConnections)
	d.pool.SetMaxIdleConns(c.Database.MaxConnections)
	return d.pool.PingContext(ctx)
}

// Pool is the flow's connections.
func (d *Database) Pool() *sqlx.DB { return d.pool }

// SuperuserDSN is where the superuser connects to the private server; an external one has none of ours.
func (d *Database) SuperuserDSN() (string, error) {
	if d.private == nil {
		return "", errors.New("database: the superuser of an external server is not known here")
	}
	return d.private.DSN(server.Database, server.Superuser), nil
}

// Close lets go of the pool and stops the private server where this process has started it.
func (d *Database) Close() error {
	var err error
	if d.pool != nil {
		err = d.pool.Close()
	}
	if d.private != nil {
		err = errors.Join(err, d.private.Stop(context.Background()))
	}
	return err
}
