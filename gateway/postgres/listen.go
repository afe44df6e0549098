package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

const (
	// listenAgain is the first pause after the connection was lost, longer each time up to listenAgainMost.
	listenAgain     = 100 * time.Millisecond
	listenAgainMost = 10 * time.Second
	// listenCheck is how long nothing may be heard before the connection is asked whether it still is one.
	listenCheck = time.Minute
)

// Listener hears of the work that transactions of every process on the database make, on one connection of the pool.
type Listener struct {
	DB *sqlx.DB
	// Heard is told of work. It must not block.
	Heard func(Work)
	// Anything is told whenever listening begins, anew too: what was said before has not been heard. It must not block.
	Anything func()
	// Lost is told why the connection was lost; it is then made again.
	Lost func(error)
}

// Run listens until ctx ends.
func (l *Listener) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := l.listen(ctx, func() { failures = 0 })
		if ctx.Err() != nil {
			return
		}
		l.Lost(err)
		gateway.Pause(ctx, min(listenAgain<<min(failures, 10), listenAgainMost))
		failures++
	}
}

// listen hears until the connection is lost. began is called when it is one that listens.
func (l *Listener) listen(ctx context.Context, began func()) error {
	conn, err := l.DB.Connx(ctx)
	if err != nil {
		return fmt.Errorf("listen: connect: %w", err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(dc any) error {
		err := l.hear(ctx, dc.(*stdlib.Conn).Conn(), began)
		// One that listens must not go back to the pool.
		return errors.Join(driver.ErrBadConn, err)
	})
	return fmt.Errorf("listen: %w", err)
}

func (l *Listener) hear(ctx context.Context, conn *pgx.Conn, began func()) error {
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return err
	}
	began()
	l.Anything()
	for {
		soon, cancel := context.WithTimeout(ctx, listenCheck)
		heard, err := conn.WaitForNotification(soon)
		cancel()
		switch {
		case err == nil:
			l.Heard(Work(heard.Payload))
		case ctx.Err() != nil || soon.Err() == nil:
			return err
		default:
			if err := l.check(ctx, conn); err != nil {
				return err
			}
		}
	}
}

// check asks a silent connection for a word: one whose other end has gone without a trace would be silent for ever.
func (l *Listener) check(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, listenAgainMost)
	defer cancel()
	_, err := conn.Exec(ctx, `SELECT 1`)
	return err
}
