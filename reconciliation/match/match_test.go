package match_test

import (
	"errors"
	"testing"
	"time"

	"nks/gateway"
	"nks/reconciliation/match"
)

// day is a day of August 2005.
func day(n int) gateway.Date { return gateway.Date{Year: 2005, Month: time.August, Day: n} }

// windows are those of all tests: debits within two days, returns within ten.
func windows() match.Windows {
	return match.Windows{Debit: match.Window{After: 2}, Return: match.Window{After: 10}}
}

// payment can come back: 100 kr. executed on the 10th.
func payment(id int64, reference string) match.Candidate {
	return match.Candidate{Subject: match.PaymentAttempt(id, 1), Way: match.Return, Reference: reference, Account: "return",
		Counterparty: "recipient", Ore: 100_00, OrderedOre: 100_00, ExecutesOn: day(10)}
}

// line is to be debited on the 10th.
func line(no int32, ore int64) match.Candidate {
	return match.Candidate{Subject: match.InterchangeLine(7, 1, no), Way: match.Debit, Reference: "L" + string(rune('0'+no)), Account: "payout",
		Ore: ore, OrderedOre: ore, ExecutesOn: day(10), Interchange: 7}
}

// returned is a credit on the 12th.
func returned(id, ore int64, references ...string) match.Part {
	return match.Part{ID: id, Account: "return", Ore: ore, PostedOn: day(12), References: references, Counterparty: "recipient"}
}

// debited is a debit on the 10th.
func debited(id, ore int64, references ...string) match.Part {
	return match.Part{ID: id, Account: "payout", Ore: -ore, PostedOn: day(10), References: references}
}

func with[T any](one T, change func(*T)) T {
	change(&one)
	return one
}

// outcome is what is wanted of one part: a rule with its uses, or a reason.
type outcome struct {
	rule      match.Rule
	uses      []match.Use
	reason    match.Reason
	suggested int
}

type resultCase struct {
	name       string
	parts      []match.Part
	candidates []match.Candidate
	want       map[int64]outcome
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, list := range [][]resultCase{byReference(), byAmount(), byGroup()} {
		for _, c := range list {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				got, err := match.Find(c.parts, c.candidates, windows())
				if err != nil {
					t.Fatal(err)
				}
				compareOutcomes(t, got, c.want)
			})
		}
	}
}

func compareOutcomes(t *testing.T, got match.Result, want map[int64]outcome) {
	t.Helper()
	if n := len(got.Matches) + len(got.Unmatched); n != len(want) {
		t.Errorf("%d parts in the result, want %d", n, len(want))
	}
	for _, m := range got.Matches {
		w := want[m.Part]
		if m.Rule != w.rule || len(m.Uses) != len(w.uses) {
			t.Errorf("part %d is matched %s with %v, want %+v", m.Part, m.Rule, m.Uses, w)
			continue
		}
		for i := range w.uses {
			if m.Uses[i] != w.uses[i] {
				t.Errorf("part %d uses %v, want %v", m.Part, m.Uses, w.uses)
			}
		}
	}
	suggested := map[int64]int{}
	for _, s := range got.Suggestions {
		suggested[s.Part]++
		if s.Reason == "" {
			t.Errorf("a suggestion for part %d has no reason", s.Part)
		}
	}
	for _, u := range got.Unmatched {
		if w := want[u.Part]; u.Reason != w.reason || suggested[u.Part] != w.suggested {
			t.Errorf("part %d is not matched because %s, with %d suggestions; want %+v", u.Part, u.Reason, suggested[u.Part], w)
		}
	}
}

