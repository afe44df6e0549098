// Package schema holds the database's tables as numbered migrations and brings a database up to them.
package schema

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var files embed.FS

const (
	// Owner is the role that owns schema nks and everything in it. Nobody logs in as it.
	Owner = "nks_owner"
	// Flow is the role of the batch engine: it sees all rows, and no HTTP code may hold its connections.
	Flow = "nks_flow"
	// Page is the role of pages and APIs, under row-level security.
	Page = "nks_page"
)

const (
	// versions is the table of migrations done, each with the digest of its text; in public, because schema nks is itself made by the first one.
	versions = "public.nks_migration"

	// rolesVersion is the migration that makes the roles; what follows is done as Owner.
	rolesVersion = 1

	// lockKey is the advisory lock that lets one node migrate while others wait: "nks" and a number of ours.
	lockKey = 0x6e6b73_01
)

// ErrNewer says that a newer nks has migrated the database: this one does not know its tables.
var ErrNewer = errors.New("the database is newer than this program")

// Migrate does the migrations that are missing, each in a transaction of its own. db's user must be a superuser, or
// a member of existing roles nks_owner, nks_flow and nks_page that may create schemas. Any number of nodes may call
// it at once: one works, the others wait.
//
// Files from 0002 on run as nks_owner with search_path nks, so that what they create belongs where it should.
func Migrate(ctx context.Context, db *sql.DB) error { return MigrateTo(ctx, db, Latest()) }

// MigrateTo is Migrate up to one version, as an earlier program would have done.
func MigrateTo(ctx context.Context, db *sql.DB, version int64) (err error) {
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
		return fmt.Errorf("migrate: wait for other nodes: %w", err)
	}
	defer func() {
		_, unlockErr := lock.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lockKey)
		err = errors.Join(err, unlockErr)
	}()
	return migrate(ctx, db, lock, version)
}

// migrate does the work under the lock.
func migrate(ctx context.Context, db *sql.DB, conn *sql.Conn, version int64) error {
	first, err := provider(db)
	if err != nil {
		return err
	}
	// Nothing is written when there is nothing to do: a node started again must not need a superuser.
	pending, err := first.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	now, err := first.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if latest := Latest(); now > latest {
		return fmt.Errorf("migrate: %w: it is at %d, this program at %d", ErrNewer, now, latest)
	}
	if err := checkDigests(ctx, db); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if !pending {
		return nil
	}
	if _, err := first.UpTo(ctx, rolesVersion); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	owner, err := asOwner(conn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	rest, err := provider(owner)
	if err != nil {
		return errors.Join(err, owner.Close())
	}
	if _, err := rest.UpTo(ctx, version); err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), owner.Close())
	}
	return owner.Close()
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	kept, err := newStore()
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectCustom, db, dir, goose.WithStore(kept), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return p, nil
}

// asOwner opens a pool to conn's database whose sessions act as Owner.
func asOwner(conn *sql.Conn) (*sql.DB, error) {
	var cfg *pgx.ConnConfig
	err := conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("database driver is %T, not pgx", driver)
		}
		cfg = c.Conn().Config().Copy()
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The server reads -c words before parameters of the start packet, which therefore win.
	cfg.RuntimeParams["role"] = Owner
	cfg.RuntimeParams["search_path"] = "nks"
	return stdlib.OpenDB(*cfg), nil
}

// Queryer reads one row: a pool, or one connection of it.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Version is the number of the last migration that db has; 0 before the first.
func Version(ctx context.Context, db Queryer) (int64, error) {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", versions).Scan(&there); err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	if !there {
		return 0, nil
	}
	var version int64
	err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versions+" WHERE is_applied").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	return version, nil
}

// Latest is the number of this program's last migration.
func Latest() int64 {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0
	}
	version, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		return 0
	}
	return version
}

// Digest is a hash of this program's migrations, names and texts. While a version is not released its migrations are
// rewritten in place, so that a number alone does not say what tables it has made.
func Digest() (string, error) {
	hash := sha256.New()
	names, err := fs.Glob(files, "migrations/*.sql")
	for _, name := range names {
		text, readErr := fs.ReadFile(files, name)
		err = errors.Join(err, readErr)
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil)), err
}

// Serves reports whether db has exactly this program's migrations; the error says what is wrong.
func Serves(ctx context.Context, db Queryer) error {
	version, err := Version(ctx, db)
	if err == nil && version != Latest() {
		err = fmt.Errorf("it is at migration %d, this program at %d", version, Latest())
	}
	return err
}
