package sftptest

import (
	"io"
	"net"
	"path"
	"slices"
	"sync"
	"testing"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Plain is an SFTP server with files in memory that is none of ours: it takes files of any name, as those of others do.
type Plain struct {
	Addr    string
	Host    ssh.PublicKey
	Key     ssh.Signer // that it lets in
	refuses func(name string) error

	files pkgsftp.Handlers
	mu    sync.Mutex
	came  []string // final names, in their order
}

// StartPlain runs a server that lets in a key, until the test ends. refuses is asked at each rename, with the name that a file would get; nil: nothing is refused.
func StartPlain(t testing.TB, key ssh.Signer, refuses func(name string) error) *Plain {
	t.Helper()
	if refuses == nil {
		refuses = func(string) error { return nil }
	}
	host := Key(t)
	p := &Plain{Host: host.PublicKey(), Key: key, refuses: refuses, files: pkgsftp.InMemHandler()}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(p.Key.PublicKey().Marshal()) {
			return nil, ssh.ErrNoAuth
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Addr = listener.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn, config) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return p
}

// serve serves one connection until the client leaves.
func (p *Plain) serve(conn net.Conn, config *ssh.ServerConfig) {
	defer func() { _ = conn.Close() }()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		files := p.files
		files.FileCmd = p
		server := pkgsftp.NewRequestServer(channel, files)
		go func() {
			_ = server.Serve()
			_ = channel.Close()
		}()
	}
}

// Filecmd implements pkgsftp.FileCmder.
func (p *Plain) Filecmd(r *pkgsftp.Request) error {
	if r.Method != "Rename" {
		return p.files.FileCmd.Filecmd(r)
	}
	name := path.Base(r.Target)
	if err := p.refuses(name); err != nil {
		return err
	}
	if err := p.files.FileCmd.Filecmd(r); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.came = append(p.came, name)
	return nil
}

// Names are those of the files that have come, in their order.
func (p *Plain) Names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.came)
}

// Content is what a file holds.
func (p *Plain) Content(t testing.TB, name string) []byte {
	t.Helper()
	get := pkgsftp.NewRequest("Get", "/"+name)
	get.Flags = 1 // SSH_FXF_READ
	r, err := p.files.FileGet.Fileread(get)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	data, err := io.ReadAll(io.NewSectionReader(r, 0, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
