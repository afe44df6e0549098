package growth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"nks/gateway/postgres/server"
	"nks/schema"
)

// The two clusters of a history: as it was after the first month, and with all months.
const (
	oneMonth   = "one"
	manyMonths = "many"
	// logOf begins the folder of a cluster's log that cannot be forged: its key and its checkpoints.
	logOf = "log-"
)

// Made is how a history was made.
type Made struct {
	Seconds  float64 // altogether
	FlowS    float64 // the first month, by the flow
	MonthS   float64 // a later one, in SQL, with its closing: the mean
	LastS    float64 // the last of them
	ClusterB int64   // all files of the cluster
	Closed   []Part  // the tables of a closed month
	Open     []Part  // those of the last
	Forever  []Part  // those of all months
}

// Part is a table's bytes.
type Part struct {
	Table   string `db:"name"`
	Rows    int64  `db:"rows"`
	Bytes   int64  `db:"bytes"`   // of its rows
	Indexes int64  `db:"indexes"` // of these
}

// Make makes both clusters of a history in dir, and tells how far it is. Nothing of them is durable before it is done.
func Make(ctx context.Context, dir string, size Size, say func(string, ...any)) (made Made, err error) {
	began := time.Now()
	if err := size.Validate(); err != nil {
		return made, err
	}
	for _, name := range []string{oneMonth, manyMonths, logOf + oneMonth, logOf + manyMonths} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return made, err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, logOf+manyMonths), 0o700); err != nil {
		return made, err
	}
	err = with(ctx, dir, manyMonths, size, making(), func(w *World) error {
		if err := w.Prepare(ctx); err != nil {
			return err
		}
		return w.analyze(ctx)
	})
	if err != nil {
		return made, err
	}
	made.FlowS = time.Since(began).Seconds()
	say("growth: the first month by the flow in %.1f s", made.FlowS)
	for _, of := range []string{"", logOf} {
		if out, err := exec.CommandContext(ctx, "cp", "-a", filepath.Join(dir, of+manyMonths), filepath.Join(dir, of+oneMonth)).CombinedOutput(); err != nil {
			return made, fmt.Errorf("copy: %w: %s", err, out)
		}
	}
	err = with(ctx, dir, manyMonths, size, making(), func(w *World) error { return w.fill(ctx, &made, say) })
	made.Seconds = time.Since(began).Seconds()
	return made, err
}

// making are a server's settings while nothing of it needs to last.
func making() map[string]string {
	return map[string]string{"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off", "max_wal_size": "4GB",
		"wal_level": "minimal", "max_wal_senders": "0"}
}

// fill makes the later months. The index of keys that come at random places is built at the end, as full as one that has grown so.
func (w *World) fill(ctx context.Context, made *Made, say func(string, ...any)) error {
	const primary = `ALTER TABLE nks.payment_key ADD CONSTRAINT payment_key_pkey PRIMARY KEY (payer_id, e2e) WITH (fillfactor = 69)`
	if err := w.execute(ctx, `ALTER TABLE nks.payment_key DROP CONSTRAINT payment_key_pkey`); err != nil {
		return err
	}
	began, last := time.Now(), time.Now()
	err := w.Repeat(ctx, func(n int) {
		made.LastS = time.Since(last).Seconds()
		last = time.Now()
		say("growth: month %d of %d in %.1f s", n, w.size.Months, made.LastS)
	})
	if err != nil {
		return err
	}
	made.MonthS = time.Since(began).Seconds() / float64(max(1, w.size.Months-1))
	for _, statement := range []string{primary, `VACUUM (ANALYZE)`, `CHECKPOINT`} {
		if err := w.execute(ctx, statement); err != nil {
			return err
		}
	}
	return w.weigh(ctx, made)
}

func (w *World) execute(ctx context.Context, statement string) error {
	return w.asSuperuser(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	})
}

// weigh tells what the tables take.
func (w *World) weigh(ctx context.Context, made *Made) error {
	const parts = `SELECT c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows, pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS indexes FROM pg_class c
		WHERE c.relnamespace = 'nks'::regnamespace AND c.relkind = 'r' AND `
	for _, of := range []struct {
		into  *[]Part
		where string
	}{
		{&made.Closed, `c.relispartition AND right(c.relname, 6) = '` + month(w.size.Months/2).Suffix() + `'`},
		{&made.Open, `c.relispartition AND right(c.relname, 6) = '` + month(w.size.Months-1).Suffix() + `'`},
		{&made.Forever, `NOT c.relispartition`},
	} {
		if err := w.flow.SelectContext(ctx, of.into, parts+of.where+` AND pg_total_relation_size(c.oid) > 65536 ORDER BY pg_total_relation_size(c.oid) DESC`); err != nil {
			return err
		}
	}
	return w.flow.GetContext(ctx, &made.ClusterB, `SELECT pg_database_size(current_database())`)
}

// with has a cluster's server run while something is done in its world.
func with(ctx context.Context, dir, name string, size Size, settings map[string]string, do func(*World) error) (err error) {
	s, w, err := start(ctx, dir, name, size, settings)
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.Close(), s.Stop(context.WithoutCancel(ctx)))
}

// start starts a cluster's server, and puts a gateway's steps on it.
func start(ctx context.Context, dir, name string, size Size, settings map[string]string) (*server.Server, *World, error) {
	set := map[string]string{}
	maps.Copy(set, settings)
	s, err := server.Start(ctx, server.Config{DataDir: filepath.Join(dir, name), Settings: set})
	if err != nil {
		return nil, nil, err
	}
	w, err := openOn(ctx, s, size, filepath.Join(dir, logOf+name))
	if err != nil {
		return nil, nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, w, nil
}

func openOn(ctx context.Context, s *server.Server, size Size, keep string) (*World, error) {
	db, err := sql.Open("pgx", s.DSN(server.Database, server.Superuser))
	if err != nil {
		return nil, err
	}
	err = schema.Migrate(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return Open(ctx, size, func(role string) string { return s.DSN(server.Database, role, "search_path=nks") }, keep)
}
