package witness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// order is one SEQ of a PAYMUL that a bank received.
type order struct {
	ref     string // RFF+CR
	account string // FII+BF or RFF+KRE
	slipID  string // RFF+BID
	kind    string // PAI, its parts joined by blanks
	oere    int64
	payment int32 // -1: of nobody
	next    int32 // another order of the same payment, -1: none
	seq     int32
	bank    int16
	cheque  bool
	message *message

	end       ending // the first that its bank has said of it
	whole     bool   // and that was of its whole line, message or interchange
	disputed  bool   // and has then contradicted
	undecided bool   // something was said of it, or of it or another, that cannot be understood
	settled   ending // what the bank has told to who asked
	truth     ending // by the bank's journal; empty: that has nothing of it

	back, fee int64 // came back, and was kept of it, by the bank's reports
	returns   int32 // parts in which it came back
	// Of an order abroad: øre that were debited beyond what was ordered, and that the rate has taken of what came back (below 0: given).
	overDebited, rateTook int64
	undisputedBack        int64 // of back and fee what came before a dispute
	trueBack              int64 // came back, by the bank's journal
	recall                recall
}

// interchange is a PAYMUL interchange as one bank received it.
type interchange struct {
	acknowledged bool
	accepted     bool
	accepting    bool                // by the CONTRL that is being read
	messages     map[string]*message // by UNH reference
}

type controlKey struct {
	bank    int16
	control string
}

type messageKey struct {
	bank int16
	id   string
}

// message is one PAYMUL message; its lines are ranges of orders.
type message struct {
	in     *interchange
	orders span
	lines  map[string]span
}

type span struct{ from, to int32 }

// bank reads what a centre received and what it answered.
func (w *witness) bank(centre string) error {
	home := filepath.Join(w.dir, "bank", centre)
	p, err := readProfile(filepath.Join(home, "profile.json"))
	if err != nil {
		return err
	}
	n := int16(len(w.banks))
	w.banks = append(w.banks, Bank{Centre: centre})
	w.profiles = append(w.profiles, p)
	journal, err := readJournal(filepath.Join(home, "journal", "journal.jsonl"))
	if err != nil {
		return err
	}
	for _, part := range []struct {
		folder string
		read   func(string, []byte)
	}{
		{"done", func(name string, b []byte) { w.received(n, name, b) }},
		{"sent", func(name string, b []byte) { w.statusOf(n, b, journal.isSaidAgain(name)) }},
	} {
		files, err := names(filepath.Join(home, part.folder), false)
		if err != nil {
			return err
		}
		for _, name := range journal.inOrder(files) {
			b, err := os.ReadFile(filepath.Join(home, part.folder, name))
			if err != nil {
				return fmt.Errorf("witness: %w", err)
			}
			part.read(name, b)
			if w.ctx.Err() != nil {
				return fmt.Errorf("witness: %w", w.ctx.Err())
			}
		}
	}
	w.learn(n, journal)
	return nil
}

// paymul follows the segments of a received interchange.
type paymul struct {
	w         *witness
	bank      int16
	in        *interchange
	repeated  bool
	agreement string
	isPaymul  bool
	recalls   *recalls // of a FINCAN
	message   *message
	line      string
	lineFrom  int32
	debit     string
	order     *order
	pool      pool
}

// received reads one file at a bank: PAYMUL, and FINCAN, which asks for orders back; the others are the gateway's receipts.
func (w *witness) received(bank int16, name string, b []byte) {
	p := &paymul{w: w, bank: bank, pool: pool{}}
	segments(b, p.segment)
	if p.in == nil {
		w.find(Unreadable, "%s: file %s has no UNB", w.banks[bank].Centre, name)
	}
}

func (p *paymul) segment(s segment) {
	switch tag := s.tag(); {
	case tag == "UNB":
		p.open(s)
	case tag == "UNH":
		p.isPaymul = s.at(2, 0) == "PAYMUL"
		p.recalls = nil
		if s.at(2, 0) == "FINCAN" && !p.repeated {
			p.recalls = &recalls{orders: map[string]string{}}
		}
		p.line, p.order = "", nil
		if p.in != nil {
			from := int32(len(p.w.orders))
			p.message = &message{in: p.in, lines: map[string]span{}, orders: span{from, from}}
			p.in.messages[s.at(1, 0)] = p.message
		}
	case p.recalls != nil:
		p.recalls.segment(p, s)
	case !p.isPaymul || p.in == nil || p.repeated:
	case tag == "BGM":
		p.w.messages[messageKey{p.bank, s.at(2, 0)}] = p.message
	case tag == "LIN":
		p.endLine()
		p.line, p.lineFrom, p.debit = s.at(1, 0), int32(len(p.w.orders)), ""
	case tag == "SEQ":
		p.endOrder()
		p.order = &order{bank: p.bank, payment: -1, next: -1, message: p.message, seq: number(s.at(2, 0))}
	case tag == "CNT" || tag == "UNT":
		p.endLine()
	default:
		p.detail(tag, s)
	}
}

// open begins an interchange. A control number seen before brings nothing: the bank refuses it.
func (p *paymul) open(s segment) {
	key := controlKey{p.bank, s.at(5, 0)}
	p.agreement = s.at(10, 0)
	p.in = &interchange{messages: map[string]*message{}}
	p.repeated, p.isPaymul, p.message = false, false, nil
	if _, known := p.w.controls[key]; known {
		p.repeated = true
		p.w.find(RepeatedControl, "%s: %s", p.w.banks[p.bank].Centre, key.control)
		return
	}
	p.w.controls[key] = p.in
}

