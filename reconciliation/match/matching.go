package match

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
)

// matching is one run. Parts and candidates are known by their place in the order of the result, never in that of the input.
type matching struct {
	windows    Windows
	parts      []Part
	candidates []Candidate
	part       []part
	candidate  []candidate
}

// part is what becomes of a part.
type part struct {
	in          int32 // place in the input
	day         int32
	rule        Rule // of its match
	odd         bool // its reference is nobody's
	named       bool // its references are known: nothing else is looked for
	fits        int32
	about       int64
	reason      Reason
	uses        []Use
	suggestions []Suggestion
}

// candidate is what becomes of a candidate.
type candidate struct {
	in        int32
	day       int32
	fitting   int32 // how many explanations by amount have it in them
	undecided bool  // somebody bears its reference who is not certain
	left      int64
}

func newMatching(parts []Part, candidates []Candidate, windows Windows) (*matching, error) {
	for _, w := range []Window{windows.Debit, windows.Return} {
		if w.Before < 0 || w.After < 0 || w.Before > daysOfAWindow || w.After > daysOfAWindow {
			return nil, fmt.Errorf("window of %d days before and %d after must be of 0 to %d: %w", w.Before, w.After, daysOfAWindow, ErrInput)
		}
	}
	if len(parts) > mostInput || len(candidates) > mostInput {
		return nil, fmt.Errorf("%d parts and %d candidates must be at most %d: %w", len(parts), len(candidates), mostInput, ErrInput)
	}
	m := &matching{windows: windows, parts: parts, candidates: candidates, part: make([]part, len(parts)), candidate: make([]candidate, len(candidates))}
	if err := m.takeParts(); err != nil {
		return nil, err
	}
	return m, m.takeCandidates()
}

func (m *matching) takeParts() error {
	for i := range m.parts {
		p := &m.parts[i]
		m.part[i] = part{in: int32(i), day: dayOf(p.PostedOn), about: p.about()}
	}
	slices.SortFunc(m.part, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(m.parts[a.in].ID, m.parts[b.in].ID))
	})
	seen := make([]int64, len(m.parts))
	for i := range m.parts {
		seen[i] = m.parts[i].ID
	}
	slices.Sort(seen)
	for i := 1; i < len(seen); i++ {
		if seen[i] == seen[i-1] {
			return fmt.Errorf("part %d is given twice: %w", seen[i], ErrInput)
		}
	}
	return nil
}

func (m *matching) takeCandidates() error {
	for i := range m.candidates {
		c := &m.candidates[i]
		if c.Ore < 0 || c.Ore > MaxOre || c.Way != Debit && c.Way != Return {
			return fmt.Errorf("candidate %+v of %d øre, way %d: amounts are 0 to %d: %w", c.Subject, c.Ore, c.Way, int64(MaxOre), ErrInput)
		}
		m.candidate[i] = candidate{in: int32(i), day: dayOf(c.ExecutesOn), left: c.Ore}
	}
	slices.SortFunc(m.candidate, func(a, b candidate) int {
		x, y := &m.candidates[a.in], &m.candidates[b.in]
		return cmp.Or(x.Subject.compare(y.Subject), cmp.Compare(x.Way, y.Way))
	})
	for i := 1; i < len(m.candidate); i++ {
		x, y := m.of(int32(i-1)), m.of(int32(i))
		if x.Subject == y.Subject && x.Way == y.Way {
			return fmt.Errorf("candidate %+v is given twice: %w", x.Subject, ErrInput)
		}
	}
	return nil
}

// of is a candidate as it was given.
func (m *matching) of(c int32) *Candidate { return &m.candidates[m.candidate[c].in] }

// on is a part as it was given.
func (m *matching) on(p int32) *Part { return &m.parts[m.part[p].in] }

func (m *matching) window(w Way) Window {
	if w == Debit {
		return m.windows.Debit
	}
	return m.windows.Return
}

// matched uses up candidates for a part, each with so many øre.
func (m *matching) matched(p int32, rule Rule, uses []Use) {
	m.part[p].rule, m.part[p].uses = rule, uses
}

// suggest adds what a part may be about, as far as there is room.
func (m *matching) suggest(p int32, rule Rule, reason Reason, uses []Use) {
	one := &m.part[p]
	if len(one.suggestions) < mostSuggestions {
		one.suggestions = append(one.suggestions, Suggestion{Part: m.on(p).ID, Rule: rule, Reason: reason, Uses: uses})
	}
}

// refuse says why a part is not matched; what was said first stays.
func (m *matching) refuse(p int32, reason Reason) {
	if m.part[p].reason == "" {
		m.part[p].reason = reason
	}
}

func (m *matching) result() Result {
	var r Result
	matched := 0
	for i := range m.part {
		if m.part[i].rule != byNothing {
			matched++
		}
	}
	r.Matches = make([]Match, 0, matched)
	for i := range m.part {
		p := &m.part[i]
		id := m.parts[p.in].ID
		if p.rule != byNothing {
			r.Matches = append(r.Matches, Match{Part: id, Rule: p.rule, Uses: p.uses})
			continue
		}
		r.Suggestions = append(r.Suggestions, p.suggestions...)
		r.Unmatched = append(r.Unmatched, Unmatched{Part: id, Reason: p.reason, Fits: int(p.fits)})
	}
	return r
}

// dayOf numbers the days, so that days apart are a difference.
func dayOf(d gateway.Date) int32 {
	if d.IsZero() {
		return firstDay
	}
	return int32(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// sum adds amounts that may be too many: what is no sum of ours stays larger than any.
func sum(a, b int64) int64 {
	const most = 1 << 61
	return min(most, a+b)
}
