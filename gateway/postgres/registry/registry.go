// Package registry answers documents about the register: the reports of banks and the requests of authorities' systems. Each item is an
// application, judged by register/accounts; this stage says who may send, knows a document that comes again, and writes the answer.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/gateway/postgres"
	"nks/gateway/registerxml"
	"nks/register"
	"nks/register/accounts"
)

// Store answers documents about the register. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Answers  *postgres.Answers
	Accounts *accounts.Store
	// Connections says how far the connection of an authority must be.
	Connections gateway.ConnectionRule
	// Reports are the banks that each data supplier reports for, as the bank directory calls them.
	Reports map[string][]string
	Limits  registerxml.Limits
}

// Requests are the kinds of documents that the stage answers.
func (s *Store) Requests() []postgres.Request {
	of := func(kind gateway.RequestKind, root string) postgres.Request {
		return postgres.Request{Kind: kind, Answer: s.answer, Matches: func(head []byte) bool {
			name := postgres.RootOf(head)
			return name.Local == root && name.Space == registerxml.Namespace
		}}
	}
	return []postgres.Request{of(gateway.RequestBankReport, registerxml.BankReport), of(gateway.RequestCaseworker, registerxml.CaseworkerRequest)}
}

// The rules by which a document is refused as a whole. docs/register-documents.md has them.
const (
	refusedForm       = "form"
	refusedSender     = "sender"
	refusedConnection = "connection"
	refusedNumber     = "number"
)

// answer does what a document asks. The whole of it is one transaction: its items are judged together, after all have been read.
func (s *Store) answer(ctx context.Context, x *postgres.Session, d postgres.Delivery, content io.Reader) (postgres.RequestHead, error) {
	r := registerxml.NewReader(content, s.Limits)
	head, err := r.Head()
	known := postgres.RequestHead{MessageID: head.MessageID, Authority: head.Authority}
	if err != nil {
		return known, s.badForm(head, err)
	}
	if head.Sender != d.Supplier {
		return known, s.refuse(head, registerxml.Refusal{Rule: refusedSender, Text: "Sender must be " + d.Supplier})
	}
	if err := s.mayBeSent(ctx, x, d, head); err != nil {
		return known, err
	}
	before, err := s.before(ctx, x, d, head)
	if err != nil {
		return known, err
	}
	items, err := all(r)
	switch {
	case err != nil:
		return known, s.badForm(head, err)
	case before != 0:
		return known, s.repeat(ctx, x, d, head, before)
	}
	outcomes, err := s.judge(ctx, x, d, head, items)
	if err != nil {
		return known, err
	}
	return known, s.write(ctx, x, d, registerxml.Answer{About: head.MessageID, Status: status(outcomes)}, func(w *registerxml.AnswerWriter) (err error) {
		for n := 0; n < len(outcomes) && err == nil; n++ {
			err = w.Outcome(outcomes[n])
		}
		return err
	})
}

func all(r *registerxml.Reader) (items []registerxml.Item, err error) {
	for {
		i, err := r.Next()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, err
		}
		items = append(items, *i)
	}
}

// mayBeSent refuses what its data supplier may not send: an authority's system needs the right to accounts, and a bank names who reports for it. // B18.2 // B39.1
func (s *Store) mayBeSent(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Head) error {
	if head.Root == registerxml.BankReport {
		if slices.Contains(s.Reports[d.Supplier], head.Bank) {
			return nil
		}
		return s.refuse(head, registerxml.Refusal{Rule: refusedConnection, Text: "the data supplier does not report for this bank"})
	}
	systems, err := register.PayoutSystems(ctx, x, d.Supplier, head.Authority, s.Now())
	if err != nil || s.Connections.AdmitsAccounts(systems) {
		return err
	}
	return s.refuse(head, registerxml.Refusal{Rule: refusedConnection, Text: "no payout system of the data supplier is live for this authority with the right to accounts"})
}

