package intake

import (
	"slices"
	"strings"

	"nks/gateway"
	"nks/gateway/nksxml"
)

// convert turns a payment of the document into the gateway's terms, and appends its errors to faults, in the order of
// the table of codes. What cannot be expressed, as an amount below zero, is left out: the payment is refused and counts 0 øre.
func convert(p *nksxml.Payment, to *gateway.Payment, faults []gateway.Code) []gateway.Code {
	*to = gateway.Payment{EndToEndID: p.EndToEndID, InstrID: p.InstrID, Type: typeOf(p.Block.Instrument),
		Complete: !p.Incomplete, BenefitType: p.BenefitType, Text: p.Purpose}
	if to.Type == 0 {
		to.Type = gateway.Transfer
	}
	d := detail(p)
	tell := func(c gateway.Code) {
		if c != "" {
			faults = append(faults, c)
		}
	}
	if !gateway.ValidEndToEndID(p.EndToEndID) {
		tell(gateway.CodeEndToEndID)
	}
	tell(amount(p, to))
	if !textsValid(p, d) {
		tell(gateway.CodeCharacters)
	}
	tell(holder(p, to))
	switch p.ChargeBearer {
	case "", "BEN", "CRED", "SHA", "SHAR", "OUR", "DEBT":
	default:
		tell(gateway.CodeChargeBearer)
	}
	if p.Incomplete {
		if p.Account.Kind != nksxml.NoAccount {
			tell(gateway.CodeAccountUnexpected)
		}
		to.Type = gateway.Transfer
	} else {
		tell(account(p, to, d))
	}
	if !d.Empty() {
		to.Detail = d
	}
	if len(faults) > 1 {
		slices.SortFunc(faults, func(a, b gateway.Code) int { return a.Rank() - b.Rank() })
	}
	return faults
}

func amount(p *nksxml.Payment, to *gateway.Payment) gateway.Code {
	ore, bad := gateway.OreOf(p.Amount)
	to.Ore = ore
	if p.Currency != "DKK" {
		to.Ore = 0
		return gateway.CodeCurrency
	}
	if p.TransferCurrency != "" && p.TransferCurrency != "DKK" {
		if !currency(p.TransferCurrency) || !p.Incomplete && !abroad(p, to.Type) {
			return gateway.CodeCurrency
		}
		to.TransferCurrency = p.TransferCurrency
	}
	return bad
}

// abroad reports whether a complete payment goes to an account abroad: it says so, or its IBAN does.
func abroad(p *nksxml.Payment, as gateway.PaymentType) bool {
	return as == gateway.ForeignOrder || as == gateway.Transfer && p.Account.Kind == nksxml.IBAN && !strings.HasPrefix(strings.TrimLeft(p.Account.Number, " "), "DK")
}

