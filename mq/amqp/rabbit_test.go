package amqp_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	wire1 "github.com/Azure/go-amqp"

	"nks/mq"
	"nks/mq/amqp"
	"nks/mq/amqp/amqptest"
	"nks/mq/mqtest"
)

const (
	// outsider may take from nothing and put to nothing.
	outsider = "outsider"
	// doomed is a queue that is deleted under a link.
	doomed = "doomed"
)

// broker is a RabbitMQ with what the tests of it need.
type broker struct {
	*amqptest.Rabbit
	ca     *mqtest.Authority
	client mqtest.Pair
}

func rabbit(t *testing.T, arguments map[string]any) *broker {
	t.Helper()
	b := &broker{ca: mqtest.NewAuthority(t)}
	b.client = b.ca.Issue(user)
	server := b.ca.Issue("localhost")
	queues := amqptest.Queues(append(queueNames(), doomed, "foreign", "foreign.parked", "secure")...)
	for i := range queues {
		queues[i].Arguments = arguments
	}
	b.Rabbit = amqptest.StartRabbit(t, amqptest.Config{
		Users:  []amqptest.User{{Name: user, Password: secret, Read: ".*", Write: ".*"}, {Name: outsider, Password: secret}},
		Queues: queues, CA: b.ca.File, Certificate: server.Certificate, Key: server.Key})
	return b
}

func (b *broker) login(queue string) amqp.Login {
	return amqp.Login{Peer: amqp.RabbitMQ, URLs: []string{b.URL()}, User: user, Password: secret, Queue: queue, Parked: queue + ".parked"}
}

func dial(t *testing.T, in amqp.Login) mq.Link {
	t.Helper()
	l, err := amqp.Dial(t.Context(), in)
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := l.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *broker) secured(t *testing.T) {
	t.Parallel()
	other := mqtest.NewAuthority(t)
	for name, c := range map[string]struct {
		login amqp.Login
		want  error
	}{
		"password and certificate": {login: amqp.Login{User: user, Password: secret, TLS: b.ca.Client(b.client)}},
		"certificate alone":        {login: amqp.Login{TLS: b.ca.Client(b.client)}},
		"no certificate":           {login: amqp.Login{User: user, Password: secret, TLS: b.ca.Client()}, want: mq.ErrAuth},
		"certificate of nobody":    {login: amqp.Login{TLS: b.ca.Client(b.ca.Issue("nobody"))}, want: mq.ErrAuth},
		"a broker not trusted":     {login: amqp.Login{User: user, Password: secret, TLS: other.Client(b.client)}, want: mq.ErrAuth},
		"not over TLS":             {login: amqp.Login{User: user, Password: secret, URLs: []string{strings.Replace(b.SecureURL(), "amqps", "amqp", 1)}}, want: mq.ErrTemporary},
	} {
		in := c.login
		in.Peer, in.Queue = amqp.RabbitMQ, "secure"
		if in.URLs == nil {
			in.URLs = []string{b.SecureURL()}
		}
		l, err := amqp.Dial(t.Context(), in)
		// A broker that hangs up on a bad certificate may be quicker than its alert.
		if hung := c.want == mq.ErrAuth && errors.Is(err, mq.ErrTemporary) && errors.Is(err, syscall.ECONNRESET); !hung && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if err := l.Send(t.Context(), mq.Address{Queue: "secure"}, &mq.Message{Body: []byte(name), Persistent: true}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		d := receive(t, l)
		if err := errors.Join(l.Ack(t.Context(), d), l.Close(t.Context())); err != nil || string(d.Body) != name {
			t.Errorf("%s: received %q, %v", name, d.Body, err)
		}
	}
}

// deleted: what is sent to a queue that has been deleted must not count as sent.
func (b *broker) deleted(t *testing.T) {
	if !whole() {
		t.Log("left to make farm: rabbitmqctl takes five seconds")
		return
	}
	t.Parallel()
	in := b.login("")
	l := dial(t, in)
	m := &mq.Message{Body: []byte("answer"), Persistent: true}
	if err := l.Send(t.Context(), mq.Address{Queue: doomed}, m); err != nil {
		t.Fatal(err)
	}
	b.Control("delete_queue", doomed)
	// The broker tells those who hold on to the queue a moment after it is gone.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := l.Send(t.Context(), mq.Address{Queue: "secure.none"}, m)
		if errors.Is(err, mq.ErrTemporary) || errors.Is(err, mq.ErrUnknown) {
			break
		}
		if !errors.Is(err, mq.ErrNoQueue) {
			t.Fatal(err)
		}
		<-tick.C
	}
	if err := dial(t, in).Send(t.Context(), mq.Address{Queue: doomed}, m); !errors.Is(err, mq.ErrNoQueue) {
		t.Errorf("sent to a deleted queue: %v", err)
	}
	if l, err := amqp.Dial(t.Context(), b.login(doomed)); !errors.Is(err, mq.ErrNoQueue) {
		t.Errorf("received from a deleted queue: %v, %v", l, err)
	}
}

