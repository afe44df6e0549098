package nksxml

import "fmt"

func (x *xmlWriter) paymentID(instr, endToEnd string) {
	x.start(elPmtId)
	x.maybeStr(elInstrId, &typeReference, instr)
	x.str(elEndToEndId, &typeEndToEnd, endToEnd)
	x.end(elPmtId)
}

// original writes OrgnlTxInf. The indicator is 1 or 0 in answers. nks-domain §3.
func (x *xmlWriter) original(o *Original) {
	x.start(elOrgnlTxInf)
	x.start(elAmt)
	if o.TransferCurrency == "" {
		x.amountOf(elInstdAmt, o.Amount, o.Currency)
	} else {
		x.start(elEqvtAmt)
		x.amountOf(elAmt, o.Amount, o.Currency)
		x.str(elCcyOfTrf, &typeCurrency, o.TransferCurrency)
		x.end(elEqvtAmt)
	}
	x.end(elAmt)
	indicator := "0"
	if o.Incomplete {
		indicator = "1"
	}
	x.raw(elIncompletePaymentIndicator, indicator)
	x.creditor(&o.Creditor)
	x.account(o.Account)
	if o.Agent.Present {
		x.agent(&o.Agent)
	}
	x.end(elOrgnlTxInf)
}

// creditor writes Cdtr unless the payment named none.
func (x *xmlWriter) creditor(c *Creditor) {
	if c.Name == "" && c.Address.empty() && c.IDKind == NoID {
		return
	}
	x.start(elCdtr)
	x.maybeStr(elNm, &typeText, c.Name)
	x.address(&c.Address)
	if c.IDKind != NoID {
		x.identifier(c)
	}
	x.end(elCdtr)
}

func (x *xmlWriter) identifier(c *Creditor) {
	if c.IDKind == CPR {
		x.start(elPrvtId)
		x.str(elSclSctyNb, &typeID, c.ID)
		x.end(elPrvtId)
		return
	}
	x.start(elOrgId)
	issuer := c.Issuer
	switch c.IDKind {
	case SE:
		x.str(elTaxIdNb, &typeID, c.ID)
		x.end(elOrgId)
		return
	case CVR:
		issuer = "CVR"
	case PNR:
		issuer = "PNR"
	case OtherID:
	default:
		x.fail(elOrgId, fmt.Sprintf("no kind of identifier has number %d", c.IDKind))
	}
	x.start(elPrtryId)
	x.str(elId, &typeID, c.ID)
	x.str(elIssr, &typeCode, issuer)
	x.end(elPrtryId)
	x.end(elOrgId)
}

func (a *Address) empty() bool {
	return len(a.Lines) == 0 && a.PostCode == "" && a.Town == "" && a.Country == ""
}

func (x *xmlWriter) address(a *Address) {
	if a.empty() {
		return
	}
	if len(a.Lines) > maxAddressLines {
		x.fail(elAdrLine, fmt.Sprintf("%d lines", len(a.Lines)))
	}
	x.start(elPstlAdr)
	for _, line := range a.Lines {
		x.str(elAdrLine, &typeText, line)
	}
	x.maybeStr(elPstCd, &typeText, a.PostCode)
	x.maybeStr(elTwnNm, &typeText, a.Town)
	x.maybeStr(elCtry, &typeCountry, a.Country)
	x.end(elPstlAdr)
}

func (x *xmlWriter) account(a Account) {
	s := elBBAN
	switch a.Kind {
	case NoAccount:
		return
	case BBAN:
	case IBAN:
		s = elIBAN
	case Proprietary:
		s = elId
	default:
		x.fail(elCdtrAcct, fmt.Sprintf("no kind of account has number %d", a.Kind))
	}
	x.start(elCdtrAcct)
	x.start(elId)
	if a.Kind == Proprietary {
		x.start(elPrtry)
	}
	x.str(s, &typeID, a.Number)
	if a.Kind == Proprietary {
		x.end(elPrtry)
	}
	x.end(elId)
	x.end(elCdtrAcct)
}

func (x *xmlWriter) agent(a *Agent) {
	x.start(elFnlAgt)
	x.start(elFinInstnId)
	x.maybeStr(elBIC, &typeID, a.BIC)
	if a.DEBLZ != "" {
		x.start(elClrSysMmbId)
		x.str(elDEBLZ, &typeID, a.DEBLZ)
		x.end(elClrSysMmbId)
	}
	if a.BankCode != "" {
		x.start(elPrtryId)
		x.str(elId, &typeID, a.BankCode)
		x.end(elPrtryId)
	}
	x.maybeStr(elNm, &typeText, a.Name)
	x.address(&a.Address)
	x.end(elFinInstnId)
	x.end(elFnlAgt)
}
