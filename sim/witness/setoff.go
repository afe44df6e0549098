package witness

import (
	"slices"
	"strconv"
	"strings"
)

// claim is what a creditor claims, as its file has it: of several with one number, all that they claim.
type claim struct {
	oere     int64
	accounts []string
	taken    int64 // by orders that their banks did not reject, less what came back
}

// What a response 7 says of what was taken of a payment: by itself, and by the part that is a payment of its own.
const (
	saysSetOff   = "Modregnet i krav "
	saysSetOffOf = " af betaling "
	partOfSetOff = "MODREGNET-"
)

// readClaims reads what creditors claim. A country without claims has none.
func (w *witness) readClaims(country string) error {
	return eachRow(country, "claims.csv", func(row []string) {
		c := w.claims[row[0]]
		if c == nil {
			c = &claim{}
			w.claims[row[0]] = c
		}
		n, _ := strconv.ParseInt(row[1], 10, 64)
		c.oere, c.accounts = c.oere+n, append(c.accounts, row[2])
	}, "claim", "ore", "account")
}

// setOffs parts payments as responses 7 say that they were, before orders are known: what was taken is a payment of its own.
func (w *witness) setOffs(supplier string, all []later) {
	for _, l := range all {
		if l.root != "NKSResponse7" {
			continue
		}
		var r response
		w.readAnswer(l.path, func(e *element) {
			if !r.visit(e) {
				return
			}
			if r.status == "ACPT" && strings.HasPrefix(r.e2e, partOfSetOff) {
				w.setOff(supplier, &r)
			}
			r.next()
		})
	}
}

func (w *witness) setOff(supplier string, r *response) {
	text, amount, _ := cutLast(strings.TrimPrefix(r.more, saysSetOff), ": ")
	number, of, found := strings.Cut(text, saysSetOffOf)
	oere, ok := oereOf(amount)
	bundle, known := w.bundle(supplier, r)
	if !found || !ok || !known {
		w.find(StrayAnswer, "%s %s: %q is no set-off", supplier, r.number, r.e2e)
		return
	}
	p := w.choose(bundle, of, func(p *payment) bool { return !p.answered.rejected })
	if p == nil || p.answered.rejected || oere <= 0 || oere >= p.oere() {
		w.find(Contradiction, "%s %s: %q of %d øre was taken of no payment of more", supplier, r.number, r.e2e, oere)
		return
	}
	if w.choose(bundle, r.e2e, func(*payment) bool { return true }) != nil {
		w.find(DoubleAnswer, "%s %s: %q was told before", supplier, r.number, r.e2e)
		return
	}
	p.mills -= oere * 10
	w.addPayment(payment{e2e: r.e2e, agreement: p.agreement, debit: p.debit, delivery: p.delivery, mills: oere * 10, possible: true, order: -1, claim: number})
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// judgeSetOff finds an order of a part to another account than a creditor's of the claim, and adds up what it took.
func (w *witness) judgeSetOff(p *payment) {
	if p.claim == "" {
		return
	}
	c := w.claims[p.claim]
	if c == nil {
		w.find(Contradiction, "%s: taken for a claim that nobody has", w.name(p))
		return
	}
	for at := p.order; at >= 0; at = w.orders[at].next {
		o := &w.orders[at]
		if !slices.ContainsFunc(c.accounts, func(a string) bool { return sameAccount(a, o.account) }) {
			w.find(WrongAccount, "%s: taken for a claim, and ordered to nobody's account that has it", w.name(p))
		}
		if !o.isRejected() {
			c.taken += o.oere - o.back
		}
	}
	if c.taken > c.oere {
		w.find(PaidTwice, "%s: %d øre taken of a claim of %d", w.name(p), c.taken, c.oere)
	}
}
