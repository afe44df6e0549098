package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"nks/internal/programtest"
	"nks/mq/amqp/amqptest"
)

// TestQueueElsewhere: two gateways on one database stand before a RabbitMQ. One takes and answers; when it is killed, the other does.
func TestQueueElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var queues []amqptest.Queue
	users := []amqptest.User{{Name: "nks", Password: "ours", Read: ".*", Write: ".*", Tags: "management"}}
	for _, supplier := range programtest.Suppliers() {
		for _, kind := range []string{"in", "out", "parked"} {
			queues = append(queues, amqptest.Queue{Name: "nks." + kind + "." + supplier})
		}
		users = append(users, amqptest.User{Name: supplier, Password: supplier, Read: "nks.out." + supplier, Write: ".*"})
	}
	rabbit := amqptest.StartRabbit(t, amqptest.Config{Users: users, Queues: queues, Management: true})
	login := filepath.Join(s.dir, "mq-login")
	must(t, os.WriteFile(login, []byte("nks\nours\n"), 0o600))
	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, append(text, fmt.Sprintf("\n[mq]\ndriver = \"amqp\"\nurls = [%q]\nlogin = \"mq-login\"\nmanagement = %q\n", rabbit.URL(), rabbit.ManagementURL())...), 0o644))
	nks(t, "load", "--config", s.config, filepath.Join(s.dir, "country")).Want(t, 0)
	db := s.on(t)

	d := s.planned(t, "accepted as a whole", accepted)
	bundle := s.bundle(t, d)
	f := dialElsewhere(t, rabbit, d.Supplier)
	both := []*programtest.Process{s.run(t), s.run(t)}
	f.put("B-1", bundle)
	f.wantAnswers("NKSReceipt1 ACPT B-1", "NKSResponse2 B-1")

	owner := ownerOf(t, both)
	both[owner].Signal(syscall.SIGKILL)
	killed := time.Now()
	f.put("B-2", bundle)
	f.wantAnswers("NKSReceipt1 RJCT 904 B-2")
	if took := time.Since(killed); took > time.Minute {
		t.Errorf("the other took over after %v", took)
	}
	f.put("B-1", append(bundle, "<!-- -->"...))
	f.put("", []byte("no XML"))
	if got := f.answered(1); len(got) != 1 || !strings.HasPrefix(got[0], "NKSReceipt0 5199 sha256:") {
		t.Errorf("answers %q", got)
	}
	listed := ""
	if !programtest.Eventually(programtest.Longest, func() bool {
		p := nks(t, "queue", "--config", s.config)
		p.Want(t, 0)
		listed = p.Out.String()
		return strings.HasSuffix(listed, "1 parked messages wait\n")
	}) {
		t.Errorf("nks queue says %q", listed)
	}
	if want := fmt.Sprintf("of %s, since ", d.Supplier); !strings.Contains(listed, want) || !strings.Contains(listed, "other content") || !strings.Contains(listed, "id:B-1;") {
		t.Errorf("nks queue says %q", listed)
	}
	f.put("B-3", []byte("no XML"))
	lines := ""
	if !programtest.Eventually(programtest.Longest, func() bool { // the broker counts now and then
		lines = nks(t, "lines", "--config", s.config).Out.String()
		return strings.Contains(lines, "    Not taken in yet: 0\n    Answers not put into a queue yet: 0\n    Answers not collected yet: 1\n    Put aside for a person: 1, oldest since ")
	}) {
		t.Errorf("nks lines says %s", lines)
	}
	password := filepath.Join(s.dir, "theirs")
	must(t, os.WriteFile(password, []byte(d.Supplier+"\n"), 0o600))
	again := nks(t, "send", "--via", "amqp", "--server", rabbit.URL(), "--supplier", d.Supplier, "--password-file", password, "--into", filepath.Join(s.dir, "answers"), programtest.Document(s.dir, d))
	again.Want(t, 1)
	if !strings.Contains(again.Out.String(), "refused by receipt 1") || !strings.Contains(again.Out.String(), "904") {
		t.Errorf("the same bundle, by nks send: %s", again.Out.String())
	}
	both[1-owner].Terminate(t)
	both[1-owner].Finish(t, programtest.Longest)
	both[1-owner].Want(t, 0)
	must(t, db.Stop(t.Context()))
}

