package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/server"
	"nks/internal/app"
	"nks/internal/command"
)

// keyForm is a way to keep each payer's EndToEndIds unique for ever.
type keyForm struct {
	name, title string
	columns     string // of its table
	primary     string // key
	values      string // of a key, of the payer 1 and the columns e2e and id
	order       string // in which keys are taken, so that two bundles with the same cannot wait for each other
	hash        string // of e2e, where another text can have the same: what was not taken must be looked at
}

// keyForms are measured beside each other. The first is that of the table payment_key.
func keyForms() []keyForm {
	const text, rest = `e2e text COLLATE "C" NOT NULL`, `payment_id bigint NOT NULL`
	const hash, both = `md5(e2e)::uuid`, `md5('1 ' || e2e)::uuid`
	return []keyForm{
		{name: "text", title: "payer and text", columns: "payer_id int NOT NULL DEFAULT 1, " + text + ", " + rest, primary: "payer_id, e2e",
			values: "1, e2e, id", order: "e2e, id"},
		{name: "hash", title: "payer and hash of the text", columns: "payer_id int NOT NULL, hash uuid NOT NULL, " + text + ", " + rest,
			primary: "payer_id, hash", values: "1, " + hash + ", e2e, id", order: "2, id", hash: hash},
		{name: "one_hash", title: "one hash of payer and text", columns: "hash uuid NOT NULL, payer_id int NOT NULL, " + text + ", " + rest,
			primary: "hash", values: both + ", 1, e2e, id", order: "1, id", hash: both},
	}
}

func (f keyForm) table() string { return "bench.key_" + f.name }

// benchKeyFill is how full an index's pages are that has grown at random places: the natural logarithm of two.
const benchKeyFill = 69

// keyDuplicates is how many keys of a bundle are there already.
const keyDuplicates = 500

// keyRound is one bundle's keys taken in one form.
type keyRound struct {
	CPU, Seconds, WALMB, ReadMB float64
}

// parseKeys reads how many keys are to be there, in the order that they are measured in.
func parseKeys(list string, bundle int) ([]int, error) {
	var sizes []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n <= keyDuplicates || bundle <= keyDuplicates {
			return nil, command.Usagef("--keys wants numbers of more than %d, for a bundle of more: not %q", keyDuplicates, text)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// keys measures what taking a bundle's EndToEndIds costs in each form, with so many there already.
func (b *bench) keys(ctx context.Context, sizes []int) error {
	if err := b.configure(); err != nil {
		return err
	}
	for _, n := range sizes {
		m, err := b.measureKeys(ctx, n)
		if err != nil {
			return fmt.Errorf("%d keys: %w", n, err)
		}
		m.tell(b.p.Out)
		if err := b.keep(ctx, []measurement{m}); err != nil {
			return fmt.Errorf("results: %w", err)
		}
	}
	if err := b.tidy(); err != nil || b.options.docs == "" {
		return err
	}
	return writeReport(b.options.out, b.options.docs)
}

func (b *bench) measureKeys(ctx context.Context, n int) (m measurement, err error) {
	if err := errors.Join(os.RemoveAll(b.path("pg")), os.RemoveAll(b.path("journal"))); err != nil {
		return m, err
	}
	nothing := func(*app.Database) error { return nil } // but make the cluster
	if err := errors.Join(b.withDatabase(ctx, nothing), b.fillKeys(ctx, n)); err != nil {
		return m, err
	}
	err = b.withDatabase(ctx, func(db *app.Database) (err error) {
		if err := assertDurable(ctx, db); err != nil {
			return err
		}
		c, err := b.superuser(ctx, db)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close(ctx)) }()
		m, err = b.keyRounds(ctx, c, n)
		return err
	})
	return m, err
}

