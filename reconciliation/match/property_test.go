package match_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/reconciliation/match"
)

// world is drawn with few amounts, accounts and days, so that much looks alike, and with a truth that references tell.
type world struct {
	parts      []match.Part
	candidates []match.Candidate
	truth      map[int64][]match.Use // by part
}

func (w *world) add(p match.Part) int64 {
	p.ID = int64(len(w.parts) + 1)
	w.parts = append(w.parts, p)
	return p.ID
}

func drawWorld(t *rapid.T) *world {
	w := &world{truth: map[int64][]match.Use{}}
	few := rapid.Int64Range(1, 4)
	for i := range rapid.IntRange(0, 24).Draw(t, "candidates") {
		w.candidate(t, i, few)
	}
	for range rapid.IntRange(0, 16).Draw(t, "strays") {
		w.stray(t, few)
	}
	return w
}

// candidate adds one, and as a rule what the bank books for it.
func (w *world) candidate(t *rapid.T, i int, few *rapid.Generator[int64]) {
	c := match.Candidate{Way: match.Return, Subject: match.PaymentAttempt(int64(i), 1), Reference: fmt.Sprintf("R%d", i), Account: "return",
		Counterparty: fmt.Sprintf("recipient %d", few.Draw(t, "recipient")), Ore: 100 * few.Draw(t, "øre"), ExecutesOn: day(int(9 + few.Draw(t, "day")))}
	sign := int64(1)
	if rapid.Bool().Draw(t, "debit") {
		c.Way, c.Subject, c.Account, c.Counterparty, sign = match.Debit, match.InterchangeLine(few.Draw(t, "interchange"), 1, int32(i)), "payout", "", -1
		c.Interchange = c.Subject.ID
	}
	c.OrderedOre = c.Ore
	w.candidates = append(w.candidates, c)
	p := match.Part{Account: c.Account, Counterparty: c.Counterparty, PostedOn: day(int(9 + few.Draw(t, "posted"))), References: []string{c.Reference}}
	use := func(ore int64) []match.Use { return []match.Use{{Subject: c.Subject, Ore: ore}} }
	switch rapid.IntRange(0, 5).Draw(t, "booked") {
	case 0: // not at all
	case 1:
		p.Ore = sign * c.Ore
		w.truth[w.add(p)] = use(c.Ore)
	case 2: // a fee, or a charge
		p.Ore, p.ChargeOre, p.OrderedOre = c.Ore-7, 7, c.Ore
		if sign < 0 {
			p.Ore = -c.Ore - 7
		}
		w.truth[w.add(p)] = use(c.Ore)
	case 3: // in two
		p.Ore = sign * (c.Ore - 30)
		w.truth[w.add(p)] = use(c.Ore - 30)
		p.Ore = sign * 30
		p.PostedOn = day(int(9 + few.Draw(t, "posted too")))
		w.truth[w.add(p)] = use(30)
	case 4: // without its reference
		p.Ore, p.References = sign*c.Ore, nil
		w.add(p)
	case 5: // together with the one before
		if before := len(w.candidates) - 2; before >= 0 && w.candidates[before].Way == c.Way && !w.named(w.candidates[before].Reference) {
			other := w.candidates[before]
			p.Ore = sign * (c.Ore + other.Ore)
			p.References = append(p.References, other.Reference)
			w.truth[w.add(p)] = append(use(c.Ore), match.Use{Subject: other.Subject, Ore: other.Ore})
		}
	}
}

func (w *world) named(reference string) bool {
	for _, p := range w.parts {
		for _, r := range p.References {
			if r == reference {
				return true
			}
		}
	}
	return false
}

// stray adds a part that bears no reference of ours.
func (w *world) stray(t *rapid.T, few *rapid.Generator[int64]) {
	p := match.Part{Account: "return", Ore: 100 * few.Draw(t, "øre"), Counterparty: fmt.Sprintf("recipient %d", few.Draw(t, "recipient")),
		PostedOn: day(int(9 + few.Draw(t, "day")))}
	if rapid.Bool().Draw(t, "debit") {
		p.Account, p.Counterparty, p.Ore = "payout", "", -p.Ore*few.Draw(t, "times")
	}
	if rapid.IntRange(0, 3).Draw(t, "odd") == 0 {
		p.References = []string{"somebody else's"}
	}
	w.add(p)
}

func TestMatchingHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		got, err := match.Find(w.parts, w.candidates, windows())
		if err != nil {
			t.Fatal(err)
		}
		w.checkOre(t, got)
		w.checkTruth(t, got)
		w.checkNothingByLikeness(t, got)
		again, err := match.Find(rapid.Permutation(w.parts).Draw(t, "parts"), rapid.Permutation(w.candidates).Draw(t, "candidates"), windows())
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("another order of the input gives %+v, %v; it was %+v", again, err, got)
		}
	})
}

func (w *world) about(part int64) int64 {
	p := w.parts[part-1]
	if p.Ore < 0 {
		return -p.Ore - p.ChargeOre
	}
	return p.Ore + p.ChargeOre
}

