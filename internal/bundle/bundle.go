// Package bundle writes documents of payments (NKSPayment) as a data supplier sends them: one debit and its payments. It judges nothing:
// what is wrong in a document is often meant so.
package bundle

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"text/template"
)

//go:embed bundle.xml
var layout string

// Document is a bundle of one debit.
type Document struct {
	About                            string // a comment for who reads it; empty: there are no comments at all, which no signed message may hold
	Supplier, To                     string
	ID                               string // MessageId and GrpId
	Written                          string // a time without zone, as 2005-08-11T05:57:00
	Authority, Agreement, Debit, Day string
	Instrument                       string // IBK of payment slips, UBB of payments abroad, or empty
	Payments                         []Payment
	// Adds is what makes the control sum wrong.
	Adds int64
}

// Payment is one payment in DKK. With Account, IBAN or Giro it is complete.
type Payment struct {
	ID, Text, Benefit           string
	Amount                      int64 // three implied decimals: øre times ten
	Person, Company             string
	Name, Street, Town, Country string
	Account, IBAN, BIC          string
	Giro, Slip                  string // of a payment slip: the creditor, and its code line
}

// Complete reports whether the payment names an account.
func (p Payment) Complete() bool { return p.Account != "" || p.IBAN != "" || p.Giro != "" }

// Sum is the control sum, in the amounts' scale.
func (d Document) Sum() int64 {
	sum := d.Adds
	for _, p := range d.Payments {
		sum += p.Amount
	}
	return sum
}

// Render writes the document; values are escaped.
func (d Document) Render() ([]byte, error) {
	t, err := template.New("bundle").Parse(layout)
	if err != nil {
		return nil, err
	}
	escaped := d
	for _, value := range []*string{&escaped.Supplier, &escaped.To, &escaped.ID, &escaped.Authority, &escaped.Agreement, &escaped.Debit, &escaped.Day} {
		*value = escape(*value)
	}
	escaped.Payments = nil
	for _, p := range d.Payments {
		for _, value := range []*string{&p.ID, &p.Text, &p.Benefit, &p.Person, &p.Company, &p.Name, &p.Street, &p.Town, &p.Country, &p.Account, &p.IBAN, &p.BIC, &p.Giro, &p.Slip} {
			*value = escape(*value)
		}
		escaped.Payments = append(escaped.Payments, p)
	}
	var b bytes.Buffer
	err = t.Execute(&b, escaped)
	return b.Bytes(), err
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
