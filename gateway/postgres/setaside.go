package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nks/gateway"
)

// NoteFailure counts that a step of a delivery failed, and sets it aside for two persons where patience ends. It cannot be
// counted while the database is away, and need not: nothing else goes on then.
func (b *Base) NoteFailure(ctx context.Context, d Delivery, cause error, patience gateway.Patience) error {
	if ctx.Err() != nil {
		return nil // the program stops
	}
	return b.Transact(ctx, "note failure", func(x *Session) error {
		now := b.Now()
		var t gateway.Trouble
		own := !errors.Is(cause, gateway.ErrTransient)
		err := x.QueryRowContext(ctx, `UPDATE delivery SET failures = failures + $3::boolean::int, interruptions = interruptions + (NOT $3)::int,
				failing_since = coalesce(failing_since, $4)
			WHERE id = $1 AND state = $2::delivery_state AND set_aside_at IS NULL RETURNING failures, interruptions, failing_since`,
			d.ID, d.State, own, now).Scan(&t.Failures, &t.Interruptions, &t.Since)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // somebody else came further with it
		}
		if err != nil {
			return err
		}
		if t.Alone = own || !stopsEverything(cause); !t.Alone {
			if t.Alone, err = othersWentOn(ctx, x, d.ID, t.Since); err != nil {
				return err
			}
		}
		if !patience.EndsWith(t, now) {
			return nil
		}
		if err := x.UpdateOne(ctx, `UPDATE delivery SET set_aside_at = $2 WHERE id = $1 AND set_aside_at IS NULL`, d.ID, now); err != nil {
			return err
		}
		x.Wakes(ToCheck, ToRelease)
		return b.RaiseDetail(ctx, x, gateway.DeliveryFails, strconv.FormatInt(d.ID, 10), gateway.DetailSetAside.With(cause))
	})
}

// stopsEverything reports whether a transient error is of a kind that may befall every step: no connection, no room, a
// shutdown. // PostgreSQL, appendix A: classes 08, 53, 57, but not 57014, a statement that was cancelled
func stopsEverything(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return true // the connection was lost
	}
	switch pg.Code[:2] {
	case "08", "53", "57":
		return pg.Code != "57014"
	}
	return false
}

// newest bounds how many deliveries are looked at for one that went on.
const newest = 1000

// othersWentOn reports whether another delivery has been read or checked since an instant.
func othersWentOn(ctx context.Context, x *Session, id int64, since time.Time) (went bool, err error) {
	err = x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM (SELECT id, greatest(read_at, checked_at) AS at FROM delivery ORDER BY id DESC LIMIT $3) d
		WHERE d.id <> $1 AND d.at > $2)`, id, since, newest).Scan(&went)
	if err != nil {
		return false, fmt.Errorf("others: %w", err)
	}
	return went, nil
}

// NoTrouble forgets how a delivery has failed, when its step succeeds or two persons have it tried again.
const NoTrouble = `failures = 0, interruptions = 0, failing_since = NULL, set_aside_at = NULL`
