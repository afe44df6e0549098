package jetstream_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
	"nks/mq/jetstream"
)

// filled is a broker with two messages in, three out and one parked.
func filled(t *testing.T) *jetstream.Broker {
	t.Helper()
	b := start(t, config(t))
	l := open(t, b, supplier)
	for queue, n := range map[string]int{jetstream.In(supplier): 2, jetstream.Out(supplier): 3, jetstream.Parked(supplier): 1} {
		for range n {
			if err := l.Send(t.Context(), mq.Address{Queue: queue}, &mq.Message{Body: []byte("is there")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

// unchanged fails when the queues of filled are not as they were, for as long as nothing may come.
func unchanged(t *testing.T, b *jetstream.Broker) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(400 * time.Millisecond); time.Now().Before(until); <-tick.C {
		if in, out, parked, err := b.Depths(supplier); in != 2 || out != 3 || parked != 1 || err != nil {
			t.Fatalf("%d in, %d out, %d parked, %v; want 2, 3, 1", in, out, parked, err)
		}
	}
}

const api = "$JS.API."

// TestSupplierCannotSteer: what the broker sends by itself never goes where a supplier asks it to, but to reply boxes: an answer does
// not become a bundle, and the broker does nothing to a queue in its own name.
func TestSupplierCannotSteer(t *testing.T) {
	t.Parallel()
	b := filled(t)
	refused := make(chan error, 16)
	nc, stream := client(t, b, nats.UserInfo(supplier, secret), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if _, err := stream.CreateConsumer(t.Context(), "NKS_OUT", js.ConsumerConfig{Durable: "mine", AckPolicy: js.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	push := func(deliver, more string) string {
		return `{"stream_name":"NKS_OUT","config":{"name":"mine","durable_name":"mine","deliver_subject":"` + deliver + `","ack_policy":"explicit"` + more + `}}`
	}
	for _, to := range []string{"nks.in.ATP", "nks.parked.ATP", "nks.out.ATP", "nks.in.KMD.drift", api + "STREAM.DELETE.NKS_IN", api + "STREAM.PURGE.NKS_IN",
		api + "STREAM.DELETE.NKS_PARKED", api + "CONSUMER.DELETE.NKS_IN.nks", "$JS.ACK.NKS_IN.nks.1.1.1.1.0", "_INBOXES", "_INBOX", "_INBOX.>", "*"} {
		for name, r := range map[string]struct{ subject, reply, body string }{
			"push consumer":                   {api + "CONSUMER.CREATE.NKS_OUT.mine", "_INBOX.a", push(to, "")},
			"durable push consumer":           {api + "CONSUMER.DURABLE.CREATE.NKS_OUT.mine", "_INBOX.a", push(to, "")},
			"push consumer with heartbeat":    {api + "CONSUMER.CREATE.NKS_OUT.mine", "_INBOX.a", push(to, `,"idle_heartbeat":100000000,"flow_control":true`)},
			"push consumer of a filter":       {api + "CONSUMER.CREATE.NKS_OUT.mine.nks.out.ATP", "_INBOX.a", push(to, "")},
			"unnamed push consumer":           {api + "CONSUMER.CREATE.NKS_OUT", "_INBOX.a", push(to, "")},
			"in capitals, behind another":     {api + "CONSUMER.CREATE.NKS_OUT.mine", "_INBOX.a", push("_INBOX.a", `,"DELIVER_SUBJECT":"`+to+`"`)},
			"a second configuration":          {api + "CONSUMER.CREATE.NKS_OUT.mine", "_INBOX.a", `{"config":{"deliver_subject":"_INBOX.a"},"Config":{"deliver_subject":"` + to + `"}}`},
			"pull":                            {api + "CONSUMER.MSG.NEXT.NKS_OUT.mine", to, "1"},
			"pull of nothing":                 {api + "CONSUMER.MSG.NEXT.NKS_OUT.mine", to, `{"batch":5,"no_wait":true}`},
			"look":                            {api + "STREAM.MSG.GET.NKS_OUT", to, `{"seq":1}`},
			"question":                        {api + "INFO", to, ""},
			"confirmation of a put":           {"nks.in.ATP", to, "own"},
			"confirmation of acknowledgement": {"$JS.ACK.NKS_OUT.mine.1.1.1.1700000000000000000.0", to, "+ACK"},
			"acknowledgement that pulls":      {"$JS.ACK.NKS_OUT.mine.1.1.1.1700000000000000000.0", to, "+NXT"},
		} {
			for _, header := range []nats.Header{nil, {"X": {"y"}}} {
				if err := nc.PublishMsg(&nats.Msg{Subject: r.subject, Reply: r.reply, Header: header, Data: []byte(r.body)}); err != nil {
					t.Fatal(err)
				}
				if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
					t.Errorf("%s to %s: %v", name, to, err)
				}
			}
		}
	}
	unchanged(t, b)
	// What is asked for one's own reply box comes.
	box, err := nc.SubscribeSync("_INBOX.mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteConsumer(t.Context(), "NKS_OUT", "mine"); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request(api+"CONSUMER.CREATE.NKS_OUT.mine", []byte(push("_INBOX.mine", "")), patience); err != nil {
		t.Fatal(err)
	}
	if m, err := box.NextMsg(patience); err != nil || string(m.Data) != "is there" {
		t.Errorf("%v, %v", m, err)
	}
}

// TestProtocol: what is not the protocol as clients write it ends the connection, or is what it looks like.
func TestProtocol(t *testing.T) {
	t.Parallel()
	b := filled(t)
	const login, violation = "CONNECT {\"user\":\"ATP\",\"pass\":\"supplier's secret\",\"verbose\":false,\"headers\":true}\r\n", "Permissions Violation"
	for name, c := range map[string]struct{ says, hears string }{
		"reply in lower case":     {login + "pub nks.in.ATP nks.out.ATP 1\r\nx\r\nPING\r\n", violation},
		"reply behind a tab":      {login + "PUB nks.in.ATP\tnks.out.ATP\t1\r\nx\r\nPING\r\n", violation},
		"reply behind two blanks": {login + "PUB  nks.in.ATP  nks.out.ATP  1\r\nx\r\nPING\r\n", violation},
		"operation and tab":       {login + "PUB\tnks.in.ATP nks.out.ATP 1\r\nx\r\nPING\r\n", ""},
		"two logins":              {login + "CONNECT {\"user\":\"nks@ATP\",\"pass\":\"\"}\r\nPING\r\n", ""},
		"size with a sign":        {login + "PUB nks.in.ATP +1\r\nx\r\nPING\r\n", ""},
		"negative size":           {login + "PUB nks.in.ATP -1\r\nx\r\nPING\r\n", ""},
		"headers over the size":   {login + "HPUB nks.in.ATP 9 1\r\nx\r\nPING\r\n", ""},
		"a message of a server":   {login + "MSG nks.in.ATP 1 1\r\nx\r\nPING\r\n", ""},
		"a long line":             {login + "PUB " + strings.Repeat("x", 5000) + " 1\r\nx\r\nPING\r\n", ""},
		"a huge consumer":         {login + "PUB " + api + "CONSUMER.CREATE.NKS_OUT.x _INBOX.a 900000\r\n", ""},
		"a message before login":  {"PUB nks.in.ATP 1\r\nx\r\nPING\r\n", "Authorization Violation"},
		"login that is no JSON":   {"CONNECT user\r\nPING\r\n", ""},
		"body that is a line":     {login + "PUB " + api + "INFO _INBOX.a 41\r\nPUB nks.in.ATP nks.out.ATP 1\r\nx\r\nPING\r\nab\r\nPING\r\n", "PONG"},
	} {
		conn, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(conn, c.says); err != nil {
			t.Fatal(name, err)
		}
		heard := ""
		for in := bufio.NewScanner(conn); in.Scan(); {
			if line := in.Text(); !strings.HasPrefix(line, "INFO") {
				heard += line + "\n"
			}
			if c.hears != "" && strings.Contains(heard, c.hears) {
				break
			}
		}
		if !strings.Contains(heard, c.hears) || c.hears == "" && strings.Contains(heard, "PONG") {
			t.Errorf("%s: heard %q, want %q", name, heard, c.hears)
		}
		_ = conn.Close()
	}
	unchanged(t, b)
}

// TestTooManyClients: one more than there may be is not let in, and is when another has gone; the gateway's own links do not count.
func TestTooManyClients(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.MaxClients = 2
	b := start(t, cfg)
	first, _ := client(t, b)
	client(t, b)
	if nc, err := nats.Connect(b.URL(), nats.UserInfo(supplier, secret)); err == nil {
		nc.Close()
		t.Error("a third was let in")
	}
	open(t, b, supplier)
	first.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); time.Since(start) < patience; <-tick.C {
		nc, err := nats.Connect(b.URL(), nats.UserInfo(supplier, secret))
		if err == nil {
			nc.Close()
			return
		}
	}
	t.Error("nobody is let in after one has gone")
}

// TestTooManyClients_OfOne: a supplier that has as many clients as it may keeps no other out.
func TestTooManyClients_OfOne(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.MaxClients, cfg.MaxOfOne = 4, 2
	b := start(t, cfg)
	client(t, b)
	client(t, b)
	for range 5 {
		if nc, err := nats.Connect(b.URL(), nats.UserInfo(supplier, secret)); err == nil {
			nc.Close()
			t.Error("a third of one supplier was let in")
		}
	}
	client(t, b, nats.UserInfo("KMD.drift", "another"))
}

// TestGatewaysReplyBoxesAreItsOwn: a supplier hears nothing of what the server tells the gateway, so that it cannot answer in its place.
func TestGatewaysReplyBoxesAreItsOwn(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	nc, _ := client(t, b)
	heard, err := nc.SubscribeSync("_INBOX.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("nks.in.ATP", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, supplier)
	if err := l.Ack(t.Context(), receive(t, l)); err != nil {
		t.Fatal(err)
	}
	if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{ID: []byte("a"), Body: []byte("answer"), Persistent: true}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := heard.Pending(); n != 0 || err != nil {
		t.Errorf("%d messages of the gateway heard, %v", n, err)
	}
}