func currency(s string) bool {
	return len(s) == 3 && strings.ToUpper(s) == s && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// holder takes the recipient's number over. An incomplete payment must have one; of a complete payment only the form
// is checked.
func holder(p *nksxml.Payment, to *gateway.Payment) gateway.Code {
	kinds := map[nksxml.IDKind]gateway.HolderKind{nksxml.CPR: gateway.CPR, nksxml.CVR: gateway.CVR,
		nksxml.SE: gateway.SE, nksxml.PNR: gateway.PNR}
	if p.Creditor.IDKind == nksxml.NoID {
		if p.Incomplete {
			return gateway.CodeUnknownRecipient
		}
		return ""
	}
	kind, known := kinds[p.Creditor.IDKind]
	if !known || len(p.Creditor.ID) != kind.Digits() || !gateway.AllDigits(p.Creditor.ID) {
		return gateway.CodeRecipientFormat
	}
	to.Holder = gateway.Holder{Kind: kind, ID: p.Creditor.ID}
	return ""
}

// danishIBAN is the length of one: DK, check digits, registration number and account.
const danishIBAN = 18

// account takes the account of a complete payment over. Only its form is checked. // B9.1
func account(p *nksxml.Payment, to *gateway.Payment, d *gateway.Detail) gateway.Code {
	number := p.Account.Number
	switch {
	case to.Type == gateway.PaymentSlip:
		return slip(p, to, d)
	case p.Account.Kind == nksxml.IBAN:
		number = strings.ReplaceAll(number, " ", "")
		if !gateway.ValidIBAN(number) {
			return gateway.CodeAccount
		}
		if !abroad(p, to.Type) {
			bban, ok := gateway.NormalizeBBAN(number[4:])
			if !ok || len(number) != danishIBAN {
				return gateway.CodeAccount
			}
			to.Account = gateway.Account{Kind: gateway.DomesticBBAN, Number: bban}
			return ""
		}
		to.Type = gateway.ForeignOrder
		to.Account = gateway.Account{Kind: gateway.IBANAccount, Number: number, BIC: p.Agent.BIC, BankCode: bankCode(p, d)}
		return bic(p)
	case p.Account.Kind == nksxml.BBAN && to.Type == gateway.Transfer:
		bban, ok := gateway.NormalizeBBAN(number)
		if !ok {
			return gateway.CodeAccount
		}
		to.Account = gateway.Account{Kind: gateway.DomesticBBAN, Number: bban}
		return ""
	case p.Account.Kind == nksxml.BBAN:
		if !gateway.ValidForeignAccount(number) {
			return gateway.CodeAccount
		}
		to.Account = gateway.Account{Kind: gateway.ForeignAccount, Number: number, BIC: p.Agent.BIC, BankCode: bankCode(p, d)}
		if to.Account.BIC == "" && to.Account.BankCode == "" {
			return gateway.CodeForeignBank
		}
		return bic(p)
	}
	return gateway.CodeAccount
}

// maxBankCode is the places that C088/3434 has.
const maxBankCode = 17

func bic(p *nksxml.Payment) gateway.Code {
	if p.Agent.BIC != "" && !gateway.ValidBIC(p.Agent.BIC) {
		return gateway.CodeAccount
	}
	for _, code := range []string{p.Agent.DEBLZ, p.Agent.BankCode} {
		if code != "" && (len(code) > maxBankCode || !gateway.ValidForeignAccount(code)) {
			return gateway.CodeForeignBank
		}
	}
	return ""
}

func bankCode(p *nksxml.Payment, d *gateway.Detail) string {
	if p.Agent.DEBLZ != "" {
		d.GermanBankCode = true
		return p.Agent.DEBLZ
	}
	return p.Agent.BankCode
}

// slip takes a payment slip over: giro number or FI creditor number, and the code line.
func slip(p *nksxml.Payment, to *gateway.Payment, d *gateway.Detail) gateway.Code {
	if p.Account.Kind != nksxml.Proprietary {
		return gateway.CodeAccount
	}
	var line string
	for _, r := range p.Remittance {
		if r.Kind == nksxml.CreditorRef {
			line = r.Value
		}
	}
	cardType, reference, ok := gateway.ParseSlip(line)
	if !ok || !gateway.ValidSlipCreditor(cardType, p.Account.Number) {
		return gateway.CodeSlip
	}
	d.CardType, d.SlipReference = cardType, reference
	to.Account = gateway.Account{Kind: gateway.SlipCreditor, Number: p.Account.Number}
	return ""
}

func detail(p *nksxml.Payment) *gateway.Detail {
	d := &gateway.Detail{Name: p.Creditor.Name, AddressLines: clone(p.Creditor.Lines), PostCode: p.Creditor.PostCode,
		Town: p.Creditor.Town, Country: p.Creditor.Country, BankName: p.Agent.Name, BankAddressLines: clone(p.Agent.Lines),
		BankCountry: p.Agent.Country, ChargeBearer: p.ChargeBearer, FinalAgent: p.InstrForFinalAgent, FirstAgent: p.InstrForFirstAgent}
	for _, r := range p.Remittance {
		switch r.Kind {
		case nksxml.Unstructured:
			d.Advice = append(d.Advice, r.Value)
		case nksxml.DocumentRef:
			d.DocumentRef = append(d.DocumentRef, r.Value)
		case nksxml.CreditorRef:
		}
	}
	return d
}

func clone(lines []string) []string { return append([]string(nil), lines...) }

func textsValid(p *nksxml.Payment, d *gateway.Detail) bool {
	texts := []string{p.Purpose, p.InstrID, p.Block.Purpose, d.Name, d.PostCode, d.Town, d.Country, d.BankName, d.BankCountry,
		d.ChargeBearer, d.FinalAgent, d.FirstAgent}
	texts = append(append(append(append(texts, d.AddressLines...), d.BankAddressLines...), d.Advice...), d.DocumentRef...)
	for _, t := range texts {
		if !gateway.ValidText(t) {
			return false
		}
	}
	return true
}
