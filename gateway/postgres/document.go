package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"nks/gateway"
)

// PieceBytes is how much of a document one row holds before compression.
const PieceBytes = 1 << 20

// DocumentWriter stores raw bytes piece by piece. Its document counts as complete only after Finish.
type DocumentWriter struct {
	ctx  context.Context
	db   Execer
	id   int64
	n    int
	size int64
	sum  hash.Hash
	buf  []byte
	enc  *zstd.Encoder
}

// NewDocument begins a document.
func (b *Base) NewDocument(ctx context.Context, db Queryer) (*DocumentWriter, error) {
	return b.newDocument(ctx, db, sql.NullInt64{})
}

// newDocument begins a document that may be an answer to a delivery.
func (b *Base) newDocument(ctx context.Context, db Queryer, delivery sql.NullInt64) (*DocumentWriter, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(PieceBytes)) // a piece is compressed by itself
	if err != nil {
		return nil, fmt.Errorf("new document: %w", err)
	}
	w := &DocumentWriter{ctx: ctx, db: db, sum: sha256.New(), enc: enc}
	now := b.Now()
	month, err := b.EnsureMonth(ctx, db, now)
	if err == nil {
		err = db.QueryRowContext(ctx, `INSERT INTO document (id, made_at, delivery_id) VALUES ($1::bigint + nextval('document_number'), $2, $3)
			RETURNING id`, month.IDs(), now, delivery).Scan(&w.id)
	}
	if err != nil {
		return nil, fmt.Errorf("new document: %w", err)
	}
	return w, nil
}

// ID is the document's key.
func (w *DocumentWriter) ID() int64 { return w.id }

// Size is how many bytes have been written, those that wait for a piece to fill included.
func (w *DocumentWriter) Size() int64 { return w.size + int64(len(w.buf)) }

// Through makes the pieces that follow go through another execer.
func (w *DocumentWriter) Through(db Execer) { w.db = db }

