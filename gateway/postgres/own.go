package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Ownership is of something that one process at a time works on: a session lock. A process that dies, or loses its database session,
// loses it.
type Ownership struct {
	// Held is an error when it is lost, or cannot be seen.
	Held func(context.Context) error
	// Release lets go.
	Release func()
}

// LettingGo is how long a database that has become silent may keep who gives a session lock back: then the session is closed, and the lock goes with it.
const LettingGo = 2 * time.Second

// Own makes the caller the owner of what a name stands for; begin, which may be nil, then runs in the session that is the owner.
// gateway.ErrTransient: another process is the owner.
func Own(ctx context.Context, db *sqlx.DB, name string, begin func(*sqlx.Conn) error) (Ownership, error) {
	conn, err := db.Connx(ctx)
	if err != nil {
		return Ownership{}, fmt.Errorf("connect: %w", err)
	}
	var got bool
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, name).Scan(&got)
	if err == nil && !got {
		err = fmt.Errorf("another process owns it: %w", gateway.ErrTransient)
	}
	if err == nil && begin != nil {
		err = begin(conn)
	}
	if err != nil {
		// The session must not go back to the pool with a lock on it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
		return Ownership{}, err
	}
	// Several goroutines may ask: one of them may find the session broken, which closes it, and database/sql does not bear that
	// another begins a statement on it meanwhile.
	var one sync.Mutex
	held := func(ctx context.Context) error {
		one.Lock()
		defer one.Unlock()
		_, err := conn.ExecContext(ctx, `SELECT 1`)
		return err
	}
	release := func() {
		// Also when ctx has ended: the lock must go even if this connection goes back to the pool.
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), LettingGo)
		defer cancel()
		_, err := conn.ExecContext(soon, `SELECT pg_advisory_unlock_all()`)
		if err == nil {
			_, err = conn.ExecContext(soon, `RESET idle_session_timeout`)
		}
		if err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it must not go back to the pool with the lock
		}
		_ = conn.Close()
	}
	return Ownership{Held: held, Release: release}, nil
}

// EndsWhenSilent is a beginning of an ownership: the database ends the session of an owner that has not asked Held for so long. Without it the
// session of a process that was halted, or whose machine is gone, stands for as long as the server's TCP does.
func EndsWhenSilent(ctx context.Context, after time.Duration) func(*sqlx.Conn) error {
	return func(conn *sqlx.Conn) error {
		_, err := conn.ExecContext(ctx, `SELECT set_config('idle_session_timeout', $1, false)`, strconv.FormatInt(after.Milliseconds(), 10))
		return err
	}
}
