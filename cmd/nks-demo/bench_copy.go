package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/internal/app"
	"nks/internal/command"
	"nks/register"
)

// copyRound is COPY of the final payment rows into a copy of their table.
type copyRound struct {
	Rows    int64
	Seconds float64
	CPU     float64 // processor time in seconds of all of PostgreSQL's processes
	Lookups float64 // per second, measured beside
	Choices float64 // the same by an image; 0: not measured
}

func (r copyRound) speed() float64 { return float64(r.Rows) / r.Seconds }

func (r copyRound) tell(w io.Writer, n int) {
	_, _ = fmt.Fprintf(w, "round %d, COPY: %d rows in %.2f s: %.0f/s; CPU: PostgreSQL %.2f s; register: %.0f lookups/s\n", n, r.Rows, r.Seconds, r.speed(), r.CPU, r.Lookups)
}

// cpu is the processor time in seconds that PostgreSQL has used for one row.
func (r copyRound) cpu() float64 { return r.CPU / float64(r.Rows) }

// benchMonth is the partition that everything happens in.
const benchMonth = "200508"

// makePeer copies the table of payments with its history, partitions, checks and indexes.
func (b *bench) makePeer() []string {
	return []string{
		`CREATE SCHEMA bench`,
		`CREATE TABLE bench.payment (LIKE nks.payment INCLUDING ALL) PARTITION BY RANGE (month)`,
		`CREATE TABLE bench.payment_` + benchMonth + ` (LIKE nks.payment_` + benchMonth + ` INCLUDING ALL)`,
		`INSERT INTO bench.payment_` + benchMonth + ` SELECT * FROM nks.payment_` + benchMonth,
		`ALTER TABLE bench.payment ATTACH PARTITION bench.payment_` + benchMonth + ` FOR VALUES FROM ('2005-08-01') TO ('2005-09-01')`,
	}
}

// superuser connects as the one who may do what the flow may not.
func (b *bench) superuser(ctx context.Context, db *app.Database) (*pgx.Conn, error) {
	dsn, err := db.SuperuserDSN()
	if err != nil {
		return nil, err
	}
	return pgx.Connect(ctx, dsn)
}

func (b *bench) asSuperuser(ctx context.Context, db *app.Database, statements ...string) error {
	c, err := b.superuser(ctx, db)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := c.Exec(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s, err), c.Close(ctx))
		}
	}
	return c.Close(ctx)
}

// copyRound measures one transaction of one connection, on the database as the flow has left it; the first round
// writes the rows to the file that all rounds read.
func (b *bench) copyRound(ctx context.Context, export bool) (r copyRound, err error) {
	err = b.withDatabase(ctx, func(db *app.Database) (err error) {
		if err := assertDurable(ctx, db); err != nil {
			return err
		}
		c, err := b.superuser(ctx, db)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close(ctx)) }()
		if err := sameIndexes(ctx, c); err != nil {
			return err
		}
		if export {
			if err := b.exportRows(ctx, c); err != nil {
				return err
			}
		}
		if _, err := c.Exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
		if r, err = b.copyRows(ctx, c); err != nil {
			return err
		}
		if r.Lookups, err = b.lookups(ctx, db); err == nil && export {
			r.Choices, err = b.choices(ctx, db)
		}
		return err
	})
	if err == nil && r.Rows != int64(b.options.payments) {
		err = fmt.Errorf("copied %d rows of %d", r.Rows, b.options.payments)
	}
	return r, err
}

// sameIndexes refuses a peer that is not what the table of payments is by now.
func sameIndexes(ctx context.Context, c *pgx.Conn) error {
	var of [2][]string
	for i, schema := range []string{"nks", "bench"} {
		rows, err := c.Query(ctx, `SELECT regexp_replace(indexdef, '^.* USING ', '') FROM pg_indexes
			WHERE schemaname = $1 AND tablename = 'payment_`+benchMonth+`' ORDER BY 1`, schema)
		if err != nil {
			return err
		}
		if of[i], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
	}
	if !slices.Equal(of[0], of[1]) {
		return command.Usagef("payment has other indexes than when the world was made: --fresh makes it again (%v, %v)", of[0], of[1])
	}
	return nil
}

func (b *bench) exportRows(ctx context.Context, c *pgx.Conn) error {
	f, err := os.Create(b.path("rows.copy"))
	if err != nil {
		return err
	}
	_, err = c.PgConn().CopyTo(ctx, f, `COPY (SELECT p.* FROM nks.payment_`+benchMonth+` p WHERE p.id >> 24 = (SELECT max(id) FROM nks.delivery)
		ORDER BY p.id) TO STDOUT`)
	return errors.Join(err, f.Close())
}

func (b *bench) copyRows(ctx context.Context, c *pgx.Conn) (copyRound, error) {
	f, err := os.Open(b.path("rows.copy"))
	if err != nil {
		return copyRound{}, err
	}
	defer func() { _ = f.Close() }() // read only
	used, began := postgresSeconds(b.path("pg")), time.Now()
	tx, err := c.Begin(ctx)
	if err != nil {
		return copyRound{}, err
	}
	tag, err := c.PgConn().CopyFrom(ctx, f, `COPY bench.payment FROM STDIN`)
	if err != nil {
		return copyRound{}, errors.Join(err, tx.Rollback(ctx))
	}
	if err := tx.Commit(ctx); err != nil {
		return copyRound{}, err
	}
	return copyRound{Rows: tag.RowsAffected(), Seconds: time.Since(began).Seconds(), CPU: postgresSeconds(b.path("pg")) - used}, nil
}

// benchLookups is how many recipients are asked for at a time, as a release does.
const benchLookups = 200_000

// lookups measures how fast the register tells the accounts of a batch of random recipients, on the path of a release.
func (b *bench) lookups(ctx context.Context, db *app.Database) (perSecond float64, err error) {
	tx, err := db.Pool().BeginTxx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	n := min(benchLookups, b.options.payments)
	_, err = tx.ExecContext(ctx, `CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT holder_kind, holder, authority, benefit_type FROM payment
		WHERE id >> 24 = (SELECT max(id) FROM delivery) AND holder IS NOT NULL LIMIT $1`, n)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	var asked int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT * FROM wanted ORDER BY holder, holder_kind OFFSET 0) w
		LEFT JOIN LATERAL `+register.AccountOf("w", "$1::timestamptz")+` f ON true`, time.Now()).Scan(&asked)
	return float64(asked) / time.Since(began).Seconds(), err
}
