package lab_test

import (
	"math"
	"testing"
	"time"

	"nks/gateway"
	"nks/register/lab"
)

const today lab.Day = 20_000

// usual are settings with thresholds for each finding.
func usual(does lab.Does) lab.Rules {
	var r lab.Rules
	for i := range r {
		r[i].Does = does
	}
	r[lab.Dormant].Days = 400
	r[lab.ManyHolders].Count = 5
	r[lab.NewAccount].Days, r[lab.ChangedAccount].Days, r[lab.Duplicate].Days = 14, 14, 5
	r[lab.Outlier].Count, r[lab.Outlier].Percent = 3, 400
	return r
}

// plain is a payment of which nothing is odd.
func plain() lab.Payment {
	return lab.Payment{Ore: 500_000, On: today, AccountVersion: 7, AccountSince: today - 900, AccountHolders: 1,
		History: lab.History{Payments: 12, LargestOre: 510_000, LastPaid: today - 30, LastAccount: 7}}
}

func TestEachFindingIsFoundByItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		odd  func(*lab.Payment)
		want string
	}{
		{"nothing odd", func(*lab.Payment) {}, ""},
		{"dead", func(p *lab.Payment) { p.Status = lab.IsDead }, "dead"},
		{"ceased", func(p *lab.Payment) { p.Status = lab.HasCeased }, "ceased"},
		{"emigrated", func(p *lab.Payment) { p.Status = lab.HasEmigrated }, "emigrated"},
		{"guardian", func(p *lab.Payment) { p.Status = lab.HasGuardian }, "guardianship"},
		{"dormant on the day", func(p *lab.Payment) { p.History.LastPaid = today - 400 }, "dormant"},
		{"not dormant the day before", func(p *lab.Payment) { p.History.LastPaid = today - 399 }, ""},
		{"never paid is not dormant", func(p *lab.Payment) { p.History = lab.History{} }, ""},
		{"five on one account", func(p *lab.Payment) { p.AccountHolders = 5 }, "many-holders"},
		{"four on one account", func(p *lab.Payment) { p.AccountHolders = 4 }, ""},
		{"first to a new account", func(p *lab.Payment) { p.AccountVersion, p.AccountSince = 8, today-14 }, "new-account"},
		{"first to an account of long ago", func(p *lab.Payment) { p.AccountVersion, p.AccountSince = 8, today-15 }, ""},
		{"second to a new account", func(p *lab.Payment) { p.AccountSince = today - 1 }, ""},
		{"changed and then paid", func(p *lab.Payment) { p.AccountSince, p.Status = today-14, lab.AccountReplaced }, "changed-account"},
		{"changed long before", func(p *lab.Payment) { p.AccountSince, p.Status = today-15, lab.AccountReplaced }, ""},
		{"the same again", func(p *lab.Payment) { p.History.PaidSame, p.History.LastSame = true, today-5 }, "duplicate"},
		{"the same of last month", func(p *lab.Payment) { p.History.PaidSame, p.History.LastSame = true, today-6 }, ""},
		{"more than four times the largest", func(p *lab.Payment) { p.Ore = 4*510_000 + 1 }, "outlier"},
		{"four times the largest", func(p *lab.Payment) { p.Ore = 4 * 510_000 }, ""},
		{"too few before", func(p *lab.Payment) { p.Ore, p.History.Payments = 9_000_000, 2 }, ""},
		{"enough before", func(p *lab.Payment) { p.Ore, p.History.Payments = 9_000_000, 3 }, "outlier"},
		{"nothing before", func(p *lab.Payment) { p.History = lab.History{LastAccount: 7, LargestOre: 0} }, ""},
		{"only payments of nothing before", func(p *lab.Payment) { p.History.LargestOre = 0 }, ""},
		{"no account", func(p *lab.Payment) { p.AccountVersion, p.AccountSince, p.AccountHolders = 0, today, 0 }, ""},
		{"an amount beyond 64 bits by the hundred", func(p *lab.Payment) { p.Ore, p.History.LargestOre = 1<<62, 1000 }, "outlier"},
		{"the largest amounts there are", func(p *lab.Payment) { p.Ore, p.History.LargestOre = math.MaxInt64, math.MaxInt64/4-1 }, "outlier"},
		{"account on a list", func(p *lab.Payment) { p.Status = lab.AccountBlocked }, "blocked-account"},
		{"holder on a list", func(p *lab.Payment) { p.Status = lab.HolderBlocked }, "blocked-holder"},
	} {
		p := plain()
		c.odd(&p)
		off, notice, hold := usual(lab.Off), usual(lab.Notice), usual(lab.Hold)
		if v := lab.Judge(&p, &off); v != (lab.Verdict{}) {
			t.Errorf("%s: %v with rules that are off", c.name, v)
		}
		if v := lab.Judge(&p, &notice); v.Notices.String() != c.want || v.Holds != 0 {
			t.Errorf("%s: notices %q, holds %q, want notice %q", c.name, v.Notices, v.Holds, c.want)
		}
		if v := lab.Judge(&p, &hold); v.Holds.String() != c.want || v.Notices != 0 {
			t.Errorf("%s: notices %q, holds %q, want hold %q", c.name, v.Notices, v.Holds, c.want)
		}
	}
}

