package ibmmq_test

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/mqtest"
)

// TestQueueManager holds the driver against a real queue manager: where the module
// is linked with IBM's library and the environment says where one is. See the
// README for the names.
func TestQueueManager(t *testing.T) {
	c := ibmmq.Config{Manager: os.Getenv("MQ_QMGR"), Channel: os.Getenv("MQ_CHANNEL"), Queue: os.Getenv("MQ_QUEUE"), User: os.Getenv("MQ_USER"),
		Application: "nks conformance", TrustContext: true,
		TLS: ibmmq.TLS{CipherSpec: os.Getenv("MQ_CIPHER_SPEC"), PeerName: os.Getenv("MQ_PEER_NAME"), KeyRepository: os.Getenv("MQ_KEY_REPOSITORY")}}
	server := os.Getenv("MQ_ADDRESS")
	if server == "" || c.Manager == "" || c.Queue == "" {
		t.Skip("MQ_ADDRESS, MQ_QMGR and MQ_QUEUE name no queue manager to try")
	}
	if file := os.Getenv("MQ_PASSWORD_FILE"); file != "" {
		secret, err := os.ReadFile(file)
		check(t, err)
		c.Password = strings.TrimSpace(string(secret))
	}
	mqtest.RunApart(t, func(t *testing.T) *mqtest.Subject {
		s := &served{t: t, config: c, server: server}
		s.empty(c.Queue)
		subject := &mqtest.Subject{Queue: mq.Address{Manager: c.Manager, Queue: c.Queue}, Missing: mq.Address{Queue: "NKS.NO.SUCH.QUEUE"},
			Open: func(ctx context.Context) (mq.Link, error) { return s.dial(ctx, c.Queue, c.Password) },
			Kill: s.kill, Volume: 1000, Soak: 10 * time.Second}
		if parked := os.Getenv("MQ_PARKED"); parked != "" {
			s.empty(parked)
			subject.OpenParked = func(ctx context.Context) (mq.Link, error) { return s.dial(ctx, parked, c.Password) }
		}
		if c.User != "" {
			subject.OpenWrong = func(ctx context.Context) (mq.Link, error) { return s.dial(ctx, c.Queue, "guessed") }
		}
		return subject
	})
}

// served is a queue manager behind wires that can break.
type served struct {
	t      *testing.T
	config ibmmq.Config
	server string
	wires  sync.Map // mq.Link to *wire
}

func (s *served) dial(ctx context.Context, queue, password string) (mq.Link, error) {
	w := newWire(s.t, s.server)
	host, port, err := net.SplitHostPort(w.Addr().String())
	if err != nil {
		return nil, err
	}
	c := s.config
	c.ConnName, c.Queue, c.Password = host+"("+port+")", queue, password
	l, err := ibmmq.Open(ctx, c)
	if err == nil {
		s.wires.Store(l, w)
	}
	return l, err
}

func (s *served) kill(l mq.Link) {
	if w, ok := s.wires.Load(l); ok {
		w.(*wire).cut()
	}
}

// empty takes what an earlier case has left.
func (s *served) empty(queue string) {
	s.t.Helper()
	l, err := s.dial(s.t.Context(), queue, s.config.Password)
	check(s.t, err)
	for {
		ctx, cancel := context.WithTimeout(s.t.Context(), 200*time.Millisecond)
		d, err := l.Receive(ctx)
		cancel()
		if err != nil {
			is(s.t, err, context.DeadlineExceeded)
			check(s.t, l.Close(s.t.Context()))
			return
		}
		check(s.t, l.Ack(s.t.Context(), d))
	}
}

// wire passes on what comes over a port of its own, until it is cut.
type wire struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	w := &wire{Listener: l}
	t.Cleanup(w.cut)
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			w.mu.Unlock()
			for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					// Whichever end closes ends both.
					_, _ = io.Copy(way[0], way[1])
					near.Close()
					far.Close()
				}()
			}
		}
	}()
	return w
}

func (w *wire) cut() {
	w.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
}

// TestWire: what stands between the suite and a queue manager changes nothing
// until it is cut, and then lets nothing through.
func TestWire(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { echo.Close() })
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	w := newWire(t, echo.Addr().String())
	c, err := net.Dial("tcp", w.Addr().String())
	check(t, err)
	defer c.Close()
	for _, word := range []string{"first", "again"} {
		_, err = io.WriteString(c, word)
		check(t, err)
		got := make([]byte, len(word))
		_, err = io.ReadFull(c, got)
		check(t, err)
		if string(got) != word {
			t.Fatalf("%q came back as %q", word, got)
		}
	}
	w.cut()
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came through a wire that was cut", n)
	}
	if late, err := net.Dial("tcp", w.Addr().String()); err == nil {
		late.Close()
		t.Error("a wire that was cut takes connections")
	}
}
