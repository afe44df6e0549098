package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/queue"
	"nks/mq"
	"nks/mq/amqp"
)

// outerQueues is the door at a broker elsewhere. Of several processes on one database one takes and puts: it owns the door by a session of
// the database, and another takes over when that is gone.
type outerQueues struct {
	app    *App
	config conf.MQ
	files  *tlsFiles
	driver QueueDriver
}

// QueueDriver is the driver of a broker elsewhere, as a program is built with it.
type QueueDriver struct {
	// Dial opens a link.
	Dial func(context.Context, QueueLink) (mq.Link, error)
	// Correlation is what an answer to the message of a transport key carries.
	Correlation func(key string) string
}

// QueueLink is a link to open: by the configuration, with what its files hold by now.
type QueueLink struct {
	conf.MQ
	User, Secret  string // empty: the certificate is the login
	KeyPassword   string // of the key repository
	Queue, Parked string
}

// ErrNoDriver: the configuration wants a driver that the program was built without.
var ErrNoDriver = errors.New("this program has no IBM MQ driver: use the one of mq/ibmmq")

// amqpDriver is the one that every program has.
func amqpDriver(files *tlsFiles) QueueDriver {
	return QueueDriver{Correlation: amqp.Correlation, Dial: func(ctx context.Context, l QueueLink) (mq.Link, error) {
		config, err := files.client()
		if err != nil {
			return nil, err
		}
		return amqp.Dial(ctx, amqp.Login{Peer: amqp.Peer(l.Peer), URLs: l.URLs, MaxBytes: int64(l.MaxMessageMB) << 20, User: l.User, Password: l.Secret,
			TLS: config, Queue: l.Queue, Parked: l.Parked})
	}}
}

// newOuterQueues takes AMQP by itself, and IBM MQ by the driver that the program brings.
func newOuterQueues(a *App, c conf.MQ, ibm *QueueDriver) (*outerQueues, error) {
	files := &tlsFiles{certificate: c.TLSCertificate, key: c.TLSKey, authorities: c.TLSCA}
	q := &outerQueues{app: a, config: c, files: files, driver: amqpDriver(files)}
	if c.Driver == conf.IBMMQ {
		if ibm == nil {
			return nil, ConfigError{fmt.Errorf("mq.driver: %w", ErrNoDriver)}
		}
		q.driver = *ibm
	}
	return q, nil
}

// openOuter begins to wait for the ownership of the door. What can be found wrong with files is told at once.
func (a *App) openOuter(ctx context.Context) (queueDoor, error) {
	q, err := newOuterQueues(a, a.config.MQ, a.ibmmq)
	if err != nil {
		return noQueues{}, err
	}
	if err := q.check(); err != nil {
		return noQueues{}, ConfigError{err}
	}
	a.watch.note(a.watch.numbers.Queues(false))
	a.wait.Go(func() { ownedQueues{app: a, door: q.door, look: newDepths(q).look}.own(ctx) })
	return q, nil
}

// check reads what the door needs of files.
func (q *outerQueues) check() error {
	if _, err := q.login(); err != nil {
		return err
	}
	_, err := q.files.client()
	return err
}

// login reads anew what may have changed in the files.
func (q *outerQueues) login() (QueueLink, error) {
	l := QueueLink{MQ: q.config}
	lines, err := secretLines("mq.login", l.Login, "two lines, user and password", 2)
	if err != nil {
		return l, err
	}
	if lines != nil {
		l.User, l.Secret = lines[0], lines[1]
	}
	lines, err = secretLines("mq.ibmmq.key_password", l.IBMMQ.KeyPassword, "one line, the password", 1)
	if lines != nil {
		l.KeyPassword = lines[0]
	}
	return l, err
}

// secretLines are the lines of a small file that must have so many; nil where there is none.
func secretLines(key, path, holds string, n int) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if len(text) > maxSecret || len(lines) != n || slices.Contains(lines, "") {
		return nil, fmt.Errorf("%s: %s does not hold %s", key, path, holds)
	}
	return lines, nil
}

func (q *outerQueues) door(supplier string) (*queue.Door, bool) {
	s := q.config.Of(supplier)
	door := q.app.queueOf(s.Name)
	door.Out = mq.Address{Queue: s.Out}
	door.Correlation = func(key string) string { return q.driver.Correlation(gateway.OriginalKey(key)) }
	door.Open, door.OpenParked = q.app.telling(s.Name, q.dial(s.In, s.Parked)), q.dial(s.Parked, "")
	return door, true
}

func (q *outerQueues) dial(from, parked string) func(context.Context) (mq.Link, error) {
	return func(ctx context.Context) (mq.Link, error) {
		l, err := q.login()
		if err != nil {
			return nil, err
		}
		l.Queue, l.Parked = from, parked
		return q.driver.Dial(ctx, l)
	}
}

func (q *outerQueues) busy(context.Context) (bool, error) { return false, nil }
func (q *outerQueues) addr() string                       { return "" }
func (q *outerQueues) close() error                       { return nil }
