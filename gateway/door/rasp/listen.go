package rasp

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Listening is how an endpoint is served.
type Listening struct {
	Addr        string // host:port
	TLS         *tls.Config
	Connections int64         // at a time
	Read        time.Duration // for a request, from its first byte to its last
	// Failed is told of what a connection fails with before there is a request: most often that somebody speaks no TLS.
	Failed func(text string)
}

// Endpoint serves a handler over TLS, HTTP/1.1 alone.
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
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", l.Addr)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{listener: &bounded{Listener: listener, room: semaphore.NewWeighted(l.Connections)}}
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
	if err := e.http.ServeTLS(e.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
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
	room *semaphore.Weighted
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	// Connections end by their deadlines, so that there will be room.
	if err := b.room.Acquire(context.Background(), 1); err != nil {
		return nil, err
	}
	c, err := b.Listener.Accept()
	if err != nil {
		b.room.Release(1)
		return nil, err
	}
	return &counted{Conn: c, left: sync.OnceFunc(func() { b.room.Release(1) })}, nil
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
