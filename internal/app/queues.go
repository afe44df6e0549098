package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/queue"
	"nks/mq"
)

// queueDoor is the message queue door as the rest of the gateway sees it.
type queueDoor interface {
	// busy reports whether a message waits in a queue, for us or for a supplier, as far as that can be seen from here.
	busy(ctx context.Context) (bool, error)
	// addr is where clients connect; empty: not here.
	addr() string
	// close ends what is there, when nobody of ours uses it any more.
	close() error
}

// noQueues is the door that is closed.
type noQueues struct{}

func (noQueues) busy(context.Context) (bool, error) { return false, nil }
func (noQueues) addr() string                       { return "" }
func (noQueues) close() error                       { return nil }

const (
	// supplierWatch is the pause between looks for new suppliers and changed passwords.
	supplierWatch = time.Second
	// queueAckWait is after how long a message comes again that a process which died had in hand.
	queueAckWait = 5 * time.Second
)

// openQueues opens the door that the configuration wants.
func (a *App) openQueues(ctx context.Context) (queueDoor, error) {
	c := a.config.MQ
	open := a.openInner
	switch {
	case !c.Open():
		return noQueues{}, nil
	case c.Driver.Elsewhere():
		open = a.openOuter
	}
	q, err := open(ctx)
	if err != nil {
		return noQueues{}, fmt.Errorf("mq: %w", err)
	}
	return q, nil
}

// CheckQueues reads what the configuration's message queue door needs of files, for a program with this driver of IBM MQ, or nil.
// fs.ErrNotExist: one is not there yet.
func CheckQueues(c conf.MQ, ibm *QueueDriver) error {
	var err error
	switch {
	case !c.Open():
	case c.Driver.Elsewhere():
		var q *outerQueues
		if q, err = newOuterQueues(nil, c, ibm); err == nil {
			err = q.check()
		}
	default:
		_, _, err = (&tlsFiles{certificate: c.TLSCertificate, key: c.TLSKey, authorities: c.TLSClientCA}).load()
		if c.Cluster.Clustered() && err == nil {
			if _, err = c.Cluster.ReadSecret(); err == nil {
				err = checkRoute(c.Cluster)
			}
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ConfigError{err}
	}
	return err
}

// queueOf is a supplier's door, without what differs between brokers.
func (a *App) queueOf(supplier string) *queue.Door {
	return &queue.Door{Supplier: supplier, Intake: a.steps.Receive, Answers: a.steps.Answer.Outbox(door.Queue), Parking: a.steps.Receive,
		Arrived: func(size int) {
			a.log.Info().Str("supplier", supplier).Int("bytes", size).Msg("message queue: delivered")
		},
		Poll: a.longestSleep(), Retry: retryFirst, Failed: func(name string, err error) {
			a.log.Error().Err(err).Str("step", name).Msg("message queue")
		}}
}

// telling opens a supplier's queue, and tells how its line is.
func (a *App) telling(supplier string, open func(context.Context) (mq.Link, error)) func(context.Context) (mq.Link, error) {
	return func(ctx context.Context) (mq.Link, error) {
		link, err := open(ctx)
		a.watch.lines.opening(gateway.LinkQueue, supplier, err)
		return link, err
	}
}
