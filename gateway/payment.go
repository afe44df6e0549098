package gateway

// Payment is one payment order as an authority sent it, in the gateway's own terms. It is immutable.
type Payment struct {
	ID         int64  // delivery × 2^24 + ordinal, see PaymentID
	EndToEndID string // 1-27 printable ISO 8859-1 characters, the authority's own key of the payment
	InstrID    string // the debtor's id, echoed in answers; may be empty
	Ore        int64  // the DKK amount to debit, in øre
	// TransferCurrency is the currency that the recipient gets, when the order names one (EqvtAmt); else empty = DKK.
	TransferCurrency string
	Type             PaymentType
	Holder           Holder
	Complete         bool // the payment names its account
	BenefitType      string
	Account          Account // of a complete payment; else Kind is NoAccount
	Text             string  // short text on the recipient's statement
	Detail           *Detail // nil when there is nothing in it
}

// Detail is what only some payments carry. It is stored as JSON.
type Detail struct {
	Name         string   `json:"name,omitempty"`
	AddressLines []string `json:"addr,omitempty"`
	PostCode     string   `json:"post,omitempty"`
	Town         string   `json:"town,omitempty"`
	Country      string   `json:"ctry,omitempty"`

	BankName         string   `json:"bank,omitempty"`
	BankAddressLines []string `json:"bankaddr,omitempty"`
	BankCountry      string   `json:"bankctry,omitempty"`
	// GermanBankCode tells that the account's bank code came as ClrSysMmbId/DEBLZ.
	GermanBankCode bool `json:"deblz,omitempty"`

	ChargeBearer  string   `json:"chrg,omitempty"`  // BEN
	FinalAgent    string   `json:"final,omitempty"` // STRAKS: immediate advice
	FirstAgent    string   `json:"first,omitempty"` // free code agreed with the bank
	CardType      string   `json:"card,omitempty"`  // payment slip: 01, 04, 15, 71, 73, 75
	SlipReference string   `json:"slip,omitempty"`  // the digits after the card type
	Advice        []string `json:"advice,omitempty"`
	DocumentRef   []string `json:"docref,omitempty"` // invoice numbers
}

// Empty reports whether there is anything in the detail.
func (d *Detail) Empty() bool {
	return d == nil || d.Name == "" && len(d.AddressLines) == 0 && d.PostCode == "" && d.Town == "" && d.Country == "" &&
		d.BankName == "" && len(d.BankAddressLines) == 0 && d.BankCountry == "" && !d.GermanBankCode && d.ChargeBearer == "" &&
		d.FinalAgent == "" && d.FirstAgent == "" && d.CardType == "" && d.SlipReference == "" &&
		len(d.Advice) == 0 && len(d.DocumentRef) == 0
}
