package gateway

import (
	"errors"
	"slices"
	"time"
)

// Agreement is a version of a payer's agreement with its bank, used through one data supplier. // G-agreement
type Agreement struct {
	ID             int64 // of the agreement, in all its versions
	Version        int64
	Number         string // pengeinstitutaftalenummer, UNB 0032
	Authority      string
	AuthorityName  string
	LOSUnit        string // empty: none
	Supplier       string
	BankCentre     string
	PayoutAccounts []string      // 14 digits each
	ReturnAccount  string        // where money that comes back is credited; empty: the account that was debited
	WithEffect     WithEffect    // what is done with an order to an account that has changed // B25.2
	NoAccount      Choice        // where no standing choice says otherwise // B35-36
	ReceiveBy      time.Duration // since midnight, Copenhagen // G-deadline
	RunsFrom       Date          // first day of the agreement's term; zero: always
	RunsTo         Date          // its last day; zero: for ever
	From           time.Time     // since when the version counts; zero: always
	To             time.Time     // the first instant without it; zero: for ever
}

// Pays reports whether money is taken from an account.
func (a Agreement) Pays(debit string) bool { return slices.Contains(a.PayoutAccounts, debit) }

// Returns is the account where money of a debit comes back.
func (a Agreement) Returns(debit string) string {
	if a.ReturnAccount != "" {
		return a.ReturnAccount
	}
	return debit
}

// InForce reports whether the version decides about payments of an execution day: it counts at the end of that day, and the day
// is in the agreement's term.
func (a Agreement) InForce(on Date, loc *time.Location) bool {
	midnight := on.AddDays(1).At(0, loc)
	return a.From.Before(midnight) && (a.To.IsZero() || !a.To.Before(midnight)) &&
		!on.Before(a.RunsFrom) && (a.RunsTo.IsZero() || !a.RunsTo.Before(on))
}

// Agreements is every version of every agreement that a bundle or a release is judged by.
type Agreements []Agreement

// ByID finds the versions of an agreement.
func (all Agreements) ByID(id int64) Agreements {
	return all.where(func(a Agreement) bool { return a.ID == id })
}

// OfPair is the agreements under which a supplier pays for an authority. // B33.1
func (all Agreements) OfPair(supplier, authority string) Agreements {
	return all.where(func(a Agreement) bool { return a.Supplier == supplier && a.Authority == authority })
}

// ByNumber finds the versions of agreements with a number.
func (all Agreements) ByNumber(number string) Agreements {
	return all.where(func(a Agreement) bool { return a.Number == number })
}

// OnDay finds the version that decides about an execution day.
func (all Agreements) OnDay(on Date, loc *time.Location) (Agreement, bool) {
	i := slices.IndexFunc(all, func(a Agreement) bool { return a.InForce(on, loc) })
	if i < 0 {
		return Agreement{}, false
	}
	return all[i], true
}

func (all Agreements) where(holds func(Agreement) bool) (found Agreements) {
	for _, a := range all {
		if holds(a) {
			found = append(found, a)
		}
	}
	return found
}

// JudgeDebit finds the error of a debit block: its own, else what the agreements say. own are the pair's, others everybody's,
// to tell another's number from an unknown one; planned is the way that the block's payments go, where there is one. // G-agreement
func JudgeDebit(d *Debit, own, others Agreements, planned func(Agreements) (Way, error)) (way Way, code Code, err error) {
	versions := own.ByNumber(d.Agreement)
	if len(versions) > 0 {
		way.Agreement = versions[len(versions)-1] // of which at least the unit is told
	}
	switch {
	case d.Fault != "":
		return way, d.Fault, nil
	case len(versions) == 0 && len(others.ByNumber(d.Agreement)) > 0:
		return Way{}, CodeForeignAgreement, nil
	case len(versions) == 0:
		return Way{}, CodeUnknownAgreement, nil
	}
	found, err := planned(versions)
	var none *NotInForceError
	switch {
	case errors.As(err, &none):
		return way, CodeAgreementExpired, nil
	case err != nil:
		return way, "", err
	case !found.Agreement.Pays(d.DebitAccount):
		return found, CodeDebitAccount, nil
	}
	return found, "", nil
}
