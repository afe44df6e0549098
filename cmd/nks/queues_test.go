package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nks/gateway/postgres/server"
	"nks/internal/programtest"
)

// newQueueSite is a site with both doors.
func newQueueSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, append(text, "\n[mq]\nlisten = \"127.0.0.1:0\"\nmax_message_mb = 1\n"...), 0o644))
	p := nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country"))
	p.Want(t, 0)
	return s
}

// broker is the address of a running gateway's broker.
func broker(t *testing.T, p *programtest.Process) string {
	t.Helper()
	for line := range strings.Lines(p.Err.String()) {
		var e struct{ Message, MQ string }
		if json.Unmarshal([]byte(line), &e) == nil && e.Message == "nks is up" && e.MQ != "" {
			return e.MQ
		}
	}
	t.Fatalf("the broker's address is not told:\n%s", programtest.Tail(p.Err.String()))
	return ""
}

func (s *site) secretFile(supplier string) string {
	return filepath.Join(s.dir, "mq-credentials", supplier)
}

// foreign is a supplier's own program: the plain client library and what docs/doors.md says.
type foreign struct {
	t        *testing.T
	supplier string
	conn     *nats.Conn
	api      jetstream.JetStream
	done     map[string]bool // answers taken before, by Nats-Msg-Id
}

// foreign logs in, as soon as the broker lets it.
func (s *site) foreign(t *testing.T, address, supplier string) *foreign {
	t.Helper()
	f := &foreign{t: t, supplier: supplier, done: map[string]bool{}}
	var last error
	if !programtest.Eventually(programtest.Longest, func() bool {
		secret, err := os.ReadFile(s.secretFile(supplier))
		if err != nil {
			last = err
			return false
		}
		f.conn, last = nats.Connect("nats://"+address, nats.UserInfo(supplier, strings.TrimSpace(string(secret))),
			// What the broker refuses out of turn is printed otherwise; the tests look at what was refused.
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		return last == nil
	}) {
		t.Fatalf("%s cannot log in: %v", supplier, last)
	}
	t.Cleanup(f.conn.Close)
	var err error
	f.api, err = jetstream.New(f.conn)
	must(t, err)
	return f
}

// put publishes and waits for the confirmation; id may be empty.
func (f *foreign) put(id string, body []byte) *jetstream.PubAck {
	f.t.Helper()
	m := &nats.Msg{Subject: "nks.in." + f.supplier, Data: body, Header: nats.Header{}}
	if id != "" {
		m.Header.Set("Nats-Msg-Id", id)
	}
	confirmed, err := f.api.PublishMsg(context.Background(), m)
	must(f.t, err)
	return confirmed
}

// askAgain is how long the broker may take to answer before it is asked again.
const askAgain = 3 * time.Second

// answered takes the next answers and acknowledges them: root element and correlation of each. One that was taken before
// may come again, for a killed broker may have forgotten an acknowledgement.
func (f *foreign) answered(n int) []string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), programtest.Longest)
	defer cancel()
	var reader jetstream.Consumer
	// In turns: of a cluster who would answer may have died.
	for reader == nil {
		soon, cancel := context.WithTimeout(ctx, askAgain)
		var err error
		reader, err = f.api.CreateOrUpdateConsumer(soon, "NKS_OUT", jetstream.ConsumerConfig{Durable: "mine", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Second})
		cancel()
		if err != nil && (soon.Err() == nil && !errors.Is(err, nats.ErrNoResponders) || ctx.Err() != nil) {
			f.t.Fatal(err)
		}
	}
	var all []string
	for len(all) < n {
		m, err := reader.Next(jetstream.FetchMaxWait(askAgain))
		if err != nil && ctx.Err() == nil {
			continue
		}
		if err != nil {
			f.t.Fatalf("%d of %d answers: %v", len(all), n, err)
		}
		id := m.Headers().Get("Nats-Msg-Id")
		if f.done[id] {
			f.acknowledges(ctx, m)
			continue
		}
		root := regexp.MustCompile(`<(?:\w+:)?(NKS\w+)`).FindSubmatch(m.Data())
		if root == nil || m.Subject() != "nks.out."+f.supplier || !strings.HasPrefix(id, map[string]string{"NKSReceipt0": "KVITTERING0-",
			"NKSReceipt1": "KVITTERING1-", "NKSResponse2": "RETURSVAR2-"}[string(root[1])]) {
			f.t.Fatalf("answer %v on %s: %s", m.Headers(), m.Subject(), m.Data())
		}
		listed := string(root[1])
		if action := regexp.MustCompile(`Action>(\w+)<`).FindSubmatch(m.Data()); action != nil {
			listed += " " + string(action[1])
		}
		if code := regexp.MustCompile(`errorCode="(\d+)"`).FindSubmatch(m.Data()); code != nil {
			listed += " " + string(code[1])
		}
		all = append(all, listed+" "+m.Headers().Get("Nks-Correlation-Id"))
		f.done[id] = true
		f.acknowledges(ctx, m)
	}
	return all
}

