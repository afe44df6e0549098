package sftp_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// clock is a machine's clock that goes when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// guarded is a server by a clock of the test.
func guarded(t *testing.T, limits sftp.Limits) (*served, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2005, 8, 11, 6, 0, 0, 0, time.UTC)}
	return serveWith(t, sftp.ServerConfig{Limits: limits, Now: c.now}), c
}

// from is a dialer of one of the machine's own addresses.
func from(address string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
}

// idle holds connections from an address that never log in.
func (s *served) idle(t *testing.T, address string, n int) {
	t.Helper()
	for range n {
		c, err := from(address).DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
}

// login tries to log in from an address.
func (s *served) login(t *testing.T, address, party string, key ssh.Signer) (*ssh.Client, error) {
	t.Helper()
	nc, err := from(address).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	c, channels, requests, err := ssh.NewClientConn(nc, "", &ssh.ClientConfig{User: party, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: ssh.FixedHostKey(s.host)})
	if err != nil {
		return nil, err
	}
	return ssh.NewClient(c, channels, requests), nil
}

// turned waits until so many connections were turned away.
func (s *served) turned(t *testing.T, n int) (last sftp.Event) {
	t.Helper()
	for range n {
		last = s.await(t, sftp.EventTurned)
	}
	return last
}

// TestIdleConnections_OfOneAddress shut nobody out: not another address, and the own one for a moment only. // S3
func TestIdleConnections_OfOneAddress(t *testing.T) {
	t.Parallel()
	s, clock := guarded(t, sftp.Limits{Handshake: patience})
	s.idle(t, "127.0.0.2", 300)
	s.turned(t, 270)
	if _, err := s.login(t, "127.0.0.3", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("from another address: %v", err)
	}
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err == nil {
		t.Error("one more from the same address at the same moment")
	}
	clock.later(3 * time.Second)
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("from the same address, a moment later: %v", err)
	}
	if e := s.turned(t, 2); e.Remote == "" || !strings.Contains(e.Err.Error(), "took too long to log in") {
		t.Errorf("who gave way: %+v", e)
	}
}

// TestIdleConnections_OfManyAddresses: those who have logged in before go first, and the address that has most gives way.
func TestIdleConnections_OfManyAddresses(t *testing.T) {
	t.Parallel()
	s, _ := guarded(t, sftp.Limits{Handshake: patience, Handshakes: 12, PerAddress: 4})
	c, err := s.login(t, "127.0.0.3", "KMD", s.keys["KMD"])
	if err != nil {
		t.Fatal(err)
	}
	s.await(t, sftp.EventLogin)
	c.Close()
	for i := range 12 {
		s.idle(t, fmt.Sprint("127.0.1.", i), 1)
	}
	s.idle(t, "127.0.2.1", 1)
	s.turned(t, 1) // all have one: nobody gives way to a stranger
	if _, err := s.login(t, "127.0.0.3", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("a known address: %v", err)
	}
	s.turned(t, 1)

	b, _ := guarded(t, sftp.Limits{Handshake: patience, Handshakes: 12, PerAddress: 4})
	for i := range 3 {
		b.idle(t, fmt.Sprint("127.0.1.", i), 4)
	}
	if _, err := b.login(t, "127.0.0.3", "KMD", b.keys["KMD"]); err != nil {
		t.Errorf("an address of which there is one, before those that have four: %v", err)
	}
	b.turned(t, 1)
}

// TestIdleConnections_OfAParty that is logged in give way to another of its own when they have been silent, and to another party's where
// all together are too many.
func TestIdleConnections_OfAParty(t *testing.T) {
	t.Parallel()
	s, clock := guarded(t, sftp.Limits{PerParty: 3, Connections: 4})
	closed := make(chan int, 10)
	login := func(n int, party string) error {
		c, err := s.login(t, "127.0.0.2", party, s.keys[party])
		if err == nil {
			s.await(t, sftp.EventLogin)
			go func() {
				_ = c.Wait()
				closed <- n
			}()
		}
		return err
	}
	for n := range 3 {
		if err := login(n, "KMD"); err != nil {
			t.Fatal(err)
		}
		clock.later(time.Second)
	}
	if err := login(3, "KMD"); err == nil {
		t.Error("a fourth at once")
	}
	clock.later(time.Minute)
	if err := login(4, "KMD"); err != nil {
		t.Errorf("a fourth when the others are silent: %v", err)
	}
	if n := <-closed; n != 0 {
		t.Errorf("connection %d gave way", n)
	}
	for n := range 2 {
		if err := login(10+n, "CSC"); err != nil {
			t.Errorf("another party: %v", err)
		}
	}
	if n := <-closed; n != 1 {
		t.Errorf("connection %d gave way to another party", n)
	}
	if err := login(12, "CSC"); err == nil {
		t.Error("two of each: nobody gives way")
	}
}

