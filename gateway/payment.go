package gateway

import "time"

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

// ordinalBits is how many bits of a payment id count the payments of one delivery.
const ordinalBits = 24

// MaxBundlePayments is how many payments a bundle may have at the very most: ordinals 1 to this.
const MaxBundlePayments = 1<<ordinalBits - 1

// PaymentID makes the id of the ordinal'th payment (from 1) of a delivery. It is made, not drawn, so that
// reading a bundle again after a crash gives each payment the same id.
func PaymentID(delivery int64, ordinal int) int64 {
	return delivery<<ordinalBits | int64(ordinal)
}

// DeliveryOf is the delivery that a payment came with.
func DeliveryOf(payment int64) int64 { return payment >> ordinalBits }

// OrdinalOf is the place of a payment in its delivery's document, from 1.
func OrdinalOf(payment int64) int { return int(payment & MaxBundlePayments) }

// Order is one attempt to pay a payment, ready to be written to a bank.
type Order struct {
	Seq       int    // SEQ number within its LIN, from 1
	Reference string // 8 digits + EndToEndID, unique for ever; the bank answers with it
	Ore       int64
	// TransferCurrency: as in Payment.
	TransferCurrency string
	Type             PaymentType
	Account          Account
	Text             string
	Detail           Detail // creditor and bank names and addresses as frozen with the order; advice; slip
}

// Line is what stands under one LIN: orders that share debit account, currency and payment type.
type Line struct {
	No           int // LIN number within its message, from 1
	DebitAccount string
	Type         PaymentType
	// TransferCurrency of all orders of the line; empty = DKK.
	TransferCurrency string
	GroupRef         string // our order group reference, RFF+AEK
	Orders           int
	Ore              int64
}

// Interchange is what its UNB says; it was committed before anything is rendered.
type Interchange struct {
	ControlRef string // UNB 0020, at most 14 digits, gapless per bank
	Agreement  string // UNB 0032, the payer's agreement number with the bank
	Authority  string // name of the ordering authority, NAD+OY
	ExecutesOn Date
	Prepared   time.Time // UNB date and time
}

// Totals is what a whole interchange holds.
type Totals struct {
	Messages int
	Payments int
	Ore      int64
}

// groupBits is how many bits of a release group's id count the groups of one delivery.
const groupBits = 14

// MaxGroups is how many release groups a delivery may have at the very most.
const MaxGroups = 1<<groupBits - 1

// GroupID makes the id of the ordinal'th release group (from 1) of a delivery.
func GroupID(delivery int64, ordinal int) int64 { return delivery<<groupBits | int64(ordinal) }
