package bank

import (
	"cmp"
	"fmt"
)

const (
	leastExchanged = 1_00  // øre: an order that is smaller is debited as it was ordered
	mostMoved      = 20    // per mille by which a rate moves between the order, its debit and its return
	rateUnit       = 10000 // of a rate
)

// exchanged is what an order abroad came to.
type exchanged struct {
	Debited  int64  `json:"debited"` // øre
	Foreign  int64  `json:"foreign"` // that were transferred, in minor units of
	Currency string `json:"cur"`
}

// debit is what is debited for an order, in øre.
func (o *orderLine) debit() int64 {
	if o.Exchanged == nil {
		return o.Oere
	}
	return o.Exchanged.Debited
}

// rateOf is what a currency costs when an order is given, in ten-thousandths of a krone.
func rateOf(currency string) int64 {
	rates := map[string]int64{"EUR": 74600, "USD": 61000, "GBP": 108000, "CHF": 48000, "SEK": 8000, "NOK": 9300, "PLN": 18500}
	return cmp.Or(rates[currency], 50000)
}

// exchange finds what of the orders abroad is debited at another rate than they were ordered at. A centre that does not tell of debits by order
// debits what was ordered: nobody could know why it is another amount.
func (d *decision) exchange() {
	d.eachOrder(func(l *line, o *orderLine) {
		name := payersName(o.Ref)
		if l.Transfer == "" || o.Oere < leastExchanged || o.Truth != Executed || o.Verdict != "" || !d.errs("abroad", name, d.profile.Reports.Abroad) {
			return
		}
		o.Exchanged = &exchanged{Debited: o.Oere, Foreign: max(1, o.Oere*rateUnit/rateOf(l.Transfer)), Currency: l.Transfer}
		if d.profile.Reports.Debmul == DebmulParts {
			o.Exchanged.Debited = d.atAnotherRate("debit", o)
		}
	})
}

// atAnotherRate is what an order comes to at the rate of another day.
func (d *decision) atAnotherRate(when string, o *orderLine) int64 {
	by := int64(draw(d.profile.Seed, "reports abroad "+when, payersName(o.Ref))%(2*mostMoved+1)) - mostMoved
	return o.Oere + o.Oere*by/1000
}

// returned is all of an order as it comes back.
func (d *decision) returned(o *orderLine) returnLine {
	part := returnLine{Order: o.Ref, Names: o.Ref, From: AccountName{o.Bank, o.Account}, Oere: o.Oere, Ordered: o.Oere}
	if e := o.Exchanged; e != nil {
		part.Oere, part.Ordered, part.Foreign, part.Currency = d.atAnotherRate("return", o), 0, e.Foreign, e.Currency
	}
	return part
}

// take leaves so many øre of a return.
func (r *returnLine) take(oere int64) {
	if r.Foreign != 0 {
		r.Foreign = max(1, r.Foreign*oere/r.Oere)
	}
	r.Oere = oere
}

// abroad writes what an amount in øre came to in another currency, and the rate.
func (n *advice) abroad(oere, foreign int64, currency string) {
	n.pen.segment("MOA", composite("98", comma(foreign), currency))
	rate := max(1, (oere*rateUnit+foreign/2)/foreign)
	n.pen.segment("CUX", composite("2", "DKK"), composite("3", currency), fmt.Sprintf("%d,%04d", rate/rateUnit, rate%rateUnit))
}
