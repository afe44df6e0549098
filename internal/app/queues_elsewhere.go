package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/mq"
	"nks/mq/amqp"
	"nks/register"
)

// outerQueues is the door at a broker elsewhere, over AMQP. Of several processes on one database one takes and puts: it owns the door
// by a session of the database, and another takes over when that is gone.
type outerQueues struct {
	app    *App
	config conf.MQ
	files  *tlsFiles
}

func newOuterQueues(a *App, c conf.MQ) *outerQueues {
	return &outerQueues{app: a, config: c, files: &tlsFiles{certificate: c.TLSCertificate, key: c.TLSKey, authorities: c.TLSCA}}
}

const (
	// queuesOwned names what the owner of the door has.
	queuesOwned = "nks.queues"
	// ownerAgain is the pause between two tries to become the owner, and between two looks whether one still is.
	ownerAgain = time.Second
	// ownerWait is how long the database may take to say so.
	ownerWait = 5 * time.Second
)

// openOuter begins to wait for the ownership of the door. What can be found wrong with files is told at once.
func (a *App) openOuter(ctx context.Context) (queueDoor, error) {
	q := newOuterQueues(a, a.config.MQ)
	if _, err := q.login(); err != nil {
		return noQueues{}, ConfigError{err}
	}
	a.watch.note(a.watch.numbers.Queues(false))
	a.wait.Go(func() {
		for ctx.Err() == nil {
			q.own(ctx)
			gateway.Pause(ctx, ownerAgain)
		}
	})
	return q, nil
}

// login reads anew what may have changed in the files.
func (q *outerQueues) login() (amqp.Login, error) {
	c := q.config
	in := amqp.Login{Peer: amqp.Peer(c.Peer), URLs: c.URLs, MaxBytes: int64(c.MaxMessageMB) << 20}
	if c.Login != "" {
		text, err := os.ReadFile(c.Login)
		if err != nil {
			return in, fmt.Errorf("mq.login: %w", err)
		}
		lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
		if len(text) > maxSecret || len(lines) != 2 || strings.TrimSpace(lines[0]) == "" || strings.TrimSpace(lines[1]) == "" {
			return in, fmt.Errorf("mq.login: %s does not hold two lines, user and password", c.Login)
		}
		in.User, in.Password = strings.TrimSpace(lines[0]), strings.TrimSpace(lines[1])
	}
	config, err := q.files.client()
	if err != nil {
		return in, err
	}
	in.TLS = config
	return in, nil
}

// own works for as long as this process is the owner.
func (q *outerQueues) own(ctx context.Context) {
	owned, err := postgres.Own(ctx, q.app.db.pool, queuesOwned, nil)
	if errors.Is(err, gateway.ErrTransient) || ctx.Err() != nil {
		return
	}
	if err != nil {
		q.app.log.Error().Err(err).Msg("message queue: ownership")
		return
	}
	defer owned.Release()
	q.app.log.Info().Msg("message queue: this process takes and puts")
	q.app.watch.note(q.app.watch.numbers.Queues(true))
	defer func() { q.app.watch.note(q.app.watch.numbers.Queues(false)) }()
	run, stop := context.WithCancel(ctx)
	var doors sync.WaitGroup
	defer doors.Wait()
	defer stop()
	open := map[string]bool{}
	for tick := time.NewTicker(ownerAgain); ; {
		if err := q.serve(run, &doors, open); err != nil && ctx.Err() == nil {
			q.app.log.Error().Err(err).Msg("message queue: suppliers")
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		soon, cancel := context.WithTimeout(ctx, ownerWait)
		err := owned.Held(soon)
		cancel()
		if err != nil && ctx.Err() == nil {
			tick.Stop()
			q.app.log.Warn().Err(err).Msg("message queue: this process takes and puts no longer")
			return
		}
	}
}

// serve opens a door for every supplier that has none.
func (q *outerQueues) serve(ctx context.Context, doors *sync.WaitGroup, open map[string]bool) error {
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return err
	}
	for _, s := range suppliers {
		if open[s.Supplier] {
			continue
		}
		open[s.Supplier] = true
		q.open(ctx, doors, q.config.Of(s.Supplier))
	}
	return nil
}

func (q *outerQueues) open(ctx context.Context, doors *sync.WaitGroup, s conf.QueueSupplier) {
	door := q.app.queueOf(s.Name)
	door.Out = mq.Address{Queue: s.Out}
	door.Correlation = func(key string) string { return amqp.Correlation(gateway.OriginalKey(key)) }
	door.Open, door.OpenParked = q.dial(s.In, s.Parked), q.dial(s.Parked, "")
	forget := q.app.sleepers.add(postgres.ToQueue(s.Name), door.Wake)
	doors.Go(func() {
		defer forget()
		door.Receive(ctx)
	})
	doors.Go(func() { door.Answer(ctx) })
	doors.Go(func() { door.Parked(ctx) })
}

func (q *outerQueues) dial(from, parked string) func(context.Context) (mq.Link, error) {
	return func(ctx context.Context) (mq.Link, error) {
		in, err := q.login()
		if err != nil {
			return nil, err
		}
		in.Queue, in.Parked = from, parked
		return amqp.Dial(ctx, in)
	}
}

func (q *outerQueues) busy(context.Context) (bool, error) { return false, nil }
func (q *outerQueues) addr() string                       { return "" }
func (q *outerQueues) close() error                       { return nil }
