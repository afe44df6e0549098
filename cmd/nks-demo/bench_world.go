package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"nks/bankday"
	"nks/conf"
	"nks/gateway/postgres/server"
	"nks/internal/app"
	"nks/internal/command"
	"nks/register"
	"nks/schema"
	"nks/sftp"
	"nks/sim/bank"
)

// What the number series of the bench can hold, and what one bundle may.
const (
	mostBenchHolders  = 100_000_000
	mostBenchPayments = 2_000_000
)

// The parties of the bench.
const (
	benchSupplier  = "BENCHDATA"
	benchAuthority = "9901"
	benchBenefit   = "BENCHSTØT"
)

// bench is one run of nks-demo bench.
type bench struct {
	p       *command.Program
	options benchOptions
	dir     string
	self    string // the program itself, for the process that is measured
	country benchCountry
	config  conf.Config
	load    loadRound
	held    *os.File
}

// benchWorld says what a data directory holds; it is written last.
type benchWorld struct {
	Form     int    `json:"form"`   // of what the bench makes: raised when that changes
	Tables   string `json:"tables"` // the digest of the migrations that have made it
	Payments int    `json:"payments"`
	Holders  int    `json:"holders"`
	History  int    `json:"history"`
}

// otherTables reports whether a world is what is wanted but for its tables, which another version has made.
func (w benchWorld) otherTables(want benchWorld) bool {
	tables := w.Tables
	w.Tables = want.Tables
	return w == want && tables != want.Tables
}

// benchForm is raised whenever an existing world would no longer fit this program.
const benchForm = 2

func newBench(p *command.Program, o benchOptions) (*bench, error) {
	dir, err := filepath.Abs(o.data)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	days, err := bankday.New()
	if err != nil {
		return nil, err
	}
	b := &bench{p: p, options: o, dir: dir, self: self, country: newBenchCountry(o, days)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, command.Usage(err)
	}
	if b.held, err = os.OpenFile(b.path("bench.lock"), os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return nil, command.Usage(err)
	}
	if err := unix.Flock(int(b.held.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(command.Usagef("another bench runs in %s", dir), b.held.Close())
	}
	return b, nil
}

func (b *bench) close() error { return b.held.Close() }

func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.p.Err, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// prepare makes the world, or finds the one of an earlier run.
func (b *bench) prepare(ctx context.Context) error {
	tables, err := schema.Digest()
	if err != nil {
		return err
	}
	want := benchWorld{Form: benchForm, Tables: tables, Payments: b.options.payments, Holders: b.options.holders, History: b.options.history}
	var have benchWorld
	err = readJSON(b.path("bench.json"), &have)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.Usage(err)
	}
	if have.otherTables(want) && !b.options.fresh {
		if !b.options.quick {
			return command.Usagef("another version of the tables has made the world in %s: --fresh makes it again, which takes some ten minutes", b.dir)
		}
		b.say("another version of the tables has made the world in %s: making it again", b.dir)
	}
	if err := b.stopLeftover(ctx); err != nil {
		return err
	}
	if err == nil && have == want && !b.options.fresh {
		b.say("using the world in %s", b.dir)
		return b.configure()
	}
	for _, name := range []string{"bench.json", "base", "base.journal", "pg", "journal", "bundle.xml", "rows.copy"} {
		if err := os.RemoveAll(b.path(name)); err != nil {
			return err
		}
	}
	if err := b.configure(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.fillRegister, b.fillHistory, b.finishBase} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return writeJSON(b.path("bench.json"), want)
}

