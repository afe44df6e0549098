package flowtest_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/internal/app"
)

// TestRender_SameBytes: what the release renders as it freezes is what NextToRender makes of the frozen rows, byte by byte.
func TestRender_SameBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders = 7, 3 })
	d := bundle("G-1", complete("A", 100))
	for i, p := range []intaketest.Payment{
		intaketest.Incomplete("to a NemKonto", "CPR", ann, 1000),
		intaketest.Incomplete("abroad by NemKonto", "CPR", abroad, 1000),
		{EndToEndID: "slip", Amount: 1000, AccountKind: "Prtry", Account: "85551234", Complete: true, Remittance: []string{"CdtrRef:71+000014560057664"}},
		{EndToEndID: "abroad", Amount: 1000, TransferCurrency: "EUR", AccountKind: "IBAN", Account: abroadAccount, BIC: "AAAACHZZXXX", Name: "Åse Österlund", Complete: true},
		{EndToEndID: "long", Amount: 1000, AccountKind: "BBAN", Account: "54320009876543", Text: "Børnebidrag+'?:", Complete: true, Remittance: []string{strings.Repeat("x", 35)}},
	} {
		instrument := []string{"", "", "IBK", "UBB", ""}[i]
		for _, account := range []string{debit1, debit2} {
			p.EndToEndID += "."
			d.Debits = append(d.Debits, intaketest.Debit{On: "2005-08-12", Agreement: "AFT-1", Account: account, Instrument: instrument, Payments: []intaketest.Payment{p}})
		}
	}
	w.receive(d)
	w.at(receiveBy)
	w.release()
	first := w.interchanges()
	if len(first) != 2 {
		t.Fatalf("%d interchanges", len(first))
	}
	w.unrender()
	w.render()
	if again := w.interchanges(); !slices.Equal(first, again) {
		t.Errorf("rendered\n%q\nand then\n%q", first, again)
	}
}

// interchanges is the bytes of every rendered interchange, in order.
func (w *world) interchanges() []string {
	w.t.Helper()
	var all []string
	var ids []int64
	if err := w.db.Select(&ids, `SELECT document_id FROM interchange WHERE state = 'rendered' ORDER BY id`); err != nil {
		w.t.Fatal(err)
	}
	for _, id := range ids {
		r, err := w.Base.Raw(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, string(content))
	}
	return all
}

// refusing is a codec that cannot write an order with one text.
type refusing struct{ gateway.BankCodec }

type refusingWriter struct{ gateway.OrderWriter }

var errCannot = errors.New("cannot be written")

func (r refusing) Begin(w io.Writer, i gateway.Interchange) (gateway.OrderWriter, error) {
	o, err := r.BankCodec.Begin(w, i)
	return refusingWriter{o}, err
}

func (r refusingWriter) Order(o *gateway.Order) error {
	if o.Text == "umulig" {
		return errCannot
	}
	return r.OrderWriter.Order(o)
}

// TestRelease_WhatCannotBeWrittenStaysFrozen: it holds up nothing else, and can be written when the codec can.
func TestRelease_WhatCannotBeWrittenStaysFrozen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders = 3, 2 })
	without := w.steps(func(o *app.StepOptions) {
		banks := slices.Clone(w.banks)
		o.Banks = banks
		for i := range banks {
			banks[i].Codec = refusing{banks[i].Codec}
		}
	})
	var payments []intaketest.Payment
	for i := range 7 {
		p := complete(fmt.Sprint("A-", i), 100)
		if i == 4 {
			p.Text = "umulig"
		}
		payments = append(payments, p)
	}
	w.receive(bundle("G-1", payments...))
	w.at(receiveBy)
	if worked, err := without.Release.Next(t.Context()); !worked || err != nil {
		t.Fatalf("release: %t, %v", worked, err)
	}
	w.want("interchanges", w.row(`SELECT state, payments FROM interchange ORDER BY id`), "rendered 3; frozen 3; rendered 1")
	if worked, err := without.Release.NextToRender(t.Context(), "BEC"); worked || !errors.Is(err, errCannot) {
		t.Errorf("render: %t, %v", worked, err)
	}
	w.want("exceptions", w.exceptions(), "interchange cannot be written")
	w.want("documents left over", w.row(`SELECT count(*) FROM document d WHERE sha256 IS NULL`), "0")
	w.render()
	w.want("interchanges", w.row(`SELECT state, payments FROM interchange ORDER BY id`), "rendered 3; rendered 3; rendered 1")
	w.want("ledger", w.ledger(), "frozen 7 = 700")
}
