package sftp_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

func TestDialPinsHostKey(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	for name, c := range map[string]struct {
		keys []ssh.PublicKey
		want error
	}{
		"its own":                  {[]ssh.PublicKey{b.host.PublicKey()}, nil},
		"two during a roll-over":   {[]ssh.PublicKey{sftptest.Key(t).PublicKey(), b.host.PublicKey()}, nil},
		"another of the same kind": {[]ssh.PublicKey{sftptest.Key(t).PublicKey()}, sftp.ErrHostKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := b.config()
			cfg.HostKeys = c.keys
			client, err := sftp.Dial(t.Context(), cfg)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil {
				client.Close()
			}
		})
	}
	cfg := b.config()
	cfg.HostKeys = nil
	if _, err := sftp.Dial(t.Context(), cfg); err == nil {
		t.Error("dialled without a pinned key")
	}
	cfg = b.config()
	cfg.Key = sftptest.Key(t)
	if _, err := sftp.Dial(t.Context(), cfg); !errors.Is(err, sftp.ErrLogin) || !strings.HasSuffix(err.Error(), "the server does not let us in: it does not say why") {
		t.Errorf("with another key: %v", err)
	}
}

// TestDial_SaysWhy: what a server says of a login that it refuses is in the error, in one line and no more than some of it.
func TestDial_SaysWhy(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	cfg := s.config("KMD")
	cfg.Key = sftptest.Key(t)
	_, err := sftp.Dial(t.Context(), cfg)
	if !errors.Is(err, sftp.ErrLogin) || !strings.HasSuffix(err.Error(), "the server does not let us in: no key that was offered so far is loaded for this login; if none is taken, ask the operator") {
		t.Errorf("a wrong key: %v", err)
	}
	crowded := serve(t, sftp.Limits{PerAddress: 1, Handshake: patience})
	crowded.tcp(t)
	if _, err := sftp.Dial(t.Context(), crowded.config("KMD")); !errors.Is(err, sftp.ErrLogin) ||
		!strings.HasSuffix(err.Error(), "the server does not let us in: too many connections: 1 logins at a time from one address") {
		t.Errorf("turned away: %v", err)
	}
}

// silent accepts connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return l.Addr().String()
}

func TestDialSilentServer(t *testing.T) {
	t.Parallel()
	cfg := newBank(t).config()
	cfg.Addr, cfg.Dial = silent(t), 100*time.Millisecond
	if _, err := sftp.Dial(t.Context(), cfg); !errors.Is(err, sftp.ErrConnection) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sftp.Dial(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// deaf is a connection whose other side can be made to vanish without a word.
type deaf struct {
	net.Conn
	gone chan struct{}
}

func (d deaf) Write(p []byte) (int, error) {
	select {
	case <-d.gone:
		return len(p), nil
	default:
		return d.Conn.Write(p)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	cfg := newBank(t).config()
	cfg.KeepAlive = 500 * time.Millisecond
	gone := make(chan struct{})
	cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		return deaf{c, gone}, err
	}
	c, err := sftp.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	select {
	case <-c.Done():
		t.Fatal("ended while the bank answers")
	case <-time.After(1200 * time.Millisecond):
	}
	close(gone)
	<-c.Done()
}

// An old bank without AES-GCM is reached only where its profile says so; one with
// SHA-1 never.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		only    ssh.Config
		old, ok bool
	}{
		{"CTR and plain SHA-2, modern client", ssh.Config{Ciphers: []string{ssh.CipherAES128CTR}, MACs: []string{ssh.HMACSHA256}}, false, false},
		{"CTR and plain SHA-2, old allowed", ssh.Config{Ciphers: []string{ssh.CipherAES128CTR}, MACs: []string{ssh.HMACSHA256}}, true, true},
		{"2048-bit group, old allowed", ssh.Config{KeyExchanges: []string{ssh.KeyExchangeDH14SHA256}}, true, true},
		{"SHA-1 key exchange", ssh.Config{KeyExchanges: []string{ssh.InsecureKeyExchangeDH14SHA1}}, true, false},
		{"SHA-1 MAC", ssh.Config{Ciphers: []string{ssh.CipherAES128CTR}, MACs: []string{ssh.HMACSHA1}}, true, false},
		{"chacha20", ssh.Config{Ciphers: []string{ssh.CipherChaCha20Poly1305}}, true, false},
		{"CBC", ssh.Config{Ciphers: []string{ssh.InsecureCipherAES128CBC}}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBankWith(t, c.only)
			cfg := b.config()
			cfg.OldAlgorithms = c.old
			client, err := sftp.Dial(t.Context(), cfg)
			if (err == nil) != c.ok {
				t.Errorf("got %v, want success %v", err, c.ok)
			}
			if err == nil {
				client.Close()
			}
		})
	}
}
