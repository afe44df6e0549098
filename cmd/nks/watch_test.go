package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/postgres/server"
	"nks/gateway/postgres/watch"
	"nks/internal/programtest"
	"nks/metrics"
	"nks/sftp"
)

// page is what a gateway answers at its address for operations.
func (s *site) page(t *testing.T, path string) (code int, body string) {
	t.Helper()
	client := http.Client{Timeout: programtest.Longest}
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
func (s *site) becomes(t *testing.T, path string, code int, tokens string) {
	t.Helper()
	var got int
	var body string
	// The books are compared fifty times less often than that takes: on a busy machine that is minutes.
	if !programtest.Eventually(5*time.Minute, func() bool {
		got, body = s.page(t, path)
		return got == code && strings.Contains(body, tokens)
	}) {
		t.Fatalf("%s: %d %q, want %d with %q", path, got, programtest.Tail(body), code, tokens)
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
	ctx, cancel := context.WithTimeout(t.Context(), programtest.Longest)
	defer cancel()
	db, err := server.Start(ctx, server.Config{DataDir: filepath.Join(s.dir, "pg")})
	must(t, err)
	return db
}

// uploading begins an upload into the mailbox, which the gateway waits for when it stops.
func (s *site) uploading(t *testing.T) io.Closer {
	t.Helper()
	supplier := programtest.Suppliers()[0]
	key, err := sftp.LoadKey(filepath.Join(s.dir, "keys", "supplier_"+supplier))
	must(t, err)
	host, err := sftp.LoadKey(filepath.Join(s.dir, "keys", "mailbox_host"))
	must(t, err)
	conn, err := ssh.Dial("tcp", s.mailbox, &ssh.ClientConfig{User: supplier, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: ssh.FixedHostKey(host.PublicKey()), Timeout: programtest.Longest})
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
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	running := s.run(t)
	s.becomes(t, "/readyz", 200, "ok")
	s.becomes(t, "/healthz", 200, "ok")
	s.becomes(t, "/debug/pprof/goroutine?debug=1", 200, "(*Worker).Run")
	must(t, db.Stop(context.Background()))
	s.becomes(t, "/readyz", 503, "database: ")
	s.becomes(t, "/healthz", 200, "ok")
	db = startServer(t, s)
	defer func() { must(t, db.Stop(context.Background())) }()
	s.becomes(t, "/readyz", 200, "ok")

	upload := s.uploading(t)
	running.Signal(syscall.SIGTERM)
	s.becomes(t, "/readyz", 503, "shutting down")
	must(t, upload.Close())
	running.Finish(t, programtest.Longest)
	running.Want(t, 0)
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
	reported := false
	for line := range strings.Lines(p.Err.String()) {
		var e struct{ Level, Message, Address string }
		reported = reported || json.Unmarshal([]byte(line), &e) == nil && e.Level == "error" && e.Address == first.metrics
	}
	if !reported {
		t.Errorf("said nothing of it: %s", p.Err.String())
	}
	second.stop(t, p)
	first.stop(t, running)
}

// TestMetrics move when a bundle goes through.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	running := s.run(t)
	whole := s.planned(t, "accepted as a whole", func(d programtest.Delivery) bool {
		return d.Receipt == "accepted" && d.Rejected == 0 && d.Payments > 0
	})
	s.becomes(t, "/metrics", 200, "\nnks_sample_timestamp_seconds ")
	if _, body := s.page(t, "/metrics"); strings.Contains(body, "nks_payments_received_total") {
		t.Error("payments before there were any")
	}
	s.send(t, whole, 0)
	for _, tokens := range []string{
		`nks_deliveries_total{door="sftp",outcome="checked"} 1`,
		fmt.Sprintf(`nks_payments_received_total{door="sftp"} %d`, whole.Payments),
		`nks_delivery_receipt_seconds_count{door="sftp"} 1`,
		`nks_step_seconds_count{bank="",step="read"} 1`,
		`nks_step_failures_total{bank="BEC",step="connect"}`,
		`nks_bank_connected{bank="SDC"} 0`,
		`nks_send_by_seconds{bank="BEC"} 1`, // 04:30 to 08:30 are 14,400
		`nks_exceptions_open{kind="interchange unknown"} 0`,
		`nks_ready 1`,
		fmt.Sprintf(`nks_ledger_payments{state="waiting"} %d`, whole.Payments),
		"\nnks_difference_payments 0\n",
		"\nnks_difference_ore 0\n",
		"\nnks_invariant_violations 0\n",
		`go_sql_open_connections{db_name="flow"}`,
		"\ngo_goroutines ",
		"\nprocess_resident_memory_bytes ",
	} {
		s.becomes(t, "/metrics", 200, tokens)
	}
	s.stop(t, running)
}

// TestEveryNumberIsDocumented: docs/operations.md has a row for every number that there is, and neither it nor the alert
// rules name one that there is not.
func TestEveryNumberIsDocumented(t *testing.T) {
	t.Parallel()
	text := func(name string) string {
		b, err := os.ReadFile(programtest.Repository(t, "docs", name))
		must(t, err)
		return string(b)
	}
	known := map[string]bool{}
	for _, i := range append(metrics.Instruments(), watch.Instruments()...) {
		known[i.Name] = true
		rows := regexp.MustCompile("(?m)^\\| (`[a-z_]+`, )*`" + i.Name + "`[ ,]")
		if n := len(rows.FindAllString(text("operations.md"), -1)); n != 1 {
			t.Errorf("%s stands in %d rows of docs/operations.md", i.Name, n)
		}
		if i.Kind == gateway.Counter != strings.HasSuffix(i.Name, "_total") {
			t.Errorf("%s: a counter, and nothing else, ends in _total", i.Name)
		}
	}
	for _, file := range []string{"operations.md", "alerts.yml"} {
		for _, name := range regexp.MustCompile(`\bnks_[a-z_]+`).FindAllString(text(file), -1) {
			if !known[name] && name != "nks_" {
				t.Errorf("%s names %s, which there is not", file, name)
			}
		}
	}
}
