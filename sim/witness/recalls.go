package witness

// recall is what became of asking a bank for an order back, as far as its files say.
type recall string

// What a bank has answered.
const (
	recallAsked   recall = "asked" // nothing decisive
	recallGranted recall = "granted"
	recallRefused recall = "refused"
)

// recalls is a FINCAN that a bank received: the references that it asks for, by LIN.
type recalls struct {
	id     string
	line   string
	orders map[string]string
}

func (r *recalls) segment(p *paymul, s segment) {
	switch s.tag() {
	case "BGM":
		r.id = s.at(2, 0)
		p.w.recalls[messageKey{p.bank, r.id}] = r
	case "LIN":
		r.line = s.at(1, 0)
	case "RFF":
		if s.at(1, 0) == "CR" && r.line != "" {
			r.orders[r.line] = s.at(1, 1)
			r.ask(p, s.at(1, 1))
		}
	}
}

// ask notes that an order is asked for. One that the bank never got is a fault of whoever asks.
func (r *recalls) ask(p *paymul, ref string) {
	s := statement{w: p.w, bank: p.bank, ref: ref}
	orders := s.byReference()
	if len(orders) == 0 {
		p.w.find(UnknownOrder, "%s: %q is asked back", p.w.banks[p.bank].Centre, ref)
	}
	for _, o := range orders {
		o.recall = recallAsked
	}
}

// recalled applies what a bank says of what it was asked for: of the order itself it says nothing.
func (s *statement) recalled(code string) {
	ref, asked := s.recalls.orders[s.line]
	switch {
	case s.ref != "" && s.line != "" && s.ref != ref, s.ref == "" && !asked:
		s.undecided(nil)
		return
	case s.ref != "":
		ref = s.ref
	}
	order := statement{w: s.w, bank: s.bank, ref: ref}
	for _, o := range order.byReference() {
		switch {
		case o.recall != recallAsked: // the first counts
		case code == s.profile.Codes.Executed:
			o.recall = recallGranted
		case code == s.profile.Codes.Rejected:
			o.recall = recallRefused
		}
	}
}
