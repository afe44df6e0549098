package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/klauspost/compress/zstd"
)

// Excerpt is what is shown of a raw document.
type Excerpt struct {
	Text      string
	Truncated bool    // there is more of the viewer's own
	Missing   Missing // why nothing is shown; empty: something is
}

// Missing is why nothing is shown of a document.
type Missing string

// Reasons for showing nothing.
const (
	MissingBusy     Missing = "busy"     // many documents are being read
	MissingFailed   Missing = "failed"   // it cannot be read
	MissingErased   Missing = "erased"   // its bytes went with their month
	MissingLarge    Missing = "large"    // it is too large to be searched
	MissingNothing  Missing = "nothing"  // it does not name the payment
	MissingOthers   Missing = "others"   // it speaks of others, too
	MissingAccepted Missing = "accepted" // it names only what was rejected
)

const (
	pieceBytes  = 1 << 20
	excerptMost = 48 << 10  // bytes that are shown of one document
	readMost    = 256 << 20 // bytes that are read of one document to find them
)

// documentReader streams a raw document piece by piece, as far as the viewer may read it: what is not the viewer's own
// looks empty.
type documentReader struct {
	ctx  context.Context
	tx   *sqlx.Tx
	id   int64
	n    int
	dec  *zstd.Decoder
	buf  []byte
	rest []byte
	left int64
}

// errTooFar: what is looked for does not stand in the part of a document that a page reads.
var errTooFar = errors.New("document is too large for a page")

func openDocument(ctx context.Context, tx *sqlx.Tx, id int64) (*documentReader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*pieceBytes))
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", id, err)
	}
	return &documentReader{ctx: ctx, tx: tx, id: id, dec: dec, left: readMost}, nil
}

// Read implements io.Reader.
func (r *documentReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		var data []byte
		err := r.tx.QueryRowContext(r.ctx, `SELECT data FROM document_piece WHERE document_id = $1 AND n = $2`, r.id, r.n).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, r.whole()
		}
		if err == nil {
			r.buf, err = r.dec.DecodeAll(data, r.buf[:0])
		}
		if err != nil {
			return 0, fmt.Errorf("document %d piece %d: %w", r.id, r.n, err)
		}
		r.n++
		r.rest = r.buf
		if r.left -= int64(len(r.rest)); r.left < 0 {
			return 0, errTooFar
		}
	}
	k := copy(p, r.rest)
	r.rest = r.rest[k:]
	return k, nil
}

// whole is io.EOF when every byte of the document was read, or when nothing of it may be. A piece that is missing is a
// fault of ours and must not look like a short document.
func (r *documentReader) whole() error {
	var size int64
	err := r.tx.QueryRowContext(r.ctx, `SELECT size FROM document WHERE id = $1`, r.id).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("document %d: %w", r.id, err)
	}
	if read := readMost - r.left; read != size {
		return fmt.Errorf("document %d has %d bytes of %d", r.id, read, size)
	}
	return io.EOF
}

func (r *documentReader) close() { r.dec.Close() }

// read opens a document and looks for something in it. An excerpt is always given; what is in the way is said there.
func (r *Reader) read(ctx context.Context, tx *sqlx.Tx, document int64, find func(io.Reader) (*Excerpt, error)) *Excerpt {
	select {
	case r.heavy <- struct{}{}:
		defer func() { <-r.heavy }()
	case <-ctx.Done():
		return &Excerpt{Missing: MissingBusy}
	}
	var erased bool
	in, err := openDocument(ctx, tx, document)
	if err == nil {
		defer in.close()
		err = tx.GetContext(ctx, &erased, `SELECT bytes_are_erased($1)`, document)
	}
	if erased {
		return &Excerpt{Missing: MissingErased}
	}
	if err != nil {
		r.log.Error().Err(err).Msg("document cannot be shown")
		return &Excerpt{Missing: MissingFailed}
	}
	e, err := find(in)
	switch {
	case errors.Is(err, errTooFar):
		return &Excerpt{Missing: MissingLarge}
	case errors.Is(err, errNotInIt), err == nil && e.Text == "":
		return &Excerpt{Missing: MissingNothing}
	case err != nil:
		r.log.Error().Err(err).Msg("document cannot be shown")
		return &Excerpt{Missing: MissingFailed}
	}
	return e
}

// errNotInIt: the document does not hold what is looked for.
var errNotInIt = errors.New("not in the document")

// answerHead shows the beginning of an answer's document.
func (r *Reader) answerHead(ctx context.Context, tx *sqlx.Tx, a Answer) *Excerpt {
	return r.read(ctx, tx, a.Document, func(in io.Reader) (*Excerpt, error) {
		text, err := io.ReadAll(io.LimitReader(in, answerBytes+1))
		if err != nil {
			return nil, err
		}
		shown := readable(text[:min(len(text), answerBytes)])
		return &Excerpt{Text: masker{ours: []string{a.id()}}.mask(shown), Truncated: len(text) > answerBytes}, nil
	})
}

// readable is bytes of UTF-8 or ISO 8859-1 as text without what a page cannot hold.
func readable(b []byte) string {
	// A cut may have gone through a character.
	for len(b) > 0 && !utf8.Valid(b) && utf8.Valid(b[:len(b)-1]) {
		b = b[:len(b)-1]
	}
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
