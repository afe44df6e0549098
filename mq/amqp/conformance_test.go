package amqp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/amqp"
	"nks/mq/amqp/amqptest"
	"nks/mq/mqtest"
)

const (
	user   = "nks"
	secret = "gateway's secret"
	// maxBytes of a body; RabbitMQ takes more.
	maxBytes = 8 << 20
	// cases is more than the suite has.
	cases = 30
)

// queueNames are those of a case each, with one for what is parked.
func queueNames() []string {
	var all []string
	for i := range cases {
		all = append(all, fmt.Sprintf("q%d", i), fmt.Sprintf("q%d.parked", i))
	}
	return all
}

// whole is set where there is time for every case as it is meant.
func whole() bool { return os.Getenv("NKS_FARM") != "" }

// TestRabbitMQ runs the cases beside each other, so that none may stop the broker, and what else there is to try with one.
func TestRabbitMQ(t *testing.T) {
	t.Parallel()
	r := rabbit(t, nil)
	var next atomic.Int32
	for name, test := range map[string]func(*testing.T){"tls": r.secured, "deleted queue": r.deleted, "forbidden": r.forbidden,
		"foreign messages": r.foreign, "several addresses": r.addresses} {
		t.Run(name, test)
	}
	t.Run("cases", func(t *testing.T) {
		mqtest.Run(t, func(*testing.T) *mqtest.Subject {
			s := subject(r.login(""), fmt.Sprintf("q%d", next.Add(1)))
			s.Volume, s.Soak = 500, time.Second
			return s
		})
	})
}

// TestRabbitMQ_Stopped runs them one after the other, with a broker that is killed and comes again, on quorum queues.
func TestRabbitMQ_Stopped(t *testing.T) {
	t.Parallel()
	if !whole() {
		t.Log("left to make farm: the broker takes five seconds for each start")
		return
	}
	r := rabbit(t, map[string]any{"x-queue-type": "quorum"})
	next := 0
	mqtest.RunApart(t, func(*testing.T) *mqtest.Subject {
		next++
		s := subject(r.login(""), fmt.Sprintf("q%d", next))
		s.Stop, s.Start, s.Soak = r.Stop, r.Start, time.Minute
		return s
	})
}

// TestStrict: a broker that takes one session, the capability "queue" and the outcome accepted, and nothing else.
func TestStrict(t *testing.T) {
	t.Parallel()
	s := amqptest.StartStrict(t, 100_000, queueNames()...)
	small := amqptest.StartStrict(t, 2, "small")
	var next atomic.Int32
	t.Run("cases", func(t *testing.T) {
		mqtest.Run(t, func(*testing.T) *mqtest.Subject {
			c := subject(amqp.Login{Peer: amqp.Strict, URLs: []string{s.URL()}}, fmt.Sprintf("q%d", next.Add(1)))
			c.Volume, c.Soak, c.OpenWrong = 300, time.Second, nil // it knows no logins
			c.OpenSmall = func(ctx context.Context) (mq.Link, mq.Address, error) {
				l, err := amqp.Dial(ctx, amqp.Login{Peer: amqp.Strict, URLs: []string{small.URL()}, Queue: "small", MaxBytes: maxBytes})
				return l, mq.Address{Queue: "small"}, err
			}
			return c
		})
	})
}

// subject is one queue, reached over wires that can be cut.
func subject(in amqp.Login, queue string) *mqtest.Subject {
	in.Queue, in.Parked, in.MaxBytes = queue, queue+".parked", maxBytes
	w := &wires{}
	open := func(in amqp.Login, c cut) func(context.Context) (mq.Link, error) {
		return func(ctx context.Context) (mq.Link, error) { return w.dial(ctx, in, c) }
	}
	parked, wrong := in, in
	parked.Queue, parked.Parked = in.Parked, ""
	wrong.Password = "guessed"
	return &mqtest.Subject{Queue: mq.Address{Queue: queue}, Missing: mq.Address{Queue: "missing"},
		Open: open(in, cutNever), OpenParked: open(parked, cutNever), OpenWrong: open(wrong, cutNever), Kill: w.kill,
		OpenCut: func(ctx context.Context, reaches bool) (mq.Link, error) {
			if reaches {
				return w.dial(ctx, in, cutAfterAck)
			}
			return w.dial(ctx, in, cutBeforeAck)
		}}
}

// wires are the connections of links.
type wires struct{ of sync.Map } // mq.Link to *wire

func (w *wires) dial(ctx context.Context, in amqp.Login, c cut) (mq.Link, error) {
	conn := &wire{cut: c}
	in.Dial = func(ctx context.Context, network, address string) (_ net.Conn, err error) {
		conn.Conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return conn, err
	}
	l, err := amqp.Dial(ctx, in)
	if err == nil {
		w.of.Store(l, conn)
	}
	return l, err
}

func (w *wires) kill(l mq.Link) {
	if conn, ok := w.of.Load(l); ok {
		_ = conn.(*wire).Conn.Close()
	}
}

type cut int

const (
	cutNever cut = iota
	cutBeforeAck
	cutAfterAck
)

var errCut = errors.New("wire cut by the test")

// wire is a client's connection that can break.
type wire struct {
	net.Conn
	cut   cut
	acked atomic.Bool
}

// disposition begins the body of a frame that settles: a described type of the code 0x15.
var disposition = []byte{0x00, 0x53, 0x15}

func (w *wire) Write(p []byte) (int, error) {
	if w.cut != cutNever && bytes.Contains(p, disposition) {
		if w.cut == cutBeforeAck {
			_ = w.Conn.Close()
			return 0, errCut
		}
		w.acked.Store(true)
	}
	return w.Conn.Write(p)
}

// Read loses what the broker answers after the acknowledgement.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.acked.Load() {
		_ = w.Conn.Close()
		return 0, errCut
	}
	return n, err
}
