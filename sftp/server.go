package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Keys tells by which keys a party may log in.
type Keys interface {
	// AuthorizedKeys returns the party's public keys; an unknown party has none.
	// It is asked at each login, so a change counts from the next one.
	AuthorizedKeys(ctx context.Context, party string) ([]ssh.PublicKey, error)
}

// ServerConfig is what a [Server] needs. Limits and Log may be left out.
type ServerConfig struct {
	// Addr is host:port to listen on; port 0 takes a free one.
	Addr string
	// HostKeys are the keys by which clients know the server, at least one. Of one kind the first is used; clients that are let in
	// are told of all.
	HostKeys []ssh.Signer
	// Keys and Mailbox are asked at each login and for each operation.
	Keys    Keys
	Mailbox Mailbox
	// Limits bound what strangers can take; a zero is its default.
	Limits Limits
	// Log is told what happens; it must not block. Names are masked already.
	Log func(Event)
	// Now is the machine's clock; nil: time.Now.
	Now func() time.Time
}

// Limits bound what one party, or all of them, can take of the server.
type Limits struct {
	Connections int           // of all parties, logged in; 200
	PerParty    int           // connections of one party; 8
	Handshakes  int           // logins in hand at a time; 100
	PerAddress  int           // of them from one address; 30
	Uploads     int           // open uploads of one party; 32
	Remembered  int           // addresses and names whose logins have failed, and addresses from which some have succeeded; 4,096 each
	AuthTries   int           // keys a client may offer; 6
	Handshake   time.Duration // from accept to logged in; 20 s
	Idle        time.Duration // without a byte from the client; 5 min
	Sessions    int           // SFTP sessions of one connection; 4
	Handles     int           // open files and folders of one session; 16
	FileSize    int64         // bytes of one upload; 2 GiB
	Commit      time.Duration // for one commit or rename; 2 min
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Connections, 200)
	setDefault(&l.PerParty, 8)
	setDefault(&l.Handshakes, 100)
	setDefault(&l.PerAddress, 30)
	setDefault(&l.Uploads, 32)
	setDefault(&l.Remembered, 4096)
	setDefault(&l.AuthTries, 6)
	setDefault(&l.Handshake, 20*time.Second)
	setDefault(&l.Idle, 5*time.Minute)
	setDefault(&l.Sessions, 4)
	setDefault(&l.Handles, 16)
	setDefault(&l.FileSize, 2<<30)
	setDefault(&l.Commit, 2*time.Minute)
	return l
}

