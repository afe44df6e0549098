package sftp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// TestFailedLogins_Neighbour: a supplier whose client tries a wrong key for ever shuts out nobody who stands behind the same address, also
// when nobody has logged in from there since the server was started; nor does somebody without a name.
func TestFailedLogins_Neighbour(t *testing.T) {
	t.Parallel()
	wrong := sftptest.Key(t)
	for _, name := range []string{"KMD", ""} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%q, known %t", name, known), func(t *testing.T) {
				t.Parallel()
				s, _ := guarded(t, sftp.Limits{})
				good := func() {
					t.Helper()
					c, err := s.login(t, "127.0.0.2", "CSC", s.keys["CSC"])
					if err != nil {
						t.Errorf("the neighbour: %v", err)
						return
					}
					s.await(t, sftp.EventLogin)
					c.Close()
				}
				if known {
					good()
				}
				for range 30 {
					if _, err := s.login(t, "127.0.0.2", name, wrong); err == nil {
						t.Fatal("let in with a wrong key")
					}
				}
				if e := s.await(t, sftp.EventBanned); e.Claims != name {
					t.Errorf("%+v", e)
				}
				good()
			})
		}
	}
}

// TestFailedLogins_ManyNames: an address that is not known and tries name after name has a pause as a whole.
func TestFailedLogins_ManyNames(t *testing.T) {
	t.Parallel()
	s, _ := guarded(t, sftp.Limits{})
	wrong := sftptest.Key(t)
	for n := range 10 {
		if _, err := s.login(t, "127.0.0.2", fmt.Sprintf("guess%d", n), wrong); err == nil {
			t.Fatal("let in")
		}
	}
	s.await(t, sftp.EventBanned)
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err == nil || !strings.Contains(err.Error(), "too many failed logins from this address: try again in 1m0s") {
		t.Errorf("in the pause: %v", err)
	}
	if _, err := s.login(t, "127.0.0.3", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

// TestFailedLogins_Bounded: no more is remembered than there is room for: of failures those that are the longest ago are forgotten, of known
// addresses those from which nobody has come for the longest.
func TestFailedLogins_Bounded(t *testing.T) {
	t.Parallel()
	s, clock := guarded(t, sftp.Limits{Remembered: 8})
	wrong := sftptest.Key(t)
	fail := func(address, name string) {
		t.Helper()
		if _, err := s.login(t, address, name, wrong); err == nil {
			t.Fatal("let in")
		}
		s.await(t, sftp.EventRefused)
		clock.later(time.Millisecond)
	}
	for range 10 {
		fail("127.0.0.2", "KMD")
	}
	s.await(t, sftp.EventBanned)
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err == nil {
		t.Error("let in during the pause")
	}
	for n := range 4 { // each address, and its name
		fail(fmt.Sprint("127.0.1.", n), "KMD")
	}
	c, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"])
	if err != nil {
		t.Fatalf("it is still remembered: %v", err)
	}
	s.await(t, sftp.EventLogin)
	c.Close()
	clock.later(time.Millisecond)
	login := func(address string) {
		t.Helper()
		c, err := s.login(t, address, "KMD", s.keys["KMD"])
		if err != nil {
			t.Fatal(err)
		}
		s.await(t, sftp.EventLogin)
		c.Close()
		clock.later(time.Millisecond)
	}
	for n := range 8 {
		login(fmt.Sprint("127.0.2.", n))
	}
	for n := range 10 { // 127.0.0.2 is not known any more, and 127.0.2.7 is
		for _, address := range []string{"127.0.0.2", "127.0.2.7"} {
			fail(address, fmt.Sprint("guess", n))
		}
	}
	if _, err := s.login(t, "127.0.2.7", "KMD", s.keys["KMD"]); err != nil {
		t.Errorf("a known address: %v", err)
	}
	if _, err := s.login(t, "127.0.0.2", "KMD", s.keys["KMD"]); err == nil || !strings.Contains(err.Error(), "from this address") {
		t.Errorf("one that is forgotten: %v", err)
	}
}
