package nksxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway/nksxml"
)

func TestWriterRefusesWhatNoDocumentCanCarry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  func() any
		want string
	}{
		"control character": {func() any {
			d := answers()["response-9.xml"].(*nksxml.Response9)
			d.Blocks[0][0].Text = "bell \x07"
			return d
		}, "AddtlInf: character U+0007 cannot be written"},
		"no UTF-8": {func() any {
			d := answers()["response-2-part.xml"].(*nksxml.Response2)
			d.Blocks[0][0].EndToEndID = "\xe6"
			return d
		}, "EndToEndId: not valid UTF-8"},
		"too long": {func() any {
			d := answers()["response-9.xml"].(*nksxml.Response9)
			d.Blocks[0][0].Text = strings.Repeat("æ", 1025)
			return d
		}, "AddtlInf: longer than 1024 characters"},
		"no number": {func() any {
			d := answers()["response-7.xml"].(*nksxml.Response7)
			d.General.StatusID = ""
			return d
		}, "PmtInitnStsId: a value is missing"},
		"no time": {func() any {
			d := answers()["receipt-1-accepted.xml"].(*nksxml.Receipt1)
			d.Header.Timestamp = time.Time{}
			return d
		}, "Timestamp: not a time the document can carry"},
		"no date": {func() any {
			d := answers()["response-8-grouped.xml"].(*nksxml.Response8)
			d.Blocks[0].Debit.ExecutionDate = nksxml.Date{Year: 2005, Month: 2, Day: 29}
			return d
		}, "ReqdExctnDt: not a date the document can carry"},
		"unknown status": {func() any {
			d := answers()["response-7.xml"].(*nksxml.Response7)
			d.Blocks[0][0].Status = "PART"
			return d
		}, `TxSts: not one of ["ACPT" "RJCT"]`},
		"no supplier": {func() any {
			d := answers()["receipt-1-accepted.xml"].(*nksxml.Receipt1)
			d.Header.To = nil
			return d
		}, "To: 0 parties"},
		"no payments": {func() any {
			d := answers()["response-9.xml"].(*nksxml.Response9)
			d.Blocks = nil
			return d
		}, "OrgnlPmtInf: missing"},
		"empty block": {func() any {
			d := answers()["response-8-grouped.xml"].(*nksxml.Response8)
			d.Blocks[0].Transfers = nil
			return d
		}, "OrgnlPmtInf: without payments"},
		"original in response 2": {func() any {
			d := answers()["response-2-part.xml"].(*nksxml.Response2)
			d.Blocks[0][0].Original = &nksxml.Original{Currency: "DKK"}
			return d
		}, "OrgnlTxInf: has no place in this document"},
		"account in response 7": {func() any {
			d := answers()["response-7.xml"].(*nksxml.Response7)
			d.Blocks[0][0].Original.Account = nksxml.Account{Kind: nksxml.BBAN, Number: "70450001234567"}
			return d
		}, "OrgnlTxInf: has no place in this document"},
		"currency": {func() any {
			d := answers()["response-7.xml"].(*nksxml.Response7)
			d.Blocks[0][0].Original.Currency = "kr"
			return d
		}, "InstdAmt: shorter than 3 characters"},
		"no error in receipt 0": {func() any {
			d := answers()["receipt-0.xml"].(*nksxml.Receipt0)
			d.Errors = nil
			return d
		}, "ErrorList: no error"},
		"error in an accepting receipt 1": {func() any {
			d := answers()["receipt-1-accepted.xml"].(*nksxml.Receipt1)
			d.Errors = []nksxml.Fault{{Code: "1", Description: "x"}}
			return d
		}, "when it rejects and only then"},
		"note in a rejecting receipt 1": {func() any {
			d := answers()["receipt-1-rejected.xml"].(*nksxml.Receipt1)
			d.Note = "x"
			return d
		}, "when it accepts and only then"},
		"not an answer": {func() any { return 7 }, "not an answer"},
	} {
		err := nksxml.Write(io.Discard, c.doc())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestWriterKeepsTheTargetsError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	err := nksxml.Write(failing{full}, answers()["response-9.xml"])
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriterShowsTheClockOfTheTimesLocation(t *testing.T) {
	t.Parallel()
	d := answers()["receipt-1-accepted.xml"].(*nksxml.Receipt1)
	d.Header.Timestamp = time.Date(2005, 8, 11, 4, 2, 3, 999, time.UTC).In(time.FixedZone("CEST", 7200))
	var out bytes.Buffer
	if err := nksxml.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "<ebms:Timestamp>2005-08-11T06:02:03</ebms:Timestamp>") {
		t.Error(out.String())
	}
}

