package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// partyExtension is where the login's identity travels. It must come from the
// permissions of the key that was proved, never from the last key offered
// (CVE-2024-45337).
const (
	partyExtension = "nks-party"
	keyExtension   = "nks-key"
)

// connection is one client's SSH connection.
type connection struct {
	srv    *Server
	net    *idleConn
	remote string
	from   origin
	came   time.Time
	key    string // the proved key's fingerprint, once logged in

	identity *identity // by which the client knows the server; fixed before the handshake

	// Guarded by Server.mu; party and claims are fixed once logged in.
	party     string
	counts    bool // for its party and all
	loggingIn bool
	givesWay  bool
	busy      int    // uploads and renames in hand
	claims    string // the name that was last tried
	wrong     bool   // a key or name was
	why       error  // it is not let in, in our words
}

// refusedKey tells once what a client could not tell by itself. That more keys may follow is why it is put so.
const refusedKey = "no key that was offered so far is loaded for this login; if none is taken, ask the operator\r\n"

// authorise reports whether the offered key may log in as the offered name. The
// answer is the same for an unknown party and an unknown key.
func (c *connection) authorise(meta ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
	s := c.srv
	s.mu.Lock()
	c.claims = meta.User()
	banned := s.strikes.refusesName(c.from, c.claims, s.cfg.Now())
	s.mu.Unlock()
	if banned != nil {
		return nil, c.tell(banned, banned.Error())
	}
	if !PartyName(meta.User()) {
		return nil, c.refuse(errLogin)
	}
	if err := checkKey(offered); err != nil {
		return nil, c.refuse(err)
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Limits.Handshake)
	defer cancel()
	keys, err := s.cfg.Keys.AuthorizedKeys(ctx, meta.User())
	if err != nil {
		// To the client any refusal looks like a wrong key: it is told that this one passes.
		return nil, c.tell(fmt.Errorf("keys of %s: %w", loggable(meta.User()), err), "the mailbox cannot look up keys at this moment; try again later")
	}
	wire := offered.Marshal()
	for _, key := range keys {
		if bytes.Equal(key.Marshal(), wire) {
			return &ssh.Permissions{Extensions: map[string]string{partyExtension: meta.User(), keyExtension: ssh.FingerprintSHA256(offered)}}, nil
		}
	}
	return nil, c.refuse(errLogin)
}

// proved counts the connection for the party whose key was proved, if there is room.
func (c *connection) proved(_ ssh.ConnMetadata, _ ssh.PublicKey, p *ssh.Permissions, _ string) (*ssh.Permissions, error) {
	if err := c.srv.enter(c, p.Extensions[partyExtension]); err != nil {
		return nil, c.tell(err, err.Error())
	}
	return p, nil
}

// refuse is a wrong name or key.
func (c *connection) refuse(err error) error {
	c.srv.mu.Lock()
	first := !c.wrong
	c.wrong = true
	c.srv.mu.Unlock()
	if !first {
		return err
	}
	return &ssh.BannerError{Err: err, Message: refusedKey}
}

// tell is a refusal for a reason that is not the key's.
func (c *connection) tell(err error, words string) error {
	c.srv.mu.Lock()
	first := c.why == nil
	c.why = err
	c.srv.mu.Unlock()
	if !first {
		return err // one banner is enough
	}
	return &ssh.BannerError{Err: err, Message: words + "\r\n"}
}

var errLogin = errors.New("unknown party or key")

func (c *connection) log(e Event) {
	e.Party, e.Remote = c.party, c.remote
	c.srv.cfg.Log(e)
}

func (c *connection) serve() {
	conn, channels, requests, err := c.handshake()
	if err != nil {
		c.notLoggedIn(err)
		return
	}
	c.log(Event{What: EventLogin})
	go c.identity.show(conn, requests)

	var sessions sync.WaitGroup
	open := make(chan struct{}, c.srv.cfg.Limits.Sessions)
	for nc := range channels {
		if nc.ChannelType() != "session" {
			nc.Reject(ssh.UnknownChannelType, "only sftp sessions are served")
			continue
		}
		select {
		case open <- struct{}{}:
		default:
			nc.Reject(ssh.ResourceShortage, "too many sessions")
			continue
		}
		ch, requests, err := nc.Accept()
		if err != nil {
			<-open
			continue
		}
		sessions.Go(func() {
			defer func() { <-open }()
			c.session(ch, requests)
		})
	}
	conn.Close()
	sessions.Wait()
}