// checkOre: each part is there once, its uses add up to it, and no candidate is used for more than it has.
func (w *world) checkOre(t *rapid.T, got match.Result) {
	left, times := map[match.Subject]int64{}, map[int64]int{}
	for _, c := range w.candidates {
		left[c.Subject] = c.Ore
	}
	for _, m := range got.Matches {
		sum := int64(0)
		for _, u := range m.Uses {
			sum += u.Ore
			left[u.Subject] -= u.Ore
			if left[u.Subject] < 0 || u.Ore <= 0 {
				t.Fatalf("part %d uses %d øre of %+v, of which then %d are left", m.Part, u.Ore, u.Subject, left[u.Subject])
			}
		}
		if sum != w.about(m.Part) {
			t.Fatalf("part %d of %d øre uses %d", m.Part, w.about(m.Part), sum)
		}
		times[m.Part]++
	}
	for _, u := range got.Unmatched {
		times[u.Part]++
	}
	for i := range w.parts {
		if times[int64(i+1)] != 1 {
			t.Fatalf("part %d is %d times in the result", i+1, times[int64(i+1)])
		}
	}
	for _, s := range got.Suggestions {
		for _, u := range s.Uses {
			if u.Ore < 0 || u.Ore > w.about(s.Part) {
				t.Fatalf("part %d of %d øre is suggested %d", s.Part, w.about(s.Part), u.Ore)
			}
		}
	}
}

// checkTruth: what references tell is found, whatever looks like it.
func (w *world) checkTruth(t *rapid.T, got match.Result) {
	uses := map[int64][]match.Use{}
	for _, m := range got.Matches {
		uses[m.Part] = m.Uses
	}
	for part, want := range w.truth {
		if !reflect.DeepEqual(uses[part], want) {
			t.Fatalf("part %d uses %v, want %v", part, uses[part], want)
		}
	}
}

// checkNothingByLikeness: what is matched by amount could be about nothing else. It counts anew, each part with each candidate.
func (w *world) checkNothingByLikeness(t *rapid.T, got match.Result) {
	left := map[match.Subject]int64{}
	for _, c := range w.candidates {
		left[c.Subject] = c.Ore
	}
	for _, m := range got.Matches {
		for _, u := range m.Uses {
			if m.Rule < match.ByAmount {
				left[u.Subject] -= u.Ore
			}
		}
	}
	fits := func(p match.Part, c match.Candidate) bool {
		days := c.ExecutesOn.DaysUntil(p.PostedOn)
		after := map[match.Way]int{match.Debit: 2, match.Return: 10}[c.Way]
		return w.truth[p.ID] == nil && (c.Way == match.Debit) == (p.Ore < 0) && p.Account == c.Account && p.Counterparty == c.Counterparty &&
			w.about(p.ID) == left[c.Subject] && days >= 0 && days <= after
	}
	for _, m := range got.Matches {
		part, all := w.parts[m.Part-1], 0
		for _, c := range w.candidates {
			if !fits(part, c) {
				continue
			}
			all++
			for _, other := range w.parts {
				if m.Rule >= match.ByAmount && other.ID != m.Part && fits(other, c) {
					t.Fatalf("part %d is matched %s with %+v, which part %d fits as well", m.Part, m.Rule, m.Uses, other.ID)
				}
			}
		}
		want := map[match.Rule]int{match.ByAmount: 1}[m.Rule]
		if m.Rule >= match.ByAmount && (all != want || len(part.References) > 0) {
			t.Fatalf("part %d with references %q is matched %s, and fits %d candidates", m.Part, part.References, m.Rule, all)
		}
	}
}

// TestWhatNothingElseFitsIsFound: with amounts of which no two sums are equal, all is found without a reference.
func TestWhatNothingElseFitsIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var parts []match.Part
		var candidates []match.Candidate
		rules := map[int64]match.Rule{}
		book := func(rule match.Rule, account string, ore int64, on gateway.Date) {
			id := int64(len(parts) + 1)
			parts = append(parts, match.Part{ID: id, Account: account, Ore: -ore, PostedOn: on})
			rules[id] = rule
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "interchanges") {
			account, executes := fmt.Sprintf("payout %d", i), day(1+i)
			sum, lines := int64(0), rapid.IntRange(1, 4).Draw(t, "lines")
			for n := range lines {
				ore := int64(1) << (4*i + n)
				sum += ore
				candidates = append(candidates, match.Candidate{Subject: match.InterchangeLine(int64(i+1), 1, int32(n)), Way: match.Debit,
					Account: account, Ore: ore, ExecutesOn: executes, Interchange: int64(i + 1)})
			}
			on := executes.AddDays(rapid.IntRange(0, 2).Draw(t, "days"))
			switch {
			case lines > 1 && rapid.Bool().Draw(t, "together"):
				book(match.ByWholeGroup, account, sum, on)
			case lines == 1 && sum > 2 && rapid.Bool().Draw(t, "in two"):
				book(match.ByPartsOfTheDay, account, 1, on)
				book(match.ByPartsOfTheDay, account, sum-1, on)
			default:
				for n := range lines {
					book(match.ByAmount, account, int64(1)<<(4*i+n), on)
				}
			}
		}
		got, err := match.Find(parts, candidates, windows())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Matches {
			if m.Rule == rules[m.Part] {
				delete(rules, m.Part)
			}
		}
		if len(rules) > 0 {
			t.Fatalf("not found: %v; unmatched %v", rules, got.Unmatched)
		}
	})
}
