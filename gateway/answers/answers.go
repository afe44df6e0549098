// Package answers writes receipts and responses from what the flow has stored. It adds nothing of its own: the same
// answer gives the same bytes.
package answers

import (
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/nksxml"
)

// New begins an answer. It is a gateway.NewAnswerEncoder.
func New(w io.Writer, a gateway.Answer) (gateway.AnswerEncoder, error) {
	switch a.Kind {
	case gateway.Receipt0:
		doc := &nksxml.Receipt0{Header: header(a), Errors: []nksxml.Fault{{Code: string(a.Code), Description: clip(a.Text)}}}
		return whole{}, nksxml.Write(w, doc)
	case gateway.Receipt1:
		doc := &nksxml.Receipt1{Header: header(a), Action: a.Status, Note: a.Foretold.Text()}
		if a.Code != "" {
			doc.Errors = []nksxml.Fault{{Code: string(a.Code), Description: clip(a.Text)}}
		}
		return whole{}, nksxml.Write(w, doc)
	case gateway.Response2:
		return statuses(a, nksxml.NewStatusWriter(w, &nksxml.Response2{Header: header(a), General: general(a), Group: group(a)})), nil
	case gateway.Response5:
		return statuses(a, nksxml.NewStatusWriter(w, &nksxml.Response5{Header: header(a), General: general(a), Group: group(a)})), nil
	case gateway.Response7:
		return statuses(a, nksxml.NewStatusWriter(w, &nksxml.Response7{General: general(a)})), nil
	case gateway.Response9:
		return statuses(a, nksxml.NewStatusWriter(w, &nksxml.Response9{General: general(a)})), nil
	case gateway.Response8:
		g := general(a)
		return &transfers{grouped: a.Grouped, w: nksxml.NewResponse8Writer(w, &g)}, nil
	}
	return nil, fmt.Errorf("answer kind %d does not exist", a.Kind)
}

// maxDescription is the place that a description and a text have.
const maxDescription = 1024

func clip(s string) string {
	if r := []rune(s); len(r) > maxDescription {
		return string(r[:maxDescription])
	}
	return s
}

func header(a gateway.Answer) nksxml.AnswerHeader {
	h := nksxml.AnswerHeader{From: []string{a.OwnName, a.OwnGLN}, MessageID: a.ID(), Timestamp: a.MadeAt, RefToMessageID: a.MessageRef}
	if a.Supplier != "" {
		h.To = []string{a.Supplier}
		if a.SenderEAN != "" {
			h.To = append(h.To, a.SenderEAN)
		}
	}
	return h
}

func general(a gateway.Answer) nksxml.General {
	return nksxml.General{StatusID: a.ID(), Created: a.MadeAt, Authority: a.Authority, GroupID: a.GroupRef}
}

func group(a gateway.Answer) nksxml.GroupStatus {
	return nksxml.GroupStatus{Status: a.Status, Reason: string(a.Code)}
}

// whole is an answer that lists no payments.
type whole struct{}

// Tx implements gateway.AnswerEncoder.
func (whole) Tx(gateway.AnswerTx) error { return fmt.Errorf("a receipt lists no payments") }

// End implements gateway.AnswerEncoder.
func (whole) End() error { return nil }

// statusList is response 2, 5, 7 or 9: each payment stands in an OrgnlPmtInf of its own, as in the official documents.
type statusList struct {
	w         *nksxml.StatusWriter
	originals bool
}

func statuses(a gateway.Answer, w *nksxml.StatusWriter) *statusList {
	return &statusList{w: w, originals: a.Kind == gateway.Response7 || a.Kind == gateway.Response9}
}

// Tx implements gateway.AnswerEncoder.
func (s *statusList) Tx(t gateway.AnswerTx) error {
	if err := s.w.Begin(); err != nil {
		return err
	}
	st := nksxml.Status{InstrID: t.InstrID, EndToEndID: t.EndToEndID, Status: t.Status, Reason: string(t.Code), Text: clip(t.Text)}
	if s.originals {
		o := original(t)
		// Responses 7 and 9 repeat who was to be paid, by number, not where.
		o.Creditor.Name, o.Creditor.Address, o.Account, o.Agent = "", nksxml.Address{}, nksxml.Account{}, nksxml.Agent{}
		st.Original = &o
	}
	return s.w.Tx(&st)
}

