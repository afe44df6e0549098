package view

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// Paper is a raw document about a payment, or the payment's part of one.
type Paper struct {
	Kind    PaperKind
	Answer  int        // of PaperAnswer: which kind of answer
	Of      string     // which one, where there are several
	At      *time.Time // nil: not told
	Excerpt *Excerpt
}

// PaperKind is what a document is.
type PaperKind string

// The documents that tell of a payment.
const (
	PaperBundle   PaperKind = "bundle"   // as it was received
	PaperPaymul   PaperKind = "paymul"   // ours to the bank
	PaperBankFile PaperKind = "bankfile" // the bank's to us
	PaperAnswer   PaperKind = "answer"   // ours to the authority
)

// papers gathers the payment's part of every raw document that tells of it.
func (r *Reader) papers(ctx context.Context, tx *sqlx.Tx, p *paymentRow) ([]Paper, error) {
	m := p.masker()
	bundle := r.part(ctx, tx, m, p.Document, func(in io.Reader) (*Excerpt, error) {
		return findXML(in, xmlPart{element: "PmtTx", within: "PmtInf", ordinal: gateway.OrdinalOf(p.ID), holds: "EndToEndId", text: p.E2E})
	})
	list := []Paper{{Kind: PaperBundle, Of: m.mask(p.GroupRef), At: &p.ReceivedAt, Excerpt: bundle}}
	if p.InterchangeDocument != 0 {
		paymul := r.part(ctx, tx, m, p.InterchangeDocument, func(in io.Reader) (*Excerpt, error) { return findOrder(in, p.place()) })
		list = append(list, Paper{Kind: PaperPaymul, Of: p.Interchange.FileName, At: p.Interchange.PreparedAt, Excerpt: paymul})
		files, err := r.bankPapers(ctx, tx, p)
		if err != nil {
			return nil, err
		}
		list = append(list, files...)
	}
	for _, a := range p.Answers {
		list = append(list, Paper{Kind: PaperAnswer, Answer: a.Kind, Of: a.FileName, At: &a.MadeAt, Excerpt: r.answerPart(ctx, tx, p, a)})
	}
	return list, nil
}

// part finds something in a document, and masks it.
func (r *Reader) part(ctx context.Context, tx *sqlx.Tx, m masker, document int64, find func(io.Reader) (*Excerpt, error)) *Excerpt {
	e := r.read(ctx, tx, document, find)
	e.Text = m.mask(e.Text)
	return e
}

// answerPart is what an answer says of the payment, or of the whole bundle.
func (r *Reader) answerPart(ctx context.Context, tx *sqlx.Tx, p *paymentRow, a Answer) *Excerpt {
	if a.Kind <= int(gateway.Receipt1) {
		return r.answerHead(ctx, tx, a)
	}
	e := r.part(ctx, tx, p.masker(), a.Document, func(in io.Reader) (*Excerpt, error) {
		return findXML(in, xmlPart{element: "OrgnlTxRefInfAndSts", holds: "EndToEndId", text: p.E2E})
	})
	if a.Kind == int(gateway.Response2) && e.Missing == MissingNothing {
		e.Missing = MissingAccepted
	}
	return e
}

func (p *paymentRow) place() place {
	return place{ControlRef: p.Interchange.ControlRef, MessageRef: p.Order.MessageRef, Message: p.Order.Message, Line: p.Order.Line,
		Seq: p.Order.Seq, Reference: gateway.BankReference{Head: p.Reference, EndToEndID: p.E2E}.String()}
}

// mostBankFiles bounds the files of a bank that are looked through for one payment.
const mostBankFiles = 20

// bankPapers are what the bank said of the payment: the parts of those of its files that speak of nobody else.
func (r *Reader) bankPapers(ctx context.Context, tx *sqlx.Tx, p *paymentRow) ([]Paper, error) {
	var files []struct {
		Name       string     `db:"name"`
		ReceivedAt *time.Time `db:"received_at"`
		Document   int64      `db:"document_id"`
	}
	err := tx.SelectContext(ctx, &files, `SELECT coalesce(f.name, '') AS name, f.received_at, coalesce(f.document_id, 0) AS document_id
		FROM bank_file_about a LEFT JOIN bank_file f ON f.id = a.bank_file_id
		WHERE a.interchange_id = $1 ORDER BY a.bank_file_id LIMIT $2`, p.Interchange.ID, mostBankFiles)
	if err != nil {
		return nil, fmt.Errorf("files of the bank: %w", err)
	}
	var list []Paper
	for _, f := range files {
		e := &Excerpt{Missing: MissingOthers}
		if f.Document != 0 {
			e = r.part(ctx, tx, p.masker(), f.Document, func(in io.Reader) (*Excerpt, error) { return findTexts(in, p.place()) })
		}
		list = append(list, Paper{Kind: PaperBankFile, Of: f.Name, At: f.ReceivedAt, Excerpt: e})
	}
	return list, nil
}
