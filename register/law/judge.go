package law

import (
	"fmt"
	"time"

	"nks/gateway"
)

// Verdict is what becomes of an application, and what changes by it.
type Verdict struct {
	State State
	Rule  string // that refuses it
	Why   string
	Plan  Plan // of InForce and Scheduled
}

// Plan is what a change does to versions.
type Plan struct {
	Close []int64   // the ids of versions that are closed
	Add   []Version // what is known from now on; ids are 0
	Made  int       // the place in Add of what the application made; -1: it only ended something
	From  time.Time // since when it counts
}

// refusal is a rule that speaks against an application; the zero refusal is none.
type refusal struct{ rule, why string }

func (r refusal) is() bool { return r.rule != "" }

// Judge decides about an application. Who may do what comes first, then what the account must be, then whether anybody else must
// stand for it, and last what changes. It asks nothing, and the same facts give the same verdict.
func Judge(a Application, f Facts, rules Rules) Verdict {
	for _, rule := range []func(Application, Facts) refusal{wellFormed, holder, who, purpose, account} {
		if r := rule(a, f); r.is() {
			return Verdict{State: Refused, Rule: r.rule, Why: r.why}
		}
	}
	if stale(a, f) {
		return Verdict{State: Refused, Rule: Stale, Why: "the account has changed since the applicant saw it"}
	}
	plan, same, r := change(a, f)
	switch {
	case r.is():
		return Verdict{State: Refused, Rule: r.rule, Why: r.why}
	case same:
		return Verdict{State: Unchanged}
	case needsApproval(a, rules) && a.Approved == "":
		return Verdict{State: WaitsApproval}
	case needsActivation(a, rules) && !f.Activated:
		return Verdict{State: WaitsActivation}
	case plan.From.After(f.Now):
		return Verdict{State: Scheduled, Plan: plan}
	}
	return Verdict{State: InForce, Plan: plan}
}

// needsApproval: a caseworker's change takes effect when another approves it. // B32
func needsApproval(a Application, rules Rules) bool {
	return a.Channel == Caseworker || a.Channel == Interface && rules.ApproveInterface
}

// needsActivation: what an authority registers or changes on a holder's behalf counts once the holder has activated it; deletion needs none. // B13 // B13.2 // B25.3
func needsActivation(a Application, rules Rules) bool {
	if a.Channel != Caseworker && a.Channel != Interface {
		return false
	}
	switch a.Action {
	case Register, Limit:
		return a.Authority == "" || rules.ActivateSpecific
	case Promote:
		return true
	}
	return false
}

// Malformed refuses what is no application: something is missing, or does not go together. It is no rule of the law.
const Malformed = "malformed"

func malformed(format string, args ...any) refusal {
	return refusal{Malformed, fmt.Sprintf(format, args...)}
}

// wellFormed: what every application must say.
func wellFormed(a Application, f Facts) refusal {
	today := gateway.DateOf(f.Now.In(f.Location))
	switch {
	case a.By == "":
		return malformed("it does not say who asks")
	case (a.Authority == "") != (a.BenefitType == ""):
		return malformed("a specific account has an authority and a benefit type")
	case a.Action == Promote && a.Authority == "":
		return malformed("only a specific account can become the NemKonto")
	case a.Action == Limit && a.To.IsZero():
		return malformed("it does not say on which day the account ends")
	case a.Action != Register && a.Channel != Bank && a.Account != (Account{}) || a.Action != Register && a.Locked:
		return malformed("only who registers names an account")
	case a.Action != Register && !a.From.IsZero():
		return malformed("only a registration begins on a day")
	case a.Action != Register && a.Action != Limit && !a.To.IsZero():
		return malformed("only registrations and limits end on a day")
	case !a.From.IsZero() && a.From.Before(today):
		return malformed("it begins on a day that is over, and nothing counts before it is recorded")
	case !a.To.IsZero() && (!today.Before(a.To) || !a.From.IsZero() && !a.From.Before(a.To)):
		return malformed("it ends before it begins")
	case (a.Locked || a.Action == Lock || a.Action == Unlock) && a.Authority == "":
		return refusal{"B27.2", "only specific accounts are locked"}
	}
	if !a.Action.Known() {
		return malformed("there is no such action")
	}
	return refusal{}
}

// holder: the holder must be there, and alive to get another account.
func holder(a Application, f Facts) refusal {
	if !f.Known {
		return refusal{"G-ident", "the holder is not known"}
	}
	if gets := a.Action == Register || a.Action == Promote; gets && (f.Status == gateway.Dead || f.Status == gateway.Ceased) {
		return refusal{"B18.3", "the holder is dead or has ceased: its accounts stay usable for a time, and get no successor"}
	}
	return refusal{}
}

