package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/door"
)

// Answers writes receipts and responses: a number without holes, a stored document, a row that lies ready for the
// supplier's door.
type Answers struct {
	*Base
	OwnName string // NKS or NKSTEST
	OwnGLN  string
	Encode  gateway.NewAnswerEncoder
	// Copies are the suppliers that get responses 7, 8 and 9 for people, too, by Copy.
	Copies []string
	Copy   gateway.NewAnswerEncoder
	// Endpoints are the suppliers to whom answers are sent; for others what answers the signed endpoint lies in the mailbox.
	Endpoints []string
}

// Answering is an answer that is being written: its number is drawn, its document grows.
type Answering struct {
	gateway.Answer
	Delivery Delivery
	Encoder  gateway.AnswerEncoder

	document *DocumentWriter
	copy     *bytes.Buffer // for people; nil: nobody has ordered one
}

// Begin draws the kind's next number from its locked row and begins the document. The number is used or never was: both
// commit together. fill completes the head.
func (a *Answers) Begin(ctx context.Context, x *Session, d Delivery, kind gateway.AnswerKind, now time.Time, fill func(*gateway.Answer)) (*Answering, error) {
	w := &Answering{Delivery: d, Answer: gateway.Answer{Kind: kind, MadeAt: now.In(a.Location), Supplier: d.Supplier,
		SenderEAN: d.SenderEAN.String, OwnName: a.OwnName, OwnGLN: a.OwnGLN, MessageRef: d.MessageID.String,
		Authority: d.Authority.String, GroupRef: d.GroupRef.String, Grouped: d.Grouped.Bool}}
	fill(&w.Answer)
	if err := a.number(ctx, x, w); err != nil {
		return nil, err
	}
	var err error
	if w.Encoder, err = a.Encode(w.document, w.Answer); err != nil {
		return nil, fmt.Errorf("answer %s: %w", w.ID(), err)
	}
	if kind.IsCopied() && slices.Contains(a.Copies, d.Supplier) {
		w.copy = &bytes.Buffer{}
		forPeople, err := a.Copy(w.copy, w.Answer)
		if err != nil {
			return nil, fmt.Errorf("copy of answer %s: %w", w.ID(), err)
		}
		w.Encoder = copied{w.Encoder, forPeople}
	}
	return w, nil
}

// number draws the number of an answer and begins its document.
func (a *Answers) number(ctx context.Context, x *Session, w *Answering) error {
	err := x.QueryRowContext(ctx, `WITH free AS (`+drawFree+`), drawn AS (UPDATE answer_counter SET last = last + 1 WHERE kind = $2 AND NOT EXISTS (SELECT FROM free) RETURNING last)
		SELECT number FROM free UNION ALL SELECT last FROM drawn`, AnswerSeries(w.Kind), int(w.Kind)).Scan(&w.Number)
	if err != nil {
		return fmt.Errorf("answer number: %w", err)
	}
	w.document, err = a.newDocument(ctx, x, sql.NullInt64{Int64: w.Delivery.ID, Valid: true})
	return err
}

// Write answers a request, once: write makes the document, and gives the status of the answer, which may be empty.
func (a *Answers) Write(ctx context.Context, x *Session, d Delivery, kind gateway.AnswerKind, now time.Time, write func(w io.Writer, of gateway.Answer) (status string, err error)) error {
	if there, err := a.Answered(ctx, x, d.ID, kind); err != nil || there {
		return err
	}
	w := &Answering{Delivery: d, Answer: gateway.Answer{Kind: kind, MadeAt: now.In(a.Location), Supplier: d.Supplier, OwnName: a.OwnName, OwnGLN: a.OwnGLN}}
	err := a.number(ctx, x, w)
	if err == nil {
		w.Status, err = write(w.document, w.Answer)
	}
	if err != nil {
		return fmt.Errorf("answer %s: %w", w.ID(), err)
	}
	_, err = a.layReady(ctx, x, w)
	return err
}

// End finishes the document and lays the answer ready at the delivery's door. It gives the answer's row.
func (a *Answers) End(ctx context.Context, x *Session, w *Answering) (int64, error) {
	if err := w.Encoder.End(); err != nil {
		return 0, fmt.Errorf("answer %s: %w", w.ID(), err)
	}
	return a.layReady(ctx, x, w)
}

// layReady finishes an answer's document and lays it ready at the delivery's door.
func (a *Answers) layReady(ctx context.Context, x *Session, w *Answering) (int64, error) {
	if _, err := w.document.Finish(ctx, x); err != nil {
		return 0, err
	}
	if w.copy != nil {
		_, err := a.HandOut(ctx, x, w.Delivery.Supplier, w.CopyName(), w.Delivery.ID, func(to io.Writer) error {
			_, err := w.copy.WriteTo(to)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	out := door.Kind(w.Delivery.Door)
	if out == door.Signed && !slices.Contains(a.Endpoints, w.Delivery.Supplier) {
		out = door.Mailbox
	}
	if out != door.Mailbox {
		x.Wakes(ToQueue(w.Delivery.Supplier))
	}
	var id int64
	month, err := a.EnsureMonth(ctx, x, w.MadeAt)
	if err == nil {
		err = x.QueryRowContext(ctx, `WITH made AS (
				INSERT INTO answer (id, kind, number, delivery_id, supplier, door, file_name, status, made_at, document_id)
				VALUES ($1::bigint + nextval('answer_number'), $2, $3, $4, $5, $6, $7, $8, $9, $10)
				RETURNING id, kind, number, delivery_id, supplier, file_name)
			INSERT INTO answer_key (answer_id, kind, number, delivery_id, supplier, file_name) SELECT * FROM made RETURNING answer_id`,
			month.IDs(), int(w.Kind), w.Number, w.Delivery.ID, w.Delivery.Supplier, out, w.FileName(), w.Status, w.MadeAt,
			w.document.ID()).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("answer %s: %w", w.ID(), err)
	}
	return id, nil
}

// AnswerSeries is how the numbers of a kind of answers are called in unused_number.
func AnswerSeries(kind gateway.AnswerKind) string { return fmt.Sprintf("answer %d", kind) }

// Answered reports whether a delivery has a kind of answer already: before the database was set back it was given, and taken in.
func (a *Answers) Answered(ctx context.Context, x *Session, delivery int64, kind gateway.AnswerKind) (there bool, err error) {
	err = x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM answer_key WHERE delivery_id = $1 AND kind = $2)`, delivery, int(kind)).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("answers to delivery %d: %w", delivery, err)
	}
	return there, nil
}

// Receipt answers a delivery with receipt 0 or 1.
func (a *Answers) Receipt(ctx context.Context, x *Session, d Delivery, kind gateway.AnswerKind, now time.Time, fill func(*gateway.Answer)) error {
	if there, err := a.Answered(ctx, x, d.ID, kind); err != nil || there {
		return err
	}
	w, err := a.Begin(ctx, x, d, kind, now, fill)
	if err != nil {
		return err
	}
	_, err = a.End(ctx, x, w)
	return err
}