// stopLeftover ends the server of a bench that was killed.
func (b *bench) stopLeftover(ctx context.Context) error {
	if _, err := os.Stat(b.path("pg", "postmaster.pid")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := server.Start(ctx, server.Config{DataDir: b.path("pg")})
	if err != nil {
		return command.Usage(err)
	}
	return s.Stop(ctx)
}

// configure writes keys and the gateway's configuration: the defaults, but for an address of its own, a file limit
// that the bundle fits in, answers that wait for hardly more to tell, since that waiting is no work, and no sum of the whole
// ledger, which would fall into one round and not into the next. Nobody answers at the banks' addresses: interchanges stay where they are rendered.
func (b *bench) configure() error {
	for _, name := range []string{"mailbox_host", "nks_client", "supplier"} {
		if err := os.MkdirAll(b.path("keys"), 0o755); err != nil {
			return err
		}
		if _, err := sftp.EnsureKey(b.path("keys", name)); err != nil {
			return err
		}
	}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, `# Made by nks-demo bench.
data = "."

[mailbox]
listen = "127.0.0.1:0"
host_key = "keys/mailbox_host"
max_file_mb = 4096

[console]
listen = "127.0.0.1:0"

[metrics]
listen = "127.0.0.1:0"
difference_every = "0s"

[answers]
quiet = "100ms"

[clock]
start = %q

[log]
level = "error"
`, b.country.days[0].opens.Format(time.RFC3339))
	for _, centre := range benchCentres() {
		_, _ = fmt.Fprintf(&text, `
[[bank]]
id = %q
name = %q
gln = %q
address = "127.0.0.1:9"
key = "keys/nks_client"
host_keys = ["keys/mailbox_host.pub"]
poll = "1h"
`, centre, centre, bank.DefaultProfiles()[centre].GLN)
	}
	if err := writeFile(b.path("nks.toml"), []byte(text.String())); err != nil {
		return err
	}
	var err error
	b.config, err = app.LoadConfig(b.path("nks.toml"))
	return err
}

func benchCentres() []string { return []string{"BEC", "SDC", "BANKDATA"} }

// withDatabase runs f on the world's database, which runs for that long.
func (b *bench) withDatabase(ctx context.Context, f func(*app.Database) error) error {
	db, err := app.OpenDatabase(ctx, b.config, zerolog.Nop(), app.Alone)
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

// loadRound is how long the register took to load.
type loadRound struct {
	Rows    int64
	Seconds float64
}

func (b *bench) fillRegister(ctx context.Context) error {
	key, err := os.ReadFile(b.path("keys", "supplier.pub"))
	if err != nil {
		return err
	}
	return b.withDatabase(ctx, func(db *app.Database) error {
		began := time.Now()
		sum, err := register.Load(ctx, db.Pool(), b.country.reference(strings.TrimSpace(string(key))), register.Options{Now: func() time.Time { return b.country.days[0].opens }})
		if err != nil {
			return err
		}
		for _, f := range sum.Files {
			b.load.Rows += f.Rows
		}
		b.load.Seconds = time.Since(began).Seconds()
		b.say("register: %d rows in %.1f s, %.0f rows/s", b.load.Rows, b.load.Seconds, float64(b.load.Rows)/b.load.Seconds)
		return nil
	})
}

// finishBase brings the database to rest and puts it aside.
func (b *bench) finishBase(ctx context.Context) error {
	if err := b.writeBundle(b.country.measured()); err != nil {
		return err
	}
	err := b.withDatabase(ctx, func(db *app.Database) error {
		return b.asSuperuser(ctx, db, append(b.makePeer(), "VACUUM (ANALYZE)", "CHECKPOINT")...)
	})
	if err != nil {
		return err
	}
	b.say("putting the world aside")
	return errors.Join(b.copyTree(ctx, "pg", "base"), b.copyJournal(ctx, "journal", "base.journal"))
}

// restore makes the database again what it was when it was put aside.
func (b *bench) restore(ctx context.Context) error {
	if err := b.stopLeftover(ctx); err != nil {
		return err
	}
	return errors.Join(b.copyTree(ctx, "base", "pg"), b.copyJournal(ctx, "base.journal", "journal"))
}

// copyJournal has the journal of a database that is copied go with it; nothing has begun one before a gateway has run.
func (b *bench) copyJournal(ctx context.Context, from, to string) error {
	if _, err := os.Stat(b.path(from)); errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(b.path(to))
	}
	return b.copyTree(ctx, from, to)
}

// copyTree copies a stopped cluster and waits until the copy is on the disk: its writing is not the round's.
func (b *bench) copyTree(ctx context.Context, from, to string) error {
	if err := os.RemoveAll(b.path(to)); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", b.path(from), b.path(to)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	d, err := os.Open(b.dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

// tidy takes away what only a round needed.
func (b *bench) tidy() error {
	err := errors.Join(os.RemoveAll(b.path("codec.xml")), os.RemoveAll(b.path("idle")), os.RemoveAll(b.path("rows.copy")))
	if b.options.keep {
		return err
	}
	return errors.Join(err, os.RemoveAll(b.path("pg")), os.RemoveAll(b.path("journal")))
}
