// Package pgtest gives a test a database of its own with all tables, on a real PostgreSQL that lives no longer than
// the test process.
//
// The first test of a process that asks starts the server (about two seconds); each database is then a copy of one
// migrated template. A watchdog ends the server and removes its files when the process ends, however it ends.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/server"
	"nks/schema"
)

// Superuser is the role that migrations run as.
const Superuser = server.Superuser

// Database is one test's own.
type Database struct {
	// Name is what psql -d takes.
	Name string
	// Server is shared with the process's other tests; they must not stop it.
	Server *server.Server
	// Dir is the server's directory of data, where nobody shares it.
	Dir string
}

// New returns a pool to a new database with all tables, as nks_flow with search_path nks. The database goes when
// the test ends.
func New(t testing.TB) *sqlx.DB {
	t.Helper()
	return Create(t).Open(t, schema.Flow)
}

// DSN returns the connection string of a new database with all tables, as nks_flow with search_path nks.
func DSN(t testing.TB) string {
	t.Helper()
	return Create(t).DSN(schema.Flow)
}

// Create makes a database with all tables.
func Create(t testing.TB) *Database {
	t.Helper()
	s := shared(t)
	return s.clone(t, s.template)
}

// CreateIn makes a database with all tables and with the partitions of a month, given by its first day, and of the next one. To
// copy these costs a tenth of making them.
func CreateIn(t testing.TB, month string) *Database {
	t.Helper()
	s := shared(t)
	template, err := s.templateIn(month)
	if err != nil {
		t.Fatalf("pgtest: month %s: %v", month, err)
	}
	return s.clone(t, template)
}

// Empty makes a database without tables.
func Empty(t testing.TB) *Database {
	t.Helper()
	return shared(t).clone(t, "template1")
}

// Copy is the database as it is now, as a backup that was restored: nobody may be connected to it meanwhile.
func (d *Database) Copy(t testing.TB) *Database {
	t.Helper()
	return shared(t).clone(t, d.Name)
}

// DSN is the connection string of role (schema.Flow, schema.Page, Superuser) with search_path nks.
func (d *Database) DSN(role string) string {
	return d.Server.DSN(d.Name, role, "search_path=nks")
}

// Open returns a pool of role that is closed when the test ends.
func (d *Database) Open(t testing.TB, role string) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Connect("pgx", d.DSN(role))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20) // a new connection learns all tables anew, and plans every statement
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return db
}

// instance is the process's server. It is the one thing this package keeps: a server per test would cost seconds.
type instance struct {
	srv      *server.Server
	admin    *sql.DB
	template string
	dir      string
	serial   atomic.Int64
	alive    *os.File   // the watchdog acts when it closes, also by the garbage collector
	cloning  sync.Mutex // a database that is being copied cannot be copied by another at the same time
	months   sync.Map   // of months: func() (string, error), their template
}

var shareOnce = sync.OnceValues(start)

func shared(t testing.TB) *instance {
	t.Helper()
	s, err := shareOnce()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return s
}

// start brings the server up and makes the template.
func start() (*instance, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir, err := Scratch("nkspg")
	if err != nil {
		return nil, err
	}
	alive, err := watch(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	srv, err := server.Start(ctx, server.Config{DataDir: filepath.Join(dir, "pg"), SocketDir: filepath.Join(dir, "s"),
		MaxConnections: 300, Volatile: true})
	if err != nil {
		return nil, err
	}
	admin, err := sql.Open("pgx", srv.DSN("postgres", server.Superuser))
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", srv.DSN(server.Database, server.Superuser))
	if err != nil {
		return nil, err
	}
	if err := schema.Migrate(ctx, db); err != nil {
		return nil, err
	}
	return &instance{srv: srv, admin: admin, template: server.Database, dir: dir, alive: alive}, db.Close()
}

// Alone makes a database with all tables on a server that nobody else has: its files hold nothing of other tests. It takes about
// two seconds; the server goes when the test ends.
func Alone(t testing.TB) *Database {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		// The watchdog removes the files once the other end is closed.
		if err := errors.Join(s.admin.Close(), s.srv.Stop(context.Background()), s.alive.Close()); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return &Database{Name: s.template, Server: s.srv, Dir: filepath.Join(s.dir, "pg")}
}

// templateIn is the template with a month's partitions, made for the first who asks.
func (s *instance) templateIn(month string) (string, error) {
	made, _ := s.months.LoadOrStore(month, sync.OnceValues(func() (string, error) {
		name := "t" + strconv.FormatInt(s.serial.Add(1), 10)
		if err := s.copy(name, s.template); err != nil {
			return "", err
		}
		db, err := sql.Open("pgx", s.srv.DSN(name, schema.Flow, "search_path=nks"))
		if err != nil {
			return "", err
		}
		_, err = db.Exec(`SELECT ensure_month($1::date)`, month)
		return name, errors.Join(err, db.Close())
	}))
	return made.(func() (string, error))()
}

// copy copies a database to which nobody is connected.
func (s *instance) copy(name, from string) error {
	s.cloning.Lock()
	defer s.cloning.Unlock()
	_, err := s.admin.Exec("CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + pgx.Identifier{from}.Sanitize())
	return err
}

// clone copies a database, and drops the copy when the test ends.
func (s *instance) clone(t testing.TB, from string) *Database {
	t.Helper()
	d := &Database{Name: "t" + strconv.FormatInt(s.serial.Add(1), 10), Server: s.srv}
	name := pgx.Identifier{d.Name}.Sanitize()
	if err := s.copy(d.Name, from); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if _, err := s.admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return d
}

// watch starts the process that outlives us, and returns what must stay open while we live: the other end of its
// pipe closes with our process, even when that is killed. Nothing then has to be saved, hence the hard stop of
// whatever works in the cluster's directory.
func watch(dir string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	const script = `read end
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			alive=
			for cwd in /proc/[0-9]*/cwd; do
				if [ "$(readlink "$cwd")" = "$0/pg" ]; then
					alive=1; p=${cwd#/proc/}; kill -QUIT "${p%/cwd}"
				fi
			done 2>/dev/null
			rm -rf "$0" 2>/dev/null
			[ -z "$alive" ] && [ ! -e "$0" ] && exit
			sleep 0.3
		done`
	cmd := exec.Command("/bin/sh", "-c", script, dir)
	cmd.Stdin = r
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), r.Close()); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}
