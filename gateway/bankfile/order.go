package bankfile

import (
	"strings"
	"unicode/utf8"

	"nks/edifact"
	"nks/gateway"
)

// Room for texts in D.96A.
const (
	freeTexts     = 5  // FTX of the PRC group
	freeTextLines = 5  // components of C108
	partyLines    = 5  // components of C080
	streetLines   = 4  // components of C059
	maxPostcode   = 9  // 3251
	maxBankText   = 70 // 3432, 3436
	maxDocuments  = 9999
)

// Order writes the next SEQ of the line.
func (w *Writer) Order(o *gateway.Order) error {
	if err := w.state(); err != nil {
		return err
	}
	if w.line.No == 0 || o.Seq != w.orders+1 || w.orders == w.line.Orders {
		return w.refuse("SEQ %d comes out of order", o.Seq)
	}
	w.orders++
	if err := w.acceptable(o); err != nil {
		return err
	}
	w.ore += o.Ore
	w.checkDebitText(o)
	e := w.edi
	e.Segment("SEQ").Elem("").ElemInt(o.Seq)
	e.Segment("MOA").Elem("9").CompAmount(o.Ore, 2).Comp("DKK")
	e.Segment("RFF").Elem("CR").Comp(o.Reference)
	w.payment(o)
	w.beneficiaryAccount(o)
	w.beneficiary(&o.Detail)
	w.instructions(&o.Detail)
	w.process(o)
	return w.state()
}

// debitText is the field of the payer's text on its own statement.
const debitText = "debit text"

// checkDebitText records, once for a LIN, that the text of an order is not what its LIN says.
func (w *Writer) checkDebitText(o *gateway.Order) {
	written := w.codec.profile.DebitText && o.DebitText == w.line.DebitText
	if o.DebitText == "" || written || w.debitTextDropped {
		return
	}
	w.debitTextDropped = true
	w.changes = append(w.changes, gateway.TextChange{Message: w.message, Line: w.line.No, Field: debitText, What: string(Dropped)})
}

// acceptable tells what of an order cannot be right, whoever froze it.
func (w *Writer) acceptable(o *gateway.Order) error {
	switch n := utf8.RuneCountInString(o.Reference); {
	case o.Type != w.line.Type || currency(o.TransferCurrency) != currency(w.line.TransferCurrency):
		return w.refuse("order is of another payment type or currency than its LIN")
	case len(currency(o.TransferCurrency)) != 3:
		return w.refuse("currency has not three letters")
	case o.Ore < 1 || o.Ore > w.line.Ore-w.ore:
		return w.refuse("amount of %d øre must be more than 0 and at most what is left of the LIN's sum", o.Ore)
	case n < 1 || n > maxReference || strings.TrimSpace(o.Reference) != o.Reference:
		return w.refuse("reference has not 1 to 35 characters, or a blank at an end")
	}
	for _, id := range []struct {
		value string
		room  int
	}{{o.Account.Number, 35}, {o.Account.BIC, 11}, {o.Account.BankCode, 17}, {o.Detail.SlipReference, 35}} {
		if utf8.RuneCountInString(id.value) > id.room {
			return w.refuse("account, bank or slip id has more than %d characters", id.room)
		}
	}
	return w.suitable(o)
}

// suitable compares the account with the payment type.
func (w *Writer) suitable(o *gateway.Order) error {
	a, kind := o.Account, o.Account.Kind
	switch o.Type {
	case gateway.Transfer:
		if kind == gateway.DomesticBBAN && len(a.Number) == 14 && gateway.AllDigits(a.Number) || kind == gateway.IBANAccount && a.Number != "" {
			return nil
		}
	case gateway.Salary:
		if kind == gateway.DomesticBBAN && len(a.Number) == 14 && gateway.AllDigits(a.Number) {
			return nil
		}
	case gateway.PaymentSlip:
		if kind == gateway.SlipCreditor && (a.Number != "" || o.Detail.SlipReference != "") && len(o.Detail.CardType) == 2 {
			return nil
		}
	case gateway.ForeignOrder:
		if kind == gateway.IBANAccount && a.Number != "" || kind == gateway.ForeignAccount && a.Number != "" && a.BIC+a.BankCode != "" {
			return nil
		}
	case gateway.ErrorOrder:
		if kind == gateway.DomesticBBAN && len(a.Number) == 14 && gateway.AllDigits(a.Number) {
			return nil
		}
	case gateway.Cheque:
		if kind == gateway.ChequeAccount && o.Detail.Name != "" && (len(o.Detail.AddressLines) > 0 || o.Detail.Town != "") {
			return nil
		}
	}
	return w.refuse("account of kind %d does not suit payment type %s, or is incomplete", kind, o.Type)
}