func byReference() []resultCase {
	one := match.PaymentAttempt(1, 1)
	return []resultCase{
		{"the whole amount", []match.Part{returned(1, 100_00, "R1")}, []match.Candidate{payment(1, "R1"), payment(2, "R2")},
			map[int64]outcome{1: {rule: match.ByReference, uses: []match.Use{{Subject: one, Ore: 100_00}}}}},
		{"a part of it", []match.Part{returned(1, 30_00, "R1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {rule: match.ByReference, uses: []match.Use{{Subject: one, Ore: 30_00}}}}},
		{"less a fee that the bank kept", []match.Part{with(returned(1, 95_00, "R1"), func(p *match.Part) { p.ChargeOre, p.OrderedOre = 5_00, 100_00 })},
			[]match.Candidate{payment(1, "R1")}, map[int64]outcome{1: {rule: match.ByReference, uses: []match.Use{{Subject: one, Ore: 100_00}}}}},
		{"a debit with the bank's charge in it", []match.Part{with(debited(1, 105_00, "L1"), func(p *match.Part) { p.ChargeOre = 5_00 })},
			[]match.Candidate{line(1, 100_00)}, map[int64]outcome{1: {rule: match.ByReference, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}}}}},
		{"parts of a day that add up", []match.Part{returned(1, 60_00, "R1"), returned(2, 40_00, "R1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {rule: match.ByPartsOf, uses: []match.Use{{Subject: one, Ore: 60_00}}}, 2: {rule: match.ByPartsOf, uses: []match.Use{{Subject: one, Ore: 40_00}}}}},
		{"the same twice on one day", []match.Part{returned(1, 100_00, "R1"), returned(2, 100_00, "R1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.AnotherAmount, suggested: 1}, 2: {reason: match.AnotherAmount, suggested: 1}}},
		{"the same again a day later", []match.Part{with(returned(1, 100_00, "R1"), func(p *match.Part) { p.PostedOn = day(13) }), returned(2, 100_00, "R1")},
			[]match.Candidate{payment(1, "R1")},
			map[int64]outcome{2: {rule: match.ByReference, uses: []match.Use{{Subject: one, Ore: 100_00}}}, 1: {reason: match.AnotherAmount, suggested: 1}}},
		{"beside one of the day that is not certain", []match.Part{with(returned(1, 40_00, "R1"), func(p *match.Part) { p.OrderedOre = 90_00 }), returned(2, 60_00, "R1")},
			[]match.Candidate{payment(1, "R1")}, map[int64]outcome{1: {reason: match.AnotherOrdered, suggested: 1}, 2: {reason: match.Undecided, suggested: 1}}},
		{"all that share a reference", []match.Part{debited(1, 300_00, "L1")}, shared(""),
			map[int64]outcome{1: {rule: match.ByReferences, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}, {Subject: line(2, 0).Subject, Ore: 200_00}}}}},
		{"all that share a reference, where one does not say what was ordered", []match.Part{with(debited(1, 300_00, "L1"), func(p *match.Part) { p.OrderedOre = 250_00 })},
			[]match.Candidate{shared("")[1], with(shared("")[0], func(c *match.Candidate) { c.OrderedOre = 0 })},
			map[int64]outcome{1: {rule: match.ByReferences, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}, {Subject: line(2, 0).Subject, Ore: 200_00}}}}},
		{"some of those that share a reference", []match.Part{debited(1, 100_00, "L1")}, shared(""), map[int64]outcome{1: {reason: match.AnotherAmount, suggested: 1}}},
		{"all that share a reference, asked for twice", []match.Part{debited(1, 300_00, "L1"), debited(2, 300_00, "L1")}, shared(""),
			map[int64]outcome{1: {reason: match.SeveralParts, suggested: 1}, 2: {reason: match.SeveralParts, suggested: 1}}},
		{"a reference shared by two accounts", []match.Part{debited(1, 300_00, "L1")}, shared("payout 2"),
			map[int64]outcome{1: {reason: match.AnotherAccount, suggested: 1}}},
		{"more than is left", []match.Part{returned(1, 100_01, "R1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.AnotherAmount, suggested: 1}}},
		{"after one that is not certain", []match.Part{returned(1, 120_00, "R1"), with(returned(2, 40_00, "R1"), func(p *match.Part) { p.PostedOn = day(13) })},
			[]match.Candidate{payment(1, "R1")}, map[int64]outcome{1: {reason: match.AnotherAmount, suggested: 1}, 2: {reason: match.Undecided, suggested: 1}}},
		{"another amount was ordered", []match.Part{with(returned(1, 90_00, "R1"), func(p *match.Part) { p.OrderedOre = 90_00 })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.AnotherOrdered, suggested: 1}}},
		{"on another account", []match.Part{with(returned(1, 100_00, "R1"), func(p *match.Part) { p.Account = "payout" })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.AnotherAccount, suggested: 1}}},
		{"the reference in other letters", []match.Part{returned(1, 100_00, "r1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.UnknownReference, suggested: 1}}},
		{"the reference and a blank", []match.Part{returned(1, 50_00, "R1 ")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.UnknownReference}}},
		{"a credit with the reference of a debit", []match.Part{returned(1, 100_00, "L1")}, []match.Candidate{line(1, 100_00)},
			map[int64]outcome{1: {reason: match.UnknownReference}}},
		{"several lines", []match.Part{debited(1, 300_00, "L1", "L2", "L1", "")}, []match.Candidate{line(2, 200_00), line(1, 100_00), line(3, 5)},
			map[int64]outcome{1: {rule: match.ByReferences, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}, {Subject: line(2, 0).Subject, Ore: 200_00}}}}},
		{"several lines of another sum", []match.Part{debited(1, 299_00, "L1", "L2")}, []match.Candidate{line(2, 200_00), line(1, 100_00)},
			map[int64]outcome{1: {reason: match.AnotherAmount, suggested: 1}}},
		{"several lines, one of them nobody's", []match.Part{debited(1, 100_00, "L1", "L9")}, []match.Candidate{line(1, 100_00)},
			map[int64]outcome{1: {reason: match.UnknownReference, suggested: 1}}},
		{"several lines, one of them asked for by another part", []match.Part{debited(1, 300_00, "L1", "L2"), debited(2, 100_00, "L1")},
			[]match.Candidate{line(2, 200_00), line(1, 100_00)},
			map[int64]outcome{1: {reason: match.SeveralParts, suggested: 1}, 2: {reason: match.SeveralParts, suggested: 1}}},
		{"nothing at all", []match.Part{returned(1, 0, "R1")}, []match.Candidate{payment(1, "R1")}, map[int64]outcome{1: {reason: match.NoAmount}}},
	}
}

// shared are two lines with one reference; the second may be of another account.
func shared(account string) []match.Candidate {
	return []match.Candidate{line(1, 100_00), with(line(2, 200_00), func(c *match.Candidate) {
		c.Reference = "L1"
		if account != "" {
			c.Account = account
		}
	})}
}

func byAmount() []resultCase {
	one := []match.Use{{Subject: match.PaymentAttempt(1, 1), Ore: 100_00}}
	other := with(payment(2, "R2"), func(c *match.Candidate) { c.Counterparty = "another" })
	return []resultCase{
		{"nothing else fits", []match.Part{returned(1, 100_00)}, []match.Candidate{payment(1, "R1"), other}, map[int64]outcome{1: {rule: match.ByAmount, uses: one}}},
		{"two payments fit", []match.Part{returned(1, 100_00)}, []match.Candidate{payment(1, "R1"), payment(2, "R2")},
			map[int64]outcome{1: {reason: match.SeveralFit, suggested: 2}}},
		{"two returns fit", []match.Part{returned(1, 100_00), returned(2, 100_00)}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.SeveralParts, suggested: 1}, 2: {reason: match.SeveralParts, suggested: 1}}},
		{"one of two came back by its reference", []match.Part{returned(1, 100_00), returned(2, 100_00, "R2")}, []match.Candidate{payment(1, "R1"), payment(2, "R2")},
			map[int64]outcome{1: {rule: match.ByAmount, uses: one}, 2: {rule: match.ByReference, uses: []match.Use{{Subject: match.PaymentAttempt(2, 1), Ore: 100_00}}}}},
		{"its reference is borne by another that is not certain", []match.Part{returned(1, 100_00), returned(2, 120_00, "R1")}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.Undecided, suggested: 1}, 2: {reason: match.AnotherAmount, suggested: 1}}},
		{"from nobody knows whom", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.Counterparty = "" })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.NoCounterparty, suggested: 1}}},
		{"one from its recipient, one from nobody knows whom", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.Counterparty = "" }), returned(2, 100_00)},
			[]match.Candidate{payment(1, "R1")}, map[int64]outcome{1: {reason: match.NothingFits}, 2: {rule: match.ByAmount, uses: one}}},
		{"before the execution day", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.PostedOn = day(9) })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.NothingFits}}},
		{"on the last day", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.PostedOn = day(20) })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {rule: match.ByAmount, uses: one}}},
		{"after the last day", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.PostedOn = day(21) })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.NothingFits}}},
		{"without a date", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.PostedOn = gateway.Date{} })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.NothingFits}}},
		{"on another account", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.Account = "payout" })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.NothingFits}}},
		{"another amount was ordered", []match.Part{with(returned(1, 100_00), func(p *match.Part) { p.OrderedOre = 110_00 })}, []match.Candidate{payment(1, "R1")},
			map[int64]outcome{1: {reason: match.AnotherOrdered, suggested: 1}}},
		{"a debit of the only line", []match.Part{debited(1, 100_00)}, []match.Candidate{line(1, 100_00), line(2, 50_00)},
			map[int64]outcome{1: {rule: match.ByAmount, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}}}}},
	}
}

