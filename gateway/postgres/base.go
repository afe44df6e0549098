// Package postgres is what the stages of the flow stand on: transactions, stored documents, claims, exceptions, numbers,
// and the writing of answers. PostgreSQL is the only truth: its tables are the state machine. Each stage (receive, check,
// release, bank, answer, sequence, watch) is a package below this one, with a small store of its own; each step of the flow is one
// method that does its work and marks it done in one transaction.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/audit"
	"nks/gateway"
	"nks/journal"
)

// Base is the flow's database and clock. Safe for concurrent use.
type Base struct {
	DB       *sqlx.DB
	Now      func() time.Time // the business clock
	Location *time.Location   // Europe/Copenhagen
	Log      zerolog.Logger
	Cell     gateway.Cell // that the database is
	// HashKey is of the hashes that stand for keys of months that are dropped; nil: there is none, and none is dropped.
	HashKey *HashKey
	// Failpoint is told of named points between two effects; tests stop the process there. Never nil after NewBase.
	Failpoint func(name string)
	// Journal has what became visible outside; nil: none is kept.
	Journal *journal.Journal
	// Quiet is whether the database may be one that was set back; nil: it is never asked.
	Quiet *Quiet

	months *madeMonths
}

// NewBase completes a Base: without a failpoint it has one that does nothing.
func NewBase(b Base) *Base {
	if b.Failpoint == nil {
		b.Failpoint = func(string) {}
	}
	b.months = &madeMonths{has: map[gateway.Month]bool{}}
	return &b
}

// Transact runs f in a transaction. An error from COMMIT means that the outcome is not known: the caller reads the
// state again by key and never assumes.
func (b *Base) Transact(ctx context.Context, op string, f func(*Session) error) (err error) {
	conn, err := b.DB.Connx(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", op, Transient(err))
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, Transient(err))
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback()
			panic(p)
		}
		if err != nil {
			_ = tx.Rollback()
		}
	}()
	x := &Session{Tx: tx, conn: conn, made: map[Work]bool{}}
	err = f(x)
	if err == nil {
		err = x.tellWork(ctx)
	}
	if err != nil {
		if IsTransient(conn, err) {
			err = Transient(err)
		}
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: commit, outcome unknown: %w", op, Transient(err))
	}
	for _, tell := range x.after {
		tell()
	}
	return nil
}

// Transient marks an error of reaching the database: the same call may succeed later.
func Transient(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(gateway.ErrTransient, err)
}

// IsTransient reports whether an error is the database's condition and not the work's: a lost connection, a deadlock, no
// room, a shutdown. Such a failure must not be held against what was in hand. // PostgreSQL, appendix A: classes 08, 40, 53, 57
func IsTransient(conn *sqlx.Conn, err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "08", "40", "53", "57":
			return true
		}
	}
	lost := false
	raw := conn.Raw(func(dc any) error {
		lost = dc.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return lost || raw != nil
}

// IsLockTimeout reports whether a lock could not be had within the time that was set for it.
func IsLockTimeout(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

// IsUnique reports whether err is a violation of the named unique constraint.
func IsUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == constraint
}

// Audit enters something in the log that cannot be forged unseen, in the transaction that does it.
func (b *Base) Audit(ctx context.Context, x *Session, kind audit.Kind, content any) error {
	_, err := audit.Commit(ctx, x, kind, content)
	return err
}

// Analyze gathers statistics after a step has added many rows of a month; the next statements are planned by them.
func (b *Base) Analyze(ctx context.Context, month time.Time, added int) error {
	if month.IsZero() {
		return nil
	}
	if _, err := b.DB.ExecContext(ctx, `SELECT flow_analyze($1::date, $2)`, month.Format(time.DateOnly), added); err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	return nil
}
