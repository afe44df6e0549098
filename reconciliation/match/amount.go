package match

import (
	"cmp"
	"slices"
)

// An explanation by amount sets one part against one candidate, one part against a whole group of lines, or a whole group of
// parts against one candidate, all of the same amount, account and counterparty, within the window. It is certain where each
// thing in it is in no other explanation. Groups are the lines of an interchange or a day on one account, and the parts of a
// day on one account: never a selection of them, so nothing is searched.

// likeness is what both sides of an explanation have in common.
type likeness struct {
	way                   Way
	account, counterparty string
	ore                   int64
}

// loose reports that the likeness is too little for a match: a return that may come from anybody.
func (l likeness) loose() bool { return l.way == Return && l.counterparty == "" }

// side is a thing that may be explained: a part, a candidate, or a group of them.
type side struct {
	likeness int32
	day      int32
	of       int32 // place of the part, candidate or group
}

func compareSides(a, b side) int {
	return cmp.Or(cmp.Compare(a.likeness, b.likeness), cmp.Compare(a.day, b.day), cmp.Compare(a.of, b.of))
}

// group is things that stand beside each other in a list.
type group struct{ from, to int32 }

func (g group) len() int32 { return g.to - g.from }

// suggested is where those end of a group that one part may be suggested.
func (g group) suggested() int32 { return min(g.to, g.from+mostSuggestions) }

// byAmounts is what is left to be explained by amount.
type byAmounts struct {
	*matching
	known map[likeness]int32
	kinds []likeness // by number

	partOrder, lineOrder   []int32 // what the groups stand in
	partGroups, lineGroups []group
	parts, candidates      []side
	partSets, lineSets     []side // groups as sides

	partToCandidate, partToLines, partsToCandidate []group // the sides within the window of each
}

// byAmount matches what bears no reference.
func (m *matching) byAmount() {
	a := &byAmounts{matching: m, known: map[likeness]int32{}}
	a.gatherParts()
	a.gatherPartGroups()
	a.gatherCandidates()
	a.gatherLineGroups()
	for _, list := range [][]side{a.parts, a.candidates, a.partSets, a.lineSets} {
		slices.SortFunc(list, compareSides)
	}
	a.lookBack()
	a.count()
	a.decide()
	a.dropUsed()
	a.lookBack()
	a.explain()
}

// lookBack finds what each part and group of parts fits.
func (a *byAmounts) lookBack() {
	a.partToCandidate = a.within(a.parts, a.candidates, true)
	a.partToLines = a.within(a.parts, a.lineSets, true)
	a.partsToCandidate = a.within(a.partSets, a.candidates, true)
}

// dropUsed leaves out the candidates that are matched by now: they are suggested to nobody.
func (a *byAmounts) dropUsed() {
	a.candidates = slices.DeleteFunc(a.candidates, func(s side) bool { return a.candidate[s.of].left == 0 })
}

// open reports whether a part is still to be explained by amount.
func (m *matching) open(p int32) bool {
	one := &m.part[p]
	return one.rule == byNothing && !one.named
}

func (a *byAmounts) gatherParts() {
	for i := range a.part {
		p := int32(i)
		switch one := &a.part[p]; {
		case !a.open(p):
		case one.about == 0:
			a.refuse(p, NoAmount)
		case one.day != firstDay:
			a.parts = append(a.parts, side{a.number(a.likenessOf(p), true), one.day, p})
		}
	}
}

func (m *matching) likenessOf(p int32) likeness {
	in := m.on(p)
	return likeness{in.way(), in.Account, in.Counterparty, m.part[p].about}
}

// number is that of a likeness, -1 where no part has it. Only what a part looks like is worth a number.
func (a *byAmounts) number(l likeness, add bool) int32 {
	n, ok := a.known[l]
	switch {
	case ok:
		return n
	case !add:
		return -1
	}
	n = int32(len(a.kinds))
	a.known[l] = n
	a.kinds = append(a.kinds, l)
	return n
}

// gatherPartGroups finds the parts of one account, counterparty and day.
func (a *byAmounts) gatherPartGroups() {
	for _, s := range a.parts {
		if l := a.kinds[s.likeness]; !l.loose() && !a.part[s.of].odd {
			a.partOrder = append(a.partOrder, s.of)
		}
	}
	compare := func(x, y int32) int {
		p, q := a.on(x), a.on(y)
		return cmp.Or(cmp.Compare(p.way(), q.way()), cmp.Compare(p.Account, q.Account), cmp.Compare(p.Counterparty, q.Counterparty),
			cmp.Compare(a.part[x].day, a.part[y].day))
	}
	slices.SortStableFunc(a.partOrder, compare)
	for _, g := range runs(a.partOrder, compare) {
		if g.len() < 2 {
			continue
		}
		first := a.partOrder[g.from]
		l := a.likenessOf(first)
		l.ore = 0
		for _, p := range a.partOrder[g.from:g.to] {
			l.ore = sum(l.ore, a.part[p].about)
		}
		a.partSets = append(a.partSets, side{a.number(l, true), a.part[first].day, int32(len(a.partGroups))})
		a.partGroups = append(a.partGroups, g)
	}
}

