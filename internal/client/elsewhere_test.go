package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/internal/client"
	"nks/mq"
	"nks/mq/amqp"
	"nks/mq/amqp/amqptest"
	"nks/mq/mqtest"
)

// abroad is a broker elsewhere, and the gateway's end of LEV's queues there.
type abroad struct {
	login  amqp.Login
	config client.Config
}

// newAbroad is one with a login of the gateway's; LEV's own is in the configuration.
func newAbroad(t *testing.T, login amqp.Login, c client.Config) *abroad {
	t.Helper()
	dir := t.TempDir()
	c.Login, c.File, c.Wait, c.Into = "LEV", filepath.Join(dir, "bundle.xml"), time.Minute, filepath.Join(dir, "taken")
	c.Broker.URLs, c.Broker.Peer = login.URLs, string(login.Peer)
	must(t, os.WriteFile(c.File, []byte(document), 0o644))
	return &abroad{login, c}
}

func (a *abroad) link(t *testing.T, queue string) mq.Link {
	t.Helper()
	login := a.login
	login.Queue = queue
	l, err := amqp.Dial(t.Context(), login)
	must(t, err)
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

func (a *abroad) answer(t *testing.T, by mq.Link, name, about string, body []byte) {
	t.Helper()
	must(t, by.Send(t.Context(), mq.Address{Queue: "nks.out.LEV"}, &mq.Message{ID: []byte(name), CorrelID: []byte(about), Body: body, Persistent: true}))
}

// plays sends a document, and answers it as the gateway does; another's answer lies there before. Nothing is left in the queue.
func (a *abroad) plays(t *testing.T) {
	t.Helper()
	in := a.link(t, "nks.in.LEV")
	defer func() { must(t, in.Close(t.Context())) }()
	id := client.DeriveID([]byte(document))
	a.answer(t, in, "r-1", "another", receipt(0, "", `<e:Action>Bad XML</e:Action>`))
	type outcome struct {
		sum client.Summary
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		sum, err := client.Send(t.Context(), a.config)
		done <- outcome{sum, err}
	}()
	d, err := in.Receive(t.Context())
	must(t, err)
	if string(d.Body) != document || string(d.ID) != id || !d.Persistent {
		t.Errorf("queued %s: %q", d.ID, d.Body)
	}
	must(t, in.Ack(t.Context(), d))
	a.answer(t, in, "r-2", "another", receipt(0, "", `<e:Action>Bad XML</e:Action>`))
	a.answer(t, in, "r-3", id, receipt(1, "B-17", `<e:Action>ACPT</e:Action>`))
	a.answer(t, in, "r-4", id, response2("B-17", "<s:GrpSts>ACPT</s:GrpSts><s:StsRsn/>"))
	got := <-done
	if s := got.sum; got.err != nil || !s.Accepted || !s.Response2 || s.Rejected != 0 || !slices.Equal(s.Answers, []string{"r-3.xml", "r-4.xml"}) {
		t.Errorf("%+v, %v", s, got.err)
	}
	for name, want := range map[string][]byte{"r-1": receipt(0, "", `<e:Action>Bad XML</e:Action>`), "r-3": receipt(1, "B-17", `<e:Action>ACPT</e:Action>`)} {
		if kept, err := os.ReadFile(filepath.Join(a.config.Into, name+".xml")); err != nil || string(kept) != string(want) {
			t.Errorf("%s is kept as %q, %v", name, kept, err)
		}
	}
	look, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	out := a.link(t, "nks.out.LEV")
	if d, err := out.Receive(look); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("left in the queue: %v, %v", d, err)
	}
	must(t, out.Close(t.Context())) // it has asked for the next one
	// The same again is the same message, and what is kept still tells.
	again := a.config
	again.Wait = 100 * time.Millisecond
	if sum, err := client.Send(t.Context(), again); err != nil || !sum.Good() {
		t.Errorf("the same again: %+v, %v", sum, err)
	}
	d, err = in.Receive(t.Context())
	must(t, err)
	if string(d.ID) != id {
		t.Errorf("the same again is %s", d.ID)
	}
	must(t, in.Ack(t.Context(), d))
}