// forbidden: a login that may do nothing is told so.
func (b *broker) forbidden(t *testing.T) {
	t.Parallel()
	in := b.login("")
	in.User = outsider
	if err := dial(t, in).Send(t.Context(), mq.Address{Queue: "foreign"}, &mq.Message{Body: []byte("x")}); !errors.Is(err, mq.ErrAuth) {
		t.Errorf("put: %v", err)
	}
	in.Queue = "foreign"
	if l, err := amqp.Dial(t.Context(), in); !errors.Is(err, mq.ErrAuth) {
		t.Errorf("take: %v, %v", l, err)
	}
}

func hashed(kind, text string) string { return fmt.Sprintf("%s%x", kind, sha256.Sum256([]byte(text))) }

// foreign: messages as other programs make them, put with the plain library.
func (b *broker) foreign(t *testing.T) {
	t.Parallel()
	conn, err := wire1.Dial(t.Context(), b.URL(), &wire1.ConnOptions{SASLType: wire1.SASLTypePlain(user, secret)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	session, err := conn.NewSession(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := session.NewSender(t.Context(), "/amq/queue/foreign", nil)
	if err != nil {
		t.Fatal(err)
	}
	in := b.login("foreign")
	in.Parked = fmt.Sprintf("q%d.parked", cases-1)
	l, parked := dial(t, in), dial(t, b.login(in.Parked))
	durable := &wire1.MessageHeader{Durable: true}
	for _, c := range []struct {
		name, body, key, correlation, user string
		message                            wire1.Message
	}{
		{name: "text id", body: "a", key: "id:B-1", correlation: "B-1", user: user,
			message: wire1.Message{Data: [][]byte{[]byte("a")}, Properties: &wire1.MessageProperties{MessageID: "B-1", UserID: []byte(user)}}},
		{name: "binary id", body: "b", key: hashed("sha256:", "\xff\xfe"), correlation: hashed("sha256:", "\xff\xfe"),
			message: wire1.Message{Data: [][]byte{[]byte("b")}, Properties: &wire1.MessageProperties{MessageID: []byte{0xff, 0xfe}}}},
		{name: "numeric id", body: "c", key: "id:7", correlation: "7",
			message: wire1.Message{Data: [][]byte{[]byte("c")}, Properties: &wire1.MessageProperties{MessageID: uint64(7)}}},
		{name: "no id", body: "d", key: hashed("body:", "d"), correlation: hashed("sha256:", "d"), message: wire1.Message{Data: [][]byte{[]byte("d")}}},
		{name: "text", body: "<æ/>", key: "id:t", correlation: "t", message: wire1.Message{Value: "<æ/>", Properties: &wire1.MessageProperties{MessageID: "t"}}},
		{name: "a number", body: "", key: "id:n", correlation: "n", message: wire1.Message{Value: int64(5), Properties: &wire1.MessageProperties{MessageID: "n"}}},
	} {
		c.message.Header = durable
		if err := sender.Send(t.Context(), &c.message, nil); err != nil {
			t.Fatal(c.name, err)
		}
		d := receive(t, l)
		if string(d.Body) != c.body || d.TransportKey != c.key || amqp.Correlation(d.TransportKey) != c.correlation || !d.Persistent || d.Redelivered || d.PutUser != c.user {
			t.Errorf("%s: body %q, key %q, correlation %q, of %q, %+v", c.name, d.Body, d.TransportKey, amqp.Correlation(d.TransportKey), d.PutUser, d)
		}
		if err := l.Park(t.Context(), d, "a test"); err != nil {
			t.Fatal(c.name, err)
		}
		if d = receive(t, parked); d.TransportKey != c.key {
			t.Errorf("%s, parked: key %q", c.name, d.TransportKey)
		}
		if err := parked.Ack(t.Context(), d); err != nil {
			t.Fatal(c.name, err)
		}
	}
	// A name that is not its own is refused by the broker.
	forged := &wire1.Message{Data: [][]byte{{}}, Properties: &wire1.MessageProperties{UserID: []byte(outsider)}}
	if err := sender.Send(t.Context(), forged, nil); err == nil {
		t.Error("put in another's name")
	}
}

// addresses: the second broker is taken when the first is away, and not when it refuses.
func (b *broker) addresses(t *testing.T) {
	t.Parallel()
	in := b.login("")
	in.URLs = []string{"amqp://127.0.0.1:1", b.URL()}
	dial(t, in)
	in.Password = "guessed"
	in.URLs = []string{b.URL(), "amqp://127.0.0.1:1"}
	if l, err := amqp.Dial(t.Context(), in); !errors.Is(err, mq.ErrAuth) {
		t.Errorf("%v, %v", l, err)
	}
	in.URLs = []string{"amqp://user:password@127.0.0.1:1"}
	if l, err := amqp.Dial(t.Context(), in); !errors.Is(err, mq.ErrUnsupported) || strings.Contains(err.Error(), "password") {
		t.Errorf("%v, %v", l, err)
	}
}
