package authority

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names at the gateway's message broker, as docs/doors.md has them.
const (
	subjectIn = "nks.in."
	streamOut = "NKS_OUT"
)

const (
	// reader is the name under which answers are taken.
	reader = "supplier"
	// inHand is after how long an answer comes again that a process which died had in hand.
	inHand = 3 * time.Second
	// atOnce is how many answers are taken before the first is at home.
	atOnce = 20
	// headerRoom is what a message's headers need beside its body.
	headerRoom = 16 << 10
)

// queueAccess is what it takes to log in at the broker.
type queueAccess struct{ address, supplier, password string }

// readQueueAccess reads the supplier's password.
func readQueueAccess(address, supplier, file string) (queueAccess, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return queueAccess{}, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	return queueAccess{address, supplier, strings.TrimSpace(string(b))}, nil
}

// connectQueue logs in at the broker. A connection that is lost is not mended but replaced.
func connectQueue(a queueAccess) (*nats.Conn, jetstream.JetStream, error) {
	conn, err := nats.Connect("nats://"+a.address, nats.UserInfo(a.supplier, a.password), nats.NoReconnect(), nats.Timeout(dialTime))
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the broker at %s: %w", a.address, err)
	}
	api, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, api, nil
}

// queue is a connection to the supplier's queues at the gateway: a door as the mailbox is.
type queue struct {
	supplier string
	conn     *nats.Conn
	api      jetstream.JetStream
	answers  jetstream.Consumer
	held     map[string]jetstream.Msg // answers in hand, by file name
}

func dialQueue(ctx context.Context, a queueAccess) (*queue, error) {
	conn, api, err := connectQueue(a)
	if err != nil {
		return nil, err
	}
	q := &queue{supplier: a.supplier, conn: conn, api: api, held: map[string]jetstream.Msg{}}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	q.answers, err = api.CreateOrUpdateConsumer(ctx, streamOut, jetstream.ConsumerConfig{Durable: reader, AckPolicy: jetstream.AckExplicitPolicy, AckWait: inHand})
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open %s: %w", streamOut, err)
	}
	return q, nil
}

func (q *queue) close() { q.conn.Close() }

// takes reports whether a document fits into a message.
func (q *queue) takes(size int) bool { return int64(size) <= q.conn.MaxPayload()-headerRoom }

// upload puts a document into the queue under its name as message id. The confirmation is the broker's word that it has it.
func (q *queue) upload(ctx context.Context, as string, b []byte) error {
	if err := publish(ctx, q.api, q.supplier, as, b); err != nil {
		return fmt.Errorf("put %s: %w", as, err)
	}
	return nil
}

func publish(ctx context.Context, api jetstream.JetStream, supplier, id string, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, talkTime)
	defer cancel()
	_, err := api.PublishMsg(ctx, &nats.Msg{Subject: subjectIn + supplier, Data: b, Header: nats.Header{jetstream.MsgIDHeader: {id}}})
	return err
}

// list takes the next answers in hand and names them.
func (q *queue) list(context.Context) ([]string, error) {
	batch, err := q.answers.FetchNoWait(atOnce)
	if err != nil {
		return nil, fmt.Errorf("take answers: %w", err)
	}
	var names []string
	for m := range batch.Messages() {
		name := m.Headers().Get(jetstream.MsgIDHeader) + ".xml"
		if !plainName(name) {
			return nil, fmt.Errorf("take answers: %q is no name of an answer", name)
		}
		q.held[name] = m
		names = append(names, name)
	}
	if err := batch.Error(); err != nil {
		return nil, fmt.Errorf("take answers: %w", err)
	}
	return names, nil
}

// download writes an answer in hand to a local file and syncs it.
func (q *queue) download(_ context.Context, name, to string) (sum string, size int64, err error) {
	m, ok := q.held[name]
	if !ok {
		return "", 0, fmt.Errorf("answer %s is not in hand", name)
	}
	local, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err == nil {
		_, err = local.Write(m.Data())
	}
	if err == nil {
		err = local.Sync()
	}
	if local != nil {
		err = errors.Join(err, local.Close())
	}
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", errLocal, err)
	}
	return digest(m.Data()), int64(len(m.Data())), nil
}

// remove acknowledges an answer that is safe at home, and waits until the broker has taken note.
func (q *queue) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, talkTime)
	defer cancel()
	if err := q.held[name].DoubleAck(ctx); err != nil {
		return fmt.Errorf("acknowledge %s: %w", name, err)
	}
	delete(q.held, name)
	return nil
}
