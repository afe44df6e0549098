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
	party  string // guarded by Server.mu until logged in, then fixed
	key    string // the proved key's fingerprint, once logged in
	busy   int    // uploads and renames in hand; guarded by Server.mu
}

// authorise reports whether the offered key may log in as the offered name. The
// answer is the same for an unknown party and an unknown key.
func (s *Server) authorise(meta ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
	if !PartyName(meta.User()) {
		return nil, errLogin
	}
	if err := checkKey(offered); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Limits.Handshake)
	defer cancel()
	keys, err := s.cfg.Keys.AuthorizedKeys(ctx, meta.User())
	if err != nil {
		// To the client any refusal looks like a wrong key: it is told that this one passes.
		return nil, &ssh.BannerError{Err: fmt.Errorf("keys of %s: %w", meta.User(), err), Message: "the mailbox cannot look up keys at this moment; try again later\r\n"}
	}
	wire := offered.Marshal()
	for _, key := range keys {
		if bytes.Equal(key.Marshal(), wire) {
			return &ssh.Permissions{Extensions: map[string]string{partyExtension: meta.User(), keyExtension: ssh.FingerprintSHA256(offered)}}, nil
		}
	}
	return nil, errLogin
}

var errLogin = errors.New("unknown party or key")

func (c *connection) log(e Event) {
	e.Party, e.Remote = c.party, c.remote
	c.srv.cfg.Log(e)
}

func (c *connection) serve() {
	conn, channels, requests, err := c.handshake()
	if err != nil {
		c.log(Event{What: EventRefused, Err: err})
		return
	}
	c.log(Event{What: EventLogin})
	go ssh.DiscardRequests(requests)

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

// handshake runs key exchange and login under one deadline, which the SSH library
// does not set.
func (c *connection) handshake() (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	c.net.SetDeadline(time.Now().Add(c.srv.cfg.Limits.Handshake))
	conn, channels, requests, err := ssh.NewServerConn(c.net, c.srv.ssh.Load())
	if err != nil {
		_ = c.srv.loggedIn(c, "")
		return nil, nil, nil, err
	}
	if err := c.srv.loggedIn(c, conn.Permissions.Extensions[partyExtension]); err != nil {
		conn.Close()
		return nil, nil, nil, err
	}
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
	idle time.Duration
	on   atomic.Bool
}

func (c *idleConn) loggedIn() {
	c.on.Store(true)
	c.SetDeadline(time.Now().Add(c.idle))
}

func (c *idleConn) Read(p []byte) (int, error) {
	if c.on.Load() {
		c.SetReadDeadline(time.Now().Add(c.idle))
	}
	return c.Conn.Read(p)
}

func (c *idleConn) Write(p []byte) (int, error) {
	if c.on.Load() {
		c.SetWriteDeadline(time.Now().Add(c.idle))
	}
	return c.Conn.Write(p)
}
