package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Execer runs one statement, in a transaction or by itself.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Queryer is an Execer that can be asked, too.
type Queryer interface {
	Execer
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Session is one connection in one transaction; COPY needs the connection, everything else the transaction.
type Session struct {
	*sqlx.Tx
	conn  *sqlx.Conn
	made  map[Work]bool // that there is now work for
	after []func()      // when it is committed
}

// AfterCommit runs do once the transaction is committed, and never when it is not: what is logged has happened.
func (x *Session) AfterCommit(do func()) { x.after = append(x.after, do) }

// Raw runs do with the session's connection, inside its transaction.
func (x *Session) Raw(do func(*pgx.Conn) error) error {
	return x.conn.Raw(func(dc any) error { return do(dc.(*stdlib.Conn).Conn()) })
}

// CopyIn streams rows in COPY's text format into a table, inside the session's transaction, and tells how many they were.
func (x *Session) CopyIn(ctx context.Context, statement string, rows io.Reader) (int64, error) {
	var n int64
	err := x.Raw(func(conn *pgx.Conn) error {
		tag, err := conn.PgConn().CopyFrom(ctx, rows, statement)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// Rehearse runs do and takes back all that it did: in the tables, the work that it made and what was to be told after the
// commit. What do returns stays.
func (x *Session) Rehearse(ctx context.Context, do func() error) error {
	made, after := maps.Clone(x.made), slices.Clone(x.after)
	if _, err := x.ExecContext(ctx, `SAVEPOINT rehearsal`); err != nil {
		return err
	}
	err := do()
	x.made, x.after = made, after
	if _, back := x.ExecContext(ctx, `ROLLBACK TO SAVEPOINT rehearsal`); back != nil {
		return errors.Join(err, back)
	}
	return err
}

// UpdateOne runs a guarded statement that must change exactly one row. None is gateway.ErrLostOwnership: somebody else
// has moved it on.
func (x *Session) UpdateOne(ctx context.Context, query string, args ...any) error {
	return x.UpdateAll(ctx, 1, query, args...)
}

// UpdateAll runs a guarded statement that must change exactly want rows. None of one is gateway.ErrLostOwnership; any
// other number gateway.ErrCountMismatch.
func (x *Session) UpdateAll(ctx context.Context, want int, query string, args ...any) error {
	r, err := x.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	switch {
	case err != nil:
		return err
	case n == int64(want):
		return nil
	case want == 1 && n == 0:
		return fmt.Errorf("%w: no row is in the state that the change needs", gateway.ErrLostOwnership)
	}
	return fmt.Errorf("%w: changed %d rows, must be %d", gateway.ErrCountMismatch, n, want)
}

// ChangeOne runs one statement by itself that must change exactly one row; gateway.ErrNotFound when it changes none.
func (b *Base) ChangeOne(ctx context.Context, op, query string, args ...any) error {
	r, err := b.DB.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", op, Transient(err))
	}
	if n, err := r.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", op, gateway.ErrNotFound)
}