// who: each channel has its own limits.
func who(a Application, f Facts) refusal {
	switch a.Channel {
	case Bank:
		return byBank(a, f)
	case Caseworker, Interface:
		return byAuthority(a, f)
	case Citizen:
		return byCitizen(a, f)
	case Guardian:
		return byGuardian(a, f)
	case Initial:
		return initially(a, f)
	case System:
		return refusal{}
	}
	return malformed("there is no such channel")
}

// byBank: a bank registers a customer's NemKonto in that bank, if it has joined. // B26.1b // B26.2 // B39.1
func byBank(a Application, f Facts) refusal {
	switch d := f.Directory; {
	case a.Bank == "":
		return malformed("a bank's report does not say which bank")
	case a.Authority != "":
		return refusal{"G-specific", "banks do not report specific accounts"}
	case registration(a.Account.Account) == "":
		return refusal{"B26.2", "accounts abroad are registered by the citizen or an authority"}
	case !d.Known || d.Bank != a.Bank:
		return refusal{"B39.1", "by the bank directory the account is not held in the reporting bank"}
	case !d.Joined:
		return refusal{"B39.1", "the bank has not joined the sector agreement"}
	}
	for _, v := range f.Held {
		if a.Action != Register && domestic(v.Account.Account) != domestic(a.Account.Account) {
			return refusal{"B26.1b", "the NemKonto is, or will be, another account than the bank ends"}
		}
	}
	return refusal{}
}

// byAuthority: an authority acts for whom it pays, or who has applied to it. // B26.1c // B26.1d // B18.2
func byAuthority(a Application, f Facts) refusal {
	switch {
	case a.OnBehalfOf == "":
		return malformed("it does not say which authority acts")
	case !f.AuthorityKnown:
		return refusal{"B18.2", "the authority that acts is not known"}
	case a.Approved != "" && gateway.TwoPersons(a.By, a.Approved) != nil:
		return refusal{"B32", "another person than who asked must approve it"}
	case !f.Pays && (a.Source == "" || a.Why == ""):
		return refusal{"B26.1d", "the authority does not pay the holder, and nothing shows that the holder has applied to it"}
	}
	return refusal{}
}

// byCitizen: citizens of age change their own. // B26.1a // B22.2
func byCitizen(a Application, f Facts) refusal {
	switch {
	case a.Holder.Kind != gateway.CPR && a.Authority != "":
		return refusal{"B27.3", "companies ask the authority about specific accounts"}
	case a.Holder.Kind != gateway.CPR:
		return refusal{"B26.1a", "companies see their account there, and do not change it"}
	case a.Actor != a.Holder:
		return refusal{"B26.1a", "citizens change their own account, and nobody else's"}
	case f.Guarded || f.minor():
		return refusal{"B22.2", "the holder does not act alone: whoever has guardianship or custody does"}
	}
	return refusal{}
}

// byGuardian: who acts for a citizen by the register. // B22.2
func byGuardian(a Application, f Facts) refusal {
	if a.Holder.Kind != gateway.CPR || f.Guardian == (gateway.Holder{}) || a.Actor != f.Guardian || a.Actor == a.Holder {
		return refusal{"B22.2", "by the register the applicant does not act for the holder"}
	}
	return refusal{}
}

// initially: the initial load suggests NemKonti for those who have none. // B17
func initially(a Application, f Facts) refusal {
	switch {
	case a.Action != Register || a.Authority != "":
		return refusal{"B17", "the initial load registers NemKonti, and nothing else"}
	case len(f.Held) > 0:
		return refusal{"B17", "the holder has a NemKonto, and a suggestion does not replace it"}
	}
	return refusal{}
}

// purpose: what holds of specific accounts. // B27.1 // B27.2 // B27.3
func purpose(a Application, f Facts) refusal {
	if a.Authority == "" {
		return refusal{}
	}
	if !f.BenefitKnown && a.Action == Register {
		return refusal{"B31", "the authority has no such benefit type"}
	}
	authority := a.Channel == Caseworker || a.Channel == Interface
	owner := authority && a.OnBehalfOf == a.Authority || a.Channel == System
	citizen := a.Channel == Citizen || a.Channel == Guardian
	switch held := Seen(f.Held, f.Now); {
	case owner:
		return refusal{}
	case held != nil && anyLocked(f.Held):
		return refusal{"B27.2", "its authority has locked the account, and nobody else changes it"}
	case a.Action == Promote:
		return refusal{}
	case authority:
		return refusal{"B27.1", "a specific account is registered and changed by the authority that pays the benefit"}
	case a.Action == Lock || a.Action == Unlock:
		return refusal{"B27.2", "only the authority locks a specific account"}
	case citizen && held == nil:
		return refusal{"B27.1", "a specific account is registered by the authority that pays the benefit"}
	}
	return refusal{}
}

func anyLocked(held []Version) bool {
	for _, v := range held {
		if v.Locked {
			return true
		}
	}
	return false
}
