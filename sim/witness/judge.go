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
	authorities := map[string]*States{}
	for i := range w.payments {
		p := &w.payments[i]
		name := w.deliveries[p.delivery].authority
		if authorities[name] == nil {
			authorities[name] = &States{}
		}
		w.settlePayment(p, authorities[name])
	}
	for name, s := range authorities {
		w.report.Authorities = append(w.report.Authorities, AuthorityStates{name, *s})
	}
	sort.Slice(w.report.Authorities, func(i, k int) bool {
		return w.report.Authorities[i].Authority < w.report.Authorities[k].Authority
	})
	w.report.Banks = w.banks
}

// isRejected reports whether the bank refused the order, alone or with its message or interchange.
func (o *order) isRejected() bool { return o.rejected || o.message.rejected || o.message.in.rejected }

// isExecuted asks for the bank's word, or takes its silence after an acknowledgement where the bank never says more.
func (w *witness) isExecuted(o *order) bool {
	if o.isRejected() {
		return false
	}
	return o.executed || w.profiles[o.bank].Executed == "none" && o.message.in.acknowledged
}

func (w *witness) countOrder(o *order) {
	b := &w.banks[o.bank]
	if o.isRejected() {
		b.Rejected.add(o.oere)
	} else if w.isExecuted(o) {
		b.Executed.add(o.oere)
	}
}

// settlePayment finds the one state of a payment, and whether its authority knows.
func (w *witness) settlePayment(p *payment, authority *States) {
	var standing *order // not rejected by its bank
	count, refused := 0, 0
	for at := p.order; at >= 0; at = w.orders[at].next {
		if o := &w.orders[at]; o.isRejected() {
			refused++
		} else {
			standing = o
			count++
		}
	}
	if count > 1 {
		w.find(PaidTwice, "%s: %d orders", w.name(p), count)
	}
	w.audit(p, standing, refused)
	state := func(s *States) *Sum { return w.stateOf(s, p, standing, refused) }
	for _, s := range []*States{authority, &w.report.Total} {
		s.Received.add(p.oere())
		state(s).add(p.oere())
	}
}

func (w *witness) stateOf(s *States, p *payment, standing *order, refused int) *Sum {
	switch {
	case standing != nil && w.isExecuted(standing) && standing.cheque:
		return &s.Cheque
	case standing != nil && w.isExecuted(standing):
		return &s.Executed
	case standing != nil:
		return &s.Waiting
	case p.answered.rejected:
		return &s.Rejected
	case p.answered.stopped:
		return &s.Stopped
	case refused > 0 || p.answered.returned != "" || p.answered.response9 != "":
		return &s.Returned
	default:
		return &s.Waiting
	}
}

// audit compares what the authority was told with what the bank got and said.
func (w *witness) audit(p *payment, standing *order, refused int) {
	a := &p.answered
	if final := a.rejected || a.stopped || a.returned != ""; final && (standing != nil || refused > 0) {
		w.find(Forbidden, "%s", w.name(p))
	}
	if a.returned != "" && a.cheque != "" {
		w.find(Contradiction, "%s: response 7 says both return and cheque", w.name(p))
	}
	if a.response8 != "" && standing == nil && refused == 0 {
		w.find(StrayAnswer, "%s: response 8 %s, but no order", w.name(p), a.response8)
	}
	if a.response9 != "" && refused == 0 {
		w.find(Contradiction, "%s: response 9 %s, but the bank rejected nothing", w.name(p), a.response9)
	}
	if refused > 0 && a.response9 == "" {
		w.missing("%s: response 9, the bank has rejected", w.name(p))
	}
	if standing == nil {
		return
	}
	if w.isExecuted(standing) && a.response8 == "" {
		w.missing("%s: response 8, the bank has executed", w.name(p))
	}
	if standing.cheque != (a.cheque != "") {
		w.find(Contradiction, "%s: cheque order %t, response 7 %q", w.name(p), standing.cheque, a.cheque)
	}
}