// fillKeys makes the tables with n keys each. Their making is not measured, so it does without a log of what would only be made again.
func (b *bench) fillKeys(ctx context.Context, n int) (err error) {
	s, err := server.Start(ctx, server.Config{DataDir: b.path("pg"), Settings: map[string]string{"wal_level": "minimal", "max_wal_senders": "0"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	c, err := pgx.Connect(ctx, s.DSN(server.Database, server.Superuser))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	if _, err := c.Exec(ctx, "CREATE SCHEMA bench"); err != nil {
		return err
	}
	for i, f := range keyForms() {
		began := time.Now()
		// A table of the same transaction is not logged.
		if _, err := c.Exec(ctx, fmt.Sprintf(`BEGIN; CREATE TABLE %s (%s) WITH (autovacuum_enabled = false)`, f.table(), f.columns)); err != nil {
			return err
		}
		if i == 0 {
			err = b.copyKeys(ctx, c, f.table()+" (payment_id, e2e)", 0, n)
		} else {
			_, err = c.Exec(ctx, fmt.Sprintf(`INSERT INTO %s SELECT %s FROM (SELECT payment_id AS id, e2e FROM %s) k`, f.table(), f.values, keyForms()[0].table()))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.table(), err)
		}
		_, err = c.Exec(ctx, fmt.Sprintf(`ALTER TABLE %[1]s ADD PRIMARY KEY (%[2]s) WITH (fillfactor = %[3]d); COMMIT; ANALYZE %[1]s`, f.table(), f.primary, benchKeyFill))
		if err != nil {
			return fmt.Errorf("%s: %w", f.table(), err)
		}
		b.say("%d keys as %s in %.0f s", n, f.title, time.Since(began).Seconds())
	}
	return nil
}

// copyKeys writes a day's first n EndToEndIds, in no order, into the two columns that a table is given with: id and text.
// From the second day on the first few are those of the first day again.
func (b *bench) copyKeys(ctx context.Context, c *pgx.Conn, into string, day, n int) error {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 1<<20)
		var line []byte
		var err error
		for i := 0; i < n && err == nil; i++ {
			from := day
			if i < keyDuplicates {
				from = 0
			}
			line = strconv.AppendInt(line[:0], int64(day)<<40+int64(i), 10)
			line = append(append(append(line, '\t'), b.country.reference27(from, i)...), '\n')
			_, err = out.Write(line)
		}
		w.CloseWithError(errors.Join(err, out.Flush()))
	}()
	_, err := c.PgConn().CopyFrom(ctx, r, "COPY "+into+" FROM STDIN")
	return errors.Join(err, r.Close())
}

