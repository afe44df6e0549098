package witness

import "sort"

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
	if o.truth == endExecuted {
		b.Paid.add(o.oere)
	}
	if o.trueBack > 0 {
		b.Back.add(o.trueBack)
	}
}

// fate is what became of the orders of a payment.
type fate struct {
	standing *order // the last that is neither rejected nor disputed nor has come back
	disputed *order // the last of these
	back     *order // the last of which money came back
	refused  int
	pays     int // orders that pay, or may, and of which nothing came back
	paid     int // orders that paid, by the banks' journals, likewise
	// away and trulyAway are øre that were paid, or may have been, and are not back: by what the banks say, and by their journals.
	away, trulyAway int64
}

// isPaidTwice reports whether more of a payment is paid, or may be, than its amount.
func (f fate) isPaidTwice(p *payment) bool {
	return f.pays > 1 || f.paid > 1 || f.back != nil && max(f.away, f.trulyAway) > p.oere()
}

func (w *witness) fateOf(p *payment) fate {
	var f fate
	for at := p.order; at >= 0; at = w.orders[at].next {
		o := &w.orders[at]
		f.addTruth(o)
		switch {
		case o.isDisputed():
			f.disputed = o
			f.pays++
		case o.isRejected():
			f.refused++
			continue
		case o.hasComeBack():
			f.back = o
		default:
			f.standing = o
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
	w.audit(p, f)
	for _, s := range []*States{authority, &w.report.Total} {
		s.Received.add(p.oere())
		w.stateOf(s, p, f).add(p.oere())
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
	case f.back != nil && f.standing != nil && w.isExecuted(f.standing):
		return &s.Settled
	case f.back != nil:
		return &s.CameBack
	case f.standing != nil && w.isExecuted(f.standing) && f.standing.cheque:
		return &s.Cheque
	case f.standing != nil && w.isExecuted(f.standing):
		return &s.Executed
	case f.standing != nil:
		return &s.Waiting
	case p.answered.rejected:
		return &s.Rejected
	case p.answered.stopped:
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
	ordered := f.standing != nil || f.back != nil || f.disputed != nil || f.refused > 0
	if final := a.rejected || a.stopped || a.returned != ""; final && ordered {
		w.find(Forbidden, "%s", w.name(p))
	}
	if a.returned != "" && a.cheque != "" {
		w.find(Contradiction, "%s: response 7 says both return and cheque", w.name(p))
	}
	if a.response8 != "" && !ordered {
		w.find(StrayAnswer, "%s: response 8 %s, but no order", w.name(p), a.response8)
	}
	if a.response9 != "" && !w.wasRejected(p) {
		w.find(Contradiction, "%s: response 9 %s, but the bank rejected nothing", w.name(p), a.response9)
	}
	if f.refused > 0 && a.response9 == "" {
		w.missing("%s: response 9, the bank has rejected", w.name(p))
	}
	if f.standing != nil && w.isExecuted(f.standing) && a.response8 == "" {
		w.missing("%s: response 8, the bank has executed", w.name(p))
	}
	if f.back != nil && f.back.end == endExecuted && a.response8 == "" {
		w.missing("%s: response 8, the bank has executed what came back", w.name(p))
	}
	for _, o := range []*order{f.standing, f.disputed} {
		if o != nil && f.back == nil && o.cheque != (a.cheque != "") {
			w.find(Contradiction, "%s: cheque order %t, response 7 %q", w.name(p), o.cheque, a.cheque)
		}
	}
}

// wasRejected reports whether the bank rejected an order of the payment before it said anything else of its end, or has
// told since that it is rejected.
func (w *witness) wasRejected(p *payment) bool {
	for at := p.order; at >= 0; at = w.orders[at].next {
		if o := &w.orders[at]; o.end == endRejected || o.settled == endRejected {
			return true
		}
	}
	return false
}
