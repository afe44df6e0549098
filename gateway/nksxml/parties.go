package nksxml

// amount takes Amt. testdata/schema Amount.
func (w *walker) amount(amount *int64, currency, transfer *string) {
	if !w.open(elAmt, 0) {
		return
	}
	ccy := [1]attribute{{local: "Ccy", typ: &typeCurrency, to: currency}}
	switch {
	case w.at(elInstdAmt):
		if w.openWith(elInstdAmt, 0, ccy[:]) {
			parsed(w, parseLong, amount)
		}
	case w.at(elEqvtAmt):
		w.open(elEqvtAmt, 0)
		if w.openWith(elAmt, 0, ccy[:]) {
			parsed(w, parseLong, amount)
		}
		w.str(elCcyOfTrf, &typeCurrency, transfer)
		w.close()
	default:
		w.unexpected()
	}
	w.close()
}

// creditor takes Cdtr.
func (w *walker) creditor(c *Creditor) {
	w.open(elCdtr, 0)
	w.maybeStr(elNm, &typeText, &c.Name)
	w.maybeAddress(&c.Address)
	switch {
	case w.maybe(elPrvtId):
		c.IDKind = CPR
		w.str(elSclSctyNb, &typeID, &c.ID)
		w.close()
	case w.maybe(elOrgId):
		if w.maybeStr(elTaxIdNb, &typeID, &c.ID) {
			c.IDKind = SE
		} else {
			c.IDKind = OtherID
			w.open(elPrtryId, 0)
			w.str(elId, &typeID, &c.ID)
			w.str(elIssr, &typeCode, &c.Issuer)
			w.close()
		}
		w.close()
	}
	w.close()
}

// settleIssuer tells the kind of a creditor's identifier once the issuer is settled.
func (c *Creditor) settleIssuer() {
	switch {
	case c.IDKind != OtherID:
	case c.Issuer == "CVR":
		c.IDKind = CVR
	case c.Issuer == "PNR":
		c.IDKind = PNR
	}
}

// maybeAddress takes PstlAdr.
func (w *walker) maybeAddress(a *Address) {
	if !w.maybe(elPstlAdr) {
		return
	}
	if a.Lines == nil {
		// With room for all of them the lines do not move while they are read.
		a.Lines = make([]string, 0, maxAddressLines)
	}
	for n := 1; n <= maxAddressLines && w.at(elAdrLine); n++ {
		a.Lines = append(a.Lines, "")
		w.strN(elAdrLine, n, &typeText, &a.Lines[n-1])
	}
	w.maybeStr(elPstCd, &typeText, &a.PostCode)
	w.maybeStr(elTwnNm, &typeText, &a.Town)
	w.maybeStr(elCtry, &typeCountry, &a.Country)
	w.close()
}

// account takes CdtrAcct.
func (w *walker) account(a *Account) {
	w.open(elCdtrAcct, 0)
	w.open(elId, 0)
	switch {
	case w.maybeStr(elBBAN, &typeID, &a.Number):
		a.Kind = BBAN
	case w.maybeStr(elIBAN, &typeID, &a.Number):
		a.Kind = IBAN
	default:
		a.Kind = Proprietary
		w.open(elPrtry, 0)
		w.str(elId, &typeID, &a.Number)
		w.close()
	}
	w.close()
	w.close()
}

// agent takes FnlAgt.
func (w *walker) agent(a *Agent) {
	a.Present = true
	w.open(elFnlAgt, 0)
	w.open(elFinInstnId, 0)
	w.maybeStr(elBIC, &typeID, &a.BIC)
	if w.maybe(elClrSysMmbId) {
		w.str(elDEBLZ, &typeID, &a.DEBLZ)
		w.close()
	}
	if w.maybe(elPrtryId) {
		w.str(elId, &typeID, &a.BankCode)
		w.close()
	}
	w.maybeStr(elNm, &typeText, &a.Name)
	w.maybeAddress(&a.Address)
	w.close()
	w.close()
}

// debtor takes Dbtr and DbtrAcct.
func (w *walker) debtor(agreement, account *string) {
	w.open(elDbtr, 0)
	w.open(elOrgId, 0)
	w.str(elBkPtyId, &typeID, agreement)
	w.close()
	w.close()
	w.open(elDbtrAcct, 0)
	w.open(elId, 0)
	w.str(elBBAN, &typeID, account)
	w.close()
	w.close()
}

// initiator takes InitgPty.
func (w *walker) initiator(authority *string) {
	w.open(elInitgPty, 0)
	w.open(elOrgId, 0)
	w.open(elPrtryId, 0)
	w.str(elId, &typeID, authority)
	w.str(elIssr, &typeADMID, nil)
	w.close()
	w.close()
	w.close()
}

// paymentID takes PmtId.
func (w *walker) paymentID(instr, endToEnd *string) {
	w.open(elPmtId, 0)
	w.maybeStr(elInstrId, &typeReference, instr)
	w.str(elEndToEndId, &typeEndToEnd, endToEnd)
	w.close()
}

// parties takes From or To.
func (w *walker) parties(s symbol, atLeast int, to *[]string) {
	if !w.open(s, 0) {
		return
	}
	*to = make([]string, 0, maxParties)
	for n := 1; n <= maxParties && (n <= atLeast || w.at(elPartyId)); n++ {
		*to = append(*to, "")
		w.strN(elPartyId, n, &typeID, &(*to)[n-1])
	}
	w.close()
}
