package gateway

// Unpaid is why no order is made for a payment that was due.
type Unpaid string

// The reasons.
const (
	UnpaidDebit      Unpaid = "debit account" // the debit account is no payout account of the agreement
	UnpaidUnknown    Unpaid = "unknown"       // the recipient does not exist
	UnpaidCeased     Unpaid = "ceased"        // the recipient is dead or has ceased for too long // B18.3
	UnpaidNoAccount  Unpaid = "no account"    // B35-36
	UnpaidNoAddress  Unpaid = "no address"    // the authority has chosen cheque, and the holder's address is not known // B35-36
	UnpaidNoCheques  Unpaid = "no cheques"    // the authority has chosen cheque, and the bank sends none // B35-36
	UnpaidEmigrated  Unpaid = "emigrated"     // the payer has not said that it pays to such NemKonti // B22.3
	UnpaidAgain      Unpaid = "failed again"  // what the authority's choice had ordered for it has failed, too
	UnpaidEarlier    Unpaid = "earlier"       // of the same order something came back before, and the authority's choice had that ordered
	UnpaidAuthority  Unpaid = "authority"     // the recipient is an authority, which is never sent a cheque // B28
	UnpaidSetOff     Unpaid = "claim is met"  // it was set off for a claim of which nothing remains by now
	UnpaidNoFallback Unpaid = "no fallback"   // the benefit goes to a locked specific account only, and there is none // B25.4
)

// Text is what the authority is told of a payment that is not paid. // response 7
func (u Unpaid) Text() string {
	switch u {
	case UnpaidDebit:
		return CodeDebitAccount.Danish()
	case UnpaidUnknown:
		return CodeUnknownRecipient.Danish()
	case UnpaidCeased:
		return CodeRecipientCeased.Danish()
	case UnpaidNoAddress:
		return TextNoAddressReturned
	case UnpaidNoCheques:
		return TextNoChequesReturned
	case UnpaidEmigrated:
		return TextEmigratedReturned
	case UnpaidNoFallback:
		return TextNoFallbackReturned
	case UnpaidAuthority:
		return TextAuthorityReturned
	case UnpaidAgain:
		return TextFailedAgain
	case UnpaidEarlier:
		return TextPartBefore
	case UnpaidSetOff:
		return TextSetOffEnded
	}
	return TextNoAccountReturned
}
