package queue_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/gateway/door"
	"nks/gateway/door/doortest"
	"nks/gateway/door/queue"
	"nks/mq"
	"nks/mq/jetstream"
)

// TestDoor: the queue keeps what every door promises.
func TestDoor(t *testing.T) {
	t.Parallel()
	doortest.Run(t, func(t *testing.T, s *doortest.Stage) doortest.Client { return newSuppliers(t, s) })
}

const secret = "a supplier's secret"

// suppliers is the suppliers' side of a running broker with a door at each queue.
type suppliers struct {
	stage  *doortest.Stage
	broker *jetstream.Broker
	sides  map[string]*side
	stop   context.CancelFunc
	loops  sync.WaitGroup
}

// side is one supplier's connection, and what has been settled of its queue.
type side struct {
	conn    *nats.Conn
	js      js.JetStream
	answers js.Consumer
	settled *settled // by sequence
}

func newSuppliers(t *testing.T, s *doortest.Stage) *suppliers {
	t.Helper()
	q := &suppliers{stage: s, sides: map[string]*side{}, stop: func() {}}
	var logins []jetstream.Supplier
	for _, party := range doortest.Parties() {
		logins = append(logins, jetstream.Supplier{Name: party, Password: secret})
	}
	var err error
	if q.broker, err = jetstream.Start(t.Context(), jetstream.Config{Dir: t.TempDir(), AckWait: 2 * time.Second, Suppliers: logins}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.broker.Close)
	for _, party := range doortest.Parties() {
		q.sides[party] = connect(t, q.broker, party)
	}
	q.open()
	t.Cleanup(q.close)
	return q
}

func connect(t *testing.T, b *jetstream.Broker, party string) *side {
	t.Helper()
	s := &side{settled: newSettled()}
	var err error
	if s.conn, err = nats.Connect(b.URL(), nats.UserInfo(party, secret)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.conn.Close)
	if s.js, err = js.New(s.conn); err != nil {
		t.Fatal(err)
	}
	s.answers, err = s.js.CreateOrUpdateConsumer(t.Context(), "NKS_OUT", js.ConsumerConfig{Durable: "supplier", AckPolicy: js.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open runs the doors.
func (q *suppliers) open() {
	var ctx context.Context
	ctx, q.stop = context.WithCancel(context.Background())
	for party, side := range q.sides {
		d := &queue.Door{Supplier: party, Out: mq.Address{Queue: jetstream.Out(party)}, Correlation: jetstream.Correlation,
			Intake: q.stage.Intake, Answers: q.stage.Queueing(door.Queue), Arrived: func(int) {}, Poll: 10 * time.Millisecond, Retry: time.Millisecond,
			Open: func(ctx context.Context) (mq.Link, error) {
				l, err := q.broker.Open(ctx, party, "")
				return &watched{l, side.settled, sequenceIn}, err
			},
			Failed: func(name string, err error) { q.stage.Hear(name + ": " + err.Error()) }}
		q.loops.Go(func() { d.Receive(ctx) })
		q.loops.Go(func() { d.Answer(ctx) })
	}
}

func (q *suppliers) close() {
	q.stop()
	q.loops.Wait()
}

// Restart implements doortest.Client.
func (q *suppliers) Restart() {
	q.close()
	q.open()
}

func sequenceIn(d *mq.Delivery) string { return fmt.Sprint(d.Handle.(uint64)) }

// Traits implements doortest.Client: the queue vouches for the login.
func (q *suppliers) Traits() doortest.Traits {
	return doortest.Traits{Kind: door.Queue, Queued: true, Resends: true, Evidence: func(party string) string { return party }}
}

// Send implements doortest.Client. The door's client is the queue: it is told by the message's settling, which its sender
// does not see.
func (q *suppliers) Send(ctx context.Context, party, key string, body []byte) error {
	s := q.sides[party]
	sequence, err := s.put(ctx, party, key, body)
	if err != nil {
		return err
	}
	return s.settled.outcome(ctx, fmt.Sprint(sequence), func(reason string) error { return q.parked(ctx, party, body, reason) })
}

// put puts a message until the broker has stored it: within a tenth of a second it takes the same id for the same message.
func (s *side) put(ctx context.Context, party, key string, body []byte) (uint64, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ack, err := s.js.Publish(ctx, jetstream.In(party), body, js.WithMsgID(key))
		if err != nil || !ack.Duplicate {
			return sequenceOf(ack), err
		}
		<-tick.C
	}
}

func sequenceOf(ack *js.PubAck) uint64 {
	if ack == nil {
		return 0
	}
	return ack.Sequence
}

// parked takes the message that a person would find.
func (q *suppliers) parked(ctx context.Context, party string, body []byte, reason string) error {
	l, err := q.broker.Open(ctx, party, jetstream.Parked(party))
	if err != nil {
		return err
	}
	return takeParked(ctx, l, body, reason)
}

// SendHalf implements doortest.Client: the connection ends inside a message, and the broker has seen its end.
func (q *suppliers) SendHalf(ctx context.Context, party, key string, body []byte) error {
	dialed, err := new(net.Dialer).DialContext(ctx, "tcp", q.broker.Addr())
	if err != nil {
		return err
	}
	conn := dialed.(*net.TCPConn)
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	from := bufio.NewReader(conn)
	if _, err := from.ReadString('\n'); err != nil { // INFO
		return err
	}
	login, err := json.Marshal(map[string]any{"user": party, "pass": secret, "verbose": true, "headers": true})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "CONNECT %s\r\n", login); err != nil {
		return err
	}
	if answer, err := from.ReadString('\n'); err != nil || answer != "+OK\r\n" {
		return fmt.Errorf("login: %q, %w", answer, err)
	}
	head := "NATS/1.0\r\nNats-Msg-Id: " + key + "\r\n\r\n"
	_, err = fmt.Fprintf(conn, "HPUB %s %d %d\r\n%s%s", jetstream.In(party), len(head), len(head)+len(body), head, body[:len(body)/2])
	if err := errors.Join(err, conn.CloseWrite()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, from)
	return err
}

// Next implements doortest.Client.
func (q *suppliers) Next(ctx context.Context, party string) (doortest.Answer, error) {
	batch, err := q.sides[party].answers.Fetch(1, js.FetchContext(ctx))
	if err != nil {
		return doortest.Answer{}, err
	}
	m, ok := <-batch.Messages()
	if !ok {
		return doortest.Answer{}, errors.Join(batch.Error(), errors.New("no answer"))
	}
	return doortest.Answer{Name: m.Headers().Get(js.MsgIDHeader), Body: m.Data()}, m.DoubleAck(ctx)
}

// Left implements doortest.Client.
func (q *suppliers) Left(ctx context.Context, party string) (int, error) {
	out, err := q.sides[party].js.Stream(ctx, "NKS_OUT")
	if err != nil {
		return 0, err
	}
	return int(out.CachedInfo().State.Msgs), nil
}
