package witness

import (
	"cmp"
	"sort"
)

// judge reads the later answers and settles every payment's state.
func (w *witness) judge() {
	for _, l := range w.later {
		w.laterAnswer(l)
	}
	for i := range w.orders {
		w.countOrder(&w.orders[i])
	}
	authorities := map[string]*AuthorityStates{}
	for i := range w.payments {
		p := &w.payments[i]
		name := w.deliveries[p.delivery].authority
		if authorities[name] == nil {
			authorities[name] = &AuthorityStates{Authority: name}
		}
		w.settlePayment(p, &authorities[name].States)
	}
	w.settleAccounts(authorities)
	for _, s := range authorities {
		w.report.Authorities = append(w.report.Authorities, *s)
	}
	sort.Slice(w.report.Authorities, func(i, k int) bool {
		return w.report.Authorities[i].Authority < w.report.Authorities[k].Authority
	})
	w.report.Banks = w.banks
}

func (w *witness) countOrder(o *order) {
	b := &w.banks[o.bank]
	switch {
	case o.isDisputed():
		b.Disputed.add(o.oere)
	case o.isRejected():
		b.Rejected.add(o.oere)
	case w.isExecuted(o):
		b.Executed.add(o.oere)
	}
	if o.recall != "" {
		b.Asked.add(o.oere)
	}
	switch o.recall {
	case recallGranted:
		b.Granted.add(o.oere)
	case recallRefused:
		b.Refused.add(o.oere)
	}
	if o.truth == endExecuted {
		b.Paid.add(o.oere)
	}
	if o.trueBack > 0 {
		b.Back.add(o.trueBack)
	}
}

// fate is what became of the orders of a payment.
type fate struct {
	last     *order
	standing *order // the last that is neither rejected nor disputed nor has come back
	disputed *order // the last of these
	back     *order // the last of which money came back
	orders   int
	refused  int
	executed int   // that their bank has said to be, or has sent money back of, which says as much
	parts    int   // in which money came back
	toldBack int64 // øre of these
	pays     int   // orders that pay, or may, and of which nothing came back
	paid     int   // orders that paid, by the banks' journals, likewise
	// away and trulyAway are øre that were paid, or may have been, and are not back: by what the banks say, and by their journals.
	away, trulyAway int64
	// overDebited and rateTook are what rates made of orders abroad, gave what they gave of what came back.
	overDebited, rateTook, gave int64
}

// isPaidTwice reports whether more of a payment is paid, or may be, than its amount.
func (f fate) isPaidTwice(p *payment) bool {
	return f.pays > 1 || f.paid > 1 || f.back != nil && max(f.away, f.trulyAway) > p.oere()+f.gave
}

func (w *witness) fateOf(p *payment) fate {
	var f fate
	for at := p.order; at >= 0; at = w.orders[at].next {
		o := &w.orders[at]
		if f.last == nil {
			f.last = o
		}
		f.orders++
		f.parts += int(o.returns)
		f.toldBack += o.back
		f.overDebited, f.rateTook, f.gave = f.overDebited+o.overDebited, f.rateTook+o.rateTook, f.gave+max(0, -o.rateTook)
		if (o.end == endExecuted || o.hasComeBack()) && !o.isDisputed() && !o.isRejected() {
			f.executed++
		}
		f.addTruth(o)
		switch {
		case o.isDisputed():
			f.disputed = cmp.Or(f.disputed, o)
			f.pays++
		case o.isRejected():
			f.refused++
			continue
		case o.hasComeBack():
			f.back = cmp.Or(f.back, o)
		default:
			f.standing = cmp.Or(f.standing, o)
			f.pays++
		}
		f.away += max(0, o.oere-o.back-o.fee)
	}
	return f
}

// addTruth takes in what a bank's journal has of an order.
func (f *fate) addTruth(o *order) {
	if o.truth != endExecuted {
		return
	}
	f.trulyAway += max(0, o.oere-o.trueBack)
	if o.trueBack == 0 {
		f.paid++
	}
}

// settlePayment finds the one state of a payment, and whether its authority knows.
func (w *witness) settlePayment(p *payment, authority *States) {
	f := w.fateOf(p)
	if f.isPaidTwice(p) {
		w.find(PaidTwice, "%s: %d orders", w.name(p), max(f.pays, f.paid))
	}
	w.judgeAnew(p)
	w.judgeSetOff(p)
	w.audit(p, f)
	for _, s := range []*States{authority, &w.report.Total} {
		s.Received.add(p.oere())
		w.stateOf(s, p, f).add(p.oere())
		s.OverDebited += f.overDebited
		s.RatesTook += f.rateTook
		if f.disputed == nil && f.standing != nil && w.isUndecided(f.standing) {
			s.Undecided.add(p.oere())
		}
		if f.disputed == nil && f.back == nil && f.standing != nil && w.isExecuted(f.standing) && f.standing.trueBack > 0 {
			s.Unnamed.add(p.oere())
		}
	}
}

