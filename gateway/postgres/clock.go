package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// BeginClock is how far business time runs ahead of machine. The first start sets it, so that business time is then
// start (zero: the machine's own); later starts find it, and start is no longer asked.
func BeginClock(ctx context.Context, db *sqlx.DB, machine func() time.Time, start time.Time) (time.Duration, error) {
	now := machine()
	var offset time.Duration
	if !start.IsZero() {
		offset = start.Sub(now)
	}
	var stored int64
	err := db.QueryRowContext(ctx, `INSERT INTO business_clock (offset_ns, set_at) VALUES ($1, $2)
		ON CONFLICT DO NOTHING RETURNING offset_ns`, int64(offset), now).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		err = db.QueryRowContext(ctx, `SELECT offset_ns FROM business_clock`).Scan(&stored)
	}
	if err != nil {
		return 0, fmt.Errorf("business clock: %w", Transient(err))
	}
	return time.Duration(stored), nil
}

// PresentClock is how far business time runs ahead of machine, for a command that may come before the first start: it
// sets nothing, and goes by start where nothing is stored yet.
func PresentClock(ctx context.Context, db *sqlx.DB, machine func() time.Time, start time.Time) (time.Duration, error) {
	var stored int64
	err := db.QueryRowContext(ctx, `SELECT offset_ns FROM business_clock`).Scan(&stored)
	switch {
	case errors.Is(err, sql.ErrNoRows) && start.IsZero():
		return 0, nil
	case errors.Is(err, sql.ErrNoRows):
		return start.Sub(machine()), nil
	case err != nil:
		return 0, fmt.Errorf("business clock: %w", Transient(err))
	}
	return time.Duration(stored), nil
}

// MoveClock records a jump of the business clock; it never goes back.
func MoveClock(ctx context.Context, db *sqlx.DB, offset time.Duration, machine time.Time) error {
	_, err := db.ExecContext(ctx, `UPDATE business_clock SET offset_ns = $1, set_at = $2 WHERE offset_ns < $1`, int64(offset), machine)
	if err != nil {
		return fmt.Errorf("business clock: %w", Transient(err))
	}
	return nil
}
