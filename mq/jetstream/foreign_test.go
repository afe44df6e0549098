package jetstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"nks/mq"
	"nks/mq/jetstream"
)

// patience is how long what must come may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// client is a supplier's own program: the plain library, nothing of ours.
func client(t *testing.T, b *jetstream.Broker, opts ...nats.Option) (*nats.Conn, js.JetStream) {
	t.Helper()
	if len(opts) == 0 {
		opts = []nats.Option{nats.UserInfo(supplier, secret)}
	}
	nc, err := nats.Connect(b.URL(), append([]nats.Option{nats.ErrorHandler(unheard)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	api, err := js.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, api
}

// unheard takes what the server refuses out of turn, which the library prints otherwise. The tests look at what was
// refused.
func unheard(*nats.Conn, *nats.Subscription, error) {}

func open(t *testing.T, b *jetstream.Broker, supplier string) mq.Link {
	t.Helper()
	l, err := b.Open(t.Context(), supplier, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func receive(t *testing.T, l mq.Link) *mq.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := l.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ack(t *testing.T, l mq.Link, d *mq.Delivery) {
	t.Helper()
	if err := l.Ack(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func nothing(t *testing.T, l mq.Link) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if d, err := l.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("received %v, %v, want nothing", d, err)
	}
}

func TestForeignClientPutsAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	confirmed, err := api.PublishMsg(t.Context(), &nats.Msg{Subject: "nks.in.ATP", Data: []byte("<bundle/>"),
		Header: nats.Header{"Nats-Msg-Id": {"B-1"}}})
	if err != nil || confirmed.Duplicate {
		t.Fatal(confirmed, err)
	}

	l := open(t, b, supplier)
	d := receive(t, l)
	if string(d.Body) != "<bundle/>" || string(d.ID) != "B-1" || d.TransportKey != "id:B-1" || d.PutUser != supplier {
		t.Errorf("received %+v", d)
	}
	answer := &mq.Message{Body: []byte("<receipt/>"), CorrelID: d.ID, ID: []byte("receipt-1")}
	if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, answer); err != nil {
		t.Fatal(err)
	}
	ack(t, l, d)

	reader, err := api.CreateOrUpdateConsumer(t.Context(), "NKS_OUT", js.ConsumerConfig{Durable: "reader", AckPolicy: js.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	got, err := reader.Next(js.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Data()) != "<receipt/>" || got.Headers().Get(jetstream.HeaderCorrelation) != "B-1" || got.Subject() != "nks.out.ATP" {
		t.Errorf("answer %q with %v on %s", got.Data(), got.Headers(), got.Subject())
	}
	if err := got.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in, out, parked, err := b.Depths(supplier); in+out+parked != 0 || err != nil {
		t.Errorf("depths %d %d %d, %v", in, out, parked, err)
	}
}

// The library's older interface finds the stream by its subject.
func TestOlderForeignClientReadsTheAnswer(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	nc, _ := client(t, b)
	old, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Publish("nks.in.ATP", []byte("old")); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, supplier)
	d := receive(t, l)
	if !strings.HasPrefix(d.TransportKey, "seq:") {
		t.Errorf("key %q of a message without id", d.TransportKey)
	}
	if err := l.Send(t.Context(), mq.Address{Queue: "nks.out.ATP"}, &mq.Message{Body: []byte("answer")}); err != nil {
		t.Fatal(err)
	}
	sub, err := old.PullSubscribe("nks.out.ATP", "old")
	if err != nil {
		t.Fatal(err)
	}
	got, err := sub.Fetch(1, nats.MaxWait(patience))
	if err != nil || len(got) != 1 || string(got[0].Data) != "answer" {
		t.Fatal(got, err)
	}
	if err := got[0].AckSync(); err != nil {
		t.Fatal(err)
	}
}

func TestDialedSupplierLink(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	theirs, err := jetstream.Dial(t.Context(), jetstream.Login{URL: b.URL(), User: supplier, Password: secret, Queue: jetstream.Out(supplier)})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close(context.Background())
	if err := theirs.Send(t.Context(), mq.Address{Queue: jetstream.In(supplier)}, &mq.Message{Body: []byte("in")}); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, supplier)
	ack(t, l, receive(t, l))
	if err := l.Send(t.Context(), mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{Body: []byte("out")}); err != nil {
		t.Fatal(err)
	}
	d := receive(t, theirs)
	if string(d.Body) != "out" {
		t.Errorf("answer %q", d.Body)
	}
	ack(t, theirs, d)
	err = theirs.Send(t.Context(), mq.Address{Queue: jetstream.In("KMD.drift")}, &mq.Message{Body: []byte("not mine")})
	if !errors.Is(err, mq.ErrAuth) {
		t.Errorf("put for another supplier: %v, want ErrAuth", err)
	}
}

func TestSupplierCannotTakeWhatItPut(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	for queue, want := range map[string]error{
		jetstream.In(supplier): mq.ErrAuth, jetstream.Out("KMD.drift"): mq.ErrNoQueue, "orders": mq.ErrNoQueue} {
		l, err := jetstream.Dial(t.Context(), jetstream.Login{URL: b.URL(), User: supplier, Password: secret, Queue: queue})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Receive(t.Context()); !errors.Is(err, want) {
			t.Errorf("receive from %s: %v, want %v", queue, err, want)
		}
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestOneConsumerReadsAQueue(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	if _, err := api.CreateConsumer(t.Context(), "NKS_OUT", js.ConsumerConfig{Durable: "theirs", AckPolicy: js.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	l, err := jetstream.Dial(t.Context(), jetstream.Login{URL: b.URL(), User: supplier, Password: secret, Queue: jetstream.Out(supplier)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	if _, err := l.Receive(t.Context()); !errors.Is(err, mq.ErrUnsupported) {
		t.Errorf("a second consumer: %v", err)
	}
}

func TestOddIDsMakePlainKeys(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	l := open(t, b, supplier)
	for _, id := range []string{strings.Repeat("x", 1000), "\x00\xff", "S\u00f8ren"} {
		if _, err := api.Publish(t.Context(), "nks.in.ATP", nil, js.WithMsgID(id)); err != nil {
			t.Fatal(err)
		}
		d := receive(t, l)
		if !strings.HasPrefix(d.TransportKey, "sha256:") || len(d.TransportKey) != len("sha256:")+64 {
			t.Errorf("key %q of id %.20q", d.TransportKey, id)
		}
		ack(t, l, d)
	}
}

func TestWrongSupplierIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	refused := make(chan error, 16)
	nc, api := client(t, b, nats.UserInfo("KMD.drift", "another"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		refused <- err
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := api.PublishMsg(ctx, &nats.Msg{Subject: "nks.in.ATP", Data: []byte("<bundle/>")}); err == nil {
		t.Error("put for another supplier was confirmed")
	}
	if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("told %v", err)
	}
	for _, subject := range []string{"nks.out.ATP", "nks.>", ">", "$JS.>", "nks.parked.KMD.drift"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("subscribe to %s: %v", subject, err)
		}
	}
	for _, subject := range []string{"nks.out.KMD.drift", "$JS.API.STREAM.DELETE.NKS_IN", "$JS.API.STREAM.PURGE.NKS_OUT",
		"$JS.API.CONSUMER.CREATE.NKS_IN.x", "$JS.API.STREAM.MSG.GET.NKS_IN", "$JS.API.STREAM.CREATE.X"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("publish to %s: %v", subject, err)
		}
	}
	nothing(t, open(t, b, supplier))
}

// Reply boxes are of the account: no supplier hears what another is answered.
func TestSuppliersDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	spy, _ := client(t, b, nats.UserInfo("KMD.drift", "another"))
	heard, err := spy.SubscribeSync("_INBOX.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}
	_, api := client(t, b)
	if _, err := api.Publish(t.Context(), "nks.in.ATP", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := heard.Pending(); n != 0 || err != nil {
		t.Errorf("%d messages of another heard, %v", n, err)
	}
}

func TestUnknownLoginsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	for name, opts := range map[string][]nats.Option{
		"no login":          nil,
		"wrong password":    {nats.UserInfo(supplier, "guess")},
		"another's":         {nats.UserInfo(supplier, "another")},
		"unknown":           {nats.UserInfo("nobody", secret)},
		"gateway, no guess": {nats.UserInfo(jetstream.GatewayUser(supplier), "")},
	} {
		if nc, err := nats.Connect(b.URL(), opts...); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v, %v", name, nc, err)
		}
	}
}

func TestTooBigIsRefusedToTheSender(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.MaxPayload = 0
	b := start(t, cfg)
	nc, api := client(t, b)
	if nc.MaxPayload() != 32<<20 {
		t.Errorf("largest message %d bytes, want 32 MB", nc.MaxPayload())
	}
	body := bytes.Repeat([]byte("x"), 32<<20+1)
	if _, err := api.Publish(t.Context(), "nks.in.ATP", body); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("more than the wire takes: %v", err)
	}
	largest := body[:32<<20-jetstream.MessageRoom]
	var refused *js.APIError
	if _, err := api.Publish(t.Context(), "nks.in.ATP", body[:len(largest)+1]); !errors.As(err, &refused) || refused.ErrorCode != 10054 {
		t.Errorf("more than the queue takes: %v", err)
	}
	if _, err := api.Publish(t.Context(), "nks.in.ATP", largest); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, supplier)
	d := receive(t, l)
	if !bytes.Equal(d.Body, largest) {
		t.Errorf("largest message came back with %d bytes", len(d.Body))
	}
	ack(t, l, d)
	// A client that does not look before it leaps hears it from the server.
	if reply := raw(t, b, fmt.Sprintf("PUB nks.in.ATP %d\r\n", 32<<20+1)); !strings.Contains(reply, "Maximum Payload") {
		t.Errorf("server says %q", reply)
	}
	nothing(t, l)
}

// raw speaks the protocol by hand and returns what the server says after the login.
func raw(t *testing.T, b *jetstream.Broker, line string) string {
	t.Helper()
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "CONNECT {\"user\":%q,\"pass\":%q,\"verbose\":false}\r\n%s", supplier, secret, line)
	in := bufio.NewScanner(conn)
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "-ERR") {
			return in.Text()
		}
	}
	return ""
}

// What the broker confirms as duplicate it did not store; what it stored twice
// has one key.
func TestSameIDTwice(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	stored := 0
	for range 2 {
		a, err := api.Publish(t.Context(), "nks.in.ATP", []byte("same"), js.WithMsgID("B-2"))
		if err != nil {
			t.Fatal(err)
		}
		if !a.Duplicate {
			stored++
		}
	}
	_, other := client(t, b, nats.UserInfo("KMD.drift", "another"))
	if a, err := other.Publish(t.Context(), "nks.in.KMD.drift", []byte("another's"), js.WithMsgID("B-2")); err != nil || a.Duplicate {
		t.Fatalf("the same id of another supplier: %+v, %v", a, err)
	}
	l := open(t, b, supplier)
	for range stored {
		d := receive(t, l)
		if d.TransportKey != "id:B-2" {
			t.Errorf("key %q", d.TransportKey)
		}
		ack(t, l, d)
	}
	nothing(t, l)
	if d := receive(t, open(t, b, "KMD.drift")); string(d.Body) != "another's" || d.PutUser != "KMD.drift" {
		t.Errorf("the other supplier's message is %+v", d)
	}
}

func TestExpiryIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, config(t))
	_, api := client(t, b)
	if _, err := api.Publish(t.Context(), "nks.in.ATP", []byte("x"), js.WithMsgTTL(time.Minute)); err == nil {
		t.Error("a payment that would vanish was taken")
	}
	nothing(t, open(t, b, supplier))
}

