package witness

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// payment is one PmtTx of an accepted bundle.
type payment struct {
	e2e       string
	agreement string
	debit     string
	account   string // a complete payment's own, normalised; empty: not said
	slip      string // identification of a payment slip
	claim     string // that it was taken for, of another payment; empty: it was sent in
	mills     int64  // three implied decimals, as sent
	delivery  int32
	sameE2E   int32 // another payment of that id, -1: none
	order     int32 // the first order, -1: none
	possible  bool  // the amount is one that can be paid
	letGo     bool  // its authority has written that it shall go, should it be stopped
	answered  answered
}

// answered is what the authority was told about a payment.
type answered struct {
	rejected, stopped    bool
	returned, cheque     string // number of the response 7
	response8, response9 string // number of the last
	times8, times9       int
	waits                int   // responses 9 that say that it is kept for an account: what becomes of it then is told, too
	toldBack             int64 // øre that came back, by responses 9
}

// oere is the amount in øre. An amount that cannot be paid (nothing, negative, parts of an øre, too large, not Danish)
// is no money: it counts as nought.
func (p *payment) oere() int64 {
	if !p.possible {
		return 0
	}
	return p.mills / 10
}

// mostMills is the largest amount that the interface allows.
const mostMills = 1_000_000_000_000

// readPayments reads the payments of an accepted bundle.
func (w *witness) readPayments(n int32) error {
	d := &w.deliveries[n]
	key := bundleKey{d.supplier, d.authority, d.groupID}
	if other, ok := w.bundles[key]; ok {
		w.find(DoubleAnswer, "%v: accepted, and so is %v with the same group id", d, &w.deliveries[other])
	}
	w.bundles[key] = n
	d.first = int32(len(w.payments))
	f, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	defer f.Close()
	pool := pool{}
	var agreement, debit string
	var p payment
	var amount, currency string
	err = walk(bufio.NewReaderSize(f, 1<<16), func(e *element) error {
		switch name := e.name(); name {
		case "BkPtyId":
			agreement = pool.keep(e.text)
		case "BBAN", "IBAN":
			if e.under("DbtrAcct", "Id") {
				debit = pool.keep(domestic(e.text))
			} else if e.under("CdtrAcct", "Id") {
				p.account = e.text
			}
		case "Id":
			if e.under("CdtrAcct", "Id", "Prtry") {
				p.account = e.text
			}
		case "EndToEndId":
			p.e2e = e.text
		case "InstdAmt", "Amt":
			if len(e.text) > 0 {
				amount, currency = e.text, e.attribute("Ccy")
			}
		case "CdtrRef":
			p.slip = e.text
		case "PmtTx":
			p.agreement, p.debit, p.delivery, p.order = agreement, debit, n, -1
			p.setAmount(amount, currency)
			w.addPayment(p)
			p, amount, currency = payment{}, "", ""
		}
		return w.ctx.Err()
	})
	d.count = int32(len(w.payments)) - d.first
	if w.ctx.Err() != nil {
		return fmt.Errorf("witness: %w", w.ctx.Err())
	}
	if err != nil {
		w.find(Contradiction, "%v: accepted, but it is not XML: %v", d, err)
	}
	return nil
}

func (p *payment) setAmount(text, currency string) {
	mills, err := strconv.ParseInt(text, 10, 64)
	p.mills = mills
	p.possible = err == nil && mills > 0 && mills%10 == 0 && mills <= mostMills && currency == "DKK"
}

func (w *witness) addPayment(p payment) {
	at := int32(len(w.payments))
	p.sameE2E = -1
	if other, ok := w.byE2E[p.e2e]; ok {
		p.sameE2E = other
	}
	w.byE2E[p.e2e] = at
	w.payments = append(w.payments, p)
}

// each calls f for all payments of an id, latest first, until it says stop.
func (w *witness) each(e2e string, f func(int32, *payment) (more bool)) {
	at, ok := w.byE2E[e2e]
	if !ok {
		return
	}
	for ; at >= 0; at = w.payments[at].sameE2E {
		if !f(at, &w.payments[at]) {
			return
		}
	}
}

// name tells which payment is meant.
func (w *witness) name(p *payment) string {
	d := &w.deliveries[p.delivery]
	return fmt.Sprintf("%s/%s %q of %q", d.supplier, d.authority, p.e2e, d.groupID)
}

// pool keeps one copy of texts that repeat.
type pool map[string]string

func (p pool) keep(s string) string {
	if k, ok := p[s]; ok {
		return k
	}
	p[s] = s
	return s
}

// domestic writes a Danish account with its fourteen digits, also where it is given as an IBAN; anything else stays as
// it is.
func domestic(s string) string {
	if len(s) == 18 && s[:2] == "DK" {
		s = s[4:]
	}
	if len(s) < 5 || len(s) > 14 || strings.Trim(s, "0123456789") != "" {
		return s
	}
	return s[:4] + strings.Repeat("0", 14-len(s)) + s[4:]
}
