package lab_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"nks/register/lab"
)

// person is a made-up recipient of one benefit, with what is kept of the payments so far.
type person struct {
	ore     int64
	account int64
	since   lab.Day
	holders int
	changed bool // the account took another's place
	taken   bool // by somebody else
	mule    bool // the account gathers payments of strangers
	history lab.History
}

// year is a made-up year of payments, each with a label: what is truly wrong with it.
type year struct {
	rng    *rand.Rand
	judged func(p *lab.Payment, wrong lab.Set)
}

// chance is true so many times in ten thousand.
func (y *year) chance(n int) bool { return y.rng.IntN(10_000) < n }

// newPerson has been paid for some years; of a few the last payment is long ago.
func (y *year) newPerson(n int) *person {
	p := &person{ore: 300_000 + y.rng.Int64N(1_500_000), account: int64(n + 1), since: -lab.Day(y.rng.IntN(3000) + 100), holders: 1 + y.rng.IntN(2)}
	p.history = lab.History{Payments: 1 + y.rng.IntN(40), LargestOre: p.ore, LastPaid: -lab.Day(1 + y.rng.IntN(30)), LastAccount: p.account}
	switch {
	case y.chance(100):
		p.holders = 3 + y.rng.IntN(5) // a family, or a home whose residents share one account
	case y.chance(50):
		p.holders, p.mule = 4+y.rng.IntN(9), true
	}
	if y.chance(100) {
		p.history.LastPaid = -lab.Day(200 + y.rng.IntN(900))
	}
	return p
}

// pay judges a payment, and takes it into the history.
func (y *year) pay(p *person, ore int64, on lab.Day, wrong lab.Set) {
	q := lab.Payment{Ore: ore, On: on, AccountVersion: p.account, AccountSince: p.since, AccountHolders: p.holders, History: p.history}
	if p.changed {
		q.Status = lab.AccountReplaced
	}
	if p.mule {
		wrong = wrong.With(lab.ManyHolders)
	}
	if p.taken {
		wrong = wrong.With(lab.ChangedAccount).With(lab.NewAccount)
	}
	y.judged(&q, wrong)
	h := &p.history
	h.Payments, h.LargestOre, h.LastPaid, h.LastAccount = h.Payments+1, max(h.LargestOre, ore), on, p.account
	h.LastSame, h.PaidSame = on, true
}

// month is what happens to a person in a month.
func (y *year) month(p *person, on lab.Day) {
	if y.chance(100) || y.chance(10) {
		p.taken = y.chance(900)
		p.account, p.changed, p.since = p.account+1_000_000, true, on-lab.Day(y.rng.IntN(28))
		if p.taken {
			p.since = on - lab.Day(y.rng.IntN(18)) // who takes an account wants the next payment
		}
	}
	var wrong lab.Set
	if on-p.history.LastPaid > 180 && y.chance(5000) {
		wrong = wrong.With(lab.Dormant) // a right that ended, paid by mistake
	}
	ore := p.ore
	switch {
	case y.chance(20):
		ore, wrong = p.ore*10, wrong.With(lab.Outlier) // a digit too many
	case y.chance(10):
		ore, wrong = p.ore*(2+y.rng.Int64N(3)), wrong.With(lab.Outlier) // somebody else's amount
	case y.chance(60):
		ore = p.ore * (2 + y.rng.Int64N(6)) // in arrears, and right
	}
	p.history.PaidSame = p.history.PaidSame && ore == p.ore
	y.pay(p, ore, on, wrong)
	switch {
	case y.chance(30):
		y.pay(p, ore, on+lab.Day(y.rng.IntN(7)), lab.Set(0).With(lab.Duplicate)) // sent in twice
	case y.chance(10):
		y.pay(p, ore, on+lab.Day(2+y.rng.IntN(8)), 0) // two instalments that are alike
	}
	p.taken = false // it is found out after the first payment
}

// TestWhatIsFoundInALabelledYear counts, by finding, what is found of what is truly wrong. The table stands in docs/lab.md.
func TestWhatIsFoundInALabelledYear(t *testing.T) {
	t.Parallel()
	const persons = 10_000
	looked := []lab.Finding{lab.Dormant, lab.ManyHolders, lab.NewAccount, lab.ChangedAccount, lab.Duplicate, lab.Outlier}
	rules := usual(lab.Notice)
	var counts [lab.Kinds][2][2]int // by finding: wrong, found
	at := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	y := &year{rng: rand.New(rand.NewPCG(1, 11))}
	y.judged = func(p *lab.Payment, wrong lab.Set) {
		found := lab.Judge(p, &rules).Notices
		for _, f := range looked {
			counts[f][at(wrong.Has(f))][at(found.Has(f))]++
		}
	}
	for n := range persons {
		p := y.newPerson(n)
		for m := range lab.Day(12) {
			y.month(p, m*30+30)
		}
	}
	var table strings.Builder
	table.WriteString("| finding | wrong and found | right but found | wrong and missed | right and passed | precision % | found of wrong % |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range looked {
		c := counts[f]
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %d |\n", f, c[1][1], c[0][1], c[1][0], c[0][0], c[1][1]*100/max(1, c[1][1]+c[0][1]), c[1][1]*100/max(1, c[1][1]+c[1][0]))
	}
	page, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/lab.md has another table than this year:\n%s", table.String())
	}
}
