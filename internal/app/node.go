package app

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/health"
)

const (
	// clockLimit is how far the machine's clock may be from the database's.
	clockLimit = 2 * time.Second
	// writeEvery is the pause between two rows that show whether the database takes any, writeFor how long one may take.
	writeEvery, writeFor = 5 * time.Second, 10 * time.Second

	checkClock  = "clock"
	checkWrites = "database takes nothing"
)

// node is this process's machine: whether its clock may be judged by, and whether the database takes its rows.
type node struct {
	name  string
	clock *gateway.ClockWatch
	now   func() time.Time // the machine's clock
	base  *postgres.Base   // once there is one

	missed atomic.Bool // something was not done that judges

	reported bool      // the exceptions agree with apart
	apart    bool      // as last reported
	failing  error     // why the database takes nothing
	failedAt time.Time // since when, by the machine's clock
}

func newNode(machine func() time.Time) *node {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "node"
	}
	return &node{name: name, clock: gateway.NewClockWatch(machine, clockLimit), now: machine}
}

// compare asks a new connection for the database's clock.
func (n *node) compare(ctx context.Context, c *pgx.Conn) error {
	var database time.Time
	asked := n.now()
	if err := c.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&database); err != nil {
		return err
	}
	n.clock.Compared(asked, database, n.now())
	return nil
}

// mayJudge reports whether the clock is good enough to judge by. Who asked in vain is woken when it is.
func (n *node) mayJudge() bool {
	may := n.clock.Apart() == ""
	if !may {
		n.missed.Store(true)
	}
	return may
}

// wakeMissed wakes those who asked in vain, once the clock is good.
func (n *node) wakeMissed(wake func()) {
	if n.clock.Apart() == "" && n.missed.Swap(false) {
		wake()
	}
}

// judges reports whether a kind of work judges by the clock. Following the register and giving places in the log do not.
func judges(work postgres.Work) bool { return work != postgres.ToFollow && work != postgres.ToSequence }

// judging is a step that finds no work while the clock is apart.
func (n *node) judging(step gateway.Step) gateway.Step {
	return func(ctx context.Context) (bool, error) {
		if !n.mayJudge() {
			return false, nil
		}
		return step(ctx)
	}
}

// judgingDue is when such a step has work: never while the clock is apart, for it is woken when that is mended.
func (n *node) judgingDue(due gateway.Due) gateway.Due {
	if due == nil {
		return nil
	}
	return func(ctx context.Context, after time.Time) (time.Time, error) {
		if !n.mayJudge() {
			return time.Time{}, nil
		}
		return due(ctx, after)
	}
}

// compareClocks compares the machine's clock with the database's, and says what comes of it.
func (w *watch) compareClocks(ctx context.Context, c *sql.Conn) error {
	asked := w.node.now()
	database, err := postgres.DatabaseClock(ctx, c)
	if err != nil {
		return err
	}
	w.node.clock.Compared(asked, database, w.node.now())
	w.note(w.numbers.Clock(w.node.clock.Ahead()))
	if w.node.reported && w.node.apart == w.node.clock.Far() {
		return nil
	}
	w.tellClock(ctx)
	return nil
}

// tellClock tells persons that the clock is apart or is not any more.
func (w *watch) tellClock(ctx context.Context) {
	n := w.node
	apart := n.clock.Far()
	if apart != n.apart || !n.reported && apart {
		level := zerolog.InfoLevel
		if apart {
			level = zerolog.ErrorLevel
		}
		w.log.WithLevel(level).Bool("apart", apart).Dur("ahead", n.clock.Ahead()).Dur("limit", n.clock.Limit()).Msg("clock of this node against the database's")
	}
	n.apart, n.reported = apart, false
	err := n.base.ClockMended(ctx, n.name)
	if apart {
		err = n.base.ClockApart(ctx, n.name, n.clock.Ahead(), n.clock.Limit())
	}
	n.reported = err == nil
	if err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("exception of the clock, it will be tried again")
	}
}

// followWrites tries again and again whether the database takes rows, on a connection of its own.
func (w *watch) followWrites(ctx context.Context, a *App) {
	own := &connection{db: a.db.pool}
	defer own.drop()
	w.tryWriting(ctx, own)
	health.Repeat(ctx, writeEvery, 50, func(ctx context.Context) { w.tryWriting(ctx, own) })
}

func (w *watch) tryWriting(ctx context.Context, own *connection) {
	soon, cancel := context.WithTimeout(ctx, writeFor)
	defer cancel()
	try := func() error {
		return own.use(soon, func(c *sql.Conn) error { return postgres.TakesRows(soon, c, w.node.name) })
	}
	err := try()
	if pg, answered := errors.AsType[*pgconn.PgError](err); err != nil && soon.Err() == nil && (!answered || pg.Code == "57P01") {
		err = try() // the connection was lost since the last time
	}
	if ctx.Err() != nil {
		return
	}
	w.note(w.numbers.Writable(err == nil))
	n := w.node
	switch {
	case err == nil && n.failing == nil:
	case err == nil:
		lasted := n.now().Sub(n.failedAt)
		w.log.Warn().Dur("lasted", lasted).Msg("the database takes rows again")
		if err := n.base.TookNothing(ctx, n.name, lasted, n.failing); err != nil {
			w.log.Warn().Err(err).Msg("exception of the database, it will be tried again")
			return // it still takes nothing
		}
		n.failing = nil
	case n.failing == nil:
		n.failing, n.failedAt = err, n.now()
		w.log.Error().Err(err).Msg("the database takes no rows: nothing can be received or released")
	}
	wrong := ""
	if err != nil {
		wrong = err.Error()
	}
	w.monitor.Check(checkWrites, wrong)
}