// acknowledges waits until the broker has an acknowledgement. Of a cluster who would say so may have died: then the message comes again.
func (f *foreign) acknowledges(ctx context.Context, m jetstream.Msg) {
	f.t.Helper()
	soon, cancel := context.WithTimeout(ctx, askAgain)
	defer cancel()
	if err := m.DoubleAck(soon); err != nil && (soon.Err() == nil && !errors.Is(err, nats.ErrNoResponders) || ctx.Err() != nil) {
		f.t.Fatal(err)
	}
}

// after is f with the memory of the client that the supplier had before.
func (f *foreign) after(before *foreign) *foreign {
	f.done = before.done
	return f
}

func (f *foreign) wantAnswers(want ...string) {
	f.t.Helper()
	if got := f.answered(len(want)); !slices.Equal(got, want) {
		f.t.Errorf("answers %q, want %q", got, want)
	}
}

// database connects to the database of a running gateway.
func (s *site) database(t *testing.T) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), programtest.Longest)
	defer cancel()
	srv, err := server.Open(ctx, server.Config{DataDir: filepath.Join(s.dir, "pg")})
	must(t, err)
	t.Cleanup(func() { must(t, srv.Stop(context.Background())) })
	conn, err := pgx.Connect(ctx, srv.DSN(server.Database, server.Superuser, "search_path=nks"))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	return conn
}

func one(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	var text string
	must(t, conn.QueryRow(context.Background(), query).Scan(&text))
	return text
}

// bundle is a planned delivery's bytes.
func (s *site) bundle(t *testing.T, d programtest.Delivery) []byte {
	t.Helper()
	b, err := os.ReadFile(programtest.Document(s.dir, d))
	must(t, err)
	return b
}

func accepted(d programtest.Delivery) bool { return d.Receipt == "accepted" && d.Rejected == 0 }

func TestQueue_ForeignClient(t *testing.T) {
	t.Parallel()
	s := newQueueSite(t)
	gateway := s.run(t)
	address := broker(t, gateway)
	d := s.planned(t, "accepted as a whole", accepted)
	f := s.foreign(t, address, d.Supplier)
	bundle := s.bundle(t, d)

	f.put("B-1", bundle)
	f.wantAnswers("NKSReceipt1 ACPT B-1", "NKSResponse2 B-1")
	f.put("B-1", bundle)
	// The id is used up. For a moment the broker itself takes the message for the same, and says so.
	programtest.Eventually(programtest.Longest, func() bool { return !f.put("B-1", append(bundle, "<!-- -->"...)).Duplicate })
	f.put("B-2", bundle) // another message, the same bundle
	f.wantAnswers("NKSReceipt1 RJCT 904 B-2")
	confirmed := f.put("", []byte("no XML"))
	f.wantAnswers(fmt.Sprintf("NKSReceipt0 5199 seq:%d", confirmed.Sequence))
	f.put("empty", nil)
	f.wantAnswers("NKSReceipt0 5199 empty")

	conn := s.database(t)
	if got := one(t, conn, `SELECT string_agg(transport_key, ' ' ORDER BY id) FROM delivery WHERE door = 'mq' AND transport_key LIKE 'id:%'`); got != "id:B-1 id:B-2 id:empty" {
		t.Errorf("deliveries %s", got)
	}
	if got := one(t, conn, `SELECT string_agg(kind, ' ') FROM exception WHERE closed_at IS NULL`); got != "name used again with other bytes" {
		t.Errorf("alarms %s", got)
	}

	if got := one(t, conn, `SELECT string_agg(DISTINCT (counts_at < received_at)::text, ' ') FROM delivery WHERE door = 'mq'`); got != "true" {
		t.Errorf("counted from when it was put, before it was taken: %s", got) // M9
	}

	// Who logs in is who sends, whatever the document says; its receipt is the login's.
	other := s.planned(t, "another supplier's", func(o programtest.Delivery) bool { return o.Supplier != d.Supplier && accepted(o) })
	payments := one(t, conn, `SELECT count(*)::text FROM payment`)
	f.put("theirs", s.bundle(t, other))
	f.wantAnswers("NKSReceipt1 RJCT 907 theirs")
	if now := one(t, conn, `SELECT count(*)::text FROM payment`); now != payments {
		t.Errorf("%s payments became %s", payments, now)
	}
	f.refused("nks.in." + other.Supplier)
	f.refused("nks.out." + d.Supplier)

	// Too big is told at once, and the connection goes on.
	if _, err := f.api.Publish(context.Background(), "nks.in."+d.Supplier, make([]byte, 1<<20+1)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("too big: %v", err)
	}
	var tooBig *jetstream.APIError
	if _, err := f.api.Publish(context.Background(), "nks.in."+d.Supplier, make([]byte, 1<<20-1000)); !errors.As(err, &tooBig) {
		t.Errorf("too big for the queue: %v", err)
	}
	f.put("B-3", []byte("no XML"))
	s.becomes(t, "/readyz", 200, "; waiting: in 0, to_put 0, out 1 since ")
	prints(t, nks(t, "lines", "--config", s.config), "    Not taken in yet: 0\n    Answers not put into a queue yet: 0\n    Answers not collected yet: 1, oldest since ",
		"    Put aside for a person: 1, oldest since ")
	prints(t, nks(t, "lines", "--config", s.config, "--json"), `"place": "parked",
          "messages": 1,
          "oldest": "`)
	f.wantAnswers("NKSReceipt0 5199 B-3")
	s.stop(t, gateway)
}

