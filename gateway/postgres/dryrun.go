package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"nks/gateway"
)

// DryRun is a document that is judged as if a door had just taken it.
type DryRun struct {
	Document io.Reader
	Supplier string    // the login of the door; empty: whoever the document names
	At       time.Time // when it is received, on the business clock; zero: now
	Errors   int       // how many errors are told; 0: all
	English  bool      // the errors' texts, for who reads no Danish; answers are Danish
}

// What a receipt would say.
const (
	DryAccepted   = "ACPT"    // receipt 1; response 2 tells the errors
	DryRefused    = "RJCT"    // receipt 1: no payment of the bundle is taken
	DryUnreadable = "Bad XML" // receipt 0
)

// DryRunResult is what would become of a document as a whole.
type DryRunResult struct {
	Receipt   string // DryAccepted, DryRefused or DryUnreadable
	Supplier  string
	Authority string
	GroupRef  string
	// Payments is Accepted and Rejected together: none of an unreadable document, all of a refused one rejected.
	Payments, Accepted, Rejected int64
	Ore                          int64 // of the accepted payments
	Errors                       int64 // all of them; a payment may have several
	Groups                       []DryRunGroup
}

// DryRunGroup is the payments that would be released together.
type DryRunGroup struct {
	Agreement    string
	DebitAccount string
	RequestedOn  gateway.Date // zero when the document does not say
	ExecutesOn   gateway.Date // with ReleaseAt zero where none is accepted
	ReleaseAt    time.Time
	Payments     int64
	Accepted     int64
	Ore          int64 // of the accepted payments
}

// DryRunError is one error: of the document, of the bundle or of one payment.
type DryRunError struct {
	Line       int    // where the element begins; 0 when it has no place
	Path       string // of the element, as NKSPayment/PmtInf[1]/PmtTx[2]
	EndToEndID string // of a payment
	Code       gateway.Code
	Text       string // as the answer says it, unless English was asked for
}

// DryRunReport takes what a dry run finds, as it is found. An error of its own ends the dry run.
type DryRunReport interface {
	// Judged comes once and first.
	Judged(DryRunResult) error
	// Error comes for each error, in the order of the document; of one payment the one that is answered comes first.
	Error(DryRunError) error
}

// errNothingKept ends the transaction of a dry run.
var errNothingKept = errors.New("dry run: nothing is kept")

// DryRun reads and checks a document as ReadNext and CheckNext do, in a transaction that is always rolled back. It
// works on temporary tables, in constant memory, and holds no lock that a step of the flow waits for.
func (s *Store) DryRun(ctx context.Context, in DryRun, out DryRunReport) error {
	if in.At.IsZero() {
		in.At = s.Now()
	}
	err := s.transact(ctx, "dry run", func(x *session) error {
		if err := s.dryRun(ctx, x, in, out); err != nil {
			return err
		}
		return errNothingKept
	})
	if errors.Is(err, errNothingKept) {
		return nil
	}
	return err
}

func (s *Store) dryRun(ctx context.Context, x *session, in DryRun, out DryRunReport) error {
	// Whoever loads or migrates goes first.
	if _, err := x.ExecContext(ctx, `SET LOCAL lock_timeout = '10s'`); err != nil {
		return err
	}
	d := delivered{Supplier: in.Supplier, ReceivedAt: in.At}
	rules := s.bundleRules(d)
	rules.SelfNamed = in.Supplier == ""
	opened, err := s.OpenBundle(in.Document, rules)
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
	payer, err := s.knownPayer(ctx, x, d, b)
	if err != nil {
		return err
	}
	rows := &paymentRows{store: s, delivery: d, bundle: b, payer: payer, groups: map[groupKey]*newGroup{}}
	rows.line = b.row
	if err := copyDryRun(ctx, x, rows); err != nil {
		return err
	}
	switch {
	case rows.unreadable != nil:
		return tellUnreadable(rows.unreadable, b, d, out)
	case errors.Is(rows.err, errRefused):
		return tellRefused(b, d, dryTexts(in.English), out)
	}
	return s.tryPayments(ctx, x, in, d, rows, out)
}

// knownPayer is payer for a bundle that leaves nothing behind: a pair that has not paid yet has no number.
func (s *Store) knownPayer(ctx context.Context, x *session, d delivered, b gateway.Bundle) (payerOf, error) {
	p, err := s.agreements(ctx, x, d, b)
	if err != nil || len(p.agreements) == 0 {
		return p, err
	}
	err = x.QueryRowContext(ctx, `SELECT id FROM payer WHERE supplier = $1 AND authority = $2`, d.Supplier, b.Head().Authority).Scan(&p.id)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("payer: %w", err)
	}
	// The same bytes have the same GrpId: without their sum the answer is the same.
	return p, s.receivedBefore(ctx, x, d, b, p)
}

// copyDryRun fills the temporary table bundle. What is wrong with the document stands in rows.
func copyDryRun(ctx context.Context, x *session, rows *paymentRows) error {
	_, err := x.ExecContext(ctx, `CREATE TEMP TABLE bundle (id bigint, group_id int, e2e text COLLATE "C", benefit_type text,
		holder bigint, holder_kind smallint, complete boolean, read_code text, debit_code text, more text,
		ore bigint, line int, block int, tx int) ON COMMIT DROP`)
	if err != nil {
		return fmt.Errorf("bundle table: %w", err)
	}
	_, err = x.copyIn(ctx, `COPY pg_temp.bundle FROM STDIN`, rows)
	switch {
	case rows.unreadable != nil || errors.Is(rows.err, errRefused):
		return nil
	case rows.err != nil:
		return rows.err
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

// row writes the payment that was read last as a line of the temporary table bundle.
func (b *placedBundle) row(to []byte, g *newGroup, item *gateway.BundleItem) ([]byte, error) {
	p := &item.Payment
	to = strconv.AppendInt(to, b.payments, 10)
	to = number(to, g.id)
	to = escape(append(to, '\t'), p.EndToEndID)
	to = escape(append(to, '\t'), p.BenefitType)
	if p.Holder.Kind == gateway.NoHolder {
		to = append(to, "\t\\N\t\\N"...)
	} else {
		to = append(append(to, '\t'), p.Holder.ID...)
		to = number(to, int64(p.Holder.Kind))
	}
	to = append(to, '\t', boolByte(p.Complete))
	to = optional(to, string(item.Fault))
	to = optional(to, string(g.key.fault))
	if len(item.Faults) < 2 {
		to = append(to, "\t\\N"...)
	} else {
		to = append(to, '\t')
		for i, c := range item.Faults[1:] {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(to, c...)
		}
	}
	to = number(to, p.Ore)
	to = number(to, int64(item.Line))
	to = number(to, int64(b.block))
	to = number(to, int64(b.tx))
	return append(to, '\n'), nil
}
