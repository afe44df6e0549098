package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"nks/gateway/postgres/server"
	"nks/internal/programtest"
)

// pagesOf is what a running gateway's log says of its pages; empty when it has none.
func pagesOf(p *programtest.Process) string {
	for line := range strings.Lines(p.Err.String()) {
		var e struct{ Message, Pages string }
		if json.Unmarshal([]byte(line), &e) == nil && e.Message == "nks is up" {
			return e.Pages
		}
	}
	return ""
}

// withPages makes a site one for trials, whose pages have an address.
func (s *site) withPages(t *testing.T, address string) {
	t.Helper()
	text, err := os.ReadFile(s.config)
	must(t, err)
	changed := strings.Replace(string(text), `environment = "production"`, `environment = "test"`, 1)
	must(t, os.WriteFile(s.config, []byte(changed+"\n[console]\nlisten = \""+address+"\"\n"), 0o644))
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.withPages(t, "127.0.0.1:0")
	p := s.run(t)
	at := pagesOf(p)
	client := &http.Client{Timeout: programtest.Longest}
	defer client.CloseIdleConnections()
	r, err := client.Get(at + "/")
	must(t, err)
	body, err := io.ReadAll(r.Body)
	must(t, err)
	must(t, r.Body.Close())
	if r.StatusCode != http.StatusOK || !strings.Contains(string(body), "Overblik") || !strings.Contains(string(body), "/check") {
		t.Errorf("%s: %d %s", at, r.StatusCode, body)
	}
	if listed := upload(t, client, at+"/check", "<x/>"); !strings.Contains(listed, "5199") || !strings.Contains(listed, "kvittering 0") {
		t.Errorf("an upload that is no bundle: %s", listed)
	}
	// Pages come on connections of their own role, which nobody else has.
	var page, busy int
	private, err := server.Open(t.Context(), server.Config{DataDir: filepath.Join(s.dir, "pg")})
	must(t, err)
	conn, err := pgx.Connect(t.Context(), private.DSN(server.Database, server.Superuser))
	must(t, err)
	must(t, conn.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE usename = 'nks_page'), count(*) FILTER (WHERE usename = 'nks_page' AND state <> 'idle')
		FROM pg_stat_activity`).Scan(&page, &busy))
	if page == 0 || busy > 0 {
		t.Errorf("%d connections of the pages, %d at work", page, busy)
	}
	must(t, conn.Close(t.Context()))
	must(t, private.Stop(t.Context()))
	p.Signal(syscall.SIGTERM)
	p.Finish(t, programtest.Longest)
	p.Want(t, 0)
	if _, err := client.Get(at + "/"); err == nil {
		t.Error("the pages outlive the gateway")
	}
}

// upload sends a file by the form of the dry run and returns the page that comes back.
func upload(t *testing.T, client *http.Client, to, content string) string {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "bundle.xml")
	must(t, err)
	_, err = io.WriteString(part, content)
	must(t, err)
	must(t, w.Close())
	r, err := client.Post(to, w.FormDataContentType(), &form)
	must(t, err)
	body, err := io.ReadAll(r.Body)
	must(t, err)
	must(t, r.Body.Close())
	if r.StatusCode != http.StatusOK {
		t.Errorf("upload: %d", r.StatusCode)
	}
	return string(body)
}

// TestPages_AddressTaken: payments go on without pages.
func TestPages_AddressTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, l.Close()) }()
	s := newSite(t)
	s.withPages(t, l.Addr().String())
	p := s.run(t)
	if at := pagesOf(p); at != "" {
		t.Errorf("served at %s", at)
	}
	if !strings.Contains(p.Err.String(), "the pages cannot be served yet") {
		t.Errorf("says nothing:\n%s", p.Err.String())
	}
	p.Signal(syscall.SIGTERM)
	p.Finish(t, programtest.Longest)
	p.Want(t, 0)
}
