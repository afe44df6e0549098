package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/register"
)

// nightKnown is how many days the moved cut-offs of a day are asked for: what came then may be read later.
const nightKnown = 31

// NightControls reads the holds that are not over, and the cut-offs that were moved and not moved back, as of a business time.
func NightControls(ctx context.Context, q register.Queryer, now time.Time) (all gateway.NightControls, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, effect, reach, subject, from_at, until_at, on_day, coalesce(extract(epoch FROM moved_to), 0)::bigint FROM night_control
		WHERE CASE effect WHEN 'hold' THEN ended_at IS NULL ELSE ended_by IS NULL AND on_day >= $1::date - $2::int END ORDER BY id`, gateway.DateOf(now).String(), nightKnown)
	if err != nil {
		return nil, fmt.Errorf("night controls: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c gateway.NightControl
		var until, on sql.NullTime
		var seconds int64
		if err := rows.Scan(&c.ID, &c.Effect, &c.Reach, &c.Subject, &c.From, &until, &on, &seconds); err != nil {
			return nil, fmt.Errorf("night controls: %w", err)
		}
		c.Until, c.MovedTo = until.Time, time.Duration(seconds)*time.Second
		if on.Valid {
			c.On = gateway.DateOf(on.Time)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("night controls: %w", err)
	}
	return all, nil
}

// Nightly is what of the night's controls a transaction relies on.
type Nightly string

// What can be relied on.
const (
	NightHolds   Nightly = "holds"    // by who lets a file go
	NightCutOffs Nightly = "cut-offs" // by who plans releases
)

// KeepNight has holds or cut-offs stay as they are until the transaction ends. Statements after it see all that was decided before.
func (x *Session) KeepNight(ctx context.Context, what Nightly) error {
	return x.lockNight(ctx, `SELECT pg_advisory_xact_lock_shared(hashtextextended('nks.night/' || $1::text, 0))`, what)
}

// ChangeNight waits for those who rely on holds or cut-offs, and keeps others from it until the transaction ends.
func (x *Session) ChangeNight(ctx context.Context, what Nightly) error {
	return x.lockNight(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.night/' || $1::text, 0))`, what)
}

func (x *Session) lockNight(ctx context.Context, lock string, what Nightly) error {
	if _, err := x.ExecContext(ctx, lock, string(what)); err != nil {
		return fmt.Errorf("lock %s: %w", what, err)
	}
	return nil
}

// ReleaseLimits reads the limits that were set, and the number of the last row of them.
func ReleaseLimits(ctx context.Context, q register.Queryer) (all gateway.ReleaseLimits, last int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT ON (reach, subject, limit_of) id, reach, subject, limit_of, most FROM release_limit
		ORDER BY reach, subject, limit_of, id DESC`)
	if err != nil {
		return nil, 0, fmt.Errorf("release limits: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l gateway.ReleaseLimit
		var id int64
		if err := rows.Scan(&id, &l.Reach, &l.Subject, &l.Limit, &l.Most); err != nil {
			return nil, 0, fmt.Errorf("release limits: %w", err)
		}
		all, last = append(all, l), max(last, id)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("release limits: %w", err)
	}
	return all, last, nil
}

//go:embed sql/held.sql
var heldSQL string

// Held is what a hold keeps, or would keep.
type Held struct {
	Groups   int64 `db:"groups" json:"groups"` // of payments that wait for their release, due by an instant
	Payments int64 `db:"payments" json:"payments"`
	Ore      int64 `db:"ore" json:"ore"`
	// Of interchanges that are frozen and not let go.
	Files        int64 `db:"files" json:"files"`
	FilePayments int64 `db:"file_payments" json:"file_payments"`
	FileOre      int64 `db:"file_ore" json:"file_ore"`
}

// Waiting adds up what there is of a reach by an instant: groups that are due then, what is to be ordered anew, and interchanges that
// are not let go.
func (b *Base) Waiting(ctx context.Context, q sqlx.QueryerContext, reach gateway.Reach, subject string, by time.Time) (h Held, err error) {
	err = sqlx.GetContext(ctx, q, &h, heldSQL, string(reach), subject, by, gateway.DateOf(by.In(b.Location)).String())
	if err != nil {
		err = fmt.Errorf("what waits of %s %s: %w", reach, subject, err)
	}
	return h, err
}

// AddReleased adds what has left to what an agreement has released for an execution day.
func AddReleased(ctx context.Context, x *Session, agreement int64, executesOn gateway.Date, left gateway.DaySums) error {
	if left.Payments == 0 {
		return nil
	}
	_, err := x.ExecContext(ctx, `INSERT INTO release_day AS r (agreement_id, executes_on, payments, ore, largest) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agreement_id, executes_on) DO UPDATE SET payments = r.payments + excluded.payments, ore = r.ore + excluded.ore,
			largest = greatest(r.largest, excluded.largest)`, agreement, executesOn.String(), left.Payments, left.Ore, left.Largest)
	if err != nil {
		return fmt.Errorf("release day of agreement %d: %w", agreement, err)
	}
	return nil
}

// EndOverLimit ends what was kept and told of groups that were over a limit, and have left or are others by now.
func (b *Base) EndOverLimit(ctx context.Context, x *Session, groups []int64) error {
	_, err := x.ExecContext(ctx, `UPDATE over_limit SET ended_at = $2 WHERE groups[1] = ANY ($1::bigint[]) AND ended_at IS NULL`, groups, b.Now())
	if err != nil {
		return fmt.Errorf("end what was over a limit: %w", err)
	}
	return b.CloseMended(ctx, x, gateway.OverLimit, groups...)
}