func TestReadWantsTheDocumentAskedFor(t *testing.T) {
	t.Parallel()
	doc := document(t, "response-7.xml")
	if _, err := nksxml.Read[nksxml.Response7](bytes.NewReader(doc), nksxml.Limits{}); err != nil {
		t.Error(err)
	}
	if _, err := nksxml.Read[nksxml.Response9](bytes.NewReader(doc), nksxml.Limits{}); err == nil {
		t.Error("response 7 was taken for response 9")
	}
	if _, err := nksxml.ReadAnswer(bytes.NewReader(document(t, "payment-slips.xml")), nksxml.Limits{}); err == nil {
		t.Error("payments were taken for an answer")
	}
	if err := readWhole("NKSPayment", bytes.NewReader(doc), nksxml.Limits{}); err == nil {
		t.Error("an answer was taken for payments")
	}
}

func TestStreamsRefuseWhatIsOutOfOrder(t *testing.T) {
	t.Parallel()
	d := answers()["response-8-grouped.xml"].(*nksxml.Response8)
	w := nksxml.NewResponse8Writer(io.Discard, &d.General)
	if err := w.Tx(&d.Blocks[0].Transfers[0]); err == nil {
		t.Error("a payment outside of a block")
	}
	s := nksxml.NewStatusWriter(io.Discard, answers()["response-7.xml"].(*nksxml.Response7))
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err == nil {
		t.Error("a block without payments")
	}
}

// texts of every kind of character, and of markup.
func texts(minLen, maxLen int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("aB1 <>&\"'];\t\n\røæÅ€𝄞\u0085\uFFFD")), minLen, maxLen, -1)
}

var genCreditor = rapid.Custom(func(t *rapid.T) nksxml.Creditor {
	c := nksxml.Creditor{Name: texts(0, 40).Draw(t, "name")}
	c.Lines = rapid.SliceOfN(texts(1, 20), 0, 5).Draw(t, "lines")
	c.PostCode = texts(0, 8).Draw(t, "post code")
	c.Country = rapid.SampledFrom([]string{"", "DK", "DE"}).Draw(t, "country")
	c.IDKind = nksxml.IDKind(rapid.IntRange(0, 5).Draw(t, "kind"))
	if c.IDKind != nksxml.NoID {
		c.ID = texts(1, 70).Draw(t, "id")
	}
	switch c.IDKind {
	case nksxml.CVR:
		c.Issuer = "CVR"
	case nksxml.PNR:
		c.Issuer = "PNR"
	case nksxml.OtherID:
		c.Issuer = "X Y"
	}
	return c
})

var genOriginal = rapid.Custom(func(t *rapid.T) nksxml.Original {
	return nksxml.Original{Amount: rapid.Int64().Draw(t, "amount"), Currency: "DKK", Incomplete: rapid.Bool().Draw(t, "incomplete"),
		TransferCurrency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "transfer currency"), Creditor: genCreditor.Draw(t, "creditor")}
})

var genResponse8 = rapid.Custom(func(t *rapid.T) *nksxml.Response8 {
	d := &nksxml.Response8{General: nksxml.General{StatusID: texts(1, 70).Draw(t, "number"), Created: clock("2005-08-11T06:02:03"),
		Authority: texts(1, 70).Draw(t, "authority"), GroupID: texts(1, 70).Draw(t, "group")}}
	for range rapid.IntRange(1, 3).Draw(t, "blocks") {
		block := nksxml.Transfers{Debit: nksxml.Debit{ExecutionDate: nksxml.Date{Year: 2999, Month: 12, Day: 31}, Agreement: texts(1, 70).Draw(t, "agreement"),
			Account: texts(1, 70).Draw(t, "account"), Purpose: texts(0, 350).Draw(t, "purpose")}}
		for range rapid.IntRange(1, 3).Draw(t, "transfers") {
			o := genOriginal.Draw(t, "original")
			if kind := nksxml.AccountKind(rapid.IntRange(0, 3).Draw(t, "kind")); kind != nksxml.NoAccount {
				o.Account = nksxml.Account{Kind: kind, Number: texts(1, 70).Draw(t, "number")}
			}
			if o.Agent.Present = rapid.Bool().Draw(t, "agent"); o.Agent.Present {
				o.Agent.BIC, o.Agent.DEBLZ = texts(0, 11).Draw(t, "BIC"), texts(0, 8).Draw(t, "DEBLZ")
				o.Agent.BankCode, o.Agent.Name = texts(0, 8).Draw(t, "bank code"), texts(0, 50).Draw(t, "bank")
				o.Agent.Lines = rapid.SliceOfN(texts(1, 20), 0, 5).Draw(t, "bank lines")
			}
			block.Transfers = append(block.Transfers, nksxml.Transfer{InstrID: texts(0, 70).Draw(t, "InstrId"), EndToEndID: texts(0, 256).Draw(t, "EndToEndId"),
				Status: nksxml.Accepted, Original: o})
		}
		d.Blocks = append(d.Blocks, block)
	}
	return d
})

