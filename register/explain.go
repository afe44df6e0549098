package register

import (
	"fmt"
	"time"

	"nks/gateway"
)

// Verdict is what became of one candidate.
type Verdict int

// The verdicts. The pages' texts go by their numbers.
const (
	Taken          Verdict = iota + 1
	NotOfPurpose           // a specific account of another authority or for another benefit
	NotForUnits            // a specific account of the CVR number above: it is the company's alone
	NotYet                 // its time comes
	Over                   // its time is over // G-timed
	OfNobody               // the holder itself is not known // G-ident
	OfTheEnded             // the holder is dead or has ceased for too long // B18.3
	OneOfTwo               // another is in force for the same purpose
	NotLocked              // the benefit demands a lock // B25.4
	LeftForLocked          // a NemKonto, of a benefit that goes to locked specific accounts only // B25.4
	AfterSpecific          // the specific account comes first // B14
	WithoutPWord           // a P number's own, without the payer's word // B23.2
	WithoutExile           // an emigrated citizen's, without the payer's word // B22.3
	AfterOwn               // the holder's own NemKonto comes first // B23.2
	OfEndedCompany         // the company above has ended for too long // B18.3
	NotReached             // what comes before it decided that nothing is paid
)

// String is why, in a few words.
func (v Verdict) String() string {
	switch v {
	case Taken:
		return "taken"
	case NotOfPurpose:
		return "it is for another authority or benefit"
	case NotForUnits:
		return "it is the company's own, for one benefit"
	case NotYet:
		return "it is not in force yet"
	case Over:
		return "it is no longer in force"
	case OfNobody:
		return "the holder is not known"
	case OfTheEnded:
		return "the holder is dead or has ceased, and the time for which its accounts stay usable is over"
	case OneOfTwo:
		return "another account is in force for the same purpose"
	case NotLocked:
		return "the benefit is paid to locked specific accounts only, and it is not locked"
	case LeftForLocked:
		return "the benefit is paid to locked specific accounts only"
	case AfterSpecific:
		return "a specific account comes first"
	case WithoutPWord:
		return "the authority has not said that it pays to P numbers' own accounts"
	case WithoutExile:
		return "the authority has not said that it pays to the NemKonti of emigrated citizens"
	case AfterOwn:
		return "the holder's own NemKonto comes first"
	case OfEndedCompany:
		return "the company above has ceased, and the time for which its accounts stay usable is over"
	case NotReached:
		return "another rule decided before it"
	}
	return "unknown"
}

// Step is what was thought of one candidate.
type Step struct {
	Version  int64
	OfParent bool // an account of the CVR number above
	Verdict  Verdict
}

// Text is the step as a person reads it.
func (s Step) Text() string {
	whose := "version"
	if s.OfParent {
		whose = "the company's version"
	}
	if s.Verdict == Taken {
		return fmt.Sprintf("%s %d: taken", whose, s.Version)
	}
	return fmt.Sprintf("%s %d: not taken, since %s", whose, s.Version, s.Verdict)
}

// Explanation is a choice with what was thought of every candidate.
type Explanation struct {
	Choice
	Steps []Step // the holder's accounts, then those of the CVR number above
}

// Explain is Choose with the reasons: why this account, and for every other why not.
func Explain(q *Question, holder, parent *Facts, policy *Policy, at time.Time) Explanation {
	e := Explanation{Choice: Choose(q, holder, parent, policy, at)}
	for i := range holder.Accounts {
		v := &holder.Accounts[i]
		e.Steps = append(e.Steps, Step{Version: v.ID, Verdict: e.ofOwn(v, q, holder, at)})
	}
	if q.Kind != gateway.SE && q.Kind != gateway.PNR || holder.Parent == 0 {
		return e
	}
	for i := range parent.Accounts {
		v := &parent.Accounts[i]
		e.Steps = append(e.Steps, Step{Version: v.ID, OfParent: true, Verdict: e.ofParents(v, q, holder, parent, policy, at)})
	}
	return e
}

// ofOwn judges one of the holder's own accounts.
func (e *Explanation) ofOwn(v *AccountVersion, q *Question, holder *Facts, at time.Time) Verdict {
	if v.Authority != "" && !v.isFor(q.Authority, q.BenefitType) {
		return NotOfPurpose
	}
	if w := outOfForce(v, at); w != 0 {
		return w
	}
	if w := ofHolder(e.Reason); w != 0 {
		return w
	}
	if v.Authority != "" {
		switch _, n := specificInForce(q, holder, at); {
		case q.NoFallback && !v.Locked:
			return NotLocked
		case n > 1:
			return OneOfTwo
		}
		return Taken
	}
	_, n := inForce(holder, "", "", at)
	switch {
	case e.Rule == gateway.BySpecific && e.Reason == Chosen:
		return AfterSpecific
	case e.specificOverlap(q, holder, at):
		return NotReached
	case q.NoFallback:
		return LeftForLocked
	case !q.ownNemKontoCounts():
		return WithoutPWord
	case e.Reason == EmigratedOnly:
		return WithoutExile
	case n > 1:
		return OneOfTwo
	}
	return Taken
}

// ofParents judges one of the accounts of the CVR number above.
func (e *Explanation) ofParents(v *AccountVersion, q *Question, holder, parent *Facts, policy *Policy, at time.Time) Verdict {
	if v.Authority != "" {
		return NotForUnits
	}
	if w := outOfForce(v, at); w != 0 {
		return w
	}
	if w := ofHolder(e.Reason); w != 0 {
		return w
	}
	switch {
	case e.Reason == Chosen && e.Rule == gateway.BySpecific:
		return AfterSpecific
	case e.specificOverlap(q, holder, at):
		return NotReached
	case q.NoFallback:
		return LeftForLocked
	case e.Reason == Chosen && e.Rule == gateway.ByNemKonto:
		return AfterOwn
	case e.Reason == EmigratedOnly || e.ownOverlap(q, holder, at):
		return NotReached
	case !parentCounts(q.Kind, holder, parent, policy, at):
		return OfEndedCompany
	case e.Reason == Overlap:
		return OneOfTwo
	}
	return Taken
}

// outOfForce is why a version does not count at an instant, 0 if it does.
func outOfForce(v *AccountVersion, at time.Time) Verdict {
	switch {
	case at.Before(v.From):
		return NotYet
	case !v.InForce(at):
		return Over
	}
	return 0
}

// ofHolder is why none of a holder's accounts counts, 0 if they may.
func ofHolder(r Reason) Verdict {
	switch r {
	case UnknownHolder:
		return OfNobody
	case HolderEnded:
		return OfTheEnded
	}
	return 0
}

// specificOverlap reports whether two specific accounts in each other's way decided.
func (e *Explanation) specificOverlap(q *Question, holder *Facts, at time.Time) bool {
	if e.Reason != Overlap || q.Authority == "" {
		return false
	}
	_, n := specificInForce(q, holder, at)
	return n > 1
}

// ownOverlap reports whether two NemKonti in each other's way decided.
func (e *Explanation) ownOverlap(q *Question, holder *Facts, at time.Time) bool {
	_, n := inForce(holder, "", "", at)
	return e.Reason == Overlap && q.ownNemKontoCounts() && n > 1
}
