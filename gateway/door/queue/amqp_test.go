package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	wire1 "github.com/Azure/go-amqp"

	"nks/gateway/door"
	"nks/gateway/door/doortest"
	"nks/gateway/door/queue"
	"nks/mq"
	"nks/mq/amqp"
	"nks/mq/amqp/amqptest"
)

// mostStages is more than the suite has cases.
const mostStages = 40

// TestDoor_AMQP: the same over a RabbitMQ, which the suppliers' side speaks to with the plain library.
func TestDoor_AMQP(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range mostStages {
		for _, party := range doortest.Parties() {
			for _, kind := range []string{"in", "out", "parked"} {
				names = append(names, queueAt(i, party, kind))
			}
		}
	}
	rabbit := amqptest.StartRabbit(t, amqptest.Config{Users: []amqptest.User{{Name: "nks", Password: secret, Read: ".*", Write: ".*"}},
		Queues: amqptest.Queues(names...)})
	var stages atomic.Int32
	t.Run("cases", func(t *testing.T) {
		doortest.Run(t, func(t *testing.T, s *doortest.Stage) doortest.Client {
			return newRabbitSuppliers(t, rabbit, s, int(stages.Add(1)))
		})
	})
}

func queueAt(stage int, party, kind string) string {
	return fmt.Sprintf("%d.%s.%s", stage, party, kind)
}

// rabbitSuppliers is the suppliers' side of a RabbitMQ with a door at each queue.
type rabbitSuppliers struct {
	at     int
	stage  *doortest.Stage
	rabbit *amqptest.Rabbit
	sides  map[string]*rabbitSide
	stop   context.CancelFunc
	loops  sync.WaitGroup
	tries  atomic.Int64
}

// rabbitSide is one supplier's connection, and what has been settled of its queue.
type rabbitSide struct {
	session *wire1.Session
	sender  *wire1.Sender
	answers *wire1.Receiver
	settled *settled // by try
}

func newRabbitSuppliers(t *testing.T, rabbit *amqptest.Rabbit, s *doortest.Stage, at int) *rabbitSuppliers {
	t.Helper()
	q := &rabbitSuppliers{at: at, stage: s, rabbit: rabbit, sides: map[string]*rabbitSide{}, stop: func() {}}
	for _, party := range doortest.Parties() {
		side := &rabbitSide{settled: newSettled()}
		conn, session := plainSession(t.Context(), t, rabbit)
		t.Cleanup(func() { _ = conn.Close() })
		side.session = session
		var err error
		if side.sender, err = session.NewSender(t.Context(), "/amq/queue/"+queueAt(at, party, "in"), nil); err != nil {
			t.Fatal(err)
		}
		if side.answers, err = session.NewReceiver(t.Context(), "/amq/queue/"+queueAt(at, party, "out"), &wire1.ReceiverOptions{Credit: -1}); err != nil {
			t.Fatal(err)
		}
		q.sides[party] = side
	}
	q.open()
	t.Cleanup(q.close)
	return q
}

