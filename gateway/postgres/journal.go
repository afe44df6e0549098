package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"nks/gateway"
	"nks/journal"
)

// What the journal has, each before it becomes visible outside.
const (
	JournalDelivery journal.Kind = "delivery"  // before its sender is told that it was taken
	JournalFrozen   journal.Kind = "frozen"    // an interchange with all that was frozen in it, before any of its release is sent
	JournalOrders   journal.Kind = "orders"    // some of its orders
	JournalSending  journal.Kind = "sending"   // an attempt to send it, before the rename
	JournalSent     journal.Kind = "sent"      // that its bank has it, as soon as that is known
	JournalBankFile journal.Kind = "bank file" // before it is removed from the bank's mailbox
	JournalAnswer   journal.Kind = "answer"    // before its supplier can read it
	JournalDecision journal.Kind = "decision"  // after it was carried out
	JournalParked   journal.Kind = "parked"    // before the queue forgets a message that was not taken
)

// Quiet is whether the database may be one that was set back: then nothing is taken, released, sent or decided. Safe for
// concurrent use; nil: never.
type Quiet struct{ why atomic.Pointer[string] }

// Set makes it quiet, for a reason; "" ends it.
func (q *Quiet) Set(why string) { q.why.Store(&why) }

// Why is the reason; "" while it is not quiet.
func (q *Quiet) Why() string {
	if q == nil {
		return ""
	}
	if why := q.why.Load(); why != nil {
		return *why
	}
	return ""
}

// Refuse is an error while it is quiet, which may pass.
func (q *Quiet) Refuse() error {
	if why := q.Why(); why != "" {
		return fmt.Errorf("%w: the gateway is quiet: %s", gateway.ErrTransient, why)
	}
	return nil
}

// Keep puts a record in the journal, unless it is there: a query gives its key, the document whose bytes it is about (null: none) and
// its facts as JSON. Without a journal it does nothing.
func (b *Base) Keep(ctx context.Context, kind journal.Kind, query string, args ...any) error {
	if b.Journal == nil {
		return nil
	}
	r := journal.Record{Kind: kind, At: b.Now()}
	var document *int64
	var facts string
	if err := b.DB.QueryRowContext(ctx, query, args...).Scan(&r.Key, &document, &facts); err != nil {
		return fmt.Errorf("journal: %s: %w", kind, Transient(err))
	}
	if b.Journal.Has(kind, r.Key) {
		return nil
	}
	r.Facts = json.RawMessage(facts)
	if document == nil {
		return keepFailed(b.Journal.Append(r, 0, nil))
	}
	var size int64
	err := b.DB.QueryRowContext(ctx, `SELECT encode(d.sha256, 'hex'), (SELECT coalesce(sum(octet_length(p.data)), 0) FROM document_piece p WHERE p.document_id = d.id)
		FROM document d WHERE d.id = $1`, *document).Scan(&r.SHA256, &size)
	if err != nil {
		return fmt.Errorf("journal: document %d: %w", *document, Transient(err))
	}
	return keepFailed(b.Journal.Append(r, size, &pieces{ctx: ctx, db: b.DB, document: *document}))
}

// KeepDelivery records a delivery, unless that was done.
func (b *Base) KeepDelivery(ctx context.Context, id int64) error {
	return b.Keep(ctx, JournalDelivery, `SELECT concat_ws(' ', d.id, left(encode(d.sha256, 'hex'), 16)), d.document_id, row_to_json(d) FROM delivery d WHERE d.id = $1`, id)
}

// KeepRows puts rows, as a JSON array, in the journal, compressed.
func (b *Base) KeepRows(kind journal.Kind, key string, rows []byte) error {
	return b.keepBytes(journal.Record{Kind: kind, Key: key}, rows)
}

// KeepContent puts facts and the bytes that they are about in the journal, unless that was done. Without a journal it does nothing.
func (b *Base) KeepContent(kind journal.Kind, key string, facts json.RawMessage, content []byte) error {
	if b.Journal == nil || b.Journal.Has(kind, key) {
		return nil
	}
	return b.keepBytes(journal.Record{Kind: kind, Key: key, SHA256: fmt.Sprintf("%x", sha256.Sum256(content)), Facts: facts}, content)
}

func (b *Base) keepBytes(r journal.Record, content []byte) error {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	small := enc.EncodeAll(content, nil)
	r.At = b.Now()
	return keepFailed(b.Journal.Append(r, int64(len(small)), bytes.NewReader(small)))
}

// keepFailed marks a failure of the journal: what it did not take must not become visible, and may be tried again.
func keepFailed(err error) error { return Transient(err) }

// pieces gives a document's stored pieces as they are compressed, one after the other.
type pieces struct {
	ctx      context.Context
	db       Queryer
	document int64
	n        int
	rest     []byte
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.rest) == 0 {
		err := p.db.QueryRowContext(p.ctx, `SELECT data FROM document_piece WHERE document_id = $1 AND n = $2`, p.document, p.n).Scan(&p.rest)
		if err != nil {
			return 0, fmt.Errorf("document %d piece %d: %w", p.document, p.n, err)
		}
		p.n++
	}
	k := copy(to, p.rest)
	p.rest = p.rest[k:]
	return k, nil
}

// Kept opens the bytes of a record.
func Kept(r journal.Record) (io.ReadCloser, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	return closing{dec.IOReadCloser(), body}, nil
}

// closing closes two.
type closing struct {
	io.ReadCloser
	under io.Closer
}

func (c closing) Close() error {
	_ = c.ReadCloser.Close()
	return c.under.Close()
}
