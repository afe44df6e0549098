// Package dryrun judges a document as if a door had just taken it, by the very steps that read and check a bundle, in a
// transaction that is always rolled back. It writes nothing.
package dryrun

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/check"
	"nks/gateway/postgres/receive"
	"nks/pgcopy"
)

// Store runs documents dry. Safe for concurrent use.
type Store struct {
	Receive    *receive.Store
	Recipients check.Recipients
}

// Request is a document that is judged as if a door had just taken it.
type Request struct {
	Document io.Reader
	Supplier string    // the login of the door; empty: whoever the document names
	At       time.Time // when it is received, on the business clock; zero: now
	Errors   int       // how many errors are told; 0: all
	English  bool      // the errors' texts, for who reads no Danish; answers are Danish
}

// What a receipt would say.
const (
	Accepted   = gateway.StatusAccepted   // receipt 1; response 2 tells the errors
	Refused    = gateway.StatusRejected   // receipt 1: no payment of the bundle is taken
	Unreadable = gateway.StatusUnreadable // receipt 0
)

// Result is what would become of a document as a whole.
type Result struct {
	Receipt   string // Accepted, Refused or Unreadable
	Supplier  string
	Authority string
	GroupRef  string
	// Payments is Accepted and Rejected together: none of an unreadable document, all of a refused one rejected.
	Payments, Accepted, Rejected int64
	Ore                          int64 // of the accepted payments
	Errors                       int64 // all of them; a payment may have several
	Groups                       []Group
}

// Group is the payments that would be released together.
type Group struct {
	Agreement    string
	DebitAccount string
	RequestedOn  gateway.Date // zero when the document does not say
	ExecutesOn   gateway.Date // with ReleaseAt zero where none is accepted
	ReleaseAt    time.Time
	Payments     int64
	Accepted     int64
	Ore          int64 // of the accepted payments
}

// Error is one error: of the document, of the bundle or of one payment.
type Error struct {
	Line       int    // where the element begins; 0 when it has no place
	Path       string // of the element, as NKSPayment/PmtInf[1]/PmtTx[2]
	EndToEndID string // of a payment
	Code       gateway.Code
	Text       string // as the answer says it, unless English was asked for
}

// Report takes what a dry run finds, as it is found. An error of its own ends the dry run.
type Report interface {
	// Judged comes once and first.
	Judged(Result) error
	// Error comes for each error, in the order of the document; of one payment the one that is answered comes first.
	Error(Error) error
}

// errNothingKept ends the transaction of a dry run.
var errNothingKept = errors.New("dry run: nothing is kept")

// Run reads and checks a document. It works on temporary tables, in constant memory, and holds no lock that a step of the
// flow waits for.
func (s *Store) Run(ctx context.Context, in Request, out Report) error {
	if in.At.IsZero() {
		in.At = s.Receive.Now()
	}
	err := s.Receive.Transact(ctx, "dry run", func(x *postgres.Session) error {
		if err := s.run(ctx, x, in, out); err != nil {
			return err
		}
		return errNothingKept
	})
	if errors.Is(err, errNothingKept) {
		return nil
	}
	return err
}

