package match

// count says of each part and each candidate in how many explanations it is.
func (a *byAmounts) count() {
	for i, s := range a.parts {
		a.part[s.of].fits += a.partToCandidate[i].len() + a.partToLines[i].len()
	}
	for i, s := range a.partSets {
		for _, p := range a.partsOf(s) {
			a.part[p].fits += a.partsToCandidate[i].len()
		}
	}
	toPart, toSet := a.within(a.candidates, a.parts, false), a.within(a.candidates, a.partSets, false)
	for i, s := range a.candidates {
		if !a.kinds[s.likeness].loose() {
			a.candidate[s.of].fitting += toPart[i].len() + toSet[i].len()
		}
	}
	for i, g := range a.within(a.lineSets, a.parts, false) {
		for _, c := range a.linesOf(a.lineSets[i]) {
			a.candidate[c].fitting += g.len()
		}
	}
}

func (a *byAmounts) partsOf(s side) []int32 {
	g := a.partGroups[s.of]
	return a.partOrder[g.from:g.to]
}

func (a *byAmounts) linesOf(s side) []int32 {
	g := a.lineGroups[s.of]
	return a.lineOrder[g.from:g.to]
}

// decide matches what has one explanation, whose things have no other.
func (a *byAmounts) decide() {
	for i, s := range a.parts {
		parts := []int32{s.of}
		if a.doubtful(s) {
			continue
		}
		if g := a.partToCandidate[i]; g.len() == 1 {
			c := []int32{a.candidates[g.from].of}
			if a.doubt(parts, c) == "" {
				a.settle(parts, c, ByAmount)
			}
			continue
		}
		if g := a.partToLines[i]; g.len() == 1 {
			if lines := a.linesOf(a.lineSets[g.from]); a.doubt(parts, lines) == "" {
				a.settle(parts, lines, ByWholeGroup)
			}
		}
	}
	for i, s := range a.partSets {
		if g := a.partsToCandidate[i]; g.len() == 1 {
			c := []int32{a.candidates[g.from].of}
			if parts := a.partsOf(s); a.doubt(parts, c) == "" {
				a.settle(parts, c, ByPartsOfTheDay)
			}
		}
	}
}

// doubtful reports that nothing of its amount alone can be certain.
func (a *byAmounts) doubtful(s side) bool {
	return a.part[s.of].odd || a.kinds[s.likeness].loose()
}

// doubt is why an explanation is not certain; empty when it is.
func (a *byAmounts) doubt(parts, candidates []int32) Reason {
	ordered := int64(0)
	for i, c := range candidates {
		one := &a.candidate[c]
		switch {
		case one.undecided:
			return Undecided
		case one.fitting != 1:
			return SeveralParts
		}
		if in := a.of(c); in.OrderedOre != 0 && (ordered != 0 || i == 0) {
			ordered = sum(ordered, in.OrderedOre)
		} else {
			ordered = 0
		}
	}
	for _, p := range parts {
		switch in := a.on(p); {
		case a.part[p].fits != 1:
			return SeveralFit
		case in.OrderedOre != 0 && ordered != 0 && in.OrderedOre != ordered:
			return AnotherOrdered
		}
	}
	return ""
}

// settle matches an explanation. One of its two sides is a single thing.
func (a *byAmounts) settle(parts, candidates []int32, rule Rule) {
	if len(parts) > 1 {
		subject := a.of(candidates[0]).Subject
		for _, p := range parts {
			a.matched(p, rule, []Use{{subject, a.part[p].about}})
		}
	} else {
		a.matched(parts[0], rule, a.uses(candidates))
	}
	for _, c := range candidates {
		a.candidate[c].left = 0
	}
}

// uses is all that candidates have left.
func (a *byAmounts) uses(candidates []int32) []Use {
	uses := make([]Use, len(candidates))
	for i, c := range candidates {
		uses[i] = Use{a.of(c).Subject, a.candidate[c].left}
	}
	return uses
}

// explain says of each part that is left why it is, and suggests what it fits.
func (a *byAmounts) explain() {
	shared := make([][]Use, len(a.lineSets)) // of lines: many parts may fit the same
	for i, s := range a.parts {
		if a.part[s.of].rule != byNothing {
			continue
		}
		p, alone := s.of, []int32{s.of}
		if a.kinds[s.likeness].loose() {
			a.part[p].fits = a.partToCandidate[i].len()
		}
		for j := a.partToCandidate[i].from; j < a.partToCandidate[i].suggested(); j++ {
			c := []int32{a.candidates[j].of}
			a.suggest(p, ByAmount, a.why(s, alone, c), []Use{{a.of(c[0]).Subject, a.part[p].about}})
		}
		for j := a.partToLines[i].from; j < a.partToLines[i].suggested(); j++ {
			lines := a.linesOf(a.lineSets[j])
			if shared[j] == nil {
				shared[j] = a.uses(lines)
			}
			a.suggest(p, ByWholeGroup, a.why(s, alone, lines), shared[j])
		}
	}
	a.explainSets()
	for i := range a.part {
		one := &a.part[i]
		switch {
		case one.rule != byNothing || one.reason != "":
		case len(one.suggestions) > 0:
			one.reason = one.suggestions[0].Reason
		case one.odd:
			one.reason = UnknownReference
		default:
			one.reason = NothingFits
		}
	}
}

// explainSets suggests what parts of a day fit together.
func (a *byAmounts) explainSets() {
	for i, s := range a.partSets {
		parts := a.partsOf(s)
		if a.part[parts[0]].rule == ByPartsOfTheDay {
			continue
		}
		for j := a.partsToCandidate[i].from; j < a.partsToCandidate[i].suggested(); j++ {
			c := []int32{a.candidates[j].of}
			reason := a.doubt(parts, c)
			for _, p := range parts {
				if a.part[p].rule == byNothing {
					a.suggest(p, ByPartsOfTheDay, reason, []Use{{a.of(c[0]).Subject, a.part[p].about}})
				}
			}
		}
	}
}

// why is the reason why a part by itself is not matched with candidates that it fits.
func (a *byAmounts) why(s side, parts, candidates []int32) Reason {
	switch {
	case a.kinds[s.likeness].loose():
		return NoCounterparty
	case a.part[s.of].odd:
		return UnknownReference
	case a.part[s.of].fits > 1:
		return SeveralFit
	}
	return a.doubt(parts, candidates)
}