// refused fails when the login may publish to a subject.
func (f *foreign) refused(subject string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if a, err := f.api.Publish(ctx, subject, []byte("x")); err == nil {
		f.t.Errorf("%s may publish to %s: %+v", f.supplier, subject, a)
	}
}

// TestQueue_Killed: what the broker has confirmed is taken after a kill of everything, and what it holds for a supplier is
// still there; the database's death is outlived without a word.
func TestQueue_Killed(t *testing.T) {
	t.Parallel()
	s := newQueueSite(t)
	gateway := s.run(t)
	all := slices.DeleteFunc(programtest.Expected(t, s.dir).Deliveries, func(d programtest.Delivery) bool { return !accepted(d) })
	first := all[0]
	mine := slices.DeleteFunc(all, func(d programtest.Delivery) bool { return d.Supplier != first.Supplier })
	if len(mine) < 3 {
		t.Fatalf("the plan has %d accepted bundles of %s", len(mine), first.Supplier)
	}
	f := s.foreign(t, broker(t, gateway), first.Supplier)
	f.put("held", []byte("no XML"))
	f.wantAnswers("NKSReceipt0 5199 held")
	f.put("in the queue", s.bundle(t, mine[0]))
	gateway.Kill()
	f.conn.Close()

	gateway = s.run(t)
	f = s.foreign(t, broker(t, gateway), first.Supplier).after(f)
	f.wantAnswers("NKSReceipt1 ACPT in the queue", "NKSResponse2 in the queue")

	pid := programtest.Postmaster(t, s.dir)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	f.put("meanwhile", s.bundle(t, mine[1]))
	f.wantAnswers("NKSReceipt1 ACPT meanwhile", "NKSResponse2 meanwhile")
	f.put("in the out queue", s.bundle(t, mine[2]))
	if !programtest.Eventually(programtest.Longest, func() bool {
		out, err := f.api.Stream(context.Background(), "NKS_OUT")
		return err == nil && out.CachedInfo().State.Msgs == 2
	}) {
		t.Fatal("no answers in the queue")
	}
	gateway.Kill()

	gateway = s.run(t)
	f = s.foreign(t, broker(t, gateway), first.Supplier).after(f)
	f.wantAnswers("NKSReceipt1 ACPT in the out queue", "NKSResponse2 in the out queue")
	conn := s.database(t)
	if n := one(t, conn, `SELECT count(*)::text FROM delivery`); n != "4" {
		t.Errorf("%s deliveries, want 4", n)
	}
	must(t, conn.Close(context.Background()))
	s.stop(t, gateway)
}

// sendByQueue is nks send --via mq.
func (s *site) sendByQueue(t *testing.T, address, supplier, file string, more ...string) *programtest.Process {
	t.Helper()
	return nks(t, append([]string{"send", "--via", "mq", "--server", address, "--supplier", supplier, "--password-file", s.secretFile(supplier), "--json",
		"--wait", "60s", file}, more...)...)
}