// notLoggedIn tells the log why, in our words where they are known.
func (c *connection) notLoggedIn(err error) {
	pause := c.srv.failed(c)
	c.srv.mu.Lock()
	why, claims := c.why, loggable(c.claims)
	c.srv.mu.Unlock()
	e := Event{What: EventRefused, Claims: claims, Err: err}
	if why != nil {
		e.Err = why
	}
	if errors.Is(why, errFull) || errors.Is(why, errBanned) {
		e.What = EventTurned
	}
	c.log(e)
	if pause > 0 {
		c.log(Event{What: EventBanned, Claims: claims, Err: fmt.Errorf("%w: %d within %v; refused for %v", errBanned, strikesAllowed, strikesWithin, pause)})
	}
}

// handshake runs key exchange and login under one deadline, which the SSH library
// does not set.
func (c *connection) handshake() (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	c.net.SetDeadline(time.Now().Add(c.srv.cfg.Limits.Handshake))
	c.identity = c.srv.identity.Load()
	cfg := *c.identity.ssh
	cfg.PublicKeyCallback, cfg.VerifiedPublicKeyCallback = c.authorise, c.proved
	conn, channels, requests, err := ssh.NewServerConn(c.net, &cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	c.srv.loggedIn(c)
	c.key = conn.Permissions.Extensions[keyExtension]
	c.net.loggedIn()
	return conn, channels, requests, nil
}

// session serves one channel: the sftp subsystem and nothing else.
func (c *connection) session(ch ssh.Channel, requests <-chan *ssh.Request) {
	defer ch.Close()
	var running sync.WaitGroup
	defer running.Wait()
	started := false
	for r := range requests {
		ok := r.Type == "subsystem" && !started && subsystem(r.Payload) == "sftp"
		if r.WantReply {
			r.Reply(ok, nil)
		}
		if !ok {
			continue
		}
		started = true
		running.Go(func() {
			defer ch.Close()
			status := uint32(0)
			if err := c.serveFiles(ch); err != nil {
				status = 1
			}
			ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		})
	}
}

func subsystem(payload []byte) string {
	var m struct{ Name string }
	if ssh.Unmarshal(payload, &m) != nil {
		return ""
	}
	return m.Name
}

// serveFiles runs the SFTP protocol until the client ends it, or the connection
// breaks; uploads still open are then aborted.
func (c *connection) serveFiles(ch ssh.Channel) error {
	s := &session{conn: c, uploads: map[string]*writer{}}
	rs := pkgsftp.NewRequestServer(ch, pkgsftp.Handlers{FileGet: s, FilePut: s, FileCmd: s, FileList: s})
	err := rs.Serve()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// idleConn closes by deadline a connection on which nothing comes or goes. Until
// loggedIn the deadline of the handshake stands.
type idleConn struct {
	net.Conn
	idle  time.Duration
	now   func() time.Time
	on    atomic.Bool
	heard atomic.Int64 // when something last came, in Unix nanoseconds
}

func newIdleConn(nc net.Conn, idle time.Duration, now func() time.Time) *idleConn {
	c := &idleConn{Conn: nc, idle: idle, now: now}
	c.heard.Store(now().UnixNano())
	return c
}

// silent is for how long nothing has come.
func (c *idleConn) silent(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - c.heard.Load())
}

func (c *idleConn) loggedIn() {
	c.on.Store(true)
	c.SetDeadline(time.Now().Add(c.idle))
}

func (c *idleConn) Read(p []byte) (int, error) {
	if c.on.Load() {
		c.SetReadDeadline(time.Now().Add(c.idle))
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard.Store(c.now().UnixNano())
	}
	return n, err
}

func (c *idleConn) Write(p []byte) (int, error) {
	if c.on.Load() {
		c.SetWriteDeadline(time.Now().Add(c.idle))
	}
	return c.Conn.Write(p)
}
