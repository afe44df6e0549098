package match

// bearers are the candidates of one way with one reference.
type bearers struct {
	first, last int32 // of the chain in references.next
	several     bool
	apart       bool  // they are booked on several accounts
	left        int64 // of all of them
	ordered     int64 // of all of them; 0: one of them does not say
	account     string
	// What is asked for on the day in hand.
	claims    int32
	claimed   int64
	whole     bool // somebody asks for all of it, together with others
	mistaken  bool // somebody has another account, or another amount that was ordered
	undecided bool // somebody bears the reference who is not certain
}

// references finds candidates by what banks give back, character by character.
type references struct {
	by   [Return + 1]map[string]int32
	all  []bearers
	next []int32 // of a candidate: the next with the same reference; -1 ends the chain
}

// claim is a part of the day in hand and what it names.
type claim struct {
	part    int32
	unknown bool // a reference of it is nobody's
	certain bool
	named   []int32
}

func (m *matching) indexReferences() *references {
	r := &references{all: make([]bearers, 0, len(m.candidate)), next: make([]int32, len(m.candidate))}
	for _, w := range []Way{Debit, Return} {
		r.by[w] = make(map[string]int32)
	}
	for i := range m.candidate {
		c := int32(i)
		r.next[c] = -1
		in := m.of(c)
		if in.Reference == "" {
			continue
		}
		at, known := r.by[in.Way][in.Reference]
		if !known {
			r.by[in.Way][in.Reference] = int32(len(r.all))
			r.all = append(r.all, bearers{first: c, last: c, left: in.Ore, ordered: in.OrderedOre, account: in.Account})
			continue
		}
		b := &r.all[at]
		r.next[b.last] = c
		b.add(c, in)
	}
	return r
}

func (b *bearers) add(c int32, in *Candidate) {
	b.last, b.several, b.left = c, true, sum(b.left, in.Ore)
	if b.ordered == 0 || in.OrderedOre == 0 {
		b.ordered = 0
	} else {
		b.ordered = sum(b.ordered, in.OrderedOre)
	}
	switch {
	case b.account == "":
		b.account = in.Account
	case in.Account != "" && in.Account != b.account:
		b.apart = true
	}
}

// byReference matches what bears references of ours. Days come one after the other, so that a part of a later day finds what
// earlier ones have left; the parts of a day are judged together, since none of them was first.
func (m *matching) byReference() {
	r := m.indexReferences()
	var day []claim
	var named []int32
	for p := 0; p < len(m.part); {
		day, named = day[:0], named[:0]
		begin := p
		for ; p < len(m.part) && m.part[p].day == m.part[begin].day; p++ {
			var c claim
			if c, named = m.claimOf(r, int32(p), named); len(c.named) > 0 {
				day = append(day, c)
			}
		}
		m.judgeDay(r, day)
	}
	for i := range r.all {
		if b := &r.all[i]; b.undecided {
			for c := b.first; c >= 0; c = r.next[c] {
				m.candidate[c].undecided = true
			}
		}
	}
}

// claimOf finds what the references of a part name; known collects that of the day.
func (m *matching) claimOf(r *references, p int32, known []int32) (claim, []int32) {
	in, c := m.on(p), claim{part: p}
	way := in.way()
	if way == 0 {
		return c, known
	}
	begin := len(known)
	seen := map[int32]bool(nil)
	if len(in.References) > 1 {
		seen = make(map[int32]bool, len(in.References))
	}
	for _, reference := range in.References {
		if reference == "" {
			continue
		}
		at, ok := r.by[way][reference]
		switch {
		case !ok:
			c.unknown = true
		case !seen[at]:
			known = append(known, at)
			if seen != nil {
				seen[at] = true
			}
		}
	}
	c.named = known[begin:len(known):len(known)]
	m.part[p].odd = c.unknown
	m.part[p].named = len(c.named) > 0
	return c, known
}

