package receive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgcopy"
)

// rowsChunk is how much is handed to COPY at a time.
const rowsChunk = 64 << 10

// Encode gives one payment of a group as a row.
type Encode func(g *Group, item *gateway.BundleItem, ordinal int) error

// BundleRows reads a bundle as rows of COPY, one payment at a time: memory does not grow with the bundle.
type BundleRows struct {
	bundle    gateway.Bundle
	delivery  postgres.Delivery
	payer     Payer
	planned   func(versions gateway.Agreements, requested gateway.Date, salaries bool) (gateway.Way, error)
	maxGroups int
	rows      *pgcopy.Rows
	encode    Encode

	blocks   map[groupKey]*Group // by the fault that a debit block has by itself
	groups   map[groupKey]*Group
	ordered  []*Group
	payments int
	ore      int64

	rest       []byte
	done       bool
	err        error // ErrBundleRefused, or an error of our own
	unreadable error // *gateway.UnreadableError
}

// NewRows begins to read the payments of a bundle of a payer; encode writes each to rows.
func (s *Store) NewRows(d postgres.Delivery, b gateway.Bundle, p Payer, rows *pgcopy.Rows, encode Encode) *BundleRows {
	planned := func(versions gateway.Agreements, requested gateway.Date, salaries bool) (gateway.Way, error) {
		ways := gateway.Ways{Days: s.Days, Banks: p.Banks, Controls: p.Controls, Salaries: salaries}
		if requested.IsZero() {
			requested = s.dayOf(d)
		}
		return ways.Planned(versions, d.CountsAt, requested)
	}
	return &BundleRows{bundle: b, delivery: d, payer: p, planned: planned, maxGroups: min(s.Rules.GroupsPerDelivery, gateway.MaxGroups),
		rows: rows, encode: encode, blocks: map[groupKey]*Group{}, groups: map[groupKey]*Group{}}
}

// Groups is the release groups of the payments that were read, in order of first appearance.
func (r *BundleRows) Groups() []*Group { return r.ordered }

// Err is why the rows ended early: ErrBundleRefused, or an error of the gateway's own; nil for a bundle that was read whole.
func (r *BundleRows) Err() error { return r.err }

// Unreadable is the document's own error, when it could not be read to its end.
func (r *BundleRows) Unreadable() error { return r.unreadable }

// Read implements io.Reader. A bundle that is refused is read to its end all the same, since a document that cannot be
// read at all is told first.
func (r *BundleRows) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.done {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *BundleRows) fill() {
	for r.rows.Size() < rowsChunk && r.err == nil && !r.done {
		r.next()
	}
	if r.err != nil {
		return
	}
	if r.done {
		r.rest, r.err = r.rows.Last()
		return
	}
	r.rest, r.err = r.rows.Chunk()
}

// next reads one payment.
func (r *BundleRows) next() {
	item, err := r.bundle.Next()
	var bad *gateway.UnreadableError
	switch {
	case errors.Is(err, io.EOF):
		r.done = true
		if r.bundle.Refused() {
			r.err = ErrBundleRefused
		}
	case errors.As(err, &bad):
		r.unreadable, r.err = err, ErrBundleRefused
	case err != nil:
		r.err = err
	case r.bundle.Refused(): // the rest is read for its errors alone
	default:
		r.err = r.row(item)
	}
}

func (r *BundleRows) row(item *gateway.BundleItem) error {
	g, err := r.group(item.Debit, r.salary(&item.Payment, item.Debit))
	if g == nil || err != nil {
		return err
	}
	r.payments++
	g.Payments++
	r.ore += item.Payment.Ore
	g.Ore += item.Payment.Ore
	return r.encode(g, item, r.payments)
}

// salary reports whether a payment goes by the cut-offs of salaries: it is one by what is known when it is read, and is ordered within
// Denmark as far as it says where. // B1-salary
func (r *BundleRows) salary(p *gateway.Payment, d *gateway.Debit) bool {
	return p.Type == gateway.Transfer && r.payer.Salaries[p.BenefitType] && r.payer.Banks.SalariesApart(r.payer.Agreements.ByNumber(d.Agreement))
}