func (s *Store) run(ctx context.Context, x *postgres.Session, in Request, out Report) error {
	// Whoever loads or migrates goes first.
	if _, err := x.ExecContext(ctx, `SET LOCAL lock_timeout = '10s'`); err != nil {
		return err
	}
	d := postgres.Delivery{Supplier: in.Supplier, ReceivedAt: in.At, CountsAt: in.At}
	rules := s.Receive.BundleRules(d)
	rules.SelfNamed = in.Supplier == ""
	opened, err := s.Receive.OpenBundle(in.Document, rules)
	if opened == nil {
		return err
	}
	b := &placedBundle{Bundle: opened}
	if err != nil {
		return tellUnreadable(err, b, d, out)
	}
	if rules.SelfNamed {
		d.Supplier = b.Head().Sender
	}
	payer, err := s.Receive.KnownPayer(ctx, x, d, b)
	if err != nil {
		return err
	}
	if err := makeTables(ctx, x); err != nil {
		return err
	}
	lines := &lines{Rows: pgcopy.New(bundleTable()), bundle: b}
	rows := s.Receive.NewRows(d, b, payer, lines.Rows, lines.encode)
	if err := copyBundle(ctx, x, rows); err != nil {
		return err
	}
	switch {
	case rows.Unreadable() != nil:
		return tellUnreadable(rows.Unreadable(), b, d, out)
	case errors.Is(rows.Err(), receive.ErrBundleRefused):
		return tellRefused(b, d, texts(in.English), out)
	}
	return s.tryPayments(ctx, x, in, d, b, payer, rows, out)
}

// copyBundle fills the temporary table bundle. What is wrong with the document stands in rows.
func copyBundle(ctx context.Context, x *postgres.Session, rows *receive.BundleRows) error {
	_, err := x.CopyIn(ctx, bundleTable().Statement(), rows)
	switch {
	case rows.Unreadable() != nil || errors.Is(rows.Err(), receive.ErrBundleRefused):
		return nil
	case rows.Err() != nil:
		return rows.Err()
	case err != nil:
		return fmt.Errorf("copy: %w", err)
	}
	if _, err = x.ExecContext(ctx, `ANALYZE pg_temp.bundle`); err != nil {
		return fmt.Errorf("bundle table: %w", err)
	}
	return nil
}

// placedBundle remembers of a bundle where its payments stand.
type placedBundle struct {
	gateway.Bundle
	payments int64
	block    int // PmtInf
	tx       int // PmtTx in it
	// refusedBlock is where the block begins whose first payment the bundle was refused at, 0 when it was at its head or end.
	refusedBlock, refusedLine int
}

// Next implements gateway.Bundle.
func (b *placedBundle) Next() (*gateway.BundleItem, error) {
	before := b.Refused()
	item, err := b.Bundle.Next()
	if err != nil {
		return item, err
	}
	b.payments++
	b.tx++
	if item.Debit.No != b.block {
		b.block, b.tx = item.Debit.No, 1
	}
	if !before && b.Refused() {
		b.refusedBlock, b.refusedLine = b.block, item.Debit.Line
	}
	return item, nil
}

// lines encodes rows of the temporary table bundle.
type lines struct {
	*pgcopy.Rows
	bundle *placedBundle
}

// encode writes the payment that was read last.
func (w *lines) encode(g *receive.Group, item *gateway.BundleItem, _ int) error {
	p := &item.Payment
	w.Int8("id", w.bundle.payments)
	w.Int8("group_id", g.ID)
	w.Text("e2e", p.EndToEndID)
	w.Text("benefit_type", p.BenefitType)
	if p.Holder.Kind == gateway.NoHolder {
		w.Null("holder")
		w.Null("holder_kind")
	} else {
		number, err := p.Holder.Number()
		if err != nil {
			return err
		}
		w.Int8("holder", number)
		w.Int2("holder_kind", int16(p.Holder.Kind))
	}
	w.Bool("complete", p.Complete)
	w.Optional("read_code", string(item.Fault))
	w.Optional("debit_code", string(g.Fault()))
	w.Optional("more", furtherCodes(item.Faults))
	w.Int8("ore", p.Ore)
	w.Int4("line", int32(item.Line))
	w.Int4("block", int32(w.bundle.block))
	w.Int4("tx", int32(w.bundle.tx))
	w.End()
	return nil
}

// furtherCodes is the errors of a payment after its first, joined by commas.
func furtherCodes(all []gateway.Code) string {
	var b strings.Builder
	for i, c := range all {
		if i > 1 {
			b.WriteByte(',')
		}
		if i > 0 {
			b.WriteString(string(c))
		}
	}
	return b.String()
}