// gatherCandidates finds those that a part or a group of parts looks like, also where the part does not say whom it is from.
func (a *byAmounts) gatherCandidates() {
	if len(a.kinds) == 0 {
		return
	}
	for i := range a.candidate {
		c, one, in := int32(i), &a.candidate[i], a.of(int32(i))
		if one.left == 0 || one.day == firstDay || in.Account == "" {
			continue
		}
		l := likeness{in.Way, in.Account, in.Counterparty, one.left}
		if n := a.number(l, false); n >= 0 {
			a.candidates = append(a.candidates, side{n, one.day, c})
		}
		if l.counterparty = ""; in.Counterparty != "" && l.loose() {
			if n := a.number(l, false); n >= 0 {
				a.candidates = append(a.candidates, side{n, one.day, c})
			}
		}
	}
}

// gatherLineGroups finds the lines of an interchange, and those of a day where they are of more than one, on accounts that
// something is left to explain on.
func (a *byAmounts) gatherLineGroups() {
	accounts := map[string]bool{}
	for _, s := range a.parts {
		if l := a.kinds[s.likeness]; l.way == Debit {
			accounts[l.account] = true
		}
	}
	for i := range a.candidate {
		if in := a.of(int32(i)); in.Way == Debit && in.Subject.Kind == Line && a.candidate[i].left > 0 && a.candidate[i].day != firstDay && accounts[in.Account] {
			a.lineOrder = append(a.lineOrder, int32(i))
		}
	}
	byDay := func(x, y int32) int {
		return cmp.Or(cmp.Compare(a.of(x).Account, a.of(y).Account), cmp.Compare(a.candidate[x].day, a.candidate[y].day))
	}
	byInterchange := func(x, y int32) int {
		return cmp.Or(byDay(x, y), cmp.Compare(a.of(x).Interchange, a.of(y).Interchange))
	}
	slices.SortStableFunc(a.lineOrder, byInterchange)
	for _, g := range runs(a.lineOrder, byInterchange) {
		if a.of(a.lineOrder[g.from]).Interchange != 0 {
			a.addLines(g)
		}
	}
	for _, g := range runs(a.lineOrder, byDay) {
		first, last := a.of(a.lineOrder[g.from]), a.of(a.lineOrder[g.to-1])
		if first.Interchange == 0 || first.Interchange != last.Interchange {
			a.addLines(g)
		}
	}
}

// addLines keeps a group of lines that some part has the sum of.
func (a *byAmounts) addLines(g group) {
	if g.len() < 2 {
		return
	}
	first := a.lineOrder[g.from]
	l := likeness{way: Debit, account: a.of(first).Account}
	for _, c := range a.lineOrder[g.from:g.to] {
		l.ore = sum(l.ore, a.candidate[c].left)
	}
	if n := a.number(l, false); n >= 0 {
		a.lineSets = append(a.lineSets, side{n, a.candidate[first].day, int32(len(a.lineGroups))})
		a.lineGroups = append(a.lineGroups, g)
	}
}

// runs are the stretches of a sorted list that compare as equal.
func runs(list []int32, compare func(x, y int32) int) []group {
	var found []group
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && compare(list[from], list[to]) == 0 {
			to++
		}
		found = append(found, group{int32(from), int32(to)})
		from = to
	}
	return found
}

// within finds, for each of ones, the others of its likeness that the window allows. Both are sorted. A posting looks back to
// the execution day, a candidate ahead to the postings.
func (a *byAmounts) within(ones, others []side, lookBack bool) []group {
	spans := make([]group, len(ones))
	from, to := 0, 0
	for i, one := range ones {
		w := a.window(a.kinds[one.likeness].way)
		back, ahead := int32(w.Before), int32(w.After)
		if lookBack {
			back, ahead = ahead, back
		}
		for from < len(others) && compareSides(others[from], side{one.likeness, one.day - back, -1}) < 0 {
			from++
		}
		to = max(to, from)
		for to < len(others) && compareSides(others[to], side{one.likeness, one.day + ahead + 1, -1}) < 0 {
			to++
		}
		spans[i] = group{int32(from), int32(to)}
	}
	return spans
}