// TestFailedLogins: after ten connections that were refused a name has a pause at its address of a minute, longer each time, at most five; a login
// that succeeds ends it all.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	s, clock := guarded(t, sftp.Limits{})
	wrong := sftptest.Key(t)
	fail := func(n int) {
		t.Helper()
		for range n {
			if _, err := s.login(t, "127.0.0.2", "KMD", wrong); err == nil {
				t.Fatal("let in with a wrong key")
			}
			if e := s.await(t, sftp.EventRefused); e.Claims != "KMD" || !strings.HasPrefix(e.Remote, "127.0.0.2:") {
				t.Errorf("logged: %+v", e)
			}
		}
	}
	for _, pause := range []string{"1m0s", "2m0s", "4m0s", "5m0s", "5m0s"} {
		fail(10)
		if e := s.await(t, sftp.EventBanned); !strings.HasSuffix(e.Err.Error(), "refused for "+pause) {
			t.Errorf("logged: %v", e.Err)
		}
		if banner, err := s.banner(t, "KMD", s.keys["KMD"]); err == nil || !strings.Contains(banner, "too many failed logins under this name from this address: try again in "+pause) {
			t.Errorf("in the pause: %q, %v", banner, err)
		}
		s.turned(t, 1)
		if c, err := s.login(t, "127.0.0.3", "CSC", s.keys["CSC"]); err != nil {
			t.Errorf("from another address: %v", err)
		} else {
			c.Close()
		}
		d, err := time.ParseDuration(pause)
		if err != nil {
			t.Fatal(err)
		}
		clock.later(d)
	}
	fail(9)
	c, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"])
	if err != nil {
		t.Fatal(err)
	}
	s.await(t, sftp.EventLogin)
	c.Close()
	fail(9)
}

// TestFailedLogins_OfAKnownAddress: behind an address from which a party logs in, only the name that fails has a pause.
func TestFailedLogins_OfAKnownAddress(t *testing.T) {
	t.Parallel()
	s, clock := guarded(t, sftp.Limits{})
	good := func() error {
		c, err := s.login(t, "127.0.0.2", "CSC", s.keys["CSC"])
		if err == nil {
			s.await(t, sftp.EventLogin)
			c.Close()
		}
		return err
	}
	if err := good(); err != nil {
		t.Fatal(err)
	}
	wrong := sftptest.Key(t)
	for range 10 {
		if _, err := s.login(t, "127.0.0.2", "KMD", wrong); err == nil {
			t.Fatal("let in with a wrong key")
		}
	}
	s.await(t, sftp.EventBanned)
	if err := good(); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	if banner, err := s.banner(t, "KMD", s.keys["KMD"]); err == nil || !strings.Contains(banner, "too many failed logins under this name from this address: try again in 1m0s") {
		t.Errorf("the name: %q, %v", banner, err)
	}
	s.turned(t, 1)
	clock.later(time.Minute)
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// banner logs in from 127.0.0.2 and gives what the server says meanwhile.
func (s *served) banner(t *testing.T, party string, keys ...ssh.Signer) (shown string, err error) {
	t.Helper()
	nc, err := from("127.0.0.2").DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_, _, _, err = ssh.NewClientConn(nc, "", &ssh.ClientConfig{User: party, Auth: []ssh.AuthMethod{ssh.PublicKeys(keys...)},
		HostKeyCallback: ssh.FixedHostKey(s.host), BannerCallback: func(m string) error { shown += m; return nil }})
	return shown, err
}

// TestLogin_SaysWhy: the server's own reasons reach a client that is not let in, once, and say nothing of who is known.
func TestLogin_SaysWhy(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{PerParty: 1})
	wrong, other := sftptest.Key(t), sftptest.Key(t)
	const unknown = "no key that was offered so far is loaded for this login; if none is taken, ask the operator\r\n"
	for name, c := range map[string]struct{ party string }{"wrong key": {"KMD"}, "unknown name": {"nobody"}} {
		if shown, err := s.banner(t, c.party, wrong, other); err == nil || shown != unknown {
			t.Errorf("%s: %q, %v", name, shown, err)
		}
	}
	if shown, err := s.banner(t, "KMD", s.keys["KMD"]); err != nil || shown != "" {
		t.Errorf("a good login: %q, %v", shown, err)
	}
	if shown, err := s.banner(t, "KMD", s.keys["KMD"]); err == nil || shown != "too many connections: 1 of one supplier\r\n" {
		t.Errorf("one too many: %q, %v", shown, err)
	}
	away := serveWith(t, sftp.ServerConfig{Keys: awayKeys{}})
	for range 20 { // it is nobody's fault
		if shown, err := away.banner(t, "KMD", s.keys["KMD"]); err == nil || shown != "the mailbox cannot look up keys at this moment; try again later\r\n" {
			t.Errorf("the database is away: %q, %v", shown, err)
		}
	}
}

// TestRefusedLogins_Logged: with the name that was claimed, without a person's number, and never as the supplier.
func TestRefusedLogins_Logged(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	for name, want := range map[string]string{"0101051234": "010105-xxxx", "a\nb": "a?b", "KMD": "KMD", strings.Repeat("x", 300): strings.Repeat("x", 200) + "…"} {
		if _, err := s.banner(t, name, sftptest.Key(t)); err == nil {
			t.Errorf("%q: let in", name)
		}
		if e := s.await(t, sftp.EventRefused); e.Claims != want || e.Party != "" || e.Err == nil {
			t.Errorf("%q is logged as %+v", name, e)
		}
	}
}

// TestUploadLimit: a party has so many uploads open at a time, over all its connections.
func TestUploadLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{Uploads: 2})
	a, b := s.raw(t, "KMD"), s.raw(t, "KMD")
	first := a.mustOpen("/in/a.xml")
	b.mustOpen("/in/b.tmp")
	if _, ok := b.open("/in/c.tmp", flagsPut); ok {
		t.Error("a third upload at a time")
	}
	s.raw(t, "CSC").mustOpen("/in/a.xml")
	if code := a.closed(first); code != codeOK {
		t.Error(code)
	}
	b.mustOpen("/in/c.tmp")
}
