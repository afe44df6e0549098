package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/queue"
	"nks/gateway/postgres"
	"nks/mq"
	"nks/mq/jetstream"
	"nks/register"
)

// queues is the message queue door: the broker, and a door for each data supplier that the register knows.
type queues struct {
	app    *App
	broker *jetstream.Broker
	held   *os.File // the lock on the queues' directory
	// secrets are the suppliers that are let in, each with the password that it is let in by.
	secrets  map[string]string
	reported map[string]string // the last trouble with a supplier's credential
}

const (
	// supplierWatch is the pause between looks for new suppliers and changed passwords.
	supplierWatch = time.Second
	// queueAckWait is after how long a message comes again that a process which died had in hand.
	queueAckWait = 5 * time.Second
)

// openQueues starts the broker with the suppliers there are, and keeps looking for others. Nil when the door is closed.
func (a *App) openQueues(ctx context.Context) (*queues, error) {
	c := a.config.MQ
	if c.Listen == "" {
		return nil, nil
	}
	q := &queues{app: a, secrets: map[string]string{}, reported: map[string]string{}}
	if err := q.start(ctx, c); err != nil {
		return nil, errors.Join(fmt.Errorf("mq: %w", err), q.close())
	}
	for supplier := range q.secrets {
		q.open(ctx, supplier)
	}
	a.wait.Go(func() { q.watch(ctx) })
	return q, nil
}

func (q *queues) start(ctx context.Context, c conf.MQ) error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	if err := q.lock(c.Dir); err != nil {
		return err
	}
	found, err := q.credentials(ctx)
	if err != nil {
		return err
	}
	config := jetstream.Config{Dir: c.Dir, Port: n, MaxPayload: c.MaxMessageMB << 20, MaxBytes: int64(c.QueueMB) << 20,
		MaxMsgs: int64(c.QueueMessages), AckWait: queueAckWait}
	for supplier, secret := range found {
		config.Suppliers = append(config.Suppliers, jetstream.Supplier{Name: supplier, Password: secret})
	}
	if q.broker, err = jetstream.Start(ctx, config); err != nil {
		return err
	}
	q.secrets = found
	return nil
}

// lock keeps the queues' directory for this process: two brokers on one would destroy it.
func (q *queues) lock(dir string) error {
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
func (q *queues) open(ctx context.Context, supplier string) {
	d := &queue.Door{Supplier: supplier, Out: mq.Address{Queue: jetstream.Out(supplier)}, Correlation: jetstream.Correlation,
		Open: func(ctx context.Context) (mq.Link, error) {
			link, err := q.broker.Open(ctx, supplier, "")
			q.app.watch.lines.opening(gateway.LinkQueue, supplier, err)
			return link, err
		},
		// The broker is of this process, and its clock the machine's.
		Clock: time.Now, Intake: q.app.steps.Receive, Answers: q.app.steps.Answer.Outbox(door.Queue),
		Arrived: func(size int) {
			q.app.log.Info().Str("supplier", supplier).Int("bytes", size).Msg("message queue: delivered")
		},
		Poll: q.app.longestSleep(), Retry: retryFirst, Failed: q.failed}
	q.app.sleepers.add(postgres.ToQueue(supplier), d.Wake)
	q.app.wait.Go(func() { d.Receive(ctx) })
	q.app.wait.Go(func() { d.Answer(ctx) })
}

func (q *queues) failed(name string, err error) {
	q.app.log.Error().Err(err).Str("step", name).Msg("message queue")
}

// watch lets in suppliers that are loaded while the gateway runs, and takes over passwords that change.
func (q *queues) watch(ctx context.Context) {
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
		for supplier, secret := range found {
			q.admit(ctx, supplier, secret)
		}
	}
}

func (q *queues) admit(ctx context.Context, supplier, secret string) {
	before, known := q.secrets[supplier]
	if known && before == secret {
		return
	}
	if err := q.broker.Admit(ctx, jetstream.Supplier{Name: supplier, Password: secret}); err != nil {
		if ctx.Err() == nil {
			q.complain(supplier, err)
		}
		return
	}
	q.secrets[supplier] = secret
	if !known {
		q.open(ctx, supplier)
	}
	q.app.log.Info().Str("supplier", supplier).Bool("new", !known).Msg("message queue: let in")
}

// complain logs a trouble once, until it is another or over.
func (q *queues) complain(supplier string, err error) {
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
func (q *queues) credentials(ctx context.Context) (map[string]string, error) {
	suppliers, err := register.Suppliers(ctx, q.app.db.pool, q.app.clock.Now())
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, s := range suppliers {
		secret, err := "", jetstream.ErrSupplier
		if jetstream.Usable(s.Supplier) {
			secret, err = SupplierSecret(q.app.config.MQ.Credentials, s.Supplier)
		}
		q.complain(s.Supplier, err)
		if err == nil {
			found[s.Supplier] = secret
		}
	}
	return found, nil
}

// maxSecret bounds a credential file: anything larger is some other file.
const maxSecret = 1 << 10

// SupplierSecret reads a supplier's password, and makes one up where there is none.
func SupplierSecret(dir, supplier string) (string, error) {
	if !filepath.IsLocal(supplier) || supplier == "." {
		return "", fmt.Errorf("supplier %q cannot have a credential file", supplier)
	}
	path := filepath.Join(dir, supplier)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is a secret that other users may open; chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s does not hold one line with a password", path)
	}
	return secret, nil
}

// makeSecret writes a random password: whole, or not at all, and on disk before anybody is let in by it.
func makeSecret(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	secret := rand.Text()
	// Its name can be no supplier's, which has no "~".
	temp := path + "~new"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(secret + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(temp, path); err != nil {
		return "", err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return secret, errors.Join(dir.Sync(), dir.Close())
}

// busy reports whether a message waits in a queue, for us or for a supplier.
func (q *queues) busy(ctx context.Context) (bool, error) {
	if q == nil {
		return false, nil
	}
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

// addr is where clients connect; empty: the door is closed.
func (q *queues) addr() string {
	if q == nil {
		return ""
	}
	return q.broker.Addr()
}

// close ends the broker, when nobody of ours uses it any more.
func (q *queues) close() error {
	if q == nil {
		return nil
	}
	if q.broker != nil {
		q.broker.Close()
	}
	if q.held != nil {
		return q.held.Close()
	}
	return nil
}