// detail reads the segments below LIN and SEQ.
func (p *paymul) detail(tag string, s segment) {
	if o := p.order; o != nil {
		switch tag {
		case "MOA":
			p.amount(s)
		case "RFF":
			switch s.at(1, 0) {
			case "CR":
				o.ref = s.at(1, 1)
			case "KRE":
				o.account = s.at(1, 1)
			case "BID":
				o.slipID = s.at(1, 1)
			}
		case "PAI":
			o.kind = p.pool.keep(strings.Join(s[min(1, len(s)-1)], " "))
			// D.96A 4461: 20 is a cheque.
			o.cheque = s.at(1, 2) == "20"
		case "FII":
			if s.at(1, 0) == "BF" && o.account == "" {
				o.account = accountOf(s)
			}
		}
		return
	}
	if tag == "FII" && s.at(1, 0) == "OR" {
		p.debit = p.pool.keep(accountOf(s))
	}
}

func (p *paymul) amount(s segment) {
	oere, ok := oereOf(s.at(1, 1))
	if !ok || s.at(1, 2) != "DKK" {
		p.w.find(WrongAmount, "%s: order %q has the amount %q %q", p.w.banks[p.bank].Centre, p.order.ref, s.at(1, 1), s.at(1, 2))
	}
	p.order.oere = oere
}

// accountOf joins a Danish registration number (code list 80) and account; an account abroad stays as it is, whatever the
// number of its bank.
func accountOf(s segment) string {
	account, registration := s.at(2, 0), s.at(3, 3)
	if registration == "" || s.at(3, 4) != "80" || len(account) >= 14 {
		return domestic(account)
	}
	return domestic(registration + strings.Repeat("0", max(0, 10-len(account))) + account)
}

func number(s string) int32 {
	var n int32
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<26 {
			return 0
		}
		n = n*10 + int32(c-'0')
	}
	return n
}

func (p *paymul) endOrder() {
	if p.order == nil {
		return
	}
	p.w.addOrder(*p.order, p.agreement, p.debit)
	p.order = nil
}

func (p *paymul) endLine() {
	p.endOrder()
	if p.line != "" && p.message != nil {
		p.message.lines[p.line] = span{p.lineFrom, int32(len(p.w.orders))}
		p.message.orders.to = int32(len(p.w.orders))
	}
	p.line = ""
}

// prefix is how many digits the gateway puts in front of the payer's own reference.
const prefix = 8

// addOrder finds the payment that an order is meant to pay.
func (w *witness) addOrder(o order, agreement, debit string) {
	at := int32(len(w.orders))
	w.banks[o.bank].Ordered.add(o.oere)
	if len(o.ref) > prefix {
		best := -1
		w.each(o.ref[prefix:], func(n int32, p *payment) bool {
			if score := w.suits(p, &o, agreement, debit); score > best {
				best, o.payment = score, n
			}
			return true
		})
	}
	if o.payment < 0 {
		w.find(UnknownOrder, "%s: %q of %d øre", w.banks[o.bank].Centre, o.ref, o.oere)
		w.orders = append(w.orders, o)
		return
	}
	p := &w.payments[o.payment]
	differences := w.compare(p, &o, agreement, debit)
	if p.order >= 0 && len(differences) > 0 {
		w.anew[at] = differences // where it is ordered may be its authority's choice for what came back
	} else {
		w.findAll(differences)
	}
	o.next, p.order = p.order, at
	w.orders = append(w.orders, o)
}

// suits weighs the payments that share an id: another authority may use the same one, a bundle may repeat one. What came back may be
// ordered anew from another account of the same agreement.
func (w *witness) suits(p *payment, o *order, agreement, debit string) int {
	score := 0
	for _, s := range []struct {
		holds  bool
		weight int
	}{{p.agreement == agreement, 16}, {p.debit == debit, 8}, {!p.answered.rejected, 4}, {p.order < 0, 2}, {p.oere() == o.oere, 1}} {
		if s.holds {
			score += s.weight
		}
	}
	return score
}

// compare looks for differences between an order and the payment it came from.
func (w *witness) compare(p *payment, o *order, agreement, debit string) (differences []Finding) {
	differs := func(kind, format string, args ...any) {
		differences = append(differences, Finding{kind, fmt.Sprintf(format, args...)})
	}
	if p.agreement != agreement || p.debit != debit {
		differs(WrongDebit, "%s: ordered under agreement %q", w.name(p), agreement)
	}
	if p.oere() != o.oere {
		differs(WrongAmount, "%s: sent %d øre, ordered %d", w.name(p), p.oere(), o.oere)
	}
	if p.account == "" {
		return differences
	}
	if !sameAccount(o.account, p.account) {
		differs(WrongAccount, "%s: ordered to another account than the payment's", w.name(p))
	}
	if card, id, slip := strings.Cut(p.slip, "+"); slip && (!strings.HasSuffix(o.kind, card) || !sameNumber(id, o.slipID)) {
		differs(WrongAccount, "%s: slip %q ordered as %q with id %q", w.name(p), card, o.kind, o.slipID)
	}
	return differences
}

func (w *witness) findAll(list []Finding) {
	for _, f := range list {
		w.find(f.Kind, "%s", f.What)
	}
}

// judgeAnew finds what is wrong with orders after the first: as much as came back of an earlier one, or was rejected of it, may go
// elsewhere, from the account that it is on.
func (w *witness) judgeAnew(p *payment) {
	for at := p.order; at >= 0; at = w.orders[at].next {
		covered := false
		for earlier := w.orders[at].next; earlier >= 0; earlier = w.orders[earlier].next {
			e := &w.orders[earlier]
			covered = covered || e.back >= w.orders[at].oere || e.isRejected() && e.oere >= w.orders[at].oere
		}
		if !covered {
			w.findAll(w.anew[at])
		}
	}
}
