package banklink_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/gateway/banklink"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// cut is where the first connection to the bank breaks: after so many bytes that were sent or received, or with so manieth request, which
// the bank does not get, or its reply, which we do not. Below 0: not there.
type cut struct{ sent, received, request, reply int64 }

func uncut() cut { return cut{-1, -1, -1, -1} }

// breaks is a connection that is cut, once it is armed.
type breaks struct {
	net.Conn
	cut            cut
	armed          atomic.Bool
	sent, received atomic.Int64
}

func (c *breaks) Write(p []byte) (int, error) {
	if !c.armed.Load() {
		return c.Conn.Write(p)
	}
	before := c.sent.Add(int64(len(p))) - int64(len(p))
	if c.cut.sent >= 0 && before+int64(len(p)) > c.cut.sent {
		n, _ := c.Conn.Write(p[:max(0, c.cut.sent-before)])
		_ = c.Conn.Close()
		return n, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *breaks) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.armed.Load() {
		return n, err
	}
	before := c.received.Add(int64(n)) - int64(n)
	if c.cut.received >= 0 && before+int64(n) > c.cut.received {
		_ = c.Conn.Close()
		return int(max(0, c.cut.received-before)), net.ErrClosed
	}
	return n, err
}

// cutBank is OpenSSH's SFTP server behind a bank's SSH, whose first connection breaks somewhere.
type cutBank struct {
	t        *testing.T
	dir      string
	address  string
	host     ssh.Signer
	user     ssh.Signer
	cut      cut
	collects bool // a file is taken away the moment that it has its name

	mu                sync.Mutex
	connections       int
	requests, replies int64 // over the first connection
	collected         [][]byte
	serving           sync.WaitGroup
}

const finalName = "NKS1.edi"

func newCutBank(t *testing.T, at cut) *cutBank {
	t.Helper()
	b := &cutBank{t: t, dir: t.TempDir(), host: sftptest.Key(t), user: sftptest.Key(t), cut: at}
	for _, d := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(b.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	b.address = l.Addr().String()
	cfg := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), b.user.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	cfg.AddHostKey(b.host)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.connections++
			first := b.connections == 1
			b.serving.Add(1)
			b.mu.Unlock()
			go func() {
				defer b.serving.Done()
				b.serve(nc, cfg, first)
			}()
		}
	}()
	return b
}

// serve runs one connection with one session.
func (b *cutBank) serve(nc net.Conn, cfg *ssh.ServerConfig, first bool) {
	defer func() { _ = nc.Close() }()
	_, channels, requests, err := ssh.NewServerConn(nc, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		b.files(channel, nc, first)
	}
}

// files runs the SFTP server between a client and what is lost of it.
func (b *cutBank) files(client io.ReadWriter, nc net.Conn, first bool) {
	cmd := exec.Command("/usr/lib/openssh/sftp-server", "-d", b.dir)
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		b.t.Errorf("%v (install openssh-sftp-server)", err)
		return
	}
	var renames sync.Map // by request
	go func() {
		for n := int64(0); ; n++ {
			p, err := packet(client)
			if err == nil && first && n == b.cut.request {
				_ = nc.Close()
				err = net.ErrClosed
			}
			if err != nil {
				_ = in.Close()
				return
			}
			if p[4] == 18 { // SSH_FXP_RENAME
				renames.Store(binary.BigEndian.Uint32(p[5:]), true)
			}
			b.count(&b.requests, first)
			if _, err := in.Write(p); err != nil {
				return
			}
		}
	}()
	for n := int64(0); ; n++ {
		p, err := packet(out)
		if err != nil {
			break
		}
		if _, isRename := renames.LoadAndDelete(binary.BigEndian.Uint32(p[5:])); isRename && b.collects && binary.BigEndian.Uint32(p[9:]) == 0 {
			b.collect()
		}
		b.count(&b.replies, first)
		if first && n == b.cut.reply {
			_ = nc.Close()
			continue // the server goes on with what it has got
		}
		_, _ = client.Write(p)
	}
	_ = cmd.Wait()
	_ = nc.Close()
}

func (b *cutBank) count(what *int64, first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first {
		*what++
	}
}

// packet reads one packet of SFTP, with its length.
func packet(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	p := append(size[:], make([]byte, binary.BigEndian.Uint32(size[:]))...)
	_, err := io.ReadFull(from, p[4:])
	return p, err
}

// collect takes a published file away, as a bank does.
func (b *cutBank) collect() {
	path := filepath.Join(b.dir, "in", finalName)
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		b.t.Error(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.collected = append(b.collected, data)
}

// published is every file that the bank has or had under the final name, when nothing is in hand any more.
func (b *cutBank) published() [][]byte {
	b.serving.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.collected
	if data, err := os.ReadFile(filepath.Join(b.dir, "in", finalName)); err == nil {
		all = append(all, data)
	}
	return all
}

// dial connects; the first connection is cut where it is to be, after the login.
func (b *cutBank) dial() (*banklink.Link, *breaks) {
	b.t.Helper()
	at := &breaks{cut: uncut()}
	b.mu.Lock()
	if b.connections == 0 {
		at.cut = b.cut
	}
	b.mu.Unlock()
	l, err := banklink.Dial(b.t.Context(), banklink.Config{InDir: "in", OutDir: "out", FetchLimit: 1 << 20, Client: sftp.ClientConfig{Addr: b.address, User: "nks",
		Key: b.user, HostKeys: []ssh.PublicKey{b.host.PublicKey()}, Dialer: func(ctx context.Context, addr string) (nc net.Conn, err error) {
			at.Conn, err = new(net.Dialer).DialContext(ctx, "tcp", addr)
			return at, err
		}}})
	if err != nil {
		b.t.Fatal(err)
	}
	at.armed.Store(true)
	return l, at
}
