package law

import (
	"strings"
	"unicode/utf8"

	"nks/gateway"
)

// Limits of the texts of an account, in characters.
const (
	mostName    = 140
	mostAddress = 350
	mostForeign = 34
)

// registration is the registration number of an account held in Denmark, also where it is written as an IBAN; "" for one abroad.
func registration(a gateway.Account) string {
	switch {
	case a.Kind == gateway.DomesticBBAN && len(a.Number) == 14:
		return a.Number[:4]
	case a.Kind == gateway.IBANAccount && len(a.Number) == 18 && strings.HasPrefix(a.Number, "DK"):
		return a.Number[4:8]
	}
	return ""
}

// domestic is an account held in Denmark as 14 digits, also where it is written as an IBAN; "" for one abroad.
func domestic(a gateway.Account) string {
	if registration(a) == "" {
		return ""
	}
	return a.Number[len(a.Number)-14:]
}

// Registration is the registration number by which the bank directory knows an account; "" for one abroad.
func (a Account) Registration() string { return registration(a.Account) }

// account: which accounts may be registered. // B10.2
func account(a Application, f Facts) refusal {
	if a.Action != Register {
		return refusal{}
	}
	n := a.Account
	if r := form(n); r.is() {
		return r
	}
	switch d := f.Directory; {
	case n.Registration() == "" || !d.Filled:
		return refusal{}
	case !d.Known:
		return refusal{"B10.2", "the bank directory does not know the registration number " + n.Registration()}
	case d.MergedInto != "":
		return refusal{"B10.2", "the registration number " + n.Registration() + " has been merged into " + d.MergedInto}
	}
	return refusal{}
}

// form: how an account must be written.
func form(n Account) refusal {
	switch n.Kind {
	case gateway.DomesticBBAN:
		if len(n.Number) != 14 || !gateway.AllDigits(n.Number) || strings.Trim(n.Number[4:], "0") == "" {
			return refusal{"B10.2", "a Danish account has 14 digits: the registration number and the account, which is not zero"}
		}
	case gateway.IBANAccount:
		if !gateway.ValidIBAN(n.Number) {
			return refusal{"B10.2", "the IBAN is none: its length or its check digits are wrong"}
		}
	case gateway.ForeignAccount:
		if n.Number == "" || utf8.RuneCountInString(n.Number) > mostForeign || n.BIC == "" && n.BankCode == "" {
			return refusal{"B10.2", "an account abroad has at most 34 characters, and a BIC or a bank code"}
		}
	default:
		return refusal{"B10.2", "accounts of this kind cannot be registered"}
	}
	if n.BIC != "" && !gateway.ValidBIC(n.BIC) {
		return refusal{"B10.2", "the BIC is none"}
	}
	if n.Currency != "" && !currency(n.Currency) {
		return refusal{"B10.2", "the currency is not written with three capitals"}
	}
	for text, most := range map[string]int{n.BankName: mostName, n.HolderName: mostName, n.BankCode: mostForeign,
		n.BankAddress: mostAddress, n.HolderAddress: mostAddress, n.BankCountry: 2} {
		if utf8.RuneCountInString(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			return refusal{"B10.2", "a name or an address of the account is too long, or has characters that cannot be printed"}
		}
	}
	return refusal{}
}

func currency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
