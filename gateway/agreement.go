package gateway

import (
	"slices"
	"time"
)

// Choice is what an authority wants done with a payment for which there is no account. // B35-36
type Choice string

// The standing choices of this floor.
const (
	ReturnToSender Choice = "return"
	SendCheque     Choice = "cheque"
)

// Agreement is a payer's agreement with its bank, used through one data supplier. // G-agreement
type Agreement struct {
	ID             int64
	Number         string // pengeinstitutaftalenummer, UNB 0032
	Authority      string
	AuthorityName  string
	LOSUnit        string // empty: none
	Supplier       string
	BankCentre     string
	PayoutAccounts []string      // 14 digits each
	NoAccount      Choice        // B35-36
	ReceiveBy      time.Duration // since midnight, Copenhagen // G-deadline
	ValidFrom      Date          // first day; zero: always
	ValidTo        Date          // last day; zero: for ever
}

// Pays reports whether money is taken from an account.
func (a Agreement) Pays(debit string) bool { return slices.Contains(a.PayoutAccounts, debit) }

// InForce reports whether the agreement may be used on a day.
func (a Agreement) InForce(on Date) bool {
	return !on.Before(a.ValidFrom) && (a.ValidTo.IsZero() || !a.ValidTo.Before(on))
}

// Agreements is every agreement that a bundle or a release is judged by.
type Agreements []Agreement

// ByID finds an agreement by its key.
func (all Agreements) ByID(id int64) (Agreement, bool) {
	i := slices.IndexFunc(all, func(a Agreement) bool { return a.ID == id })
	if i < 0 {
		return Agreement{}, false
	}
	return all[i], true
}

// OfPair is the agreements under which a supplier pays for an authority. // B33.1
func (all Agreements) OfPair(supplier, authority string) Agreements {
	var found Agreements
	for _, a := range all {
		if a.Supplier == supplier && a.Authority == authority {
			found = append(found, a)
		}
	}
	return found
}

// byNumber finds the first agreement with a number.
func (all Agreements) byNumber(number string) int {
	return slices.IndexFunc(all, func(a Agreement) bool { return a.Number == number })
}

// JudgeDebit finds the agreement of a debit block among the pair's own, and the block's error: its own, else what the
// agreements say. others is everybody's, to tell another's number from an unknown one. // G-agreement
func JudgeDebit(d *Debit, own, others Agreements, today Date) (*Agreement, Code) {
	i := own.byNumber(d.Agreement)
	code := d.Fault
	switch {
	case code != "":
	case i < 0 && others.byNumber(d.Agreement) >= 0:
		code = CodeForeignAgreement
	case i < 0:
		code = CodeUnknownAgreement
	case !own[i].InForce(today):
		code = CodeAgreementExpired
	case !own[i].Pays(d.DebitAccount):
		code = CodeDebitAccount
	}
	if i < 0 {
		return nil, code
	}
	return &own[i], code
}
