// Package growth shows what the gateway costs with many months behind it: it makes a history of payments over months, the first
// by the flow itself and the others from it in SQL, closes all but the last, and measures steps, pages and the control.
package growth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres"
	"nks/gateway/postgres/sequence"
	"nks/internal/app"
	"nks/register/image"
	"nks/schema"
)

// Size is that of a history.
type Size struct {
	Payments int // of all months
	Months   int // the last one is open
	Bundles  int // of a month
}

// Validate refuses what the calendar and the numbers of the history cannot hold.
func (s Size) Validate() error {
	if s.Months < 1 || s.Months > mostMonths {
		return fmt.Errorf("a history has 1 to %d months, not %d", mostMonths, s.Months)
	}
	if s.Bundles < len(payers()) || s.Bundles > mostBundles || s.bundle() < 10 || s.bundle() > mostOfBundle {
		return fmt.Errorf("%d payments over %d months of %d bundles are not possible: %d to %d bundles of 10 to %d payments are",
			s.Payments, s.Months, s.Bundles, len(payers()), mostBundles, mostOfBundle)
	}
	return nil
}

const (
	mostMonths   = 72
	mostBundles  = 40
	mostOfBundle = 100_000
	// openShare of a month's payments stays with the bank, and is carried.
	openShare = 10_000
)

// bundle is how many payments one has.
func (s Size) bundle() int { return s.Payments / s.Months / s.Bundles }

// open is how many payments of a month stay open.
func (s Size) open() int { return max(1, s.Payments/s.Months/openShare) }

// first is the first month of every history.
const firstYear, firstMonth = 2020, time.January

// month is the n-th of a history, from 0.
func month(n int) gateway.Month {
	return gateway.MonthOf(time.Date(firstYear, firstMonth+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
}

// World is a database with a history, and the steps of a gateway on it.
type World struct {
	*app.Steps
	size Size
	dsn  func(role string) string
	flow *sqlx.DB
	keep sequence.Keeping

	mu  sync.Mutex
	now time.Time
}

// Open puts a gateway's steps on a migrated database; dsn tells where a role connects to it. keep is a directory for
// the key and the checkpoints of its log.
func Open(ctx context.Context, size Size, dsn func(role string) string, keep string) (*World, error) {
	w := &World{size: size, dsn: dsn, keep: sequence.Keeping{Key: keep + "/key", File: audit.File{Path: keep + "/checkpoints"}}}
	var err error
	if w.flow, err = w.pool(schema.Flow, nil); err != nil {
		return nil, err
	}
	w.at(month(0).Begins(time.UTC))
	if err := postgres.ClaimCell(ctx, w.flow, 0); err != nil {
		return nil, errors.Join(err, w.flow.Close())
	}
	if w.Steps, err = w.stepsOn(w.flow); err != nil {
		return nil, errors.Join(err, w.flow.Close())
	}
	return w, nil
}

// Close lets go of the database.
func (w *World) Close() error { return w.flow.Close() }

// flowSettings are those of the gateway's own connections.
func flowSettings() map[string]string {
	return map[string]string{"search_path": "nks", "plan_cache_mode": "force_custom_plan", "jit": "off", "work_mem": "128MB",
		"temp_buffers": "64MB", "enable_memoize": "off"}
}

// pool connects as a role, with a gateway's settings; with count its statements are counted.
func (w *World) pool(role string, count *Buffers) (*sqlx.DB, error) {
	login, settings := role, flowSettings()
	if role == schema.Page {
		settings = map[string]string{"search_path": "nks", "jit": "off", "default_transaction_read_only": "on"}
	}
	if count != nil {
		login = superuser
		count.Settings(settings)
	}
	c, err := pgx.ParseConfig(w.dsn(login))
	if err != nil {
		return nil, err
	}
	for name, value := range settings {
		c.RuntimeParams[name] = value
	}
	var options []stdlib.OptionOpenDB
	if count != nil {
		c.OnNotice = count.Note
		options = append(options, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "SET ROLE "+role)
			return err
		}))
	}
	db := sqlx.NewDb(stdlib.OpenDB(*c, options...), "pgx")
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	return db, nil
}

const superuser = "postgres"

func (w *World) stepsOn(db *sqlx.DB) (*app.Steps, error) {
	banks, err := centres()
	if err != nil {
		return nil, err
	}
	return app.NewSteps(app.StepOptions{DB: db, Now: w.time, Log: zerolog.Nop(), OwnName: ownName, OwnGLN: ownGLN, Banks: banks,
		Keeping: w.keep, Decisions: act.Rules{Environment: "growth", NamesAlone: true},
		Limits: app.Limits{DocumentBytes: 1 << 30, ExecutionDays: 365, BundlePayments: 1_000_000, DeliveryGroups: 1000, QueueTime: time.Hour,
			Split:          gateway.SplitLimits{InterchangeOrders: 100_000, InterchangeBytes: 100 << 20, MessageOrders: 5000},
			Patience:       gateway.Patience{Failures: 3, Interruptions: 4, Interrupted: 10 * time.Minute},
			AnswerPayments: 10_000, AnswerQuiet: quiet, AnswerDeadline: time.Minute,
			Image: image.Options{MaxBytes: 256 << 20, SampleEvery: 1000}}})
}

// quiet is how long the closer of answers waits for more.
const quiet = 2 * time.Second

func (w *World) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func (w *World) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// all repeats a step until there is nothing left to do.
func all(ctx context.Context, name string, step func(context.Context) (bool, error)) error {
	for {
		worked, err := step(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !worked {
			return nil
		}
	}
}

// asSuperuser connects to do what no gateway may.
func (w *World) asSuperuser(ctx context.Context, do func(*pgx.Conn) error) (err error) {
	c, err := pgx.Connect(ctx, w.dsn(superuser))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	if _, err := c.Exec(ctx, `SET search_path = nks; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET jit = off; SET synchronous_commit = off`); err != nil {
		return err
	}
	return do(c)
}
