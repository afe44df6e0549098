package gateway

import "strings"

// AccountKind is how an account is written. // B5.3
type AccountKind int16

// Kinds of account. The numbers are stored; they never change meaning.
const (
	NoAccount      AccountKind = 0
	DomesticBBAN   AccountKind = 1 // 14 digits: registration number (4) + account (10), zero padded
	IBANAccount    AccountKind = 2
	ForeignAccount AccountKind = 3 // an account number abroad that is no IBAN; needs a BIC or a bank code
	SlipCreditor   AccountKind = 4 // giro number (7-8 digits) or FI creditor number (8 digits)
	ChequeAccount  AccountKind = 5 // no account: a cheque to the holder's address
)

// Account is where the money goes.
type Account struct {
	Kind     AccountKind
	Number   string
	BIC      string
	BankCode string
}

// DomesticParts splits a 14 digit domestic account in registration number and account number.
func (a Account) DomesticParts() (registration, account string) {
	if len(a.Number) != 14 {
		return "", a.Number
	}
	return a.Number[:4], a.Number[4:]
}

// MaskedNumber hides the last four characters. // B19.1
func (a Account) MaskedNumber() string {
	if len(a.Number) <= 4 {
		return strings.Repeat("x", len(a.Number))
	}
	return a.Number[:len(a.Number)-4] + "xxxx"
}

// AccountRule is why an order goes to its account.
type AccountRule int16

// The rules in their order. The numbers are stored; they never change meaning. // B14 // B23.2
const (
	NamedByPayment  AccountRule = 0 // the payment names it // B9.1
	BySpecific      AccountRule = 1 // the specific account for that authority and benefit type
	ByNemKonto      AccountRule = 2 // the holder's own NemKonto
	ByParentAccount AccountRule = 3 // the NemKonto of the CVR number that an SE or P number stands under
	ByCheque        AccountRule = 4 // none: the standing choice made it a cheque // B35-36
	ByErrorAccount  AccountRule = 5 // none: the standing choice names the authority's own error account // G-faulty
	BySetOff        AccountRule = 6 // the creditor's of a claim against the recipient
)

// IsNemKonto reports whether the account is a NemKonto, of which an authority sees no more than all but the last four digits: neither
// one that its payment names, nor a specific account of its own. // B19.1 // B19.2
func (r AccountRule) IsNemKonto() bool { return r == ByNemKonto || r == ByParentAccount }
