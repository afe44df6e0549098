package witness

// Codes of CONTRL (D:3), element 0083.
const (
	contrlRejected = "4"
	contrlReceived = "8"
	contrlAccepted = "7"
)

// contrlDuplicate is the error (0085) with which a bank refuses a repetition: it says nothing about the first.
const contrlDuplicate = "26"

// status follows one interchange that a bank sent. One that cannot be read to its end says nothing, and neither does one
// whose number and time of preparation belong to other bytes.
func (w *witness) status(bank int16, b []byte) {
	e := envelopeOf(b)
	if !e.whole {
		w.namesNone(bank)
		return
	}
	key := sentKey{bank, e.control, e.prepared}
	if before, known := w.heard[key]; known {
		if before != e.digest {
			w.namesNone(bank)
		}
		return
	}
	w.heard[key] = e.digest
	s := statement{w: w, bank: bank, profile: w.profiles[bank]}
	segments(b, s.segment)
}

// statusOf follows a file. What names no order in one that the bank was asked to repeat since concerns none any more.
func (w *witness) statusOf(bank int16, b []byte, saidAgain bool) {
	before := w.banks[bank].UndecidedStatements
	w.status(bank, b)
	if saidAgain {
		w.banks[bank].UndecidedStatements = before
	}
}

// namesNone counts a statement that says nothing of any order, and so may concern every one at its bank.
func (w *witness) namesNone(bank int16) { w.banks[bank].UndecidedStatements++ }

// statement follows the segments of CONTRL and BANSTA, and has those of other messages followed.
type statement struct {
	w       *witness
	bank    int16
	profile profile
	kind    string
	in      *interchange // UCI
	ordered *message     // SG1 RFF
	about   bool         // SG1 RFF is there
	recalls *recalls     // and names what asks for orders back
	line    string
	ref     string
	seq     string
	code    string // GIS; what it says is judged when its SEQ ends
	judges  bool
	amount  string // MOA of the SEQ
	advice  *advice
}

func (s *statement) segment(g segment) {
	if s.advice != nil && g.tag() != "UNH" {
		s.advice.segment(g)
		return
	}
	switch g.tag() {
	case "UNH":
		*s = statement{w: s.w, bank: s.bank, profile: s.profile, kind: g.at(2, 0)}
		if isAdvice(s.kind) {
			s.advice = newAdvice(s.w, s.bank, s.kind)
		}
	case "UCI":
		s.interchange(g)
	case "UCM":
		if m := s.message(g.at(1, 0)); m != nil && g.at(3, 0) == contrlRejected {
			s.refuse(m)
		}
	case "LIN":
		s.judge()
		s.line, s.ref, s.seq = g.at(1, 0), "", ""
	case "SEQ":
		s.judge()
		s.seq = g.at(2, 0)
	case "RFF":
		switch {
		case s.kind != "BANSTA":
		case s.line == "":
			s.about = true
			s.ordered = s.w.messages[messageKey{s.bank, g.at(1, 1)}]
			s.recalls = s.w.recalls[messageKey{s.bank, g.at(1, 1)}]
		case g.at(1, 0) == "CR":
			s.ref = g.at(1, 1)
		}
	case "GIS":
		s.code, s.judges = g.at(1, 0), true
	case "MOA":
		s.amount = g.at(1, 1)
	case "UNT":
		s.judge()
	}
}

// interchange reads what CONTRL says of a whole interchange. A refusal after an acceptance contradicts it; before one, it
// is the end of every order.
func (s *statement) interchange(g segment) {
	in := s.w.controls[controlKey{s.bank, g.at(1, 0)}]
	s.in = in
	if in == nil {
		s.w.namesNone(s.bank)
		return
	}
	in.accepting = false
	switch action := g.at(4, 0); {
	case action == contrlAccepted:
		in.acknowledged, in.accepting, in.accepted = true, !in.accepted, true
	case action == contrlReceived:
		in.acknowledged = true
	case action == contrlRejected && g.at(5, 0) != contrlDuplicate:
		for _, m := range in.messages {
			s.refuse(m)
		}
	}
}

func (s *statement) message(ref string) *message {
	if s.in == nil {
		return nil
	}
	return s.in.messages[ref]
}

// refuse rejects a message. An acceptance in the same CONTRL is one of its other messages.
func (s *statement) refuse(m *message) {
	contradicts := m.in.accepted && !m.in.accepting
	for i := m.orders.from; i < m.orders.to; i++ {
		o := &s.w.orders[i]
		if contradicts && o.end == "" {
			o.disputed = true
		}
		o.reject(true)
	}
}

// judge applies a code to what it is about.
func (s *statement) judge() {
	if !s.judges {
		return
	}
	code, amount := s.code, s.amount
	s.code, s.amount, s.judges = "", "", false
	if s.recalls != nil {
		s.recalled(code)
		return
	}
	orders, decided := s.named()
	if !decided || len(orders) == 0 {
		s.undecided(orders)
		return
	}
	whole := s.ref == "" && number(s.seq) == 0
	switch code {
	case s.profile.Codes.Rejected:
		for _, o := range orders {
			o.reject(whole)
		}
	case s.profile.Codes.Executed:
		for _, o := range orders {
			o.execute(whole)
			if paid, ok := oereOf(amount); amount != "" && !whole && (!ok || paid != o.oere) {
				o.disputed = true
			}
		}
	case s.profile.Codes.Accepted:
	default:
		s.undecided(orders)
	}
}

// undecided takes note of a statement that may concern these orders, or any at the bank where it names none.
func (s *statement) undecided(orders []*order) {
	if len(orders) == 0 {
		s.w.namesNone(s.bank)
	}
	for _, o := range orders {
		o.undecided = true
	}
}

// named finds what a statement is about: the order of a reference, a numbered SEQ of a LIN, or a whole LIN. With both a
// reference and a place it must be one order: else it is undecided which.
func (s *statement) named() (orders []*order, decided bool) {
	byPlace := s.byPlace()
	if s.ref == "" {
		return byPlace, true
	}
	byReference := s.byReference()
	if !s.about || len(byReference) == 1 && len(byPlace) == 1 && byReference[0] == byPlace[0] {
		return byReference, true
	}
	return append(byReference, byPlace...), false
}

func (s *statement) byPlace() []*order {
	if s.ordered == nil {
		return nil
	}
	l, ok := s.ordered.lines[s.line]
	if !ok {
		return nil
	}
	var orders []*order
	seq := number(s.seq)
	for i := l.from; i < l.to; i++ {
		if o := &s.w.orders[i]; seq == 0 || o.seq == seq {
			orders = append(orders, o)
		}
	}
	return orders
}

func (s *statement) byReference() []*order {
	if len(s.ref) <= prefix {
		return nil
	}
	var orders []*order
	s.w.each(s.ref[prefix:], func(_ int32, p *payment) bool {
		for at := p.order; at >= 0; at = s.w.orders[at].next {
			if o := &s.w.orders[at]; o.bank == s.bank && o.ref == s.ref {
				orders = append(orders, o)
			}
		}
		return true
	})
	return orders
}
