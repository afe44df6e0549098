package main_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"nks/gateway/postgres/server"
	"nks/internal/app"
	"nks/internal/programtest"
)

// asking runs statements as the superuser of a database, and gives the last one's first value.
func asking(t *testing.T, dsn string, statements ...string) (value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), programtest.Longest)
	defer cancel()
	c, err := pgx.Connect(ctx, dsn)
	must(t, err)
	defer func() { must(t, c.Close(ctx)) }()
	for n, s := range statements {
		if n+1 < len(statements) {
			_, err = c.Exec(ctx, s)
		} else {
			err = c.QueryRow(ctx, s).Scan(&value)
		}
		must(t, err)
	}
	return value
}

// endOthers ends all other sessions: they have open what they opened, and the settings that they began with.
const endOthers = `SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`

const tookNothing = `SELECT count(*)::text FROM nks.exception WHERE kind = 'database took nothing' AND detail LIKE `

// TestDatabaseIsReadOnly: a database that answers and takes no rows is told of
// by readiness and a number, and by an exception once it takes them again. // S6
func TestDatabaseIsReadOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	db := s.on(t)
	defer func() { must(t, db.Stop(context.Background())) }()
	running := s.run(t)
	s.becomes(t, "/readyz", 200, "ok")
	s.becomes(t, "/metrics", 200, "\nnks_database_writable 1\n")
	dsn := db.DSN(server.Database, server.Superuser)

	asking(t, dsn, `ALTER DATABASE `+server.Database+` SET default_transaction_read_only = on`, endOthers)
	s.becomes(t, "/readyz", 503, "database takes nothing: ERROR: cannot execute INSERT in a read-only transaction (SQLSTATE 25006)")
	s.becomes(t, "/metrics", 200, "\nnks_database_writable 0\n")
	s.becomes(t, "/healthz", 200, "ok")
	asking(t, dsn, `SET default_transaction_read_only = off`, `ALTER DATABASE `+server.Database+` RESET default_transaction_read_only`, endOthers)
	s.becomes(t, "/readyz", 200, "ok")
	if n := asking(t, dsn, tookNothing+`'%25006%'`); n != "1" {
		t.Errorf("%s exceptions of a database that was read only", n)
	}
	ended(t, running)
}

// TestDatabaseIsFull: so is one whose disk has no room. // S6
func TestDatabaseIsFull(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	db := s.on(t)
	defer func() { must(t, db.Stop(context.Background())) }()
	running := s.run(t)
	s.becomes(t, "/readyz", 200, "ok")
	dsn := db.DSN(server.Database, server.Superuser)
	// The file that shows whether there is room becomes one on a device that is full.
	file := filepath.Join(db.DataDir(), asking(t, dsn, `VACUUM nks.node_ballast`, `CHECKPOINT`, `SELECT pg_relation_filepath('nks.node_ballast')`))
	must(t, os.Rename(file, file+".kept"))
	must(t, os.Symlink("/dev/full", file))
	asking(t, dsn, endOthers)
	s.becomes(t, "/readyz", 503, "No space left on device (SQLSTATE 53100)")
	must(t, os.Remove(file))
	must(t, os.Rename(file+".kept", file))
	asking(t, dsn, endOthers)
	s.becomes(t, "/readyz", 200, "ok")
	if n := asking(t, dsn, tookNothing+`'%53100%'`); n != "1" {
		t.Errorf("%s exceptions of a disk that was full", n)
	}
	ended(t, running)
}

// ended asks a gateway to stop whose database is the test's.
func ended(t *testing.T, p *programtest.Process) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	p.Finish(t, programtest.Longest)
	p.Want(t, 0)
}

// TestRun_WaitsForItsDatabase that is away at the start: with doors closed, alive and not ready, until it comes or a signal.
// What waiting cannot mend ends it. // S8
func TestRun_WaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, s.on(t).Stop(context.Background()))
	waiting := func() *programtest.Process {
		p := s.begin(t)
		if !programtest.Eventually(programtest.Longest, func() bool { return s.waits(p) || p.Ended() }) || p.Ended() {
			t.Fatalf("it does not wait: %s", programtest.Tail(p.Err.String()))
		}
		s.becomes(t, "/readyz", 503, "database: ")
		s.becomes(t, "/healthz", 200, "ok")
		return p
	}
	ended(t, waiting())
	p := waiting()
	db := startServer(t, s)
	defer func() { must(t, db.Stop(context.Background())) }()
	s.awaitUp(t, p)
	s.becomes(t, "/readyz", 200, "ok")
	ended(t, p)

	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, []byte(strings.Replace(string(text), "@/"+server.Database+"?", "@/nowhere?", 1)), 0o644))
	p = s.begin(t)
	p.Finish(t, programtest.Longest)
	p.Want(t, 1)
}

// waits reports whether a process has told that it waits for the database, and remembers where it is looked at.
func (s *site) waits(p *programtest.Process) bool {
	for line := range strings.Lines(p.Err.String()) {
		var e struct{ Message, Metrics string }
		if json.Unmarshal([]byte(line), &e) == nil && strings.HasSuffix(e.Message, "it is waited for") {
			s.metrics = e.Metrics
			return true
		}
	}
	return false
}

// TestClockApart: a node whose clock is far from the database's takes deliveries, at the database's time, and judges none of
// them; it tells so, and goes on when the clock is mended.
func TestClockApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	c, err := app.LoadConfig(s.config)
	must(t, err)
	start, err := time.Parse(time.RFC3339, programtest.CountryStart)
	must(t, err)
	var wrong atomic.Int64
	a, err := app.Start(t.Context(), app.Options{Config: c, Log: zerolog.Nop(), Start: start,
		Machine: func() time.Time { return time.Now().Add(time.Duration(wrong.Load())) }})
	must(t, err)
	defer func() { must(t, a.Shutdown()) }()
	s.mailbox, s.metrics = a.Addresses().Mailbox, a.Addresses().Metrics
	dsn, err := a.Database().SuperuserDSN()
	must(t, err)
	s.becomes(t, "/readyz", 200, "ok")
	s.becomes(t, "/metrics", 200, "\nnks_clock_offset_seconds ")

	wrong.Store(int64(time.Hour))
	s.becomes(t, "/readyz", 503, "clock: it is 1h0m0s ahead of the database's, and may be 2s")
	s.becomes(t, "/metrics", 200, "\nnks_clock_offset_seconds 3")
	const open = `SELECT count(*)::text FROM nks.exception WHERE kind = 'clock apart' AND closed_at IS NULL`
	if !programtest.Eventually(programtest.Longest, func() bool { return asking(t, dsn, open) == "1" }) {
		t.Error("no exception of the clock")
	}
	must(t, s.uploading(t).Close())
	s.becomes(t, "/metrics", 200, `nks_deliveries_waiting{state="received"} 1`)
	taken, err := time.Parse(time.RFC3339, asking(t, dsn, `SELECT to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM nks.delivery`))
	must(t, err)
	if late := taken.Sub(start); late < -time.Second || late > 5*time.Minute {
		t.Errorf("taken at %s, %s after the start", taken, late)
	}

	wrong.Store(0)
	s.becomes(t, "/readyz", 200, "ok")
	s.becomes(t, "/metrics", 200, `nks_deliveries_total{door="sftp",outcome="refused"} 1`)
	if n := asking(t, dsn, open); n != "0" {
		t.Errorf("%s exceptions of a clock that is mended", n)
	}
}