func plainSession(ctx context.Context, t *testing.T, rabbit *amqptest.Rabbit) (*wire1.Conn, *wire1.Session) {
	t.Helper()
	conn, err := wire1.Dial(ctx, rabbit.URL(), &wire1.ConnOptions{SASLType: wire1.SASLTypePlain("nks", secret)})
	if err != nil {
		t.Fatal(err)
	}
	session, err := conn.NewSession(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, session
}

func (q *rabbitSuppliers) login(party string) amqp.Login {
	return amqp.Login{Peer: amqp.RabbitMQ, URLs: []string{q.rabbit.URL()}, User: "nks", Password: secret, Queue: queueAt(q.at, party, "in"),
		Parked: queueAt(q.at, party, "parked")}
}

// open runs the doors.
func (q *rabbitSuppliers) open() {
	var ctx context.Context
	ctx, q.stop = context.WithCancel(context.Background())
	for party, side := range q.sides {
		d := &queue.Door{Supplier: party, Out: mq.Address{Queue: queueAt(q.at, party, "out")}, Correlation: amqp.Correlation,
			Intake: q.stage.Intake, Answers: q.stage.Queueing(door.Queue), Arrived: func(int) {}, Poll: 10 * time.Millisecond, Retry: time.Millisecond,
			Open: func(ctx context.Context) (mq.Link, error) {
				l, err := amqp.Dial(ctx, q.login(party))
				return &watched{l, side.settled, tryOf}, err
			},
			Failed: func(name string, err error) { q.stage.Hear(name + ": " + err.Error()) }}
		q.loops.Go(func() { d.Receive(ctx) })
		q.loops.Go(func() { d.Answer(ctx) })
	}
}

func (q *rabbitSuppliers) close() {
	q.stop()
	q.loops.Wait()
}

// Restart implements doortest.Client.
func (q *rabbitSuppliers) Restart() {
	q.close()
	q.open()
}

// propTry tells the suite's tries apart.
const propTry = "try"

func tryOf(d *mq.Delivery) string { return d.Props[propTry] }

// Traits implements doortest.Client: nobody vouches for who puts, and nobody says when.
func (q *rabbitSuppliers) Traits() doortest.Traits {
	return doortest.Traits{Kind: door.Queue, Resends: true, Evidence: func(string) string { return "" }}
}

func (q *rabbitSuppliers) message(key string, body []byte) (*wire1.Message, string) {
	try := fmt.Sprint(q.tries.Add(1))
	m := wire1.NewMessage(body)
	m.Header, m.Properties = &wire1.MessageHeader{Durable: true}, &wire1.MessageProperties{MessageID: key}
	m.ApplicationProperties = map[string]any{propTry: try}
	return m, try
}

// Send implements doortest.Client. The door's client is the queue: it is told by the message's settling, which its sender does not see.
func (q *rabbitSuppliers) Send(ctx context.Context, party, key string, body []byte) error {
	m, try := q.message(key, body)
	s := q.sides[party]
	if err := s.sender.Send(ctx, m, nil); err != nil {
		return err
	}
	return s.settled.outcome(ctx, try, func(reason string) error { return q.parked(ctx, party, body, reason) })
}

// parked takes the message that a person would find.
func (q *rabbitSuppliers) parked(ctx context.Context, party string, body []byte, reason string) error {
	in := q.login(party)
	in.Queue, in.Parked = in.Parked, ""
	l, err := amqp.Dial(ctx, in)
	if err != nil {
		return err
	}
	return takeParked(ctx, l, body, reason)
}

// halved writes half of the first transfer and hangs up.
type halved struct{ net.Conn }

// transfer begins the body of a frame with a message: a described type of the code 0x14.
var transfer = []byte{0x00, 0x53, 0x14}

func (h halved) Write(p []byte) (int, error) {
	if !bytes.Contains(p, transfer) {
		return h.Conn.Write(p)
	}
	n, err := h.Conn.Write(p[:len(p)/2])
	conn := h.Conn.(*net.TCPConn)
	return n, errors.Join(err, conn.CloseWrite(), io.ErrClosedPipe)
}

// SendHalf implements doortest.Client: the connection ends inside a message, and the broker has seen its end.
func (q *rabbitSuppliers) SendHalf(ctx context.Context, party, key string, body []byte) error {
	dialed, err := new(net.Dialer).DialContext(ctx, "tcp", q.rabbit.Address())
	if err != nil {
		return err
	}
	conn, err := wire1.NewConn(ctx, halved{dialed}, &wire1.ConnOptions{SASLType: wire1.SASLTypePlain("nks", secret), HostName: "localhost"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	session, err := conn.NewSession(ctx, nil)
	if err != nil {
		return err
	}
	sender, err := session.NewSender(ctx, "/amq/queue/"+queueAt(q.at, party, "in"), nil)
	if err != nil {
		return err
	}
	m, _ := q.message(key, body)
	if err := sender.Send(ctx, m, nil); err == nil {
		return errors.New("half a message was accepted")
	}
	return nil
}

// Next implements doortest.Client.
func (q *rabbitSuppliers) Next(ctx context.Context, party string) (doortest.Answer, error) {
	r := q.sides[party].answers
	m := r.Prefetched()
	if m == nil {
		if err := r.IssueCredit(1); err != nil {
			return doortest.Answer{}, err
		}
		var err error
		if m, err = r.Receive(ctx, nil); err != nil {
			return doortest.Answer{}, err
		}
	}
	name, _ := m.Properties.MessageID.(string)
	return doortest.Answer{Name: name, Body: m.GetData()}, r.AcceptMessage(ctx, m)
}

// Left implements doortest.Client: AMQP cannot count, and the broker answers a look by another connection.
func (q *rabbitSuppliers) Left(ctx context.Context, party string) (int, error) {
	in := q.login(party)
	in.Queue, in.Parked = queueAt(q.at, party, "out"), ""
	l, err := amqp.Dial(ctx, in)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close(ctx) }() // gives them back
	for n := 0; ; n++ {
		wait, cancel := context.WithTimeout(ctx, 150*time.Millisecond)
		_, err := l.Receive(wait)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
