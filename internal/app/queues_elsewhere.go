package app

import (
	"context"
	"fmt"
	"os"
	"strings"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/queue"
	"nks/mq"
	"nks/mq/amqp"
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

// openOuter begins to wait for the ownership of the door. What can be found wrong with files is told at once.
func (a *App) openOuter(ctx context.Context) (queueDoor, error) {
	q := newOuterQueues(a, a.config.MQ)
	if _, err := q.login(); err != nil {
		return noQueues{}, ConfigError{err}
	}
	a.watch.note(a.watch.numbers.Queues(false))
	a.wait.Go(func() { ownedQueues{a, q.door}.own(ctx) })
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

func (q *outerQueues) door(supplier string) (*queue.Door, bool) {
	s := q.config.Of(supplier)
	door := q.app.queueOf(s.Name)
	door.Out = mq.Address{Queue: s.Out}
	door.Correlation = func(key string) string { return amqp.Correlation(gateway.OriginalKey(key)) }
	door.Open, door.OpenParked = q.app.telling(s.Name, q.dial(s.In, s.Parked)), q.dial(s.Parked, "")
	return door, true
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
