package main_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/gateway/postgres/server"
	"nks/internal/programtest"
	"nks/sftp"
)

// prints demands that a command has succeeded and says some words.
func prints(t *testing.T, p *programtest.Process, words ...string) {
	t.Helper()
	p.Want(t, 0)
	for _, w := range words {
		if !strings.Contains(p.Out.String(), w) {
			t.Errorf("%v does not say %q:\n%s", p.Args, w, p.Out.String())
		}
	}
}

// TestLines: a gateway whose banks do not answer tells so by readiness, numbers and a command, and a person when it lasts. A gateway that was
// stopped leaves no line up.
func TestLines(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	db := s.on(t)
	defer func() { must(t, db.Stop(context.Background())) }()
	running := s.run(t)
	s.becomes(t, "/readyz", 200, "\nline bank BEC: down since ")
	s.becomes(t, "/readyz", 200, ": up since ")
	s.becomes(t, "/metrics", 200, `nks_line_up{kind="bank",name="BEC"} 0`)
	s.becomes(t, "/metrics", 200, `nks_line_up{kind="door",name="mailbox"} 1`)
	s.becomes(t, "/metrics", 200, `nks_line_last_good_seconds{kind="bank",name="BEC"} `)
	prints(t, nks(t, "lines", "--config", s.config), "Down  Bank centre BEC, by ", "last good never; may be down for 10m0s", "Nobody answers at the address", "Connected  The mailbox (SFTP), by ", ", 0 down for too long")
	prints(t, nks(t, "lines", "--config", s.config, "--language", "da"), "Afbrudt  Datacentral BEC", "Forbundet  Postkassen (SFTP)")
	prints(t, nks(t, "lines", "--config", s.config, "--json"), `"why": "refused"`, `"late": 0`)
	fingerprint := s.fingerprint(t, "mailbox_host")
	prints(t, nks(t, "keys", "--config", s.config), "mailbox host key mailbox_host, used by the mailbox, production\n    "+fingerprint+"\n    does not expire, as far as is known",
		"our key for a bank BEC, used by the line to bank BEC", "bank host key BEC", "audit key key, used by the log that cannot be forged, production\n    nks", "retention key key", ", 0 expire within 60 days")
	must(t, os.WriteFile(filepath.Join(s.dir, "expires"), []byte("# when to change\n"+fingerprint+" 2005-08-20 the mailbox\n"), 0o600))
	text, err := os.ReadFile(s.config)
	must(t, err)
	other := filepath.Join(s.dir, "other.toml")
	must(t, os.WriteFile(other, []byte(strings.Replace(string(text), "[mailbox]", "[keys]\nexpires = \"expires\"\n[mailbox]", 1)), 0o644))
	keys := nks(t, "keys", "--config", other)
	prints(t, keys, "in 9 days: warning", ", 1 expire within 60 days")
	must(t, os.WriteFile(filepath.Join(s.dir, "expires"), []byte(fingerprint+" soon\n"), 0o600))
	mistaken := nks(t, "check-config", other)
	mistaken.Want(t, 2)
	mistaken.OneLine(t, "line 1 must be a fingerprint and a day")
	if strings.Contains(keys.Out.String(), "PRIVATE") {
		t.Error("it shows a private key")
	}
	s.renewsHostKey(t)
	dsn := db.DSN(server.Database, server.Superuser)
	asking(t, dsn, `UPDATE nks.line SET since = since - interval '1 hour' WHERE name = 'BEC'`, `SELECT ''`)
	s.becomes(t, "/readyz", 200, ", FOR TOO LONG: ")
	const open = `SELECT count(*)::text FROM nks.exception WHERE kind = 'line down' AND subject = 'bank BEC' AND closed_at IS NULL`
	if !programtest.Eventually(2*time.Minute, func() bool { return asking(t, dsn, open) == "1" }) {
		t.Error("no exception of the line")
	}
	running.Signal(syscall.SIGTERM)
	running.Finish(t, programtest.Longest)
	running.Want(t, 0)
	prints(t, nks(t, "lines", "--config", s.config), "Closed  The mailbox (SFTP), by ", "The node was stopped in order", "1 down for too long")
}

// fingerprint is of one of the site's keys.
func (s *site) fingerprint(t *testing.T, key string) string {
	t.Helper()
	signer, err := sftp.LoadKey(filepath.Join(s.dir, "keys", key))
	must(t, err)
	return ssh.FingerprintSHA256(signer.PublicKey())
}

// shown is the fingerprint of the key that the mailbox shows to who connects.
func (s *site) shown(t *testing.T) (fingerprint string) {
	t.Helper()
	conn, err := ssh.Dial("tcp", s.mailbox, &ssh.ClientConfig{User: "nobody", Timeout: programtest.Longest, HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
		fingerprint = ssh.FingerprintSHA256(key)
		return nil
	}})
	if err == nil {
		must(t, conn.Close())
	}
	return fingerprint
}

// renewsHostKey changes the mailbox's host key while it runs.
func (s *site) renewsHostKey(t *testing.T) {
	t.Helper()
	path := filepath.Join(s.dir, "keys", "mailbox_host")
	before := s.shown(t)
	_, err := sftp.GenerateKey(path + "_next")
	must(t, err)
	must(t, os.Rename(path+"_next", path))
	after := s.fingerprint(t, "mailbox_host")
	if before == after || !programtest.Eventually(time.Minute, func() bool { return s.shown(t) == after }) {
		t.Errorf("the mailbox shows %s, then %s; want %s", before, s.shown(t), after)
	}
}