func (w *witness) stateOf(s *States, p *payment, f fate) *Sum {
	switch {
	case f.disputed != nil:
		return &s.Disputed
	case f.standing != nil && f.standing == f.last && w.isExecuted(f.standing) && w.errorAccounts[f.standing.account]:
		return &s.Settled
	case f.back != nil && f.last == f.back:
		return &s.CameBack
	case f.back != nil && f.last != f.standing: // what was ordered anew is rejected
		return &s.Returned
	case f.standing != nil && w.isExecuted(f.standing) && f.standing.cheque:
		return &s.Cheque
	case f.standing != nil && w.isExecuted(f.standing):
		return &s.Executed
	case f.standing != nil:
		return &s.Waiting
	case p.answered.rejected:
		return &s.Rejected
	case p.answered.stopped && !p.letGo:
		return &s.Stopped
	case f.refused > 0 || p.answered.returned != "" || p.answered.response9 != "":
		return &s.Returned
	default:
		return &s.Waiting
	}
}

// audit compares what the authority was told with what the bank got and said. A dispute is owed no answer; one that was
// given before it, or that follows from what the bank has told since to who asked, is as it must be.
func (w *witness) audit(p *payment, f fate) {
	a := &p.answered
	ordered := f.orders > 0
	if final := a.rejected || a.stopped && !p.letGo || a.returned != ""; final && ordered {
		w.find(Forbidden, "%s", w.name(p))
	}
	if a.returned != "" && a.cheque != "" {
		w.find(Contradiction, "%s: response 7 says both return and cheque", w.name(p))
	}
	if a.response8 != "" && !ordered {
		w.find(StrayAnswer, "%s: response 8 %s, but no order", w.name(p), a.response8)
	}
	w.auditTurns(p, f)
	for _, o := range []*order{f.standing, f.disputed} {
		if o != nil && f.orders == 1 && o.cheque != (a.cheque != "") {
			w.find(Contradiction, "%s: cheque order %t, response 7 %q", w.name(p), o.cheque, a.cheque)
		}
	}
}

// auditTurns compares responses 8 and 9, of which a payment may have several: 8 for each order that was executed, and at most one for
// each, and one more where somebody has asked its bank after a dispute; 9 for each that was rejected, and each part in which money came back. What becomes of what was rejected may be told after the
// reject.
func (w *witness) auditTurns(p *payment, f fate) {
	a := &p.answered
	if a.times8 > f.orders+w.confirmed(p) && f.orders > 0 {
		w.find(DoubleAnswer, "%s: %d responses 8 to %d orders, the last %s", w.name(p), a.times8, f.orders, a.response8)
	}
	if a.times8 < f.executed {
		w.missing("%s: response 8, the bank has executed %d orders, and %d were told", w.name(p), f.executed, a.times8)
	}
	switch most := w.rejects(p) + f.parts; {
	case most == 0 && a.times9 > 0:
		w.find(Contradiction, "%s: response 9 %s, but the bank rejected nothing", w.name(p), a.response9)
	case a.times9-a.waits > most+w.rejects(p):
		w.find(DoubleAnswer, "%s: %d responses 9 to %d rejects and returns, the last %s", w.name(p), a.times9, most, a.response9)
	}
	if least := f.refused + f.parts; f.disputed == nil && a.times9 < least {
		w.missing("%s: response 9, the bank has rejected %d orders and sent %d parts back, and %d were told", w.name(p), f.refused, f.parts, a.times9)
	}
	if f.disputed == nil && a.times9 >= f.refused+f.parts && a.toldBack != f.toldBack {
		w.find(Contradiction, "%s: responses 9 say that %d øre came back, the bank %d", w.name(p), a.toldBack, f.toldBack)
	}
}

// confirmed counts orders of the payment that its bank has told to be executed to who asked.
func (w *witness) confirmed(p *payment) (n int) {
	for at := p.order; at >= 0; at = w.orders[at].next {
		if w.orders[at].settled == endExecuted {
			n++
		}
	}
	return n
}

// rejects counts orders of the payment that the bank rejected before it said anything else of their end, or has told since that they
// are rejected.
func (w *witness) rejects(p *payment) (n int) {
	for at := p.order; at >= 0; at = w.orders[at].next {
		if o := &w.orders[at]; o.end == endRejected || o.settled == endRejected {
			n++
		}
	}
	return n
}
