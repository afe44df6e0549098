package lab

import "nks/gateway"

// Does is what is done about a finding.
type Does uint8

// What a rule may do. Without a rule nothing is looked for.
const (
	Off    Does = iota
	Notice      // it is told of the payment, which goes
	Hold        // the payment waits until persons free it
)

// Setting is what is done about a finding, and from where on it is one.
type Setting struct {
	Does    Does
	Days    int   // of Dormant, NewAccount, ChangedAccount, Duplicate
	Count   int   // of ManyHolders: holders; of Outlier: payments before
	Percent int64 // of Outlier: of the largest payment before
}

// Rule is a setting for some payments and days. Which versions of rules are known at an instant is for who reads them to say.
type Rule struct {
	Finding     Finding
	Authority   string       // empty: all
	BenefitType string       // empty: all
	From        gateway.Date // the first day on which it counts
	To          gateway.Date // the last day; zero: it has none
	Setting
}

// Rules are the settings of the payments of one authority and benefit type on one day, by finding.
type Rules [Kinds]Setting

// RulesFor picks the settings that count on a day. Of several about one finding the narrowest counts: authority and benefit type,
// authority, benefit type, all. Of equally narrow ones the one that counts from the later day, and else the last of them.
func RulesFor(all []Rule, authority, benefitType string, on gateway.Date) Rules {
	var picked Rules
	var by [Kinds]*Rule
	for i := range all {
		r := &all[i]
		if !r.counts(authority, benefitType, on) {
			continue
		}
		if b := by[r.Finding]; b != nil && (r.width() < b.width() || r.width() == b.width() && r.From.Before(b.From)) {
			continue
		}
		by[r.Finding], picked[r.Finding] = r, r.Setting
	}
	return picked
}

// counts reports whether the rule is about such a payment on that day.
func (r *Rule) counts(authority, benefitType string, on gateway.Date) bool {
	return int(r.Finding) < Kinds && (r.Authority == "" || r.Authority == authority) && (r.BenefitType == "" || r.BenefitType == benefitType) &&
		!on.Before(r.From) && (r.To.IsZero() || !r.To.Before(on))
}

// width is how narrow the rule is: the more, the narrower.
func (r *Rule) width() int {
	n := 0
	if r.Authority != "" {
		n += 2
	}
	if r.BenefitType != "" {
		n++
	}
	return n
}

// Asks reports whether anything is looked for at all. Where nothing is, no facts need be brought.
func (r *Rules) Asks() bool {
	for i := range r {
		if r[i].Does != Off {
			return true
		}
	}
	return false
}
