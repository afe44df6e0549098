// Package intaketest writes NKSPayment documents for tests, good ones and wrong ones alike: it computes what is not said.
package intaketest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// Document is an NKSPayment. Empty fields of the head stand for what a good document has there.
type Document struct {
	From      []string
	To        []string // NKSTEST
	MessageID string   // as GroupID
	GroupID   string
	Authority string
	// Instruction is InstrNks: code and information; nil: none.
	Instruction []string
	// CtrlSum, Payments and Grouped are computed where they are empty.
	CtrlSum, Payments, Grouped string
	Debits                     []Debit
	// End replaces the end tag of the root, to break the document.
	End string
}

// Debit is a PmtInf.
type Debit struct {
	On         string // ReqdExctnDt; empty: absent
	Method     string // TRF
	Instrument string
	Agreement  string
	Account    string
	Text       string
	Payments   []Payment
}

// Payment is a PmtTx.
type Payment struct {
	EndToEndID, InstrID string
	Text                string
	Amount              int64  // three implied decimals
	Currency            string // DKK
	TransferCurrency    string // makes it an EqvtAmt

	Name           string
	Lines          []string
	Post, Town     string
	Country        string
	IDKind, ID     string // CPR, SE, or the issuer of a PrtryId
	AccountKind    string // BBAN, IBAN, Prtry; empty: no account
	Account        string
	BIC, DEBLZ     string
	BankCode, Bank string
	BankLines      []string
	BankCountry    string
	ChargeBearer   string
	Final, First   string // InstrForFnlAgt, InstrForFrstAgt
	// Remittance holds RmtInf in order: "CdtrRef:71+…", "DocRefNb:…", and anything else as Ustrd.
	Remittance []string
	Complete   bool
	// Indicator is how IncompletePaymentIndicator is spelt; empty: true or false.
	Indicator   string
	BenefitType string // YD1
}

// Incomplete is a payment to a recipient's NemKonto.
func Incomplete(e2e, idKind, id string, amount int64) Payment {
	return Payment{EndToEndID: e2e, IDKind: idKind, ID: id, Amount: amount}
}

// Complete is a payment to a domestic account.
func Complete(e2e, bban string, amount int64) Payment {
	return Payment{EndToEndID: e2e, AccountKind: "BBAN", Account: bban, Amount: amount, Complete: true}
}

// XML is the document's bytes, UTF-8.
func (d Document) XML() []byte {
	w := &writer{}
	w.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"` +
		` xmlns:e="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"` +
		` xmlns:s="http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/">` + "\n")
	w.raw(`<e:MessageHeader e:id="C2NKS" e:version="2.0">`)
	w.parties("From", d.From)
	if d.To == nil {
		d.To = []string{"NKSTEST"}
	}
	w.parties("To", d.To)
	w.raw(`<e:MessageData><e:MessageId>` + escape(or(d.MessageID, d.GroupID)) + `</e:MessageId>` +
		`<e:Timestamp>2005-08-11T04:15:00</e:Timestamp></e:MessageData></e:MessageHeader>` + "\n")
	w.head(d)
	for _, debit := range d.Debits {
		w.debit(debit)
	}
	w.raw(or(d.End, "</NKSPayment>\n"))
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

func (w *writer) raw(s string) { w.WriteString(s) }

// element writes an element unless its value is empty.
func (w *writer) element(name, value string) {
	if value != "" {
		w.raw("<s:" + name + ">" + escape(value) + "</s:" + name + ">")
	}
}

// inside writes elements around what body writes, unless that is nothing.
func (w *writer) inside(path string, body func()) {
	names := strings.Split(path, "/")
	before := w.Len()
	for _, n := range names {
		w.raw("<s:" + n + ">")
	}
	empty := w.Len()
	body()
	if w.Len() == empty {
		w.Truncate(before)
		return
	}
	for i := range names {
		w.raw("</s:" + names[len(names)-1-i] + ">")
	}
}

func (w *writer) parties(name string, ids []string) {
	w.raw("<e:" + name + ">")
	for _, id := range ids {
		w.raw("<e:PartyId>" + escape(id) + "</e:PartyId>")
	}
	w.raw("</e:" + name + ">")
}