func TestSend_ElsewhereStrict(t *testing.T) {
	t.Parallel()
	broker := amqptest.StartStrict(t, 100, "nks.in.LEV", "nks.out.LEV")
	a := newAbroad(t, amqp.Login{Peer: amqp.Strict, URLs: []string{broker.URL()}}, client.Config{})
	a.plays(t)
	// Where no folder is named its answers are another program's.
	blind := a.config
	blind.Into = ""
	a.answer(t, a.link(t, ""), "r-5", client.DeriveID([]byte(document)), receipt(1, "B-17", `<e:Action>ACPT</e:Action>`))
	if sum, err := client.Send(t.Context(), blind); err != nil || !sum.Elsewhere {
		t.Errorf("%+v, %v", sum, err)
	}
	d, err := a.link(t, "nks.out.LEV").Receive(t.Context())
	must(t, err)
	if string(d.ID) != "r-5" {
		t.Errorf("left in the queue: %s", d.ID)
	}
	missing := blind
	missing.Broker.In = "nks.in.NOBODY"
	if _, err := client.Send(t.Context(), missing); !errors.Is(err, mq.ErrNoQueue) {
		t.Errorf("a queue that is not there: %v", err)
	}
}

// TestSend_ElsewhereRabbit: a login that may put into each queue and take from its out queue alone is enough, by password or by certificate.
func TestSend_ElsewhereRabbit(t *testing.T) {
	t.Parallel()
	ca := mqtest.NewAuthority(t)
	server, mine := ca.Issue("localhost"), ca.Issue("LEV")
	rabbit := amqptest.StartRabbit(t, amqptest.Config{
		Users: []amqptest.User{{Name: "nks", Password: "ours", Read: ".*", Write: ".*"}, {Name: "LEV", Password: "theirs", Read: "^nks\\.out\\.LEV$", Write: "^amq\\.default$"}},
		CA:    ca.File, Certificate: server.Certificate, Key: server.Key, Queues: amqptest.Queues("nks.in.LEV", "nks.out.LEV")})
	gateway := amqp.Login{Peer: amqp.RabbitMQ, User: "nks", Password: "ours", URLs: []string{rabbit.SecureURL()}, TLS: ca.Client(mine)}
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("theirs\n"), 0o600))
	certificate := client.Config{CA: ca.File, Certificate: mine.Certificate, CertificateKey: mine.Key}
	newAbroad(t, gateway, certificate).plays(t)
	both := certificate
	both.Password = password
	a := newAbroad(t, gateway, both)
	a.plays(t)
	must(t, os.WriteFile(password, []byte("guess\n"), 0o600))
	if _, err := client.Send(t.Context(), a.config); !errors.Is(err, mq.ErrAuth) || !strings.Contains(err.Error(), rabbit.SecureURL()) || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestSend_ElsewhereKeepsOrLeaves: an answer that cannot be kept stays in the queue, whatever it is called and whatever lies where it would; nothing
// that is there is written over.
func TestSend_ElsewhereKeepsOrLeaves(t *testing.T) {
	t.Parallel()
	broker := amqptest.StartStrict(t, 100, "nks.in.LEV", "nks.out.LEV")
	a := newAbroad(t, amqp.Login{Peer: amqp.Strict, URLs: []string{broker.URL()}}, client.Config{})
	must(t, os.Mkdir(a.config.Into, 0o700))
	at := func(name string) string { return filepath.Join(a.config.Into, name) }
	others := filepath.Join(t.TempDir(), "others")
	must(t, os.WriteFile(others, []byte("another's"), 0o600))
	must(t, os.Symlink(others, at("r-1.xml~")))
	must(t, os.WriteFile(at("there.xml"), []byte("another's"), 0o600))
	must(t, os.Symlink("loop.xml", at("loop.xml"))) // there, and cannot be read
	put, body := a.link(t, ""), receipt(0, "", `<e:Action>Bad XML</e:Action>`)
	for _, name := range []string{"../up", "/abs", ".hidden", "", "a/b", "esc\x1b[2J", strings.Repeat("n", 201), "there", "loop"} {
		a.answer(t, put, name, "another", body)
		if _, err := client.Send(t.Context(), a.config); err == nil {
			t.Errorf("%q is kept", name)
		}
		out := a.link(t, "nks.out.LEV")
		look, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		d, err := out.Receive(look)
		cancel()
		if err != nil || string(d.ID) != name {
			t.Fatalf("%q is not left in the queue: %v", name, err)
		}
		must(t, out.Ack(t.Context(), d))
		must(t, out.Close(t.Context()))
	}
	must(t, os.Remove(at("loop.xml")))
	a.answer(t, put, "r-1", "another", body)
	a.config.Wait = 100 * time.Millisecond
	if _, err := client.Send(t.Context(), a.config); err != nil {
		t.Error(err)
	}
	var names []string
	entries, err := os.ReadDir(a.config.Into)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"r-1.xml", "r-1.xml~", "there.xml"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %q, want %q", names, want)
	}
	for _, path := range []string{others, at("there.xml")} {
		if kept, err := os.ReadFile(path); err != nil || string(kept) != "another's" {
			t.Errorf("%s is %q, %v", filepath.Base(path), kept, err)
		}
	}
}
