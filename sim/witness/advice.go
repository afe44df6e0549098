package witness

// advice follows the segments of DEBMUL, CREMUL and FINSTA.
type advice struct {
	w      *witness
	bank   int16
	kind   string
	counts map[postingKey]int // of equal postings in this message

	// Of the open LIN.
	open      bool
	inPart    bool
	key       postingKey // of an entry in FINSTA
	charged   int64
	parts     []part
	statement balances
	number    int
	charges   bool // FCA stands before MOA
	bad       bool // something in it is no amount
}

// part is a SEQ of CREMUL or DEBMUL.
type part struct {
	ref       string
	oere, fee int64
	abroad    bool // it says what it came to in another currency
}

// isAdvice reports whether a message tells of accounts.
func isAdvice(kind string) bool {
	return kind == "DEBMUL" || kind == "CREMUL" || kind == "FINSTA"
}

func newAdvice(w *witness, bank int16, kind string) *advice {
	return &advice{w: w, bank: bank, kind: kind, counts: map[postingKey]int{}}
}

func (a *advice) segment(g segment) {
	switch tag := g.tag(); tag {
	case "LIN":
		a.end()
		*a = advice{w: a.w, bank: a.bank, kind: a.kind, counts: a.counts, open: true, key: postingKey{accountKey: accountKey{bank: a.bank}}}
	case "CNT", "UNT":
		a.end()
		a.open = false
	case "SEQ":
		a.endEntry()
		a.inPart = true
		a.parts = append(a.parts, part{})
	default:
		if a.open {
			a.detail(tag, g)
		}
	}
}

func (a *advice) detail(tag string, g segment) {
	switch qualifier := g.at(1, 0); tag {
	case "DTM":
		if qualifier == "202" && !a.inPart || qualifier == "179" {
			a.key.date = g.at(1, 1)
		}
	case "RFF":
		switch {
		case qualifier == "ACK" && (!a.inPart || a.kind == "FINSTA"):
			a.key.reference = g.at(1, 1)
		case qualifier == "NPS":
			a.number = int(number(g.at(1, 1)))
		case qualifier == "CR" && a.inPart:
			a.parts[len(a.parts)-1].ref = g.at(1, 1)
		}
	case "FII":
		if !a.inPart {
			a.key.account = accountOf(g)
		}
	case "FCA":
		a.charges = true
	case "MOA":
		oere, ok := signed(g.at(1, 1))
		a.bad = a.bad || !ok
		if qualifier == "98" && a.inPart && g.at(1, 2) != "DKK" {
			a.parts[len(a.parts)-1].abroad = true
		}
		a.amount(qualifier, oere)
	}
}

// amount reads MOA: 60 of the posting or of a part, 23 of a charge or fee, 312 to 323 of a statement.
func (a *advice) amount(qualifier string, oere int64) {
	switch {
	case qualifier == "312":
		a.statement.opening = oere
	case qualifier == "314":
		a.statement.closing = oere
	case qualifier == "323":
		a.key.oere = oere
		a.statement.entries += oere
	case qualifier == "60" && a.inPart:
		a.parts[len(a.parts)-1].oere = oere
	case qualifier == "60" && a.kind == "DEBMUL":
		a.key.oere = -oere
	case qualifier == "60":
		a.key.oere = oere
	case qualifier == "23" && a.charges && a.inPart:
		a.parts[len(a.parts)-1].fee += oere
	case qualifier == "23" && a.charges:
		a.charged += oere
	}
}

// end takes in a line: a posting, or a statement.
func (a *advice) end() {
	switch {
	case !a.open:
	case a.kind == "FINSTA":
		a.endEntry()
		if a.bad || a.number == 0 {
			a.unreadable()
			return
		}
		k := statementKey{a.key.accountKey, a.number}
		if _, known := a.w.statements[k]; !known {
			a.w.statements[k] = a.statement
			a.w.account(k.accountKey)
		}
	case a.bad || a.key.account == "" || a.key.reference == "":
		a.unreadable()
	default:
		if p := a.posting(); !p.reported {
			p.reported = true
			a.take()
		}
	}
}

func (a *advice) unreadable() {
	a.w.find(Unreadable, "%s: a line of %s has no account, number or reference, or an amount that is none", a.w.banks[a.bank].Centre, a.kind)
}

// endEntry takes in an entry of a statement.
func (a *advice) endEntry() {
	if a.kind == "FINSTA" && a.inPart && a.key.reference != "" {
		a.posting().stated = true
		a.key.reference = ""
	}
}

// posting finds the open one by what it is known by.
func (a *advice) posting() *posting {
	k := a.key
	k.again = a.counts[a.key]
	a.counts[a.key]++
	return a.w.seen(k)
}

// addsUp reports whether a credit is its returns; of one that is not, nobody can know what came back of which order.
func (a *advice) addsUp() bool {
	left := a.key.oere
	for _, p := range a.parts {
		left -= p.oere
	}
	return left == 0
}

// take counts a posting that has not been reported before.
func (a *advice) take() {
	one := a.w.account(a.key.accountKey)
	if a.kind == "DEBMUL" {
		one.Debited.add(-a.key.oere)
		one.Charged += a.charged
		a.takeDebits()
		return
	}
	one.Credits.add(a.key.oere)
	if !a.addsUp() {
		one.Unknown.add(a.key.oere)
		return
	}
	for _, p := range a.parts {
		s := statement{w: a.w, bank: a.bank, ref: p.ref}
		orders := s.byReference()
		if len(orders) == 0 {
			one.Unknown.add(p.oere)
			continue
		}
		one.CameBack.add(p.oere)
		one.Kept += p.fee
		orders[0].comeBack(p)
	}
}

// takeDebits takes in what rates have made of the orders of a debit.
func (a *advice) takeDebits() {
	for _, p := range a.parts {
		s := statement{w: a.w, bank: a.bank, ref: p.ref}
		if orders := s.byReference(); p.abroad && len(orders) > 0 {
			orders[0].overDebited += p.oere - orders[0].oere
		}
	}
}
