package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"nks/internal/programtest"
	"nks/sftp"
)

// TestRefusedLogin: who is not let in is told why, in words, and the log and the numbers have it, with the name that was claimed and without
// a person's number. // P9
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	running := s.run(t)
	other := filepath.Join(s.dir, "other")
	_, err := sftp.GenerateKey(other)
	must(t, err)
	for _, supplier := range []string{programtest.Suppliers()[0], "0101051234"} {
		r := nks(t, "send", "--mailbox", s.mailbox, "--supplier", supplier, "--key", other, "--host-key", filepath.Join(s.dir, "keys", "mailbox_host.pub"), "--as", "a.xml", s.config)
		if text := r.Err.String(); r.Code() == 0 || !strings.Contains(text, "is not taken for the supplier") || !strings.Contains(text, "no key that was offered so far is loaded for this login") {
			t.Errorf("%s: %d, %s", supplier, r.Code(), text)
		}
	}
	s.becomes(t, "/metrics", 200, `nks_mailbox_logins_total{outcome="refused"} 2`)
	s.stop(t, running)
	log := running.Err.String()
	for _, want := range []string{`"claims":"` + programtest.Suppliers()[0] + `"`, `"claims":"010105-xxxx"`, `"message":"mailbox: login refused"`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log: %s", want, programtest.Tail(log))
		}
	}
	if strings.Contains(log, "0101051234") {
		t.Error("a person's number is in the log")
	}
}
