package main_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"nks/gateway/postgres/server"
	"nks/internal/programtest"
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