// payment writes what kind of payment it is and who bears the charges.
func (w *Writer) payment(o *gateway.Order) {
	e, d := w.edi, &o.Detail
	switch o.Type {
	case gateway.PaymentSlip:
		if d.SlipReference != "" {
			e.Segment("RFF").Elem("BID").Comp(d.SlipReference)
		}
		if o.Account.Number != "" {
			e.Segment("RFF").Elem("KRE").Comp(o.Account.Number)
		}
		w.paymentType("IBK", "A"+d.CardType)
	case gateway.Salary:
		e.Segment("PAI").Elem("").Comp("").Comp("IBL")
	case gateway.ForeignOrder:
		w.paymentType("UBB", "ALO")
	case gateway.Cheque:
		e.Segment("PAI").Elem("").Comp("").Comp("20")
	default:
		advice := "UKA"
		if len(d.Advice) > 0 {
			advice = "UUA"
		}
		w.paymentType("IBB", advice)
	}
	switch d.ChargeBearer {
	case "":
	case "BEN", "CRED":
		e.Segment("FCA").Elem("13")
	case "SHA", "SHAR":
		e.Segment("FCA").Elem("14")
	case "OUR", "DEBT":
		e.Segment("FCA").Elem("15")
	default:
		_ = w.refuse("bearer of the charges must be one of BEN, SHA, OUR")
	}
}

func (w *Writer) paymentType(kind, advice string) {
	w.edi.Segment("PAI").Elem("").Comp("").Comp(kind).Comp("").Comp("").Comp(advice)
}

func (w *Writer) beneficiaryAccount(o *gateway.Order) {
	a := o.Account
	switch a.Kind {
	case gateway.DomesticBBAN:
		w.domestic("BF", a, "")
	case gateway.IBANAccount, gateway.ForeignAccount:
		w.abroad(a, &o.Detail)
	}
}

// domestic writes a Danish account: number, and registration number of its bank.
func (w *Writer) domestic(role string, a gateway.Account, currency string) {
	registration, number := a.DomesticParts()
	w.edi.Segment("FII").Elem(role).Elem(number).Comp("").Comp("").Comp(currency).
		Elem("").Comp("").Comp("").Comp(registration).Comp("80").Comp("130")
}

func (w *Writer) abroad(a gateway.Account, d *gateway.Detail) {
	e := w.edi
	e.Segment("FII").Elem("BF").Elem(a.Number)
	if a.BIC != "" {
		e.Elem(a.BIC).Comp("25").Comp("5")
	} else {
		e.Elem("").Comp("").Comp("")
	}
	switch {
	case a.BankCode == "":
		e.Comp("").Comp("").Comp("")
	case d.GermanBankCode:
		e.Comp(a.BankCode).Comp("25").Comp("131")
	default:
		e.Comp(a.BankCode).Comp("25").Comp("ZZZ")
	}
	e.Comp(w.text("bank name", d.BankName, maxBankText))
	e.Comp(w.text("bank address", strings.Join(d.BankAddressLines, " "), maxBankText))
	e.Elem(w.text("bank country", d.BankCountry, 3))
}

// beneficiary writes name and address, where something is known.
func (w *Writer) beneficiary(d *gateway.Detail) {
	if d.Name == "" && len(d.AddressLines) == 0 && d.PostCode == "" && d.Town == "" {
		return
	}
	w.edi.Segment("NAD").Elem("BE").Elem("").Elem("")
	w.composite("name", d.Name, partyLines)
	w.scratch = w.scratch[:0]
	for _, line := range d.AddressLines {
		w.scratch = lines(w.scratch, w.latin("street", line), lineWidth)
	}
	w.components("street", w.scratch, streetLines)
	w.edi.Elem(w.text("town", d.Town, lineWidth)).Elem("").
		Elem(w.text("postcode", d.PostCode, maxPostcode)).Elem(w.text("country", d.Country, 3))
}

