package register

import (
	"time"

	"nks/gateway"
)

// Question is what a payment asks: whose account, for whose money. The payer's words are those of its authority.
type Question struct {
	Kind        gateway.HolderKind
	Number      int64 // of the holder, without leading zeros
	Authority   string
	BenefitType string
	Words
}

// Words are what an authority has said, and what holds for the benefit that it pays.
type Words struct {
	PaysEmigrated bool // the NemKonti of citizens who have left the country are used // B22.3
	UsesPNumbers  bool // P numbers' own accounts are used // B23.2
	NoFallback    bool // the benefit goes to a locked specific account and nowhere else // B25.4
}

// Facts are what the register knows of one holder. The zero Facts are those of a holder that it does not know.
type Facts struct {
	Status   gateway.HolderStatus
	Ended    gateway.Date // of death, end or emigration; zero: none
	Parent   int64        // the CVR number above an SE or P number; 0: none
	Accounts []AccountVersion
}

// AccountVersion is an account for a time; where it is does not matter here.
type AccountVersion struct {
	ID          int64
	Authority   string // empty: a NemKonto; else a specific account of that authority and benefit type
	BenefitType string
	Locked      bool      // only its authority changes it
	From        time.Time // the first instant; zero: always
	To          time.Time // the first instant without it; zero: for ever
}

// InForce reports whether the version counts at an instant.
func (v *AccountVersion) InForce(at time.Time) bool {
	return !at.Before(v.From) && (v.To.IsZero() || at.Before(v.To))
}

// isFor reports whether the version serves a purpose: that benefit of that authority, or as a NemKonto where both are empty.
func (v *AccountVersion) isFor(authority, benefitType string) bool {
	return v.Authority == authority && v.BenefitType == benefitType
}

// Policy is for how many days after the day of death (citizens) or end (all others) accounts stay usable, by kind of
// holder. // B18.3
type Policy struct {
	Days     [gateway.PNR + 1]int
	Location *time.Location // whose days they are; nil: UTC
}

// Usable reports whether a holder's accounts may be used at an instant: always, but for the dead and ceased after their
// period. Its last day is the whole day.
func (p *Policy) Usable(kind gateway.HolderKind, f *Facts, at time.Time) bool {
	if f.Status != gateway.Dead && f.Status != gateway.Ceased {
		return true
	}
	// Whoever ended on a day that nobody knows has no period.
	if f.Ended.IsZero() {
		return false
	}
	where := p.Location
	if where == nil {
		where = time.UTC
	}
	return at.Before(time.Date(f.Ended.Year, f.Ended.Month, f.Ended.Day+p.Days[kind]+1, 0, 0, 0, 0, where))
}

// Reason is why there is no account. The numbers are those of the SQL in AccountOf.
type Reason int16

// The reasons.
const (
	Chosen        Reason = 0 // there is one
	UnknownHolder Reason = 1 // G-ident
	HolderEnded   Reason = 2 // dead or ceased, and the period is over // B18.3
	NoAccount     Reason = 3 // none is in force // B35-36
	EmigratedOnly Reason = 4 // only the NemKonto of an emigrated citizen, without the payer's word // B22.3
	NoFallback    Reason = 5 // no locked specific account, for a benefit that goes nowhere else // B25.4
	Overlap       Reason = 6 // two versions that would do in force for one purpose, which must not be
)

func (r Reason) String() string {
	switch r {
	case Chosen:
		return "chosen"
	case UnknownHolder:
		return "the holder is not known"
	case HolderEnded:
		return "the holder is dead or has ceased, and the time for which its accounts stay usable is over"
	case NoAccount:
		return "no account is in force"
	case EmigratedOnly:
		return "the holder has emigrated, and the authority has not said that it pays to such a NemKonto"
	case NoFallback:
		return "the benefit is paid to a locked specific account only, and there is none in force"
	case Overlap:
		return "two accounts are in force for one purpose"
	}
	return "unknown"
}

// Choice is an account and the rule that chose it, or why there is none.
type Choice struct {
	Version int64 // 0 without an account
	Rule    gateway.AccountRule
	Reason  Reason
}

// Choose decides to which account a holder is paid at an instant: the specific account of that authority and benefit
// type, else the holder's NemKonto, else, for an SE or P number, the NemKonto of the CVR number above it. parent is what
// is known of that one. It decides on anything, and asks nothing else. // B5.2 // B9.2 // B14 // B18.3 // B22.3 // B23.2 // B25.4
func Choose(q *Question, holder, parent *Facts, policy *Policy, at time.Time) Choice {
	switch {
	case holder.Status == 0 || q.Kind < gateway.CPR || q.Kind > gateway.PNR:
		return Choice{Reason: UnknownHolder}
	case !policy.Usable(q.Kind, holder, at):
		return Choice{Reason: HolderEnded}
	}
	if q.Authority != "" {
		switch v, n := specificInForce(q, holder, at); {
		case n > 1:
			return Choice{Reason: Overlap}
		case n == 1:
			return Choice{Version: v.ID, Rule: gateway.BySpecific}
		}
	}
	if q.NoFallback {
		return Choice{Reason: NoFallback}
	}
	if q.ownNemKontoCounts() {
		switch v, n := inForce(holder, "", "", at); {
		case n > 0 && holder.Status == gateway.Emigrated && !q.PaysEmigrated:
			return Choice{Reason: EmigratedOnly}
		case n > 1:
			return Choice{Reason: Overlap}
		case n == 1:
			return Choice{Version: v.ID, Rule: gateway.ByNemKonto}
		}
	}
	if parentCounts(q.Kind, holder, parent, policy, at) {
		switch v, n := inForce(parent, "", "", at); {
		case n > 1:
			return Choice{Reason: Overlap}
		case n == 1:
			return Choice{Version: v.ID, Rule: gateway.ByParentAccount}
		}
	}
	return Choice{Reason: NoAccount}
}

// ownNemKontoCounts reports whether the holder's own NemKonto is looked for: a P number's only by the payer's word. // B23.2
func (q *Question) ownNemKontoCounts() bool { return q.Kind != gateway.PNR || q.UsesPNumbers }

// parentCounts reports whether the CVR number above may serve: it must be there, and not have ended beyond its period.
func parentCounts(kind gateway.HolderKind, holder, parent *Facts, policy *Policy, at time.Time) bool {
	return (kind == gateway.SE || kind == gateway.PNR) && holder.Parent != 0 && parent.Status != 0 && policy.Usable(gateway.CVR, parent, at)
}

// inForce is the first version in force for a purpose, and how many there are.
func inForce(f *Facts, authority, benefitType string, at time.Time) (first *AccountVersion, n int) {
	return countInForce(f, authority, benefitType, false, at)
}

// specificInForce is inForce for what a payment's own authority pays: where the benefit demands a lock, an account
// without one does not count, and stands in no other's way. // B25.4
func specificInForce(q *Question, holder *Facts, at time.Time) (first *AccountVersion, n int) {
	return countInForce(holder, q.Authority, q.BenefitType, q.NoFallback, at)
}

func countInForce(f *Facts, authority, benefitType string, lockedOnly bool, at time.Time) (first *AccountVersion, n int) {
	for i := range f.Accounts {
		if v := &f.Accounts[i]; v.isFor(authority, benefitType) && v.InForce(at) && (v.Locked || !lockedOnly) {
			if n == 0 {
				first = v
			}
			n++
		}
	}
	return first, n
}
