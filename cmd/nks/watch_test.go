package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"nks/gateway/postgres/server"
	"nks/sftp"
	"nks/sim/country"
)

// page is what a gateway answers at its address for operations.
func (s *site) page(t *testing.T, path string) (code int, body string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	r, err := client.Get("http://" + s.metrics + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(text)
}

// becomes waits until a page answers with a code, and words in it.
func (s *site) becomes(t *testing.T, path string, code int, words string) {
	t.Helper()
	var got int
	var body string
	if !eventually(time.Minute, func() bool {
		got, body = s.page(t, path)
		return got == code && strings.Contains(body, words)
	}) {
		t.Fatalf("%s: %d %q, want %d with %q", path, got, tail(body), code, words)
	}
}

// on gives the site's gateway a database that the test runs.
func (s *site) on(t *testing.T) *server.Server {
	t.Helper()
	db := startServer(t, s)
	text, err := os.ReadFile(s.config)
	must(t, err)
	url := fmt.Sprintf("[database]\nurl = %q\n", fmt.Sprintf("postgres://%s@/%s?host=%s&sslmode=disable", server.Superuser, server.Database, db.SocketDir()))
	must(t, os.WriteFile(s.config, []byte(strings.Replace(string(text), "[mailbox]", url+"[mailbox]", 1)), 0o644))
	return db
}

func startServer(t *testing.T, s *site) *server.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db, err := server.Start(ctx, server.Config{DataDir: filepath.Join(s.dir, "pg")})
	must(t, err)
	return db
}

// uploading begins an upload into the mailbox, which the gateway waits for when it stops.
func (s *site) uploading(t *testing.T) io.Closer {
	t.Helper()
	supplier := country.Suppliers()[0]
	key, err := sftp.LoadKey(filepath.Join(s.dir, "keys", "supplier_"+supplier))
	must(t, err)
	host, err := sftp.LoadKey(filepath.Join(s.dir, "keys", "mailbox_host"))
	must(t, err)
	conn, err := ssh.Dial("tcp", s.mailbox, &ssh.ClientConfig{User: supplier, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: ssh.FixedHostKey(host.PublicKey()), Timeout: 10 * time.Second})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	client, err := pkgsftp.NewClient(conn)
	must(t, err)
	f, err := client.OpenFile("in/half.xml", os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	must(t, err)
	_, err = f.Write([]byte("<"))
	must(t, err)
	return f
}

// TestHealth: ready while the database answers and the door is open, not ready without, alive all the while.
func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	db := s.on(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).want(t, 0)
	gateway := s.run(t)
	s.becomes(t, "/readyz", 200, "ok")
	s.becomes(t, "/healthz", 200, "ok")
	s.becomes(t, "/debug/pprof/goroutine?debug=1", 200, "ReadNext")
	must(t, db.Stop(context.Background()))
	s.becomes(t, "/readyz", 503, "database: ")
	s.becomes(t, "/healthz", 200, "ok")
	db = startServer(t, s)
	defer func() { must(t, db.Stop(context.Background())) }()
	s.becomes(t, "/readyz", 200, "ok")

	upload := s.uploading(t)
	gateway.signal(syscall.SIGTERM)
	s.becomes(t, "/readyz", 503, "shutting down")
	must(t, upload.Close())
	gateway.finish(t, time.Minute)
	gateway.want(t, 0)
	if code, _ := s.page(t, "/readyz"); code != 0 {
		t.Errorf("answers %d after its end", code)
	}
}

// TestHealth_AnAddressThatIsTaken stops no payments.
func TestHealth_AnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	first, second := newSite(t), newSite(t)
	running := first.run(t)
	text, err := os.ReadFile(second.config)
	must(t, err)
	taken := strings.Replace(string(text), "[metrics]\nlisten = \"127.0.0.1:0\"", fmt.Sprintf("[metrics]\nlisten = %q", first.metrics), 1)
	must(t, os.WriteFile(second.config, []byte(taken), 0o644))
	p := second.run(t)
	if second.metrics != "" {
		t.Errorf("serves at %s", second.metrics)
	}
	told := false
	for line := range strings.Lines(p.err.String()) {
		var e struct{ Level, Message, Address string }
		told = told || json.Unmarshal([]byte(line), &e) == nil && e.Level == "error" && e.Address == first.metrics
	}
	if !told {
		t.Errorf("said nothing of it: %s", p.err.String())
	}
	second.stop(t, p)
	first.stop(t, running)
}