// Write implements io.Writer.
func (w *DocumentWriter) Write(p []byte) (int, error) {
	done := 0
	for len(p) > 0 {
		if w.buf == nil {
			w.buf = make([]byte, 0, PieceBytes)
		}
		k := min(len(p), PieceBytes-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p, done = p[k:], done+k
		if len(w.buf) == PieceBytes {
			if err := w.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

func (w *DocumentWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	w.sum.Write(w.buf)
	_, err := w.db.ExecContext(w.ctx, `INSERT INTO document_piece (document_id, n, data) VALUES ($1, $2, $3)`,
		w.id, w.n, w.enc.EncodeAll(w.buf, nil))
	if err != nil {
		return fmt.Errorf("document %d piece %d: %w", w.id, w.n, err)
	}
	w.size += int64(len(w.buf))
	w.n++
	w.buf = w.buf[:0]
	return nil
}

// Finish stores what is left and the size and hash of the whole, through db (which may be a transaction that began
// after the pieces were stored).
func (w *DocumentWriter) Finish(ctx context.Context, db Execer) (sum []byte, err error) {
	w.ctx, w.db = ctx, db
	if err := w.flush(); err != nil {
		return nil, err
	}
	sum = w.sum.Sum(nil)
	r, err := db.ExecContext(ctx, `UPDATE document SET size = $2, sha256 = $3 WHERE id = $1`, w.id, w.size, sum)
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", w.id, err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return nil, fmt.Errorf("document %d took so long that it was swept: %w", w.id, cmp.Or(err, gateway.ErrTransient))
	}
	return sum, nil
}

// InMonth takes a document that began to arrive in an earlier month along to the one in which it becomes something, and gives its
// id: a month that is erased takes its documents with it.
func (x *Session) InMonth(ctx context.Context, document int64, month gateway.Month) (int64, error) {
	if document >= month.IDs() {
		return document, nil
	}
	var id int64
	err := x.QueryRowContext(ctx, `INSERT INTO document (id, size, sha256, made_at) SELECT $2::bigint + nextval('document_number'), size, sha256, made_at
		FROM document WHERE id = $1 RETURNING id`, document, month.IDs()).Scan(&id)
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO document_piece (document_id, n, data) SELECT $2, n, data FROM document_piece WHERE document_id = $1`, document, id)
	}
	if err != nil {
		return 0, fmt.Errorf("document %d into month %s: %w", document, month.Name(), err)
	}
	return id, x.DeleteDocument(ctx, document)
}

// BelongsToDelivery says of a complete document that it is what a delivery brought.
func (x *Session) BelongsToDelivery(ctx context.Context, document, delivery int64) error {
	err := x.UpdateOne(ctx, `UPDATE document SET delivery_id = $2 WHERE id = $1 AND delivery_id IS NULL AND bank_file_id IS NULL`, document, delivery)
	if err != nil {
		return fmt.Errorf("document %d: %w", document, err)
	}
	return nil
}

// BelongsToBankFile says of a complete document that it is what a bank sent.
func (x *Session) BelongsToBankFile(ctx context.Context, document, file int64) error {
	err := x.UpdateOne(ctx, `UPDATE document SET bank_file_id = $2 WHERE id = $1 AND delivery_id IS NULL AND bank_file_id IS NULL`, document, file)
	if err != nil {
		return fmt.Errorf("document %d: %w", document, err)
	}
	return nil
}

// unreferenced is true of a document d that nothing received has.
const unreferenced = `d.delivery_id IS NULL AND d.bank_file_id IS NULL
	AND NOT EXISTS (SELECT 1 FROM mailbox_upload r WHERE r.document_id = d.id)`

// unfinishedAfter is how long a document may take to arrive.
const unfinishedAfter = 24 * time.Hour

// DropUnfinished deletes documents that began to arrive long ago and never were complete, and says how many: a process that died left
// them.
func (b *Base) DropUnfinished(ctx context.Context) (n int, err error) {
	err = b.DB.GetContext(ctx, &n, `WITH gone AS (DELETE FROM document d WHERE d.sha256 IS NULL AND d.made_at < $1 AND `+unreferenced+` RETURNING d.id),
		pieces AS (DELETE FROM document_piece p WHERE p.document_id = ANY (ARRAY(SELECT id FROM gone)))
		SELECT count(*) FROM gone`, b.Now().Add(-unfinishedAfter))
	if err != nil {
		return 0, fmt.Errorf("drop unfinished documents: %w", Transient(err))
	}
	return n, nil
}

// NextUnfinished is the business time at which the oldest document that is not complete is dropped; zero: there is none.
func (b *Base) NextUnfinished(ctx context.Context) (time.Time, error) {
	var oldest sql.NullTime
	if err := b.DB.GetContext(ctx, &oldest, `SELECT min(made_at) FROM document WHERE sha256 IS NULL`); err != nil {
		return time.Time{}, fmt.Errorf("unfinished documents: %w", Transient(err))
	}
	if !oldest.Valid {
		return time.Time{}, nil
	}
	return oldest.Time.Add(unfinishedAfter).Add(time.Microsecond), nil
}

// DropDocument deletes a document that is not wanted after all.
func (b *Base) DropDocument(ctx context.Context, id int64) error {
	_, err := b.DB.ExecContext(context.WithoutCancel(ctx), `WITH gone AS (DELETE FROM document d WHERE d.id = $1 AND `+unreferenced+` RETURNING d.id)
		DELETE FROM document_piece p WHERE p.document_id = $1 AND EXISTS (SELECT FROM gone)`, id)
	if err != nil {
		return fmt.Errorf("drop document %d: %w", id, Transient(err))
	}
	return nil
}

// DeleteDocument deletes a document within the transaction.
func (x *Session) DeleteDocument(ctx context.Context, id int64) error {
	_, err := x.ExecContext(ctx, `WITH gone AS (DELETE FROM document WHERE id = $1) DELETE FROM document_piece WHERE document_id = $1`, id)
	if err != nil {
		return fmt.Errorf("delete document %d: %w", id, err)
	}
	return nil
}

// StoreDocument stores a small document whole.
func (b *Base) StoreDocument(ctx context.Context, db Queryer, content []byte) (id int64, sum []byte, err error) {
	w, err := b.NewDocument(ctx, db)
	if err != nil {
		return 0, nil, err
	}
	if _, err := w.Write(content); err != nil {
		return 0, nil, err
	}
	sum, err = w.Finish(ctx, db)
	return w.id, sum, err
}

// documentReader streams a document piece by piece, each in a query of its own: no transaction stays open.
type documentReader struct {
	ctx   context.Context
	db    Queryer
	id    int64
	n     int
	dec   *zstd.Decoder
	piece []byte
	rest  []byte
	total int64
}

// OpenDocument opens stored bytes for reading from the start, through a transaction or by itself.
func (b *Base) OpenDocument(ctx context.Context, db Queryer, id int64) (io.ReadCloser, error) {
	return openPieces(ctx, db, id)
}

func openPieces(ctx context.Context, db Queryer, id int64) (*documentReader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*PieceBytes))
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", id, err)
	}
	return &documentReader{ctx: ctx, db: db, id: id, dec: dec}, nil
}

func (r *documentReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		err := r.load(r.n)
		if errors.Is(err, io.EOF) {
			return 0, r.whole()
		}
		if err != nil {
			return 0, err
		}
		r.rest = r.piece
		r.total += int64(len(r.piece))
		r.n++
	}
	k := copy(p, r.rest)
	r.rest = r.rest[k:]
	return k, nil
}

// whole is io.EOF when every byte of the document was read. A piece that is missing is a fault of ours and must not
// look like a short document.
func (r *documentReader) whole() error {
	var size int64
	if err := r.db.QueryRowContext(r.ctx, `SELECT size FROM document WHERE id = $1`, r.id).Scan(&size); err != nil {
		return fmt.Errorf("document %d: %w", r.id, Transient(err))
	}
	if r.total != size {
		return fmt.Errorf("document %d has %d bytes of %d", r.id, r.total, size)
	}
	return io.EOF
}

// load fetches piece n; io.EOF past the last one.
func (r *documentReader) load(n int) error {
	var data []byte
	err := r.db.QueryRowContext(r.ctx, `SELECT data FROM document_piece WHERE document_id = $1 AND n = $2`, r.id, n).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("document %d piece %d: %w", r.id, n, Transient(err))
	}
	r.piece, err = r.dec.DecodeAll(data, r.piece[:0])
	if err != nil {
		return fmt.Errorf("document %d piece %d: %w", r.id, n, err)
	}
	return nil
}

// Close releases the decoder.
func (r *documentReader) Close() error {
	r.dec.Close()
	return nil
}

// Document reads stored bytes at any offset, one piece in memory at a time.
type Document struct {
	documentReader
	mu     sync.Mutex
	size   int64
	loaded int
}

// ReadAt implements io.ReaderAt.
func (r *Document) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for done < len(p) {
		if off >= r.size {
			return done, io.EOF
		}
		n := int(off / PieceBytes)
		if n != r.loaded {
			if err := r.load(n); err != nil {
				return done, err
			}
			r.loaded = n
		}
		k := copy(p[done:], r.piece[off%PieceBytes:])
		done, off = done+k, off+int64(k)
	}
	return done, nil
}

// Size is the document's size in bytes.
func (r *Document) Size() int64 { return r.size }

// OpenRandom opens a complete document for reading at any offset; gateway.ErrNotFound when there is none.
func (b *Base) OpenRandom(ctx context.Context, id int64) (*Document, error) {
	d, err := openPieces(ctx, b.DB, id)
	if err != nil {
		return nil, err
	}
	r := &Document{documentReader: *d, loaded: -1}
	// The bytes of a month may be erased before the rest of it.
	err = b.DB.QueryRowContext(ctx, `SELECT size FROM document WHERE id = $1 AND sha256 IS NOT NULL AND NOT bytes_are_erased(id)`, id).Scan(&r.size)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("document %d: %w", id, gateway.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", id, Transient(err))
	}
	return r, nil
}

// Raw opens stored bytes for reading from the start.
func (b *Base) Raw(ctx context.Context, id int64) (io.ReadCloser, error) {
	return b.OpenDocument(ctx, b.DB, id)
}