func TestQueue_Send(t *testing.T) {
	t.Parallel()
	s := newQueueSite(t)
	gateway := s.run(t)
	address := broker(t, gateway)
	outcome := func(d programtest.Delivery, code int) sent {
		t.Helper()
		s.foreign(t, address, d.Supplier) // let in
		p := s.sendByQueue(t, address, d.Supplier, programtest.Document(s.dir, d))
		p.Want(t, code)
		var r sent
		must(t, json.Unmarshal([]byte(p.Out.String()), &r))
		return r
	}
	whole := s.planned(t, "accepted as a whole", accepted)
	if r := outcome(whole, 0); !r.Accepted || !r.Response2 || r.Rejected != 0 || r.Payments != whole.Payments {
		t.Errorf("%s: %+v", whole.Kind, r)
	}
	part := s.planned(t, "rejected in part", func(d programtest.Delivery) bool { return d.Receipt == "accepted" && d.Rejected > 0 })
	if r := outcome(part, 1); !r.Accepted || !r.Response2 || r.Rejected != part.Rejected || len(r.Reasons) == 0 {
		t.Errorf("%s: %+v, want %d rejected", part.Kind, r, part.Rejected)
	}
	unreadable := s.planned(t, "unreadable", func(d programtest.Delivery) bool { return d.Receipt == "unreadable" })
	if r := outcome(unreadable, 1); r.Accepted || r.Receipt != "0" {
		t.Errorf("%s: %+v", unreadable.Kind, r)
	}
	p := s.sendByQueue(t, address, whole.Supplier, programtest.Document(s.dir, whole), "--id", "again")
	p.Want(t, 1)
	if !strings.Contains(p.Out.String(), "904") {
		t.Errorf("the same bundle under another id: %s", p.Out.String())
	}
	// The same file is the same message: no second delivery, and the answers that are there still tell.
	p = s.sendByQueue(t, address, whole.Supplier, programtest.Document(s.dir, whole), "--wait", "500ms")
	p.Want(t, 0)
	// It has taken nobody's answers.
	f := s.foreign(t, address, whole.Supplier)
	if got := strings.Join(f.answered(2), ", "); !strings.HasPrefix(got, "NKSReceipt1 ACPT sha256-") || !strings.Contains(got, "NKSResponse2 sha256-") {
		t.Errorf("answers left: %s", got)
	}

	big := filepath.Join(s.dir, "big.xml")
	must(t, os.WriteFile(big, bytes.Repeat([]byte(" "), 1<<20), 0o644))
	p = s.sendByQueue(t, address, whole.Supplier, big)
	p.Want(t, 1)
	p.OneLine(t, "too big", "--via sftp")
	wrong := filepath.Join(s.dir, "wrong")
	must(t, os.WriteFile(wrong, []byte("guess\n"), 0o600))
	p = s.sendByQueue(t, address, whole.Supplier, programtest.Document(s.dir, whole), "--password-file", wrong)
	p.Want(t, 1)
	p.OneLine(t, address, "Authorization")
	p = s.sendByQueue(t, address, whole.Supplier, programtest.Document(s.dir, whole), "--id", " x")
	p.Want(t, 2)
	p.OneLine(t, "--id")
	s.stop(t, gateway)
	p = s.sendByQueue(t, address, whole.Supplier, programtest.Document(s.dir, whole))
	p.Want(t, 1)
	p.OneLine(t, address)
}

// TestQueue_NewSupplier: one that is loaded while the gateway runs gets its queues and a password; and a password that is
// changed counts without a restart.
func TestQueue_NewSupplier(t *testing.T) {
	t.Parallel()
	s := newQueueSite(t)
	gateway := s.run(t)
	address := broker(t, gateway)
	suppliers := filepath.Join(s.dir, "suppliers.csv")
	must(t, os.WriteFile(suppliers, []byte("supplier,name,ean,ssh_keys\nNYLEV,Ny leverandør,,\n"), 0o644))
	p := nks(t, "load", "--config", s.config, suppliers)
	p.Want(t, 0)
	f := s.foreign(t, address, "NYLEV")
	if !programtest.Eventually(programtest.Longest, func() bool {
		_, err := f.api.Publish(context.Background(), "nks.in.NYLEV", []byte("no XML"), jetstream.WithMsgID("1"))
		return err == nil
	}) {
		t.Fatal("no queue for a new supplier")
	}
	f.wantAnswers("NKSReceipt0 5199 1")
	info, err := os.Stat(s.secretFile("NYLEV"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the password's file has mode %v", info.Mode())
	}
	must(t, os.WriteFile(s.secretFile("NYLEV"), []byte("changed by hand\n"), 0o600))
	s.foreign(t, address, "NYLEV").put("2", []byte("no XML"))
	f.wantAnswers("NKSReceipt0 5199 2")
	s.stop(t, gateway)
}
