package release

import (
	"encoding/binary"

	"nks/gateway"
	"nks/register"
)

// due is a payment of a release unit as it was sent in.
type due struct {
	gateway.DuePayment
	id, ore   int64
	ordered   int16               // the attempt of its last order; neverOrdered
	before    gateway.PaymentType // of that order; 0: there is none
	setOff    int16               // whether it goes to a creditor
	recipient register.Asked
	debit     string
	debitText string // on the payer's own statement
	e2e       string
	text      string
	detail    string // JSON, empty: none
}

// Whether a payment that is to be ordered anew is what was taken for a claim.
const (
	noSetOff    = 0
	stillSetOff = 1 // it is, and goes to the creditor
	setOffEnded = 2 // it was: by now nothing remains of the claim for it
)

// repeated are texts that most payments have from the one before them: they are taken from there.
type repeated struct{ debit, authority, benefitType, debitText string }

func again(last *string, b []byte) string {
	if *last != string(b) {
		*last = string(b)
	}
	return *last
}

// scan takes a row of slice.sql or obligations.sql in binary format. The texts of its own share one string.
func (d *due) scan(raw [][]byte, before *repeated) {
	d.id, d.ore = int64(binary.BigEndian.Uint64(raw[0])), int64(binary.BigEndian.Uint64(raw[1]))
	d.recipient.Number = int64(binary.BigEndian.Uint64(raw[2]))
	d.recipient.Kind = gateway.HolderKind(int16(binary.BigEndian.Uint16(raw[3])))
	d.Type = gateway.PaymentType(int16(binary.BigEndian.Uint16(raw[4])))
	d.Account.Kind = gateway.AccountKind(int16(binary.BigEndian.Uint16(raw[5])))
	d.Complete, d.ReturnAlways = raw[6][0] != 0, len(raw[7]) > 0 && raw[7][0] != 0
	d.ordered, d.before = int16(binary.BigEndian.Uint16(raw[8])), gateway.PaymentType(int16(binary.BigEndian.Uint16(raw[9])))
	d.setOff = int16(binary.BigEndian.Uint16(raw[10]))
	d.debit = again(&before.debit, raw[11])
	d.recipient.Authority, d.recipient.BenefitType = again(&before.authority, raw[12]), again(&before.benefitType, raw[13])
	d.debitText = again(&before.debitText, raw[14])
	const own = 15
	size := 0
	for _, r := range raw[own:] {
		size += len(r)
	}
	buf := make([]byte, 0, size)
	for _, r := range raw[own:] {
		buf = append(buf, r...)
	}
	all := string(buf)
	for i, to := range []*string{&d.TransferCurrency, &d.e2e, &d.Account.Number, &d.Account.BIC, &d.Account.BankCode, &d.text, &d.detail} {
		n := len(raw[own+i])
		*to, all = all[:n], all[n:]
	}
}