// End implements gateway.AnswerEncoder.
func (s *statusList) End() error { return s.w.End() }

// transfers is response 8: the payments of a grouped bundle stand under one OrgnlPmtInf a debit, others each under one.
type transfers struct {
	w       *nksxml.Response8Writer
	grouped bool
	open    bool
	block   gateway.DebitBlock
}

// Tx implements gateway.AnswerEncoder.
func (r *transfers) Tx(t gateway.AnswerTx) error {
	if !r.open || !r.grouped || t.Block != r.block {
		b := t.Block
		err := r.w.Begin(&nksxml.Debit{Agreement: b.Agreement, Account: b.DebitAccount, Purpose: b.DebitText,
			ExecutionDate: nksxml.Date{Year: b.ExecutesOn.Year, Month: b.ExecutesOn.Month, Day: b.ExecutesOn.Day}})
		if err != nil {
			return err
		}
		r.open, r.block = true, b
	}
	return r.w.Tx(&nksxml.Transfer{InstrID: t.InstrID, EndToEndID: t.EndToEndID, Status: t.Status, Original: original(t)})
}

// End implements gateway.AnswerEncoder.
func (r *transfers) End() error { return r.w.End() }

func original(t gateway.AnswerTx) nksxml.Original {
	o := nksxml.Original{Amount: gateway.DocumentAmount(t.Ore), Currency: "DKK", TransferCurrency: t.TransferCurrency, Incomplete: !t.Complete}
	switch t.Holder.Kind {
	case gateway.CPR:
		o.Creditor.IDKind = nksxml.CPR
	case gateway.CVR:
		o.Creditor.IDKind, o.Creditor.Issuer = nksxml.CVR, "CVR"
	case gateway.PNR:
		o.Creditor.IDKind, o.Creditor.Issuer = nksxml.PNR, "PNR"
	case gateway.SE:
		o.Creditor.IDKind = nksxml.SE
	case gateway.NoHolder:
	}
	o.Creditor.ID = t.Holder.ID
	foreign := false
	switch t.Account.Kind {
	case gateway.DomesticBBAN:
		o.Account = nksxml.Account{Kind: nksxml.BBAN, Number: t.Account.Number}
	case gateway.IBANAccount:
		foreign = true
		o.Account = nksxml.Account{Kind: nksxml.IBAN, Number: t.Account.Number}
	case gateway.ForeignAccount:
		foreign = true
		o.Account = nksxml.Account{Kind: nksxml.BBAN, Number: t.Account.Number}
	case gateway.SlipCreditor:
		o.Account = nksxml.Account{Kind: nksxml.Proprietary, Number: t.Account.Number}
	case gateway.NoAccount, gateway.ChequeAccount:
	}
	if foreign {
		o.Creditor.Name, o.Creditor.Address = t.Detail.Name, address(t.Detail.AddressLines, t.Detail.PostCode, t.Detail.Town, t.Detail.Country)
		o.Agent = nksxml.Agent{Present: true, BIC: t.Account.BIC, Name: t.Detail.BankName,
			Address: address(t.Detail.BankAddressLines, "", "", t.Detail.BankCountry)}
		if t.Detail.GermanBankCode {
			o.Agent.DEBLZ = t.Account.BankCode
		} else {
			o.Agent.BankCode = t.Account.BankCode
		}
	}
	return o
}

// address leaves empty lines out: a stored address may have them.
func address(lines []string, post, town, country string) nksxml.Address {
	a := nksxml.Address{PostCode: post, Town: town, Country: country}
	for _, l := range lines {
		if l != "" {
			a.Lines = append(a.Lines, l)
		}
	}
	return a
}
