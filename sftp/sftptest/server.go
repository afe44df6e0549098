package sftptest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
)

// Keyring is an [sftp.Keys] made of a map from party to keys.
type Keyring map[string][]ssh.PublicKey

// AuthorizedKeys implements [sftp.Keys].
func (k Keyring) AuthorizedKeys(_ context.Context, party string) ([]ssh.PublicKey, error) {
	return k[party], nil
}

// Key makes a key for a test.
func Key(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Start runs a server on a free loopback port until the test ends; a missing host
// key is made.
func Start(t testing.TB, cfg sftp.ServerConfig) *sftp.Server {
	t.Helper()
	cfg.Addr = "127.0.0.1:0"
	if len(cfg.HostKeys) == 0 {
		cfg.HostKeys = []ssh.Signer{Key(t)}
	}
	s, err := sftp.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// Port is the port of an address.
func Port(t testing.TB, a net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
