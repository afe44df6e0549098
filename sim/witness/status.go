package witness

// Codes of CONTRL (D:3), element 0083.
const (
	contrlRejected = "4"
	contrlReceived = "8"
	contrlAccepted = "7"
)

// contrlDuplicate is the error (0085) with which a bank refuses a repetition: it says nothing about the first.
const contrlDuplicate = "26"

// said follows one interchange that a bank sent.
func (w *witness) status(bank int16, b []byte) {
	s := statement{w: w, bank: bank, profile: w.profiles[bank]}
	segments(b, s.segment)
}

// statement follows the segments of CONTRL and BANSTA.
type statement struct {
	w       *witness
	bank    int16
	profile profile
	kind    string
	in      *interchange // UCI
	ordered *message     // SG1 RFF
	line    string
	ref     string
	seq     string
}

func (s *statement) segment(g segment) {
	switch g.tag() {
	case "UNH":
		*s = statement{w: s.w, bank: s.bank, profile: s.profile, kind: g.at(2, 0)}
	case "UCI":
		s.interchange(g)
	case "UCM":
		if m := s.message(g.at(1, 0)); m != nil && g.at(3, 0) == contrlRejected {
			m.rejected = true
		}
	case "LIN":
		s.line, s.ref, s.seq = g.at(1, 0), "", ""
	case "SEQ":
		s.seq = g.at(2, 0)
	case "RFF":
		switch {
		case s.kind != "BANSTA":
		case s.line == "":
			if m := s.w.messages[messageKey{s.bank, g.at(1, 1)}]; m != nil {
				s.ordered = m
			}
		case g.at(1, 0) == "CR":
			s.ref = g.at(1, 1)
		}
	case "GIS":
		s.judgement(g.at(1, 0))
	}
}

func (s *statement) interchange(g segment) {
	in := s.w.controls[controlKey{s.bank, g.at(1, 0)}]
	s.in = in
	if in == nil {
		return
	}
	switch action := g.at(4, 0); {
	case action == contrlAccepted || action == contrlReceived:
		in.acknowledged = true
	case action == contrlRejected && g.at(5, 0) != contrlDuplicate:
		in.rejected = true
	}
}

func (s *statement) message(ref string) *message {
	if s.in == nil {
		return nil
	}
	return s.in.messages[ref]
}

// judgement applies a code to what it is about: the payment of a reference, a numbered SEQ of a LIN, or a whole LIN.
// Words about orders that nobody gave are the bank's own affair.
func (s *statement) judgement(code string) {
	switch code {
	case "":
	case s.profile.Codes.Rejected:
		s.orders(func(o *order) { o.rejected = true })
	case s.profile.Codes.Executed:
		s.orders(func(o *order) { o.executed = true })
	}
}

func (s *statement) orders(f func(*order)) {
	if s.ref != "" {
		s.byReference(f)
		return
	}
	if s.ordered == nil {
		return
	}
	l, ok := s.ordered.lines[s.line]
	if !ok {
		return
	}
	seq := number(s.seq)
	for i := l.from; i < l.to; i++ {
		if o := &s.w.orders[i]; seq == 0 || o.seq == seq {
			f(o)
		}
	}
}

func (s *statement) byReference(f func(*order)) {
	if len(s.ref) <= prefix {
		return
	}
	s.w.each(s.ref[prefix:], func(_ int32, p *payment) bool {
		for at := p.order; at >= 0; at = s.w.orders[at].next {
			if o := &s.w.orders[at]; o.bank == s.bank && o.ref == s.ref {
				f(o)
			}
		}
		return true
	})
}
