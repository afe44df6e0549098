package app

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	flow "nks/gateway/postgres/watch"
	"nks/health"
	"nks/metrics"
	"nks/schema"
)

// watch is what operations see of a running gateway.
type watch struct {
	config  conf.Metrics
	log     zerolog.Logger
	monitor *health.Monitor
	numbers *metrics.Metrics
	node    *node
	lines   *lines

	mu     sync.Mutex
	server *health.Server

	// Two lives: the address and the clock's ticking from first to last, the database's while it is open.
	always, open lifetime
}

// lifetime is goroutines that end together.
type lifetime struct {
	stop context.CancelFunc
	wait sync.WaitGroup
}

func (l *lifetime) end() {
	if l.stop != nil {
		l.stop()
	}
	l.wait.Wait()
}

const (
	doorMailbox = gateway.DoorMailbox
	doorQueues  = gateway.DoorQueues
	doorSigned  = gateway.DoorSigned
	// askEvery is the pause between two questions to the database, askFor how long it may take to answer.
	askEvery, askFor = 2 * time.Second, 2 * time.Second
	// listenAgain is the pause after the address could not be had.
	listenAgain = 10 * time.Second
)

var (
	errDoorNotOpen = errors.New("not open yet")
	errDoorClosed  = errors.New("closed")
)

func newWatch(c conf.Config, log zerolog.Logger, version string, machine func() time.Time) (*watch, error) {
	numbers, err := metrics.New(flow.Instruments(), version, time.Now)
	if err != nil {
		return nil, err
	}
	w := &watch{config: c.Metrics, log: log, monitor: health.New(time.Now, c.Metrics.StuckAfter.Duration), numbers: numbers, node: newNode(machine),
		lines: newLines(c, log)}
	for _, b := range c.Banks {
		w.note(numbers.Known(b.ID))
	}
	for _, outcome := range []string{metrics.LoginAccepted, metrics.LoginRefused, metrics.LoginTurnedAway} {
		w.note(numbers.Logins(outcome, 0))
	}
	w.monitor.Door(doorMailbox, errDoorNotOpen)
	if c.MQ.Open() {
		w.monitor.Door(doorQueues, errDoorNotOpen)
	}
	if c.Rasp.Listen != "" {
		w.monitor.Door(doorSigned, errDoorNotOpen)
		w.note(numbers.EndpointsAway(0))
	}
	return w, nil
}

// note logs a number that could not be taken: no reason to stop.
func (w *watch) note(err error) {
	if err != nil {
		w.log.Error().Err(err).Msg("metrics")
	}
}

// observe is told of every turn of every step.
func (w *watch) observe(name string) func(bool, error) {
	begun, ended := time.Now(), w.monitor.Begin(name)
	step, bank, _ := strings.Cut(name, " ")
	return func(worked bool, err error) {
		ended()
		w.note(w.numbers.Stepped(step, bank, time.Since(begun), worked, err))
	}
}

// connected is told when the connection to a bank comes and goes.
func (w *watch) connected(bank string, up bool) {
	w.log.Info().Str("bank", bank).Bool("up", up).Msg("bank connection")
	w.note(w.numbers.Connected(bank, up))
}

// door is told that a door is open, or why it is not.
func (w *watch) door(name string, closed error) {
	w.monitor.Door(name, closed)
	w.lines.opening(gateway.LinkDoor, name, closed)
}

// start opens the address. That somebody else has it must not stop the payments: it is tried again.
func (w *watch) start(ctx context.Context) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.always.stop = cancel
	w.always.wait.Go(func() {
		health.Repeat(run, time.Second, 100, func(context.Context) {
			w.monitor.Tick()
			w.monitor.Check(checkClock, w.node.clock.Apart())
			w.monitor.Check(checkQuiet, w.node.quiet.Why())
			w.note(w.numbers.Ready(len(w.monitor.Unready()) == 0))
		})
	})
	if w.config.Listen == "" || w.listen(run) {
		return
	}
	w.always.wait.Go(func() {
		again := time.NewTicker(listenAgain)
		defer again.Stop()
		for {
			select {
			case <-run.Done():
				return
			case <-again.C:
				if w.listen(run) {
					return
				}
			}
		}
	})
}

func (w *watch) listen(ctx context.Context) bool {
	s, err := health.Listen(w.config.Listen, health.Handler(w.monitor, w.numbers.Handler(), w.config.Loopback()))
	if err != nil {
		w.log.Error().Err(err).Str("address", w.config.Listen).Msg("nobody can look at metrics and health, it will be tried again")
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = s
	w.always.wait.Go(func() {
		if err := s.Serve(); err != nil {
			w.log.Error().Err(err).Msg("metrics and health")
		}
	})
	w.always.wait.Go(func() {
		<-ctx.Done()
		if err := s.Close(); err != nil {
			w.log.Error().Err(err).Msg("metrics and health")
		}
	})
	return true
}

// address is where operations look; "" while nobody can.
func (w *watch) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server == nil {
		return ""
	}
	return w.server.Addr().String()
}

// follow watches the gateway whose parts have been made.
func (w *watch) follow(a *App) {
	for _, worker := range a.workers {
		w.monitor.Expect(worker.Name)
	}
	w.monitor.Business(a.clock.Now)
	run, cancel := context.WithCancel(context.Background())
	w.open.stop = cancel
	w.open.wait.Go(func() {
		own := &connection{db: a.db.pool}
		defer own.drop()
		w.ask(run, own)
		health.Repeat(run, askEvery, 50, func(ctx context.Context) { w.ask(ctx, own) })
	})
	w.open.wait.Go(func() { w.followWrites(run, a) })
	w.open.wait.Go(func() {
		health.Repeat(run, time.Second, 100, func(context.Context) { w.node.wakeMissed(a.sleepers.wakeAll) })
	})
	w.open.wait.Go(func() { w.lines.follow(run, w.monitor, w.numbers, func() bool { return w.node.clock.Apart() == "" }) })
	w.open.wait.Go(func() { a.followKeys(run) })
	w.count(run, a)
}

// ask asks the database whether it is there and has this program's tables, and what time it is.
func (w *watch) ask(ctx context.Context, own *connection) {
	soon, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	err := own.use(soon, func(c *sql.Conn) error {
		return errors.Join(schema.Serves(soon, c), w.compareClocks(soon, c))
	})
	if ctx.Err() == nil {
		w.monitor.Database(err)
	}
}

// unfollow lets go of the database, before that is closed.
func (w *watch) unfollow() {
	w.open.end()
	w.lines.stop()
}

// end closes the address, as the last thing.
func (w *watch) end() { w.always.end() }

// connection is one of a pool that is kept: who looks must not wait for those who work.
type connection struct {
	db   *sqlx.DB
	conn *sql.Conn
}

// use does something with the connection; one that fails is not used again.
func (c *connection) use(ctx context.Context, do func(*sql.Conn) error) (err error) {
	if c.conn == nil {
		if c.conn, err = c.db.Conn(ctx); err != nil {
			c.conn = nil
			return err
		}
	}
	if err = do(c.conn); err != nil {
		c.drop()
	}
	return err
}

func (c *connection) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
