package authority

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// DeriveID makes a message id of a document's bytes: the same bytes are the same message, however often they are sent, and
// a document that was changed is another.
func DeriveID(document []byte) string { return fmt.Sprintf("sha256-%.16x", sha256.Sum256(document)) }

// browser sends one document to the queue and looks at its answers without taking any: others may belong to others.
type browser struct {
	supplier, id string
	conn         *nats.Conn
	api          jetstream.JetStream
	out          jetstream.Stream
	next         uint64            // of the out queue, the first message that was not looked at
	ours         map[string][]byte // answers to our message, by file name
}

func dialBrowser(ctx context.Context, a queueAccess, id string) (*browser, error) {
	conn, api, err := connectQueue(a)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	out, err := api.Stream(ctx, streamOut)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open %s: %w", streamOut, err)
	}
	// Answers that nobody takes may be many: old ones of ours are looked for among the last.
	first := uint64(1)
	if last := out.CachedInfo().State.LastSeq; last > lookBack {
		first = last - lookBack
	}
	return &browser{supplier: a.supplier, id: id, conn: conn, api: api, out: out, next: first, ours: map[string][]byte{}}, nil
}

// lookBack is how many answers that were there before are looked at.
const lookBack = 1000

func (b *browser) close() { b.conn.Close() }

// upload implements post; as is the message id.
func (b *browser) upload(ctx context.Context, as string, document []byte) error {
	err := publish(ctx, b.api, b.supplier, as, document)
	var api *jetstream.APIError
	if errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &api) && api.ErrorCode == codeTooBig {
		return fmt.Errorf("%s: %d bytes are too big for a message (the broker takes %d with headers); send it by the mailbox: --via sftp",
			as, len(document), b.conn.MaxPayload())
	}
	if err != nil {
		return fmt.Errorf("put %s, outcome unknown; the same again is safe: %w", as, err)
	}
	return nil
}

// codeTooBig is the broker's refusal of a message over its queue's own bound. // nats-server, errors.json
const codeTooBig = 10054

// list implements post: it looks at what has come since it last did.
func (b *browser) list(ctx context.Context) ([]string, error) {
	for {
		look, cancel := context.WithTimeout(ctx, talkTime)
		m, err := b.out.GetMsg(look, b.next, jetstream.WithGetMsgSubject(subjectOut+b.supplier))
		cancel()
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w", streamOut, err)
		}
		b.next = m.Sequence + 1
		if m.Header.Get(correlationID) == b.id {
			b.ours[m.Header.Get(jetstream.MsgIDHeader)+".xml"] = m.Data
		}
	}
	var names []string
	for name := range b.ours {
		names = append(names, name)
	}
	return names, nil
}

// read implements post.
func (b *browser) read(_ context.Context, name string) ([]byte, error) {
	body, ok := b.ours[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return body, nil
}