func TestRulesAreDatedAndTheNarrowestCounts(t *testing.T) {
	t.Parallel()
	day := func(d int) gateway.Date { return gateway.Date{Year: 2026, Month: time.March, Day: d} }
	all := []lab.Rule{
		{Finding: lab.Dead, Authority: "A", BenefitType: "B", From: day(20), Setting: lab.Setting{Does: lab.Off}},
		{Finding: lab.Dead, Authority: "A", From: day(10), To: day(25), Setting: lab.Setting{Does: lab.Hold}},
		{Finding: lab.Dead, From: day(5), Setting: lab.Setting{Does: lab.Notice}},
		{Finding: lab.Outlier, From: day(12), Setting: lab.Setting{Does: lab.Hold}},
		{Finding: lab.Outlier, From: day(5), Setting: lab.Setting{Does: lab.Notice}},
	}
	for _, c := range []struct {
		name, authority, benefit string
		on                       int
		dead, outlier            lab.Does
	}{
		{"before any", "A", "B", 4, lab.Off, lab.Off},
		{"from its day", "A", "B", 5, lab.Notice, lab.Notice},
		{"the authority's own", "A", "B", 10, lab.Hold, lab.Notice},
		{"another authority's does not reach", "C", "B", 10, lab.Notice, lab.Notice},
		{"the later of equals", "C", "B", 12, lab.Notice, lab.Hold},
		{"the benefit type's own", "A", "B", 20, lab.Off, lab.Hold},
		{"another benefit type", "A", "D", 25, lab.Hold, lab.Hold},
		{"after its last day", "A", "D", 26, lab.Notice, lab.Hold},
	} {
		r := lab.RulesFor(all, c.authority, c.benefit, day(c.on))
		if r[lab.Dead].Does != c.dead || r[lab.Outlier].Does != c.outlier {
			t.Errorf("%s: dead %d, outlier %d, want %d, %d", c.name, r[lab.Dead].Does, r[lab.Outlier].Does, c.dead, c.outlier)
		}
		if r.Asks() != (c.dead != lab.Off || c.outlier != lab.Off) {
			t.Errorf("%s: asks %t", c.name, r.Asks())
		}
	}
}

func TestTheOrderOfRulesDoesNotMatter(t *testing.T) {
	t.Parallel()
	day := func(d int) gateway.Date { return gateway.Date{Year: 2026, Month: time.March, Day: d} }
	ofAuthority := lab.Rule{Finding: lab.Dormant, Authority: "A", From: day(5), Setting: lab.Setting{Does: lab.Hold}}
	ofBenefit := lab.Rule{Finding: lab.Dormant, BenefitType: "B", From: day(12), Setting: lab.Setting{Does: lab.Notice}}
	earlier := lab.Rule{Finding: lab.Outlier, From: day(5), Setting: lab.Setting{Does: lab.Notice}}
	later := lab.Rule{Finding: lab.Outlier, From: day(12), Setting: lab.Setting{Does: lab.Hold}}
	for _, all := range [][]lab.Rule{{ofAuthority, ofBenefit, earlier, later}, {later, earlier, ofBenefit, ofAuthority}} {
		r := lab.RulesFor(all, "A", "B", day(20))
		if r[lab.Dormant].Does != lab.Hold || r[lab.Outlier].Does != lab.Hold {
			t.Errorf("dormant %d, outlier %d, want hold of both", r[lab.Dormant].Does, r[lab.Outlier].Does)
		}
	}
}

// TestThresholdsThatAreNotGivenFindNothing: a rule without a count or percentage is no rule against everybody.
func TestThresholdsThatAreNotGivenFindNothing(t *testing.T) {
	t.Parallel()
	var r lab.Rules
	r[lab.ManyHolders].Does, r[lab.Outlier].Does = lab.Hold, lab.Hold
	p := plain()
	if v := lab.Judge(&p, &r); v != (lab.Verdict{}) {
		t.Errorf("found %v", v)
	}
}

func TestNamesOfFindingsAreReadBack(t *testing.T) {
	t.Parallel()
	for f := lab.Finding(0); int(f) < lab.Kinds; f++ {
		if got, ok := lab.ParseFinding(f.String()); !ok || got != f {
			t.Errorf("%s is read as %s, %t", f, got, ok)
		}
	}
	if _, ok := lab.ParseFinding("unknown"); ok {
		t.Error("an unknown finding is read")
	}
}

func TestJudgingAllocatesNothing(t *testing.T) {
	p, r := plain(), usual(lab.Hold)
	if n := testing.AllocsPerRun(100, func() { lab.Judge(&p, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkJudgeMillion judges a million payments with every rule on; the history is at hand.
func BenchmarkJudgeMillion(b *testing.B) {
	all := make([]lab.Payment, 1_000_000)
	for i := range all {
		all[i] = plain()
		all[i].Ore += int64(i)
		all[i].AccountVersion += int64(i % 50 / 49)
	}
	r := usual(lab.Hold)
	for b.Loop() {
		for i := range all {
			lab.Judge(&all[i], &r)
		}
	}
}
