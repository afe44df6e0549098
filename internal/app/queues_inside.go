package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/queue"
	"nks/gateway/postgres"
	"nks/mq"
	"nks/mq/jetstream"
	"nks/register"
)

// innerQueues is the broker inside, with a door for each data supplier that the register knows.
type innerQueues struct {
	app      *App
	broker   *jetstream.Broker
	held     *os.File          // the lock on the queues' directory
	reported map[string]string // the last trouble with a supplier's credential

	mu sync.Mutex
	// secrets are the suppliers that are let in, each with the password that it is let in by.
	secrets map[string]string
	// owner is whether this member of a cluster takes and puts.
	owner atomic.Bool
}

// openInner starts the broker with the suppliers there are, and keeps looking for others.
func (a *App) openInner(ctx context.Context) (queueDoor, error) {
	q := &innerQueues{app: a, secrets: map[string]string{}, reported: map[string]string{}}
	if err := q.start(ctx, a.config.MQ); err != nil {
		return noQueues{}, errors.Join(err, q.close())
	}
	if q.clustered() {
		a.watch.note(a.watch.numbers.Queues(false))
		a.wait.Go(func() { q.ownTogether(ctx) })
		a.wait.Go(func() { q.followCluster(ctx) })
	} else {
		for supplier := range q.secrets {
			q.open(ctx, supplier)
		}
		a.watch.note(a.watch.numbers.Queues(true))
	}
	a.wait.Go(func() { q.watch(ctx) })
	return q, nil
}

// clustered reports whether the broker is one of several.
func (q *innerQueues) clustered() bool { return q.app.config.MQ.Cluster.Clustered() }

func (q *innerQueues) start(ctx context.Context, c conf.MQ) error {
	if err := q.lock(c.Dir); err != nil {
		return err
	}
	found, err := q.credentials(ctx)
	if err != nil {
		return err
	}
	config, err := q.brokerConfig(ctx, c)
	if err != nil {
		return err
	}
	if !q.clustered() { // else each is let in when its queues are there
		for supplier, secret := range found {
			config.Suppliers = append(config.Suppliers, q.member(supplier, secret))
		}
	}
	if q.broker, err = jetstream.Start(ctx, config); errors.Is(err, jetstream.ErrDirectory) {
		return ConfigError{fmt.Errorf("mq.dir: %w", err)}
	}
	if err == nil && !q.clustered() {
		q.secrets = found
	}
	return err
}

func (q *innerQueues) brokerConfig(ctx context.Context, c conf.MQ) (jetstream.Config, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return jetstream.Config{}, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return jetstream.Config{}, err
	}
	config := jetstream.Config{Dir: c.Dir, Host: host, Port: n, MaxPayload: c.MaxMessageMB << 20, MaxBytes: int64(c.QueueMB) << 20,
		MaxMsgs: int64(c.QueueMessages), AckWait: queueAckWait}
	if c.TLSClientCA != "" {
		files := &tlsFiles{certificate: c.TLSCertificate, key: c.TLSKey, authorities: c.TLSClientCA}
		if config.TLS, err = files.server(func(err error) {
			q.app.log.Error().Err(err).Msg("message queue: the certificates of before stay in use")
		}); err != nil {
			return config, ConfigError{err}
		}
	}
	if q.clustered() {
		config.Cluster, err = q.cluster(ctx)
	}
	return config, err
}

// member is a supplier with what it must show.
func (q *innerQueues) member(supplier, secret string) jetstream.Supplier {
	return jetstream.Supplier{Name: supplier, Password: secret, Certificates: q.app.config.MQ.Of(supplier).Certificates}
}

// lock keeps the queues' directory for this process: two brokers on one would destroy it.
func (q *innerQueues) lock(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	q.held = f
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%s is in use: %w", dir, err)
	}
	return nil
}

// open begins to work for a supplier that the broker knows.
func (q *innerQueues) open(ctx context.Context, supplier string) {
	door := q.doorOf(supplier)
	q.app.sleepers.add(postgres.ToQueue(supplier), door.Wake)
	q.app.wait.Go(func() { door.Receive(ctx) })
	q.app.wait.Go(func() { door.Answer(ctx) })
	q.app.wait.Go(func() { door.Parked(ctx) })
}

func (q *innerQueues) doorOf(supplier string) *queue.Door {
	door := q.app.queueOf(supplier)
	door.Out = mq.Address{Queue: jetstream.Out(supplier)}
	door.Correlation = func(key string) string { return jetstream.Correlation(gateway.OriginalKey(key)) }
	door.OpenParked = func(ctx context.Context) (mq.Link, error) {
		return q.broker.Open(ctx, supplier, jetstream.Parked(supplier))
	}
	door.Open = q.app.telling(supplier, func(ctx context.Context) (mq.Link, error) { return q.broker.Open(ctx, supplier, "") })
	door.Clock = time.Now // the broker is of our own processes, and its clock their machines'
	return door
}