// group is the release group of a debit block, or of its salaries; nil when the bundle has too many, and is refused.
func (r *BundleRows) group(d *gateway.Debit, salaries bool) (*Group, error) {
	block := groupKey{agreement: d.Agreement, account: d.DebitAccount, requested: d.RequestedOn, fault: d.Fault, salaries: salaries}
	if g := r.blocks[block]; g != nil {
		return g, nil
	}
	way, fault, err := gateway.JudgeDebit(d, r.payer.Agreements, r.payer.Others, func(versions gateway.Agreements) (gateway.Way, error) {
		return r.planned(versions, d.RequestedOn, salaries)
	})
	if err != nil {
		return nil, err
	}
	key := block
	key.fault = fault
	g := r.groups[key]
	if g == nil {
		if len(r.ordered) >= r.maxGroups {
			r.bundle.Refuse(gateway.CodeBundleLimit)
			return nil, nil
		}
		g = &Group{groupKey: key, ID: gateway.GroupID(r.delivery.ID, len(r.ordered)+1), Way: way, debitText: d.Text}
		r.ordered = append(r.ordered, g)
	}
	r.blocks[block], r.groups[key] = g, g
	return g, nil
}

// paymentTable is the table payment as reading fills it.
func paymentTable() pgcopy.Table {
	return pgcopy.Table{Name: "payment", Columns: []string{"month", "id", "group_id", "ore", "holder", "holder_kind", "type", "account_kind",
		"complete", "e2e", "benefit_type", "authority", "los_unit", "instr_id", "transfer_currency", "account", "bic", "bank_code",
		"statement_text", "debit_text", "read_code", "detail"}}
}

// payments encodes rows of the table payment.
type payments struct {
	*pgcopy.Rows
	month    time.Time
	delivery int64
	head     gateway.BundleHead
}

func (w *payments) encode(g *Group, item *gateway.BundleItem, ordinal int) error {
	p := &item.Payment
	w.Day("month", w.month)
	w.Int8("id", gateway.PaymentID(w.delivery, ordinal))
	w.Int8("group_id", g.ID)
	w.Int8("ore", p.Ore)
	if err := holder(w.Rows, p.Holder); err != nil {
		return fmt.Errorf("payment %d: %w", ordinal, err)
	}
	w.Int2("type", int16(p.Type))
	if p.Account.Kind == gateway.NoAccount {
		w.Null("account_kind")
	} else {
		w.Int2("account_kind", int16(p.Account.Kind))
	}
	w.Bool("complete", p.Complete)
	w.Text("e2e", p.EndToEndID)
	w.Text("benefit_type", p.BenefitType)
	w.Text("authority", w.head.Authority)
	w.Optional("los_unit", g.unit())
	w.Optional("instr_id", p.InstrID)
	w.Optional("transfer_currency", p.TransferCurrency)
	w.Optional("account", p.Account.Number)
	w.Optional("bic", p.Account.BIC)
	w.Optional("bank_code", p.Account.BankCode)
	w.Optional("statement_text", p.Text)
	if w.head.Grouped {
		w.Null("debit_text")
	} else {
		w.Optional("debit_text", item.Debit.Text)
	}
	w.Optional("read_code", string(item.Fault))
	detail, err := detailText(p.Detail)
	w.JSON("detail", detail)
	w.End()
	return err
}

// holder gives the columns holder and holder_kind.
func holder(w *pgcopy.Rows, h gateway.Holder) error {
	if h.Kind == gateway.NoHolder {
		w.Null("holder")
		w.Null("holder_kind")
		return nil
	}
	id, err := h.Number()
	w.Int8("holder", id)
	w.Int2("holder_kind", int16(h.Kind))
	return err
}

// detailText is the stored form of what only some payments carry; empty: nothing.
func detailText(d *gateway.Detail) (string, error) {
	if d == nil {
		return "", nil
	}
	text, err := json.Marshal(d)
	return string(text), err
}