// judgeDay decides about all parts of one day that name something.
func (m *matching) judgeDay(r *references, day []claim) {
	for _, c := range day {
		whole := len(c.named) > 1
		reason := m.mistaken(r, c)
		for _, at := range c.named {
			b := &r.all[at]
			b.claims++
			b.claimed = sum(b.claimed, m.part[c.part].about)
			b.whole = b.whole || whole
			b.mistaken = b.mistaken || reason != ""
		}
		if reason != "" {
			m.refuse(c.part, reason)
		}
	}
	for i := range day {
		c := &day[i]
		reason := m.judge(r, *c)
		c.certain = reason == ""
		if !c.certain {
			m.refuse(c.part, reason)
			m.suggestNamed(r, *c)
		}
	}
	for _, c := range day {
		if c.certain {
			m.use(r, c)
		}
	}
	for _, c := range day {
		for _, at := range c.named {
			b := &r.all[at]
			b.undecided = b.undecided || !c.certain
			b.claims, b.claimed, b.whole, b.mistaken = 0, 0, false, false
		}
	}
}

// mistaken is what a part says that its candidates cannot be.
func (m *matching) mistaken(r *references, c claim) Reason {
	in := m.on(c.part)
	if m.part[c.part].about == 0 {
		return NoAmount
	}
	if c.unknown {
		return UnknownReference
	}
	ordered, known := int64(0), in.OrderedOre != 0
	for _, at := range c.named {
		b := &r.all[at]
		if b.apart || b.account != "" && b.account != in.Account {
			return AnotherAccount
		}
		known = known && b.ordered != 0
		ordered = sum(ordered, b.ordered)
	}
	if known && ordered != in.OrderedOre {
		return AnotherOrdered
	}
	return ""
}

// judge is why a part that names something is not certain; empty when it is.
func (m *matching) judge(r *references, c claim) Reason {
	if reason := m.part[c.part].reason; reason != "" {
		return reason
	}
	left := int64(0)
	for _, at := range c.named {
		b := &r.all[at]
		switch {
		case b.undecided || b.mistaken:
			return Undecided
		case b.claims > 1 && (b.whole || b.several):
			return SeveralParts
		}
		left = sum(left, b.left)
	}
	if first := &r.all[c.named[0]]; len(c.named) == 1 && !first.several {
		if first.claimed > left {
			return AnotherAmount
		}
		return ""
	}
	if m.part[c.part].about != left {
		return AnotherAmount
	}
	return ""
}

// use carries out a certain claim.
func (m *matching) use(r *references, c claim) {
	about := m.part[c.part].about
	b := &r.all[c.named[0]]
	if len(c.named) == 1 && !b.several {
		rule := ByReference
		if b.claims > 1 {
			rule = ByPartsOf
		}
		b.left -= about
		m.candidate[b.first].left -= about
		m.matched(c.part, rule, []Use{{m.of(b.first).Subject, about}})
		return
	}
	uses := m.usesOf(r, c, about)
	for _, at := range c.named {
		r.all[at].left = 0
		for one := r.all[at].first; one >= 0; one = r.next[one] {
			m.candidate[one].left = 0
		}
	}
	m.matched(c.part, ByReferences, uses)
}

// usesOf gives each candidate of a claim what it has left, as far as the amount goes.
func (m *matching) usesOf(r *references, c claim, about int64) []Use {
	var uses []Use
	for _, at := range c.named {
		for one := r.all[at].first; one >= 0; one = r.next[one] {
			ore := min(about, m.candidate[one].left)
			if ore > 0 {
				uses = append(uses, Use{m.of(one).Subject, ore})
			}
			about -= ore
		}
	}
	return uses
}

// suggestNamed suggests what a part names. Of a reference that many candidates share it suggests the first few: each part of
// many might list them all.
func (m *matching) suggestNamed(r *references, c claim) {
	rule := ByReferences
	if len(c.named) == 1 && !r.all[c.named[0]].several {
		rule = ByReference
	}
	left := m.part[c.part].about
	var uses []Use
	for _, at := range c.named {
		n := 0
		for one := r.all[at].first; one >= 0 && n < mostSuggestions; one, n = r.next[one], n+1 {
			ore := min(left, m.candidate[one].left)
			uses = append(uses, Use{m.of(one).Subject, ore})
			left -= ore
		}
	}
	m.part[c.part].fits = int32(len(uses))
	m.suggest(c.part, rule, m.part[c.part].reason, uses)
}
