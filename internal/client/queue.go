package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	own "nks/mq/jetstream"
)

// DeriveID makes a message id of a document's bytes: the same bytes are the same message, however often they are sent, and
// a document that was changed is another.
func DeriveID(document []byte) string { return fmt.Sprintf("sha256-%.16x", sha256.Sum256(document)) }

// queue sends one document to the message queue and looks at its answers without taking any: others may belong to others.
type queue struct {
	supplier string
	ids      map[string]bool // of what is ours
	conn     *nats.Conn
	api      jetstream.JetStream
	out      jetstream.Stream
	next     uint64            // of the out queue, the first message that was not looked at
	ours     map[string][]byte // answers to our message, by file name
}

const (
	// streamOut holds the supplier's answers.
	streamOut = "NKS_OUT"
	// dialTime and talkTime bound one conversation with the broker: one that stands still must not stop us for ever.
	dialTime = 10 * time.Second
	talkTime = 2 * time.Minute
)

func dialQueue(ctx context.Context, c Config) (*queue, error) {
	password, err := os.ReadFile(c.Password)
	if err != nil {
		return nil, err
	}
	options := []nats.Option{nats.UserInfo(c.Login, strings.TrimSpace(string(password))), nats.NoReconnect(), nats.Timeout(dialTime)}
	if c.CA != "" {
		options = append(options, nats.RootCAs(c.CA))
	}
	if c.Certificate != "" {
		options = append(options, nats.ClientCert(c.Certificate, c.CertificateKey))
	}
	conn, err := nats.Connect("nats://"+c.Queue, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w", c.Queue, err)
	}
	q := &queue{supplier: c.Login, ids: map[string]bool{c.As: true}, conn: conn, next: 1, ours: map[string][]byte{}}
	if err := q.open(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return q, nil
}

func (q *queue) open(ctx context.Context) (err error) {
	if q.api, err = jetstream.New(q.conn); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if q.out, err = q.api.Stream(ctx, streamOut); err != nil {
		return fmt.Errorf("open %s: %w", streamOut, err)
	}
	// Answers that nobody takes may be many: old ones of ours are looked for among the last.
	if last := q.out.CachedInfo().State.LastSeq; last > lookBack {
		q.next = last - lookBack
	}
	return nil
}

// MaxID is the longest message id that comes back in answers as it is.
const MaxID = 200

// UsableID reports whether a message id comes back in answers as it is.
func UsableID(id string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	return len(id) <= MaxID && !strings.ContainsFunc(id, odd) && strings.TrimSpace(id) == id
}

// lookBack is how many answers that were there before are looked at.
const lookBack = 1000

func (q *queue) close() { q.conn.Close() }

// upload implements post; as is the message id.
func (q *queue) upload(ctx context.Context, as string, document []byte) error {
	ctx, cancel := context.WithTimeout(ctx, talkTime)
	defer cancel()
	q.ids[as] = true
	_, err := q.api.PublishMsg(ctx, &nats.Msg{Subject: own.In(q.supplier), Data: document, Header: nats.Header{jetstream.MsgIDHeader: {as}}})
	var api *jetstream.APIError
	if errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &api) && api.ErrorCode == codeTooBig {
		return fmt.Errorf("%s: %d bytes are too big for a message (the broker takes %d with headers); send it by the mailbox: --via sftp",
			as, len(document), q.conn.MaxPayload())
	}
	if err != nil {
		return fmt.Errorf("put %s, outcome unknown; the same again is safe: %w", as, err)
	}
	return nil
}

// codeTooBig is the broker's refusal of a message over its queue's own bound. // nats-server, errors.json
const codeTooBig = 10054

// list implements post: it looks at what has come since it last did.
func (q *queue) list(ctx context.Context) ([]string, error) {
	for {
		look, cancel := context.WithTimeout(ctx, talkTime)
		m, err := q.out.GetMsg(look, q.next, jetstream.WithGetMsgSubject(own.Out(q.supplier)))
		cancel()
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w", streamOut, err)
		}
		q.next = m.Sequence + 1
		if q.ids[m.Header.Get(own.HeaderCorrelation)] {
			q.ours[m.Header.Get(jetstream.MsgIDHeader)+".xml"] = m.Data
		}
	}
	var names []string
	for name := range q.ours {
		names = append(names, name)
	}
	return names, nil
}

// read implements post.
func (q *queue) read(_ context.Context, name string) ([]byte, error) {
	body, ok := q.ours[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return body, nil
}