// before takes the number of a document for a delivery. Where the same document had it before, its delivery is given; another document
// with that number is refused.
func (s *Store) before(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Head) (delivery int64, err error) {
	r, err := x.ExecContext(ctx, `INSERT INTO register_document (supplier, message_id, sha256, delivery_id, answered_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (supplier, message_id) DO NOTHING`, d.Supplier, head.MessageID, d.SHA256, d.ID, s.Now())
	var taken int64
	if err == nil {
		taken, err = r.RowsAffected()
	}
	var same bool
	if err == nil && taken == 0 {
		err = x.QueryRowContext(ctx, `SELECT delivery_id, sha256 = $3 FROM register_document WHERE supplier = $1 AND message_id = $2`,
			d.Supplier, head.MessageID, d.SHA256).Scan(&delivery, &same)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("number of a document: %w", err)
	case taken == 0 && !same:
		return 0, s.refuse(head, registerxml.Refusal{Rule: refusedNumber, Text: "MessageId was used before, for another document"})
	}
	return delivery, nil
}

// badForm refuses a document that is not as the schema has it; any other error is the gateway's own.
func (s *Store) badForm(head registerxml.Head, err error) error {
	var fault *nksxml.Error
	if !errors.As(err, &fault) {
		return err
	}
	text := fault.Rule
	if fault.Value != "" {
		text = fmt.Sprintf("%q: %s", fault.Value, fault.Rule)
	}
	return s.refuse(head, registerxml.Refusal{Rule: refusedForm, Text: cut(text), Line: fault.Line, Path: cut(fault.Path)})
}

// cut makes a text fit for an answer.
func cut(text string) string {
	const most = 350
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// refuse is the error that has a refusal written.
func (s *Store) refuse(head registerxml.Head, why registerxml.Refusal) error {
	return &postgres.RefusedRequest{Head: postgres.RequestHead{MessageID: head.MessageID, Authority: head.Authority}, Why: why.Rule,
		Write: func(ctx context.Context, x *postgres.Session, d postgres.Delivery) error {
			return s.write(ctx, x, d, registerxml.Answer{About: head.MessageID, Status: gateway.StatusRejected, Refused: &why}, func(*registerxml.AnswerWriter) error { return nil })
		}}
}

// write writes an answer.
func (s *Store) write(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Answer, outcomes func(*registerxml.AnswerWriter) error) error {
	return s.Answers.Write(ctx, x, d, gateway.ResponseRegister, s.Now(), func(to io.Writer, of gateway.Answer) (string, error) {
		head.ID, head.MadeAt, head.To = of.ID(), of.MadeAt, d.Supplier
		w, err := registerxml.NewAnswerWriter(to, head)
		if err == nil {
			err = outcomes(w)
		}
		if err == nil {
			err = w.End()
		}
		return head.Status, err
	})
}

// repeat answers a document that was answered before with the outcomes of then.
func (s *Store) repeat(ctx context.Context, x *postgres.Session, d postgres.Delivery, head registerxml.Head, before int64) error {
	var document int64
	rows, err := x.QueryContext(ctx, `SELECT document_id FROM answer WHERE delivery_id = $1 AND kind = $2`, before, gateway.ResponseRegister)
	if err != nil {
		return fmt.Errorf("answer to delivery %d: %w", before, err)
	}
	for rows.Next() && err == nil {
		err = rows.Scan(&document)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("answer to delivery %d: %w", before, err)
	}
	if document == 0 {
		return s.refuse(head, registerxml.Refusal{Rule: refusedNumber, Text: "the document was answered before, and its answer is no longer kept"})
	}
	stored, err := s.OpenDocument(ctx, x, document)
	if err != nil {
		return err
	}
	defer func() { _ = stored.Close() }() // nothing was written
	r := registerxml.NewAnswerReader(stored)
	was, err := r.Head()
	if err != nil {
		return fmt.Errorf("answer to delivery %d: %w", before, err)
	}
	was.Repeats = true
	return s.write(ctx, x, d, was, func(w *registerxml.AnswerWriter) error {
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = w.Outcome(o)
			}
			if err != nil {
				return fmt.Errorf("outcomes of delivery %d: %w", before, err)
			}
		}
	})
}

// status is that of the answer to a document with these outcomes.
func status(outcomes []registerxml.Outcome) string {
	refused := 0
	for _, o := range outcomes {
		if o.State == string(refusedState) {
			refused++
		}
	}
	return gateway.BundleStatus(refused, len(outcomes))
}