func byGroup() []resultCase {
	lines := []match.Candidate{line(1, 100_00), line(2, 200_00), line(3, 400_00)}
	elsewhere := with(line(4, 800_00), func(c *match.Candidate) { c.Interchange, c.Subject = 8, match.InterchangeLine(8, 1, 4) })
	all := []match.Use{{Subject: line(1, 0).Subject, Ore: 100_00}, {Subject: line(2, 0).Subject, Ore: 200_00}, {Subject: line(3, 0).Subject, Ore: 400_00}}
	return []resultCase{
		{"all lines of an interchange", []match.Part{debited(1, 700_00)}, append([]match.Candidate{elsewhere}, lines...), map[int64]outcome{1: {rule: match.ByWholeGroup, uses: all}}},
		{"all lines of the day", []match.Part{debited(1, 1500_00)}, append([]match.Candidate{elsewhere}, lines...),
			map[int64]outcome{1: {rule: match.ByWholeGroup, uses: append(all[:3:3], match.Use{Subject: elsewhere.Subject, Ore: 800_00})}}},
		{"some of the lines", []match.Part{debited(1, 300_00)}, lines, map[int64]outcome{1: {reason: match.NothingFits}}},
		{"a line and an order of it", []match.Part{debited(1, 110_00)}, []match.Candidate{lines[0], with(line(2, 10_00), func(c *match.Candidate) { c.Subject = match.PaymentAttempt(1, 1) })},
			map[int64]outcome{1: {reason: match.NothingFits}}},
		{"the lines twice", []match.Part{debited(1, 700_00), debited(2, 700_00)}, lines,
			map[int64]outcome{1: {reason: match.SeveralParts, suggested: 1}, 2: {reason: match.SeveralParts, suggested: 1}}},
		{"the lines or one like their sum", []match.Part{debited(1, 700_00)}, append([]match.Candidate{with(elsewhere, func(c *match.Candidate) { c.Ore = 700_00 })}, lines...),
			map[int64]outcome{1: {reason: match.SeveralFit, suggested: 2}}},
		{"the parts of the day", []match.Part{debited(1, 30_00), debited(2, 70_00)}, lines[:1],
			map[int64]outcome{1: {rule: match.ByPartsOfTheDay, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 30_00}}},
				2: {rule: match.ByPartsOfTheDay, uses: []match.Use{{Subject: line(1, 0).Subject, Ore: 70_00}}}}},
		{"the parts of the day and one too many", []match.Part{debited(1, 30_00), debited(2, 70_00), debited(3, 1)}, lines[:1],
			map[int64]outcome{1: {reason: match.NothingFits}, 2: {reason: match.NothingFits}, 3: {reason: match.NothingFits}}},
		{"the parts of the day fit two lines", []match.Part{debited(1, 30_00), debited(2, 70_00)}, []match.Candidate{lines[0], with(line(2, 100_00), func(c *match.Candidate) { c.Interchange = 0 })},
			map[int64]outcome{1: {reason: match.SeveralFit, suggested: 2}, 2: {reason: match.SeveralFit, suggested: 2}}},
	}
}

func TestFindRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parts      []match.Part
		candidates []match.Candidate
		windows    match.Windows
	}{
		"a part twice":       {[]match.Part{returned(1, 5), returned(1, 6)}, nil, windows()},
		"a candidate twice":  {nil, []match.Candidate{payment(1, "R1"), payment(1, "R2")}, windows()},
		"less than nothing":  {nil, []match.Candidate{with(payment(1, ""), func(c *match.Candidate) { c.Ore = -1 })}, windows()},
		"too much":           {nil, []match.Candidate{with(payment(1, ""), func(c *match.Candidate) { c.Ore = match.MaxOre + 1 })}, windows()},
		"no way":             {nil, []match.Candidate{with(payment(1, ""), func(c *match.Candidate) { c.Way = 0 })}, windows()},
		"a window backwards": {nil, nil, match.Windows{Debit: match.Window{Before: -1}}},
	} {
		if _, err := match.Find(c.parts, c.candidates, c.windows); !errors.Is(err, match.ErrInput) {
			t.Errorf("%s: %v, want ErrInput", name, err)
		}
	}
}
