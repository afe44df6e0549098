package gateway

// DuePayment is what decides, beside its recipient, how a payment is paid whose release has come.
type DuePayment struct {
	Complete         bool // it names its account itself // B9.1
	Type             PaymentType
	Account          Account // of a complete payment
	TransferCurrency string
	// Salary: it is a salary or a pension, by its benefit type. // B1-salary
	Salary bool
	// ToAuthority: its recipient is an authority. // B28
	ToAuthority bool
	// ReturnAlways is the bundle's own instruction, which comes before the standing choice. // B35-36
	ReturnAlways bool
}

// PayoutTerms are the agreement and the bank that a payment is paid by, as they are when it is released.
type PayoutTerms struct {
	DebitAllowed bool           // the debit account is one of the agreement's payout accounts
	NoAccount    StandingChoice // of a payment for which there is no account
	Cheques      bool           // the bank sends them
}

// FoundAccount is where the register says that a payment goes.
type FoundAccount struct {
	Unpaid      Unpaid // why there is no account; empty: there is one
	Rule        AccountRule
	Version     int64
	Account     Account
	Currency    string // of the account; empty: its bank's own
	Beneficiary Detail // what stands beside an account abroad
	Address     Detail // the holder's, where there is no account
}

// Payout is how a payment is paid, or why it is not.
type Payout struct {
	Unpaid   Unpaid // empty: it is paid
	Rule     AccountRule
	Version  int64 // of the register's account; 0: none
	Type     PaymentType
	Account  Account
	Currency string // of transfer; empty: DKK
	// Waits: it is not paid yet, but kept until an account arrives.
	Waits bool
	// Beneficiary is frozen with the order; nil where the payment's own detail says all.
	Beneficiary *Detail
}

// Forbidden is why the agreement lets nothing be paid, whatever the register says; empty when it does.
func (t PayoutTerms) Forbidden() Unpaid {
	if !t.DebitAllowed {
		return UnpaidDebit
	}
	return ""
}

// AsksRegister reports whether the register decides where a payment goes.
func (t PayoutTerms) AsksRegister(p *DuePayment) bool { return !p.Complete && t.Forbidden() == "" }

// JudgePayout decides how a payment is paid: to its own account, or the register's; without one the standing choice
// counts. found counts only where AsksRegister says so. A salary is a transfer of its own kind within Denmark; abroad and as a cheque it is
// what other payments are there. // B9.1 // B9.2 // B35-36 // B1-salary
func JudgePayout(p *DuePayment, t PayoutTerms, found *FoundAccount) Payout {
	out := judgePayout(p, t, found)
	if p.Salary && out.Type == Transfer && out.Account.Kind == DomesticBBAN {
		out.Type = Salary
	}
	return out
}

func judgePayout(p *DuePayment, t PayoutTerms, found *FoundAccount) Payout {
	forbidden := t.Forbidden()
	switch {
	case forbidden != "":
		return Payout{Unpaid: forbidden}
	case p.Complete:
		return Payout{Rule: NamedByPayment, Type: p.Type, Account: p.Account, Currency: p.TransferCurrency}
	case found.Unpaid == "" && found.Account.Kind == NoAccount: // nobody has said where it goes: that is no account
		return Payout{Unpaid: UnpaidNoAccount}
	case found.Unpaid == "":
		return payoutTo(p, found)
	}
	does, why := Settle(t.NoAccount, Stranded{Cause: CauseNoAccount, Unpaid: found.Unpaid, Address: CanBeSentTo(&found.Address), Cheques: t.Cheques, ReturnAlways: p.ReturnAlways, ToAuthority: p.ToAuthority})
	return SettledPayout(does, why, t.NoAccount, p, found)
}

// SettledPayout is how money is paid that had nowhere to go: by cheque, to the error account, to the account that has arrived, not
// yet, or not at all. An order to the error account names its authority where it is frozen, and no recipient.
func SettledPayout(does Settlement, why Unpaid, c StandingChoice, p *DuePayment, found *FoundAccount) Payout {
	switch does {
	case SettleCheque:
		return Payout{Rule: ByCheque, Type: Cheque, Account: Account{Kind: ChequeAccount}, Beneficiary: &found.Address}
	case SettleError:
		return Payout{Rule: ByErrorAccount, Type: ErrorOrder, Account: Account{Kind: DomesticBBAN, Number: c.Account}}
	case SettleAccount:
		return payoutTo(p, found)
	case SettleWait:
		return Payout{Waits: true}
	}
	return Payout{Unpaid: why}
}

// MayBecomeCheque reports whether the holder's address decides about a payment without an account. A benefit that goes to
// a locked specific account only does not become a cheque, nor does what is due to nobody. // B25.4 // B35-36
func (t PayoutTerms) MayBecomeCheque(p *DuePayment, why Unpaid) bool {
	return t.NoAccount.Does == SendCheque && t.Cheques && !p.ReturnAlways && (why == UnpaidNoAccount || why == UnpaidEmigrated)
}

// CanBeSentTo reports whether a cheque can be sent to an address.
func CanBeSentTo(to *Detail) bool {
	return to.Name != "" && len(to.AddressLines) > 0 && to.AddressLines[0] != "" && to.PostCode != ""
}

// RecipientBears is who bears the charges of a transfer to the register's account abroad, unless the order says otherwise:
// what arrives may be less by the extra cost. // B26.3
const RecipientBears = "BEN"

// payoutTo pays to the register's account. An account in Denmark gets DKK, whatever the order says; one abroad its own
// currency, where the order names none.
func payoutTo(p *DuePayment, found *FoundAccount) Payout {
	out := Payout{Rule: found.Rule, Version: found.Version, Type: Transfer, Account: found.Account}
	if found.Account.Kind == DomesticBBAN {
		return out
	}
	beneficiary := found.Beneficiary
	beneficiary.ChargeBearer = RecipientBears
	out.Type, out.Beneficiary = ForeignOrder, &beneficiary
	if out.Currency = p.TransferCurrency; out.Currency == "" && found.Currency != "DKK" {
		out.Currency = found.Currency
	}
	return out
}