// ownerOf is which of the processes says that it takes and puts.
func ownerOf(t *testing.T, processes []*programtest.Process) int {
	t.Helper()
	owner := -1
	programtest.Eventually(programtest.Longest, func() bool {
		for i, p := range processes {
			if strings.Contains(p.Err.String(), "this process takes and puts") {
				owner = i
			}
		}
		return owner >= 0
	})
	for i, p := range processes {
		if owner < 0 || i != owner && strings.Contains(p.Err.String(), "this process takes and puts") {
			t.Fatalf("not one process owns the queues")
		}
	}
	return owner
}

// elsewhere is a supplier's own program at a RabbitMQ: the plain client library and what docs/doors.md says.
type elsewhere struct {
	t        *testing.T
	supplier string
	session  *amqp.Session
	sender   *amqp.Sender
	readers  map[string]*amqp.Receiver
	done     map[string]bool
}

func dialElsewhere(t *testing.T, rabbit *amqptest.Rabbit, supplier string) *elsewhere {
	t.Helper()
	conn, err := amqp.Dial(t.Context(), rabbit.URL(), &amqp.ConnOptions{SASLType: amqp.SASLTypePlain("nks", "ours")})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	f := &elsewhere{t: t, supplier: supplier, readers: map[string]*amqp.Receiver{}, done: map[string]bool{}}
	f.session, err = conn.NewSession(t.Context(), nil)
	must(t, err)
	f.sender, err = f.session.NewSender(t.Context(), "/amq/queue/nks.in."+supplier, nil)
	must(t, err)
	return f
}

// put puts a message and waits until it is accepted.
func (f *elsewhere) put(id string, body []byte) {
	f.t.Helper()
	m := amqp.NewMessage(body)
	m.Header = &amqp.MessageHeader{Durable: true}
	if id != "" {
		m.Properties = &amqp.MessageProperties{MessageID: id}
	}
	must(f.t, f.sender.Send(f.t.Context(), m, nil))
}

// at takes the next message of one of the supplier's queues.
func (f *elsewhere) at(kind string) *amqp.Message {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), programtest.Longest)
	defer cancel()
	r := f.readers[kind]
	if r == nil {
		var err error
		r, err = f.session.NewReceiver(ctx, "/amq/queue/nks."+kind+"."+f.supplier, &amqp.ReceiverOptions{Credit: -1})
		must(f.t, err)
		f.readers[kind] = r
	}
	must(f.t, r.IssueCredit(1))
	m, err := r.Receive(ctx, nil)
	must(f.t, err)
	must(f.t, r.AcceptMessage(ctx, m))
	return m
}

// answered takes the next answers: root element, action, code and correlation of each. What comes a second time counts once.
func (f *elsewhere) answered(n int) []string {
	f.t.Helper()
	var all []string
	for len(all) < n {
		m := f.at("out")
		id, _ := m.Properties.MessageID.(string)
		if f.done[id] {
			continue
		}
		f.done[id] = true
		listed := string(regexp.MustCompile(`<(?:\w+:)?(NKS\w+)`).FindSubmatch(m.GetData())[1])
		if action := regexp.MustCompile(`Action>(\w+)<`).FindSubmatch(m.GetData()); action != nil {
			listed += " " + string(action[1])
		}
		if code := regexp.MustCompile(`errorCode="(\d+)"`).FindSubmatch(m.GetData()); code != nil {
			listed += " " + string(code[1])
		}
		all = append(all, fmt.Sprintf("%s %v", listed, m.Properties.CorrelationID))
	}
	return all
}

func (f *elsewhere) wantAnswers(want ...string) {
	f.t.Helper()
	if got := f.answered(len(want)); strings.Join(got, ", ") != strings.Join(want, ", ") {
		f.t.Errorf("answers %q, want %q", got, want)
	}
}