var genStatuses = rapid.Custom(func(t *rapid.T) any {
	head := nksxml.General{StatusID: "NKS2C RETURSVAR 1", Created: clock("2005-08-11T06:02:03"), Authority: "1", GroupID: texts(1, 70).Draw(t, "group")}
	var blocks [][]nksxml.Status
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	for range rapid.IntRange(1, 3).Draw(t, "blocks") {
		var block []nksxml.Status
		for range rapid.IntRange(1, 3).Draw(t, "payments") {
			s := nksxml.Status{InstrID: texts(0, 70).Draw(t, "InstrId"), EndToEndID: texts(0, 256).Draw(t, "EndToEndId"),
				Status: rapid.SampledFrom([]string{nksxml.Accepted, nksxml.Rejected}).Draw(t, "status"), Reason: rapid.SampledFrom([]string{"", "0009"}).Draw(t, "reason"),
				Text: texts(0, 1024).Draw(t, "text")}
			if kind >= 2 && rapid.Bool().Draw(t, "release 2") {
				o := genOriginal.Draw(t, "original")
				s.Original = &o
			}
			block = append(block, s)
		}
		blocks = append(blocks, block)
	}
	group := nksxml.GroupStatus{Status: nksxml.Part, Reason: rapid.SampledFrom([]string{"", "0002"}).Draw(t, "reason"), Text: texts(0, 50).Draw(t, "text")}
	header := answerHeader(texts(1, 70).Draw(t, "message"), texts(1, 70).Draw(t, "supplier"), texts(1, 70).Draw(t, "reference"))
	switch kind {
	case 0:
		return &nksxml.Response2{Header: header, General: head, Group: group, Blocks: blocks}
	case 1:
		return &nksxml.Response5{Header: header, General: head, Group: group, Blocks: blocks}
	case 2:
		return &nksxml.Response7{General: head, Blocks: blocks}
	}
	return &nksxml.Response9{General: head, Blocks: blocks}
})

var genReceipt = rapid.Custom(func(t *rapid.T) any {
	header := answerHeader(texts(1, 70).Draw(t, "message"), texts(1, 70).Draw(t, "supplier"), texts(1, 70).Draw(t, "reference"))
	faults := []nksxml.Fault{{Code: "901", Description: texts(0, 1024).Draw(t, "description")}}
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return &nksxml.Receipt1{Header: header, Action: nksxml.Accepted, Note: texts(0, 1024).Draw(t, "note")}
	case 1:
		return &nksxml.Receipt1{Header: header, Action: nksxml.Rejected, Errors: faults}
	}
	if rapid.Bool().Draw(t, "unreadable") {
		header.To, header.RefToMessageID = nil, ""
	}
	return &nksxml.Receipt0{Header: header, Errors: faults}
})

// genAnswer is any answer with any values that the schema takes.
var genAnswer = rapid.Custom(func(t *rapid.T) any {
	switch rapid.IntRange(0, 2).Draw(t, "answer") {
	case 0:
		return genReceipt.Draw(t, "receipt")
	case 1:
		return genStatuses.Draw(t, "statuses")
	}
	return genResponse8.Draw(t, "response 8")
})

func TestAnyAnswerIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := genAnswer.Draw(t, "answer")
		var out bytes.Buffer
		if err := nksxml.Write(&out, doc); err != nil {
			t.Fatal(err)
		}
		got, err := nksxml.ReadAnswer(bytes.NewReader(out.Bytes()), nksxml.Limits{})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if dump(got) != dump(doc) {
			t.Fatalf("read\n%s\nwritten\n%s", dump(got), dump(doc))
		}
	})
}

func TestAnyAnswerWrittenIsValid(t *testing.T) {
	t.Parallel()
	byKind := map[string]map[string][]byte{}
	for i := range 300 {
		var out bytes.Buffer
		if err := nksxml.Write(&out, genAnswer.Example(i)); err != nil {
			t.Fatal(err)
		}
		kind := kindOf(t, out.Bytes()[:300])
		if byKind[kind] == nil {
			byKind[kind] = map[string][]byte{}
		}
		byKind[kind][fmt.Sprintf("%03d.xml", i)] = out.Bytes()
	}
	for kind, docs := range byKind {
		accepted, complaints := xmllint(t, kind, docs)
		for name := range docs {
			if !accepted[name] {
				t.Errorf("%s\n%s", complaints[name], docs[name])
			}
		}
	}
}