// keyRounds takes bundles of new keys, in turns of the forms. The first turn of each only brings its index into memory.
func (b *bench) keyRounds(ctx context.Context, c *pgx.Conn, n int) (measurement, error) {
	m := measurement{Name: "keys", Sizes: map[string]int{"keys": n, "bundle": b.options.payments, "rounds": b.options.rounds}, Values: map[string]float64{}}
	_, err := c.Exec(ctx, `SET work_mem = '128MB'; SET temp_buffers = '64MB'; SET jit = off; SET plan_cache_mode = force_custom_plan;
		CREATE TEMP TABLE bundle (id bigint, e2e text COLLATE "C"); CREATE TEMP TABLE fault (payment_id bigint); CREATE TEMP TABLE untaken (id bigint)`)
	if err != nil {
		return m, err
	}
	rounds := map[string][]keyRound{}
	forms := keyForms()
	for round := range b.options.rounds + 1 {
		if _, err := c.Exec(ctx, "TRUNCATE bundle"); err != nil {
			return m, err
		}
		if err := b.copyKeys(ctx, c, "bundle (id, e2e)", round+1, b.options.payments); err != nil {
			return m, err
		}
		if _, err := c.Exec(ctx, "ANALYZE bundle"); err != nil {
			return m, err
		}
		for i := range forms {
			f := forms[(i+round)%len(forms)]
			r, err := b.takeKeys(ctx, c, f)
			if err != nil {
				return m, fmt.Errorf("%s: %w", f.title, err)
			}
			b.say("%d keys, round %d, %s: %.2f s, CPU %.2f s, WAL %.0f MB, read from the disk %.0f MB", n, round, f.title, r.Seconds, r.CPU, r.WALMB, r.ReadMB)
			if round > 0 {
				rounds[f.name] = append(rounds[f.name], r)
			}
		}
	}
	for _, f := range forms {
		if err := b.describeKeys(ctx, c, f, rounds[f.name], m.Values); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (b *bench) describeKeys(ctx context.Context, c *pgx.Conn, f keyForm, rounds []keyRound, v map[string]float64) error {
	of := func(value func(keyRound) float64) float64 {
		var values []float64
		for _, r := range rounds {
			values = append(values, value(r))
		}
		return median(values)
	}
	share := 1e6 / float64(b.options.payments)
	v[f.name+"_cpu_us"] = of(func(r keyRound) float64 { return r.CPU * share })
	v[f.name+"_wall_us"] = of(func(r keyRound) float64 { return r.Seconds * share })
	v[f.name+"_wal_bytes"] = of(func(r keyRound) float64 { return r.WALMB * share * (1 << 20) / 1e6 })
	v[f.name+"_read_mb"] = of(func(r keyRound) float64 { return r.ReadMB })
	var table, index float64
	err := c.QueryRow(ctx, `SELECT pg_table_size($1::regclass) / 1e6, pg_indexes_size($1::regclass) / 1e6`, f.table()).Scan(&table, &index)
	v[f.name+"_table_mb"], v[f.name+"_index_mb"] = table, index
	return err
}

// takeKeys takes the bundle's keys in one transaction, as a check does (take_keys.sql). Where the key is a hash, what was not
// taken is looked at: one text has the key already, or another text has the same hash.
func (b *bench) takeKeys(ctx context.Context, c *pgx.Conn, f keyForm) (r keyRound, err error) {
	if f.hash != "" {
		if err := b.collide(ctx, c, f); err != nil {
			return r, err
		}
	}
	for _, statement := range []string{"TRUNCATE untaken", "CHECKPOINT"} {
		if _, err := c.Exec(ctx, statement); err != nil {
			return r, err
		}
	}
	before, err := b.keyUse(ctx, c)
	if err != nil {
		return r, err
	}
	began := time.Now()
	found, err := takeBundle(ctx, c, f)
	if err != nil {
		return r, err
	}
	r.Seconds = time.Since(began).Seconds()
	after, err := b.keyUse(ctx, c)
	r.CPU, r.WALMB, r.ReadMB = after.CPU-before.CPU, after.WALMB-before.WALMB, after.ReadMB-before.ReadMB
	want := keysTaken{b.options.payments - keyDuplicates, keyDuplicates, 0}
	if f.hash != "" {
		want = keysTaken{want.taken - 1, keyDuplicates, 1}
	}
	if err == nil && found != want {
		err = fmt.Errorf("found %+v, want %+v", found, want)
	}
	return r, err
}

// keysTaken is what has become of a bundle's keys.
type keysTaken struct{ taken, duplicates, collisions int }

func takeBundle(ctx context.Context, c *pgx.Conn, f keyForm) (k keysTaken, err error) {
	tx, err := c.Begin(ctx)
	if err != nil {
		return k, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after COMMIT there is nothing left to roll back
	tag, err := tx.Exec(ctx, fmt.Sprintf(`WITH taken AS (
			INSERT INTO %s SELECT %s FROM bundle p WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
			ORDER BY %s ON CONFLICT DO NOTHING RETURNING payment_id)
		INSERT INTO untaken SELECT p.id FROM bundle p WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
			AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.payment_id = p.id)`, f.table(), f.values, f.order))
	if err != nil {
		return k, err
	}
	k.duplicates = int(tag.RowsAffected())
	if f.hash != "" {
		err = tx.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FILTER (WHERE k.same), count(*) FILTER (WHERE NOT k.same) FROM untaken u JOIN bundle p ON p.id = u.id
			CROSS JOIN LATERAL (SELECT k.e2e = p.e2e AS same FROM %s k WHERE k.payer_id = 1 AND k.hash = %s LIMIT 1) k`, f.table(), strings.ReplaceAll(f.hash, "e2e", "p.e2e"))).
			Scan(&k.duplicates, &k.collisions)
		if err != nil {
			return k, err
		}
	}
	err = tx.QueryRow(ctx, "SELECT (SELECT count(*) FROM bundle) - (SELECT count(*) FROM untaken)").Scan(&k.taken)
	if err != nil {
		return k, err
	}
	return k, tx.Commit(ctx)
}

// collide gives the hash of one of the bundle's keys to another text, which a hash of 128 bits will never do by itself.
func (b *bench) collide(ctx context.Context, c *pgx.Conn, f keyForm) error {
	_, err := c.Exec(ctx, fmt.Sprintf(`BEGIN;
		INSERT INTO %[1]s SELECT %[2]s FROM (SELECT -id AS id, e2e FROM bundle WHERE id & ((1::bigint << 40) - 1) = %[3]d) p;
		UPDATE %[1]s k SET e2e = k.e2e || '.' FROM bundle p WHERE p.id & ((1::bigint << 40) - 1) = %[3]d AND k.payer_id = 1 AND k.hash = %[4]s; COMMIT`,
		f.table(), f.values, keyDuplicates, strings.ReplaceAll(f.hash, "e2e", "p.e2e")))
	return err
}

// keyUse is what PostgreSQL has used up to now.
func (b *bench) keyUse(ctx context.Context, c *pgx.Conn) (u keyRound, err error) {
	err = c.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0') / 1048576`).Scan(&u.WALMB)
	if content, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", c.PgConn().PID())); err == nil {
		u.ReadMB = kernelNumber(content, "read_bytes:") / 1e6
	}
	u.CPU = postgresSeconds(b.path("pg"))
	return u, err
}