func (w *writer) head(d Document) {
	sum, n := int64(0), 0
	for _, debit := range d.Debits {
		for _, p := range debit.Payments {
			sum += p.Amount
			n++
		}
	}
	w.inside("GrpHdr", func() {
		w.element("GrpId", d.GroupID)
		w.element("CreDtTm", "2005-08-11T04:15:00")
		w.element("Authstn", "1")
		w.element("CtrlSum", or(d.CtrlSum, strconv.FormatInt(sum, 10)))
		w.element("NbOfTxs", or(d.Payments, strconv.Itoa(n)))
		w.element("Grpg", or(d.Grouped, strconv.FormatBool(len(d.Debits) == 1)))
		w.inside("InitgPty/OrgId/PrtryId", func() {
			w.element("Id", d.Authority)
			w.element("Issr", "ADMID")
		})
		if len(d.Instruction) > 0 {
			w.inside("InstrNks", func() {
				w.element("Cd", d.Instruction[0])
				w.element("AddtInf", strings.Join(d.Instruction[1:], ""))
			})
		}
	})
	w.raw("\n")
}

func (w *writer) debit(d Debit) {
	w.inside("PmtInf", func() {
		w.element("ReqdExctnDt", d.On)
		w.element("PmtMtdByFrstAgt", or(d.Method, "TRF"))
		w.inside("CdtTrfTpId", func() { w.element("LclInstrm", d.Instrument) })
		w.inside("Dbtr/OrgId", func() { w.element("BkPtyId", d.Agreement) })
		w.inside("DbtrAcct/Id", func() { w.element("BBAN", d.Account) })
		w.element("DbtPurp", d.Text)
		w.raw("\n")
		for _, p := range d.Payments {
			w.payment(p)
		}
	})
	w.raw("\n")
}

func (w *writer) payment(p Payment) {
	w.inside("PmtTx", func() {
		w.inside("PmtId", func() {
			w.element("InstrId", p.InstrID)
			w.raw("<s:EndToEndId>" + escape(p.EndToEndID) + "</s:EndToEndId>")
		})
		w.inside("Purp", func() { w.element("Prtry", p.Text) })
		w.amount(p)
		w.creditor(p)
		w.remittance(p)
		w.element("IncompletePaymentIndicator", or(p.Indicator, strconv.FormatBool(!p.Complete)))
		w.element("BenefitType", or(p.BenefitType, "YD1"))
	})
	w.raw("\n")
}

func (w *writer) amount(p Payment) {
	tag := func(name string) {
		w.raw(fmt.Sprintf(`<s:%s Ccy="%s">%d</s:%s>`, name, or(p.Currency, "DKK"), p.Amount, name))
	}
	w.inside("Amt", func() {
		if p.TransferCurrency == "" {
			tag("InstdAmt")
			return
		}
		w.inside("EqvtAmt", func() {
			tag("Amt")
			w.element("CcyOfTrf", p.TransferCurrency)
		})
	})
}

func (w *writer) creditor(p Payment) {
	w.inside("Cdtr", func() {
		w.element("Nm", p.Name)
		w.address(p.Lines, p.Post, p.Town, p.Country)
		switch p.IDKind {
		case "":
		case "CPR":
			w.inside("PrvtId", func() { w.element("SclSctyNb", p.ID) })
		case "SE":
			w.inside("OrgId", func() { w.element("TaxIdNb", p.ID) })
		default:
			w.inside("OrgId/PrtryId", func() {
				w.element("Id", p.ID)
				w.element("Issr", p.IDKind)
			})
		}
	})
	switch p.AccountKind {
	case "":
	case "Prtry":
		w.inside("CdtrAcct/Id/Prtry", func() { w.element("Id", p.Account) })
	default:
		w.inside("CdtrAcct/Id", func() { w.element(p.AccountKind, p.Account) })
	}
	w.inside("FnlAgt/FinInstnId", func() {
		w.element("BIC", p.BIC)
		w.inside("ClrSysMmbId", func() { w.element("DEBLZ", p.DEBLZ) })
		w.inside("PrtryId", func() { w.element("Id", p.BankCode) })
		w.element("Nm", p.Bank)
		w.address(p.BankLines, "", "", p.BankCountry)
	})
}

func (w *writer) address(lines []string, post, town, country string) {
	w.inside("PstlAdr", func() {
		for _, l := range lines {
			w.element("AdrLine", l)
		}
		w.element("PstCd", post)
		w.element("TwnNm", town)
		w.element("Ctry", country)
	})
}

func (w *writer) remittance(p Payment) {
	w.element("ChrgBr", p.ChargeBearer)
	w.inside("InstrForFnlAgt", func() { w.element("Prtry", p.Final) })
	w.inside("InstrForFrstAgt", func() { w.element("Prtry", p.First) })
	for _, r := range p.Remittance {
		kind, value, found := strings.Cut(r, ":")
		if found && (kind == "CdtrRef" || kind == "DocRefNb") {
			w.inside("RmtInf/Strd", func() { w.element(kind, value) })
			continue
		}
		w.inside("RmtInf", func() { w.element("Ustrd", r) })
	}
}

func or(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return b.String()
}
