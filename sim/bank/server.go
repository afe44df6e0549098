package bank

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const (
	maxConnections   = 32
	handshakeTimeout = 20 * time.Second
)

// server shows a centre's in/ and out/ over SFTP to the holder of one key.
type server struct {
	config  *ssh.ServerConfig
	mailbox *mailbox
	profile Profile

	mu          sync.Mutex
	connections map[net.Conn]struct{}
	count       int
	closed      bool
	running     sync.WaitGroup
}

// newServer reads the host key and the one key that may come in.
func newServer(c Config, m *mailbox, p Profile) (*server, error) {
	hostKey, clientKey := c.HostKeyFile(), c.ClientKeyFile()
	text, err := os.ReadFile(hostKey)
	if err != nil {
		return nil, fmt.Errorf("the private key of its server: %w", err)
	}
	host, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("the private key of its server: %s: %w", hostKey, err)
	}
	text, err = os.ReadFile(clientKey)
	if err != nil {
		return nil, fmt.Errorf("the public key of the gateway: %w", err)
	}
	client, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, fmt.Errorf("the public key of the gateway: %s: %w", clientKey, err)
	}
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-" + c.Centre,
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), client.Marshal()) {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("unknown key")
		},
	}
	config.AddHostKey(host)
	return &server{config: config, mailbox: m, profile: p, connections: map[net.Conn]struct{}{}}, nil
}

// serve accepts connections until ctx ends, then closes them all.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { s.close(l) })
	defer stop()
	defer s.running.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		if cut, ok := s.add(conn); ok {
			s.running.Go(func() { s.connection(ctx, conn, cut) })
		}
	}
}

func (s *server) close(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	_ = l.Close()
	for c := range s.connections {
		_ = c.Close()
	}
}

// add takes a connection in, and says after how many bytes it will be cut (0: never).
func (s *server) add(conn net.Conn) (cut int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.connections) >= maxConnections {
		_ = conn.Close()
		return 0, false
	}
	s.connections[conn] = struct{}{}
	s.count++
	key := strconv.Itoa(s.count)
	if m := s.profile.Misbehaves; chance(s.profile.Seed, "cut", key, m.Cut) && m.CutAfter > 0 {
		cut = 1 + int64(draw(s.profile.Seed, "cut after", key)%uint64(m.CutAfter))
	}
	return cut, true
}

func (s *server) drop(conn net.Conn) {
	s.mu.Lock()
	delete(s.connections, conn)
	s.mu.Unlock()
	_ = conn.Close()
}

// cutConn closes itself when it has moved so many bytes in either direction.
type cutConn struct {
	net.Conn
	mu   sync.Mutex
	left int64
}

func (c *cutConn) spend(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left -= int64(n); c.left <= 0 {
		_ = c.Close()
	}
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.spend(n)
	return n, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	c.spend(len(b))
	return c.Conn.Write(b)
}

func (s *server) connection(ctx context.Context, raw net.Conn, cut int64) {
	defer s.drop(raw)
	conn := raw
	if cut > 0 {
		conn = &cutConn{Conn: raw, left: cut}
	}
	if err := raw.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return
	}
	session, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	defer session.Close()
	if err := raw.SetDeadline(time.Time{}); err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if ctx.Err() != nil {
			return
		}
		s.channel(c)
	}
}

// channel serves one session, if it asks for SFTP.
func (s *server) channel(c ssh.NewChannel) {
	if c.ChannelType() != "session" {
		_ = c.Reject(ssh.UnknownChannelType, "sessions only")
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	s.running.Go(func() {
		defer channel.Close()
		for r := range requests {
			wants := r.Type == "subsystem" && len(r.Payload) > 4 && string(r.Payload[4:]) == "sftp"
			if err := r.Reply(wants, nil); err != nil || !wants {
				continue
			}
			go ssh.DiscardRequests(requests)
			s.session(channel)
			return
		}
	})
}

func (s *server) session(channel io.ReadWriteCloser) {
	m := s.mailbox
	r := sftp.NewRequestServer(channel, sftp.Handlers{FileGet: m, FilePut: m, FileCmd: m, FileList: m})
	_ = r.Serve()
	_ = r.Close()
}
