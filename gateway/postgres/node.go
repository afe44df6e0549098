package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"nks/gateway"
)

// nodeKept is how long a node that does not write any more stays in the table.
const nodeKept = "1 day"

// ballast fills more than half a page: no two rows share one, so that each asks the disk for room.
var ballast = strings.Repeat("-", 5000)

// DatabaseClock is what the database's clock shows now.
func DatabaseClock(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (now time.Time, err error) {
	if err := db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("clock of the database: %w", err)
	}
	return now, nil
}

// TakesRows tries whether the database takes what a node writes: a page that is new, which is taken back, and a row, which
// is committed. The error is PostgreSQL's.
func TakesRows(ctx context.Context, c *sql.Conn, node string) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{`SAVEPOINT room`, nil},
		{`INSERT INTO node_ballast (filler) VALUES ($1)`, []any{ballast}},
		{`ROLLBACK TO SAVEPOINT room`, nil},
		{`DELETE FROM node WHERE written_at < now() - interval '` + nodeKept + `'`, nil},
		{`INSERT INTO node (name, written_at) VALUES ($1, now()) ON CONFLICT (name) DO UPDATE SET written_at = excluded.written_at`, []any{node}},
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// ClockApart opens the exception of a node whose clock is ahead of the database's, or behind it, by more than limit.
func (b *Base) ClockApart(ctx context.Context, node string, ahead, limit time.Duration) error {
	return b.RaiseDetailAlone(ctx, gateway.ClockApart, node, gateway.DetailClockApart.With(ahead.Round(10*time.Millisecond), limit))
}

// ClockMended closes it.
func (b *Base) ClockMended(ctx context.Context, node string) error {
	return b.Transact(ctx, "clock mended", func(x *Session) error { return b.Close(ctx, x, gateway.ClockApart, node, ClosedByFlow) })
}

// TookNothing notes, now that it takes rows, for how long the database has taken none, and why.
func (b *Base) TookNothing(ctx context.Context, node string, lasted time.Duration, why error) error {
	return b.RaiseDetailAlone(ctx, gateway.DatabaseTookNothing, node, gateway.DetailTookNothing.With(lasted.Round(time.Second), why))
}
