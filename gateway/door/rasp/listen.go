package rasp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"
)

// Listening is how an endpoint is served.
type Listening struct {
	Addr        string         // host:port
	TLS         *tls.Config    // nil: HTTP without it, for Networks alone
	Networks    []netip.Prefix // from where connections are taken without TLS
	Connections int64          // at a time
	OfAddress   int            // of them from one address (of IPv6 from one network of 64 bits); 0: all
	Read        time.Duration  // for a request, from its first byte to its last
	// Failed is told of what a connection fails with before there is a request: most often that somebody speaks no TLS, or comes from elsewhere.
	Failed func(text string)
}

// Endpoint serves a handler, HTTP/1.1 alone.
type Endpoint struct {
	http     http.Server
	listener net.Listener
}

const (
	headTime  = 10 * time.Second
	headBytes = 16 << 10
	idleTime  = 2 * time.Minute
	// writeTime is for the work on a request, too.
	writeTime = 2 * time.Minute
)

// Listen takes the address; Serve then serves.
func Listen(l Listening, h http.Handler) (*Endpoint, error) {
	if l.TLS == nil && len(l.Networks) == 0 {
		return nil, errors.New("plain HTTP needs the networks that may connect")
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", l.Addr)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{listener: &bounded{Listener: listener, room: semaphore.NewWeighted(l.Connections), config: l, of: map[string]int{}}}
	e.http = http.Server{Handler: h, TLSConfig: l.TLS, ReadHeaderTimeout: headTime, ReadTimeout: l.Read, WriteTimeout: l.Read + writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headBytes, ErrorLog: log.New(lines(l.Failed), "", 0), Protocols: new(http.Protocols)}
	e.http.Protocols.SetHTTP1(true)
	return e, nil
}

// lines makes the lines of a log of a function.
type lines func(string)

func (l lines) Write(p []byte) (int, error) {
	l(string(p))
	return len(p), nil
}

// Addr is where it listens.
func (e *Endpoint) Addr() string { return e.listener.Addr().String() }

// Serve serves until Shutdown or Close; then it is nil.
func (e *Endpoint) Serve() error {
	serve := func() error { return e.http.ServeTLS(e.listener, "", "") }
	if e.http.TLSConfig == nil {
		serve = func() error { return e.http.Serve(e.listener) }
	}
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown lets what is in hand end, as long as ctx lasts.
func (e *Endpoint) Shutdown(ctx context.Context) error {
	if err := e.http.Shutdown(ctx); err != nil {
		return errors.Join(err, e.http.Close())
	}
	return nil
}

// Close breaks everything off.
func (e *Endpoint) Close() error { return e.http.Close() }

// bounded is a listener with room for so many connections; more wait to be accepted.
type bounded struct {
	net.Listener
	room   *semaphore.Weighted
	config Listening

	mu sync.Mutex
	of map[string]int // by their address
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	// Connections end by their deadlines, so that there will be room.
	if err := b.room.Acquire(context.Background(), 1); err != nil {
		return nil, err
	}
	c, err := b.Listener.Accept()
	for err == nil {
		from := origin(c.RemoteAddr().String())
		refused := ", which is in no network that may connect"
		if b.config.takes(c.RemoteAddr()) {
			if b.enter(from) {
				return &counted{Conn: c, left: sync.OnceFunc(func() { b.leave(from) })}, nil
			}
			refused = ", from where there are as many as may be"
		}
		b.config.Failed("connection from " + c.RemoteAddr().String() + refused)
		_ = c.Close()
		c, err = b.Listener.Accept()
	}
	b.room.Release(1)
	return nil, err
}

// enter counts a connection from an address in; false: there are as many as may be.
func (b *bounded) enter(from string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.config.OfAddress > 0 && b.of[from] >= b.config.OfAddress {
		return false
	}
	b.of[from]++
	return true
}

func (b *bounded) leave(from string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of[from]--; b.of[from] == 0 {
		delete(b.of, from)
	}
	b.room.Release(1)
}

// takes reports whether a connection may come from an address.
func (l Listening) takes(remote net.Addr) bool {
	return l.TLS != nil || Within(l.Networks, remote.String())
}

// Within reports whether host:port is an address of one of the networks.
func Within(networks []netip.Prefix, address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(at.Addr().Unmap().WithZone("")) })
}

// DialerWithin reaches addresses of the networks, and no others.
func DialerWithin(networks []netip.Prefix, timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		if !Within(networks, address) {
			return fmt.Errorf("%s is in no network that may be reached without TLS", address)
		}
		return nil
	}}
}

type counted struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.left()
	return c.Conn.Close()
}