func setDefault[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// What an [Event] is about.
const (
	EventLogin     = "login"          // a party logged in
	EventRefused   = "login refused"  // no login: key, name or time
	EventTurned    = "turned away"    // no login: a limit, or after too many failures
	EventBanned    = "logins paused"  // too many have failed from an address, or under a name there
	EventStaged    = "staged"         // an upload under a temporary name is durable
	EventDelivered = "delivered"      // an upload or rename became a delivery, or was one already
	EventAborted   = "upload aborted" // an upload was refused or broke off
	EventFailed    = "failed"         // any other operation was refused or failed
	EventRead      = "read"           // a document of out/ was opened
	EventRemoved   = "removed"        // a document or staged upload was removed
)

// Event is something for the log.
type Event struct {
	What   string
	Party  string // empty before login
	Claims string // the name under which a login was refused, masked
	Remote string // network address of the client
	Name   string // folder and file, masked; empty if none
	Bytes  int64
	Err    error
}

// Server is the mailbox server. Listen, then Serve, then Shutdown or Close.
type Server struct {
	cfg      ServerConfig
	identity atomic.Pointer[identity]
	ctx      context.Context // ends when nothing more may be waited for
	stop     context.CancelFunc

	mu        sync.Mutex
	listener  net.Listener
	conns     map[*connection]struct{}
	parties   map[string]int // connections
	inside    int            // connections of all parties
	uploads   map[string]int // open ones of a party
	strikes   *strikes
	draining  bool
	all       sync.WaitGroup
	farewells chan struct{}
}

const serverVersion = "SSH-2.0-nks"

// NewServer checks the configuration.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Keys == nil || cfg.Mailbox == nil || len(cfg.HostKeys) == 0 {
		return nil, errors.New("sftp: server needs host keys, keys and a mailbox")
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Log == nil {
		cfg.Log = func(Event) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, conns: map[*connection]struct{}{}, parties: map[string]int{}, uploads: map[string]int{}, strikes: newStrikes(cfg.Limits.Remembered),
		farewells: make(chan struct{}, farewells)}
	if err := s.SetHostKeys(cfg.HostKeys...); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Listen binds the address, so that an error of it is known before Serve runs.
func (s *Server) Listen() error {
	l, err := net.Listen("tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("sftp: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.draining {
		l.Close()
		return errors.New("sftp: server listens or is closed already")
	}
	s.listener = l
	return nil
}

// Addr is the address the server listens on, nil before Listen.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Serve takes connections until Shutdown or Close, after which it returns nil.
func (s *Server) Serve() error {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	if l == nil {
		return errors.New("sftp: Serve before Listen")
	}
	for pause := time.Duration(0); ; {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			s.take(nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			if s.isDraining() {
				return nil
			}
			return fmt.Errorf("sftp: accept: %w", err)
		}
		// Out of descriptors, or a client gone before accept: the next may work.
		pause = min(2*pause+5*time.Millisecond, time.Second)
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
		}
	}
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// take starts a connection if there is room.
func (s *Server) take(nc net.Conn) {
	now := s.cfg.Now()
	c := &connection{srv: s, net: newIdleConn(nc, s.cfg.Limits.Idle, s.cfg.Now), remote: nc.RemoteAddr().String(), from: originOf(nc.RemoteAddr()), came: now, loggingIn: true}
	s.mu.Lock()
	err := s.admit(c)
	if err == nil {
		s.conns[c] = struct{}{}
		s.all.Add(1)
	}
	s.mu.Unlock()
	if err != nil {
		s.cfg.Log(Event{What: EventTurned, Remote: c.remote, Err: err})
		s.turnAway(nc, err)
		return
	}
	go func() {
		defer s.all.Done()
		defer s.release(c)
		c.serve()
	}()
}

// loggedIn ends a login that has succeeded.
func (s *Server) loggedIn(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.loggingIn = false
	s.strikes.succeed(c.from, c.party, s.cfg.Now())
}

// failed ends a login that has not, and gives for how long more of its like are refused; 0: they are not.
func (s *Server) failed(c *connection) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.loggingIn = false
	if !c.wrong {
		return 0
	}
	return s.strikes.fail(c.from, c.claims, s.cfg.Now())
}

func (s *Server) release(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(c)
	delete(s.conns, c)
}

// Shutdown stops taking connections and uploads, closes connections that have no
// upload in hand, and waits for the others. When ctx ends first, it closes them
// too, and their uploads are aborted; the error is then ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	if s.listener != nil {
		s.listener.Close()
	}
	for c := range s.conns {
		if c.busy == 0 {
			c.net.Close()
		}
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.all.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.stop()
		return nil
	case <-ctx.Done():
		_ = s.Close()
		return ctx.Err()
	}
}

// Close ends everything at once: uploads in hand are aborted. It returns when the
// mailbox is no longer used.
func (s *Server) Close() error {
	s.stop()
	s.mu.Lock()
	s.draining = true
	if s.listener != nil {
		s.listener.Close()
	}
	for c := range s.conns {
		c.net.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
	return nil
}

// begin marks work in hand on a connection, which keeps a draining server waiting.
func (s *Server) begin(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.busy++
}

// opens counts an upload that a party begins; false: it has too many open.
func (s *Server) opens(party string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uploads[party] >= s.cfg.Limits.Uploads {
		return false
	}
	s.uploads[party]++
	return true
}

func (s *Server) closes(party string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uploads[party]--; s.uploads[party] == 0 {
		delete(s.uploads, party)
	}
}

// lingerAfter is how long a draining connection stays after its last work, so that
// the client hears the answer and can rename what it has uploaded.
const lingerAfter = 250 * time.Millisecond

func (s *Server) end(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.busy--
	if s.draining && c.busy == 0 {
		time.AfterFunc(lingerAfter, func() { s.closeIdle(c) })
	}
}

func (s *Server) closeIdle(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.busy == 0 {
		c.net.Close()
	}
}
