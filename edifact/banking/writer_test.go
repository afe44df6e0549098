package banking_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/banking"
)

func begun(out io.Writer, o edifact.WriterOptions) *edifact.Writer {
	w := edifact.NewWriter(out, o)
	w.Begin(edifact.UNB{Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "050811", Time: "0605", ControlRef: "1"})
	return w
}

func head() *banking.PaymulHead {
	return &banking.PaymulHead{
		UNH: edifact.UNH{Ref: "1"}, BGM: banking.BGM{Document: banking.Document{Code: "452"}},
		DTM: banking.DTM{Qualifier: "137", Value: "20050811", Format: "102"},
	}
}

func line() *banking.PaymulLine {
	return &banking.PaymulLine{SG6: banking.PaymulSG6{FII: banking.FII{Qualifier: "OR"}}}
}

func order() *banking.PaymulOrder {
	return &banking.PaymulOrder{MOA: banking.MOA{Qualifier: "9", Amount: "-12.5"}}
}

// changed returns an item with a change.
func changed[T any](item *T, change func(*T)) *T {
	change(item)
	return item
}

// TestWriterRefuses: what an item lacks or has too much is an error before any of
// it is written, and the right item can still follow.
func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	before := []banking.Item{head(), line(), order()}
	for _, test := range []struct {
		name   string
		before int // items of before
		item   banking.Item
		rule   edifact.Rule
		text   string
	}{
		{"a mandatory segment", 0, changed(head(), func(h *banking.PaymulHead) { h.DTM = banking.DTM{} }), edifact.RuleMandatory, "PAYMUL: DTM 2005 is mandatory"},
		{"another message", 0, changed(head(), func(h *banking.PaymulHead) { h.UNH.Type = "BANSTA" }), edifact.RuleMessageType, "PAYMUL: UNH names another message"},
		{"another release", 0, changed(head(), func(h *banking.PaymulHead) { h.UNH.Release = "01B" }), edifact.RuleMessageType, "PAYMUL: UNH names another message"},
		{"a mandatory group", 1, &banking.PaymulLine{}, edifact.RuleMandatory, "PAYMUL segment group 6: FII 3035 is mandatory"},
		{"a mandatory component", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Qualifier = "" }), edifact.RuleMandatory, "PAYMUL segment group 11: MOA 5025 is mandatory"},
		{"a component of a composite that is there", 2, changed(order(), func(o *banking.PaymulOrder) {
			o.FCA = banking.FCA{Settlement: "13", Account: banking.ChargeAccount{Currency: "DKK"}}
		}), edifact.RuleMandatory, "PAYMUL segment group 11: FCA 3434 is mandatory"},
		{"all of a mandatory composite", 2, changed(order(), func(o *banking.PaymulOrder) { o.SG12 = []banking.PaymulSG12{{COM: []banking.COM{{}}}} }), edifact.RuleMandatory, "PAYMUL segment group 12: FII 3035 is mandatory"},
		{"a trigger segment", 2, changed(order(), func(o *banking.PaymulOrder) { o.SG16.FTX = []banking.FTX{{Qualifier: "PMD"}} }), edifact.RuleMandatory, "PAYMUL segment group 16: PRC 7187 is mandatory"},
		{"a value too long", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Currency = "KRON" }), edifact.RuleTooLong, "PAYMUL segment group 11: MOA 6345 is longer than 3"},
		{"a number with a comma", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Amount = "1,5" }), edifact.RuleNumber, "PAYMUL segment group 11: MOA 5004 is no number with a point as decimal mark"},
		{"a number without a digit", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Amount = "-" }), edifact.RuleNumber, "PAYMUL segment group 11: MOA 5004 is no number with a point as decimal mark"},
		{"a number that ends in a mark", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Amount = "1." }), edifact.RuleNumber, "PAYMUL segment group 11: MOA 5004 is no number with a point as decimal mark"},
		{"a number too long", 2, changed(order(), func(o *banking.PaymulOrder) { o.MOA.Amount = "-12345678901234567.89" }), edifact.RuleTooLong, "PAYMUL segment group 11: MOA 5004 is longer than 18"},
		{"segments too many", 2, changed(order(), func(o *banking.PaymulOrder) { o.RFF = make([]banking.RFF, 4) }), edifact.RuleSegments, "PAYMUL segment group 11: RFF repeats more often than 3"},
		{"groups too many", 2, changed(order(), func(o *banking.PaymulOrder) { o.SG12 = make([]banking.PaymulSG12, 4) }), edifact.RuleSegmentGroup, "PAYMUL segment group 12: FII repeats more often than 3"},
		{"a group without its mandatory segment", 2, changed(order(), func(o *banking.PaymulOrder) {
			o.SG16 = banking.PaymulSG16{PRC: banking.PRC{Type: "8"}, SG17: []banking.PaymulSG17{{
				DOC:  banking.DOC{Document: banking.Document{Code: "380"}},
				SG20: []banking.PaymulSG20{{DLI: banking.DLI{Indicator: "1", Line: "1"}}},
			}}}
		}), edifact.RuleMissing, "PAYMUL segment group 20: MOA is mandatory"},
		{"a head in a message", 3, head(), edifact.RuleOutside, "PAYMUL: message before has no tail yet"},
		{"a line without a head", 0, line(), edifact.RuleOutside, "PAYMUL: head of the message is missing"},
		{"an item of another message", 3, &banking.BanstaTail{}, edifact.RuleOutside, "BANSTA: head of the message is missing"},
		{"an order without a line", 1, order(), edifact.RulePosition, "PAYMUL: SEQ needs a LIN before it"},
		{"a line without an order", 2, line(), edifact.RuleMissing, "PAYMUL: LIN has no SEQ, which is mandatory"},
		{"a tail without an order", 2, &banking.PaymulTail{}, edifact.RuleMissing, "PAYMUL: LIN has no SEQ, which is mandatory"},
		{"a tail without a line", 1, &banking.PaymulTail{}, edifact.RuleMissing, "PAYMUL: message has no LIN, which is mandatory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := begun(io.Discard, edifact.WriterOptions{})
			typed := banking.NewWriter(w)
			for _, item := range before[:test.before] {
				if err := typed.Write(item); err != nil {
					t.Fatal(err)
				}
			}
			length := w.Written()
			err := typed.Write(test.item)
			var fault *edifact.WriteError
			if !errors.As(err, &fault) || fault.Rule != test.rule || fault.Text != test.text {
				t.Errorf("error is %v", err)
			}
			if w.Written() != length || w.Err() != nil {
				t.Errorf("wrote %d bytes, error %v", w.Written()-length, w.Err())
			}
			for _, item := range append(before[test.before:], &banking.PaymulTail{}) {
				if err := typed.Write(item); err != nil {
					t.Error(err)
				}
			}
			if err := w.End(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLinesAndOrdersAreBounded(t *testing.T) {
	t.Parallel()
	w := begun(io.Discard, edifact.WriterOptions{})
	typed := banking.NewWriter(w)
	bansta := []banking.Item{
		&banking.BanstaHead{UNH: edifact.UNH{Ref: "1"}, DTM: banking.DTM{Qualifier: "137"}},
		&banking.BanstaLine{Statuses: make([]banking.BanstaStatus, 99)},
	}
	for i := range bansta[1].(*banking.BanstaLine).Statuses {
		bansta[1].(*banking.BanstaLine).Statuses[i].GIS.Code = "2"
	}
	for _, item := range bansta {
		if err := typed.Write(item); err != nil {
			t.Fatal(err)
		}
	}
	if lines, statuses := typed.Counts(); lines != 1 || statuses != 99 {
		t.Errorf("counts are %d and %d", lines, statuses)
	}
	var fault *edifact.WriteError
	if err := typed.Write(&banking.BanstaStatus{GIS: banking.GIS{Code: "2"}}); !errors.As(err, &fault) || fault.Rule != edifact.RuleSegmentGroup {
		t.Errorf("at the hundredth status the error is %v", err)
	}
	for range 98 {
		if err := typed.Write(&banking.BanstaLine{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := typed.Write(&banking.BanstaLine{}); !errors.As(err, &fault) || fault.Rule != edifact.RuleSegmentGroup {
		t.Errorf("at the hundredth line the error is %v", err)
	}
}

func TestWriterTakesTheServiceCharactersOfItsInterchange(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := begun(&out, edifact.WriterOptions{Delimiters: edifact.Delimiters{Component: '|', Element: '*', Decimal: '.', Release: '!', End: '~'}})
	typed := banking.NewWriter(w)
	m := &banking.Paymul{Head: *head(), Lines: []banking.PaymulLine{*line()}}
	m.Head.UNH.Association = "EAN001"
	m.Lines[0].Orders = []banking.PaymulOrder{*order()}
	if err := errors.Join(typed.WriteMessage(m), w.End()); err != nil {
		t.Fatal(err)
	}
	if want := "UNH*1*PAYMUL|D|96A|UN|EAN001~BGM*452~DTM*137|20050811|102~LIN~FII*OR~SEQ~MOA*9|-12.5~UNT*8*1~"; !strings.Contains(out.String(), want) {
		t.Errorf("wrote %s", out.String())
	}
}

// TestFinalErrors: an error of the writer below ends the writing.
func TestFinalErrors(t *testing.T) {
	t.Parallel()
	w := begun(io.Discard, edifact.WriterOptions{})
	typed := banking.NewWriter(w)
	bad := head()
	bad.BGM.Number = "€"
	err := typed.Write(bad)
	var fault *edifact.CharacterError
	if !errors.As(err, &fault) || fault.Rune != '€' {
		t.Errorf("error is %v", err)
	}
	if again := typed.Write(head()); !errors.Is(again, err) {
		t.Errorf("then the error is %v", again)
	}
}