// instructions writes immediate advice and what is agreed with the payer's bank.
func (w *Writer) instructions(d *gateway.Detail) {
	if d.FinalAgent == "STRAKS" {
		w.edi.Segment("INP").Elem("BF").Comp("BE").Elem("1").Comp("AD")
	} else if d.FinalAgent != "" {
		w.edi.Segment("INP").Elem("BF").Elem("1").Comp("").Comp("").Comp("").Comp(w.text("instruction", d.FinalAgent, lineWidth))
	}
	if d.FirstAgent != "" {
		w.edi.Segment("INP").Elem("OR").Elem("1").Comp("").Comp("").Comp("").Comp(w.text("instruction", d.FirstAgent, lineWidth))
	}
}

// process writes what the recipient is to read: text on the statement, advice,
// invoice numbers.
func (w *Writer) process(o *gateway.Order) {
	d := &o.Detail
	texts := o.Text != "" || len(d.Advice) > 0
	switch {
	case texts && len(d.DocumentRef) > 0:
		w.edi.Segment("PRC").Elem("10")
	case texts:
		w.edi.Segment("PRC").Elem("11")
	case len(d.DocumentRef) > 0:
		w.edi.Segment("PRC").Elem("8")
	default:
		return
	}
	room := freeTexts
	if o.Text != "" {
		w.edi.Segment("FTX").Elem("AAI").Elem("").Elem("")
		w.composite("text", o.Text, freeTextLines)
		room--
	}
	w.advice(d.Advice, room)
	if len(d.DocumentRef) > maxDocuments {
		w.changed("document", Shortened)
	}
	for _, number := range d.DocumentRef[:min(len(d.DocumentRef), maxDocuments)] {
		w.edi.Segment("DOC").Elem("380").Elem(w.text("document", number, maxReference))
	}
}

func (w *Writer) advice(texts []string, room int) {
	w.scratch = w.scratch[:0]
	for _, s := range texts {
		w.scratch = lines(w.scratch, w.latin("advice", s), lineWidth)
	}
	left := w.scratch
	for ; len(left) > 0 && room > 0; room-- {
		n := min(freeTextLines, len(left))
		w.edi.Segment("FTX").Elem("PMD").Elem("").Elem("")
		w.components("advice", left[:n], freeTextLines)
		left = left[n:]
	}
	if len(left) > 0 {
		w.changed("advice", Shortened)
	}
}

// composite writes s as a composite of at most most lines.
func (w *Writer) composite(field, s string, most int) {
	w.scratch = lines(w.scratch[:0], w.latin(field, s), lineWidth)
	w.components(field, w.scratch, most)
}

func (w *Writer) components(field string, parts []string, most int) {
	if len(parts) > most {
		w.changed(field, Shortened)
		parts = parts[:most]
	}
	if len(parts) == 0 {
		w.edi.Elem("")
		return
	}
	w.edi.Elem(parts[0])
	for _, s := range parts[1:] {
		w.edi.Comp(s)
	}
}

// text is s in the bank's repertoire, of at most n characters, without blanks
// at its end.
func (w *Writer) text(field, s string, n int) string {
	s, cut := short(w.latin(field, s), n)
	if cut {
		w.changed(field, Shortened)
	}
	return strings.TrimRight(s, " ")
}

// latin is s in the bank's repertoire.
func (w *Writer) latin(field, s string) string {
	s, replaced := edifact.Transliterate(w.codec.options.Repertoire, s)
	if len(replaced) > 0 {
		w.changed(field, Transliterated)
	}
	return s
}

func (w *Writer) changed(field string, what Alteration) {
	w.changes = append(w.changes, gateway.TextChange{Message: w.message, Line: w.line.No, Seq: w.orders, Field: field, What: string(what)})
}