func TestKeyLogin(t *testing.T) {
	t.Parallel()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.Suppliers = []jetstream.Supplier{{Name: "key", Key: public}}
	b := start(t, cfg)
	_, api := client(t, b, nats.Nkey(public, pair.Sign))
	if _, err := api.Publish(t.Context(), "nks.in.key", []byte("signed")); err != nil {
		t.Fatal(err)
	}
	l := open(t, b, "key")
	if d := receive(t, l); string(d.Body) != "signed" {
		t.Errorf("received %q", d.Body)
	}

	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.nk")
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	theirs, err := jetstream.Dial(t.Context(), jetstream.Login{URL: b.URL(), KeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close(context.Background())
	if err := theirs.Send(t.Context(), mq.Address{Queue: "nks.in.key"}, &mq.Message{Body: []byte("from a file")}); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, l); string(d.Body) != "from a file" {
		t.Errorf("received %q", d.Body)
	}
}

func TestUnusableSuppliers(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{""}, {"a..b"}, {".a"}, {"a."}, {"a*b"}, {">"}, {"a b"}, {"nks@ATP"}, {"ATP", "ATP"},
		{"æble"}, {strings.Repeat("a", 36)}} {
		cfg := jetstream.Config{Dir: t.TempDir()}
		for _, n := range names {
			cfg.Suppliers = append(cfg.Suppliers, jetstream.Supplier{Name: n, Password: "p"})
		}
		if b, err := jetstream.Start(t.Context(), cfg); !errors.Is(err, jetstream.ErrSupplier) {
			t.Errorf("%q: %v", names, err)
			if b != nil {
				b.Close()
			}
		}
	}
}

func TestStartTellsWhyItCannot(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := config(t)
	cfg.Port = taken.Addr().(*net.TCPAddr).Port
	begun := time.Now()
	if b, err := jetstream.Start(t.Context(), cfg); !errors.Is(err, mq.ErrTemporary) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("port taken: %v, %v", b, err)
	}
	if took := time.Since(begun); took > patience {
		t.Errorf("told after %v", took)
	}
}