// watch lets in suppliers that are loaded while the gateway runs, and takes over passwords that change.
func (q *innerQueues) watch(ctx context.Context) {
	tick := time.NewTicker(supplierWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		found, err := q.credentials(ctx)
		if err != nil && ctx.Err() == nil {
			q.complain("", err)
			continue
		}
		q.complain("", nil)
		q.measure()
		for supplier, secret := range found {
			q.admit(ctx, supplier, secret)
		}
	}
}

// measure tells what all suppliers' queues together hold. Of a cluster's members the owner does: copies that lie elsewhere may be behind.
func (q *innerQueues) measure() {
	now := time.Now() // the broker's clock
	kinds := [3]string{"in", "out", "parked"}
	var messages [3]uint64
	var oldest [3]time.Duration
	for _, supplier := range q.letIn() {
		if q.clustered() && !q.owner.Load() {
			q.app.watch.lines.holds(supplier, nil)
			continue
		}
		in, out, parked, err := q.broker.Standing(supplier)
		if err != nil {
			q.complain(supplier, err)
			q.app.watch.lines.holds(supplier, nil)
			continue
		}
		q.app.watch.lines.holds(supplier, q.standing(now, in, out, parked))
		for i, d := range [3]jetstream.Depth{in, out, parked} {
			messages[i] += d.Messages
			if !d.Oldest.IsZero() {
				oldest[i] = max(oldest[i], now.Sub(d.Oldest))
			}
		}
	}
	for i, kind := range kinds {
		q.app.watch.note(q.app.watch.numbers.Queue(kind, messages[i], oldest[i]))
	}
}

// standing is what the broker says of a supplier's queues, in business time.
func (q *innerQueues) standing(now time.Time, in, out, parked jetstream.Depth) gateway.Held {
	waiting := func(d jetstream.Depth) gateway.Waiting {
		w := gateway.Waiting{Messages: int64(d.Messages)}
		if !d.Oldest.IsZero() {
			since := q.app.clock.Now().Add(-now.Sub(d.Oldest))
			w.Oldest = &since
		}
		return w
	}
	return gateway.Held{gateway.PlaceIn: waiting(in), gateway.PlaceOut: waiting(out), gateway.PlaceParked: waiting(parked)}
}

// letIn is the suppliers that are.
func (q *innerQueues) letIn() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.secrets))
}

func (q *innerQueues) admit(ctx context.Context, supplier, secret string) {
	q.mu.Lock()
	before, known := q.secrets[supplier]
	q.mu.Unlock()
	if known && before == secret {
		return
	}
	if err := q.broker.Admit(ctx, q.member(supplier, secret)); err != nil {
		if ctx.Err() == nil {
			q.complain(supplier, err)
		}
		return
	}
	q.mu.Lock()
	q.secrets[supplier] = secret
	q.mu.Unlock()
	if !known && !q.clustered() {
		q.open(ctx, supplier)
	}
	q.app.log.Info().Str("supplier", supplier).Bool("new", !known).Msg("message queue: let in")
}

// complain logs a trouble once, until it is another or over.
func (q *innerQueues) complain(supplier string, err error) {
	if err == nil {
		delete(q.reported, supplier)
		return
	}
	if text := err.Error(); q.reported[supplier] != text {
		q.reported[supplier] = text
		q.app.log.Error().Err(err).Str("supplier", supplier).Msg("message queue: suppliers")
	}
}

// credentials is the password of every supplier of the register. Trouble with one supplier's file is no other's.
func (q *innerQueues) credentials(ctx context.Context) (map[string]string, error) {
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, s := range suppliers {
		secret, err := "", jetstream.ErrSupplier
		if jetstream.Usable(s.Supplier) {
			err = q.know(s.Supplier)
			if err == nil {
				secret, err = q.secretOf(s.Supplier)
			}
		}
		q.complain(s.Supplier, err)
		if err == nil {
			found[s.Supplier] = secret
		}
	}
	return found, nil
}

func (q *innerQueues) busy(ctx context.Context) (bool, error) {
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return false, err
	}
	for _, s := range suppliers {
		in, out, _, err := q.broker.Depths(s.Supplier)
		if errors.Is(err, jetstream.ErrSupplier) {
			continue
		}
		if err != nil || in+out > 0 {
			return true, err
		}
	}
	return false, nil
}

func (q *innerQueues) addr() string {
	return q.broker.Addr()
}

func (q *innerQueues) close() error {
	if q.broker != nil {
		q.broker.Close()
	}
	if q.held != nil {
		return q.held.Close()
	}
	return nil
}
