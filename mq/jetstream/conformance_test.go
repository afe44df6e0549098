package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/jetstream"
	"nks/mq/mqtest"
)

const (
	supplier = "ATP"
	secret   = "supplier's secret"
	ours     = "gateway's secret"
)

func config(t *testing.T) jetstream.Config {
	t.Helper()
	return jetstream.Config{Dir: t.TempDir(), GatewayPassword: ours, AckWait: 2 * time.Second, MaxPayload: 8 << 20,
		Suppliers: []jetstream.Supplier{{Name: supplier, Password: secret}, {Name: "KMD.drift", Password: "another"}}}
}

func start(t *testing.T, cfg jetstream.Config) *jetstream.Broker {
	t.Helper()
	b, err := jetstream.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// wire is a client's connection that can break.
type wire struct {
	addr string
	cut  cut
	conn atomic.Pointer[wireConn]
}

type cut int

const (
	cutNever cut = iota
	cutBeforeAck
	cutAfterAck
)

var errCut = errors.New("wire cut by the test")

func (w *wire) InProcessConn() (net.Conn, error) {
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: conn, cut: w.cut}
	w.conn.Store(c)
	return c, nil
}

func (w *wire) kill() {
	if c := w.conn.Load(); c != nil {
		c.Conn.Close()
	}
}

type wireConn struct {
	net.Conn
	cut   cut
	acked atomic.Bool
}

func (c *wireConn) Write(p []byte) (int, error) {
	if c.cut != cutNever && bytes.Contains(p, []byte("+ACK\r\n")) {
		if c.cut == cutBeforeAck {
			c.Conn.Close()
			return 0, errCut
		}
		c.acked.Store(true)
	}
	return c.Conn.Write(p)
}

// Read loses what the server answers after the acknowledgement.
func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.acked.Load() {
		c.Conn.Close()
		return 0, errCut
	}
	return n, err
}

// rig is one broker and the wires of its links.
type rig struct {
	t        *testing.T
	cfg      jetstream.Config
	broker   *jetstream.Broker
	supplier string
	addr     string
	wires    sync.Map // mq.Link to *wire
}

func (r *rig) dial(ctx context.Context, queue, password string, c cut) (mq.Link, error) {
	w := &wire{addr: r.addr, cut: c}
	l, err := jetstream.Dial(ctx, jetstream.Login{InProcess: w, User: jetstream.GatewayUser(r.supplier), Password: password, Queue: queue,
		AckWait: r.cfg.AckWait, Clustered: r.cfg.Cluster != nil})
	if err == nil {
		r.wires.Store(l, w)
	}
	return l, err
}

func (r *rig) kill(l mq.Link) {
	if w, ok := r.wires.Load(l); ok {
		w.(*wire).kill()
	}
}

func (r *rig) start() {
	b, err := jetstream.Start(r.t.Context(), r.cfg)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.broker, r.addr = b, b.Addr()
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		r.t.Error(err)
	}
	if r.cfg.Port, err = strconv.Atoi(port); err != nil {
		r.t.Error(err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	mqtest.Run(t, func(t *testing.T) *mqtest.Subject {
		r := &rig{t: t, cfg: config(t), supplier: supplier}
		r.start()
		t.Cleanup(func() { r.broker.Close() })
		s := r.subject()
		s.OpenSmall = func(ctx context.Context) (mq.Link, mq.Address, error) {
			cfg := config(t)
			cfg.MaxMsgs = 2
			l, err := start(t, cfg).Open(ctx, supplier, "")
			return l, s.Queue, err
		}
		s.Stop, s.Start = func() { r.broker.Close() }, r.start
		return s
	})
}

// subject is the supplier's queues at the rig's broker.
func (r *rig) subject() *mqtest.Subject {
	in := jetstream.In(r.supplier)
	return &mqtest.Subject{
		Queue: mq.Address{Queue: in}, Missing: mq.Address{Queue: jetstream.In("nobody")},
		Open: func(ctx context.Context) (mq.Link, error) { return r.dial(ctx, in, ours, cutNever) },
		OpenParked: func(ctx context.Context) (mq.Link, error) {
			return r.dial(ctx, jetstream.Parked(r.supplier), ours, cutNever)
		},
		OpenWrong: func(ctx context.Context) (mq.Link, error) { return r.dial(ctx, in, "guessed", cutNever) },
		OpenCut: func(ctx context.Context, reaches bool) (mq.Link, error) {
			if reaches {
				return r.dial(ctx, in, ours, cutAfterAck)
			}
			return r.dial(ctx, in, ours, cutBeforeAck)
		},
		Kill: r.kill, Volume: 1000, Soak: time.Second,
	}
}

// TestConformance_Cluster: three members keep the same promises. Each case has a supplier of its own, who is let in while they run, and one member
// after another; what stops the server is not of these cases but of TestMemberKilled.
func TestConformance_Cluster(t *testing.T) {
	t.Parallel()
	if os.Getenv("NKS_FARM") == "" {
		t.Skip("half a minute on a busy machine; NKS_FARM=1 runs it")
	}
	all := newCluster(t).three(t)
	var cases atomic.Int32
	t.Run("cases", func(t *testing.T) {
		mqtest.Run(t, func(t *testing.T) *mqtest.Subject {
			n := int(cases.Add(1))
			b := all[n%len(all)]
			r := &rig{t: t, cfg: jetstream.Config{AckWait: 2 * time.Second, Cluster: &jetstream.Cluster{}}, broker: b, supplier: fmt.Sprint("CASE", n), addr: b.Addr()}
			admitByAll(t, all, jetstream.Supplier{Name: r.supplier, Password: secret})
			s := r.subject()
			s.Volume, s.Leaves = 200, 512<<20 // three servers, with the other cases' messages
			return s
		})
	})
}
