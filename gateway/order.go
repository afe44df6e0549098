package gateway

import "time"

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
	// DebitText is the payer's text on its own statement.
	DebitText string
	Detail    Detail // creditor and bank names and addresses as frozen with the order; advice; slip
}

// Line is what stands under one LIN: orders that share debit account, currency and payment type.
type Line struct {
	No           int // LIN number within its message, from 1
	DebitAccount string
	Type         PaymentType
	// TransferCurrency of all orders of the line; empty = DKK.
	TransferCurrency string
	GroupRef         string // our order group reference, RFF+AEK
	// DebitText is the payer's text on its own statement, of the first order of the line.
	DebitText string
	Orders    int
	Ore       int64
}

// LineState is where the orders of a line are, but for those that ended by themselves.
type LineState string

// The states, in their order.
const (
	LineFrozen   LineState = "frozen"
	LineWithBank LineState = "with_bank" // sent
	LineAccepted LineState = "accepted"  // the bank has taken it over
	LineAssumed  LineState = "assumed"   // executed, because the bank was silent
	LineExecuted LineState = "executed"  // the bank's own status
	LineRejected LineState = "rejected"
	LineDisputed LineState = "disputed" // the bank has contradicted itself
	LineVoid     LineState = "void"     // never to be sent
)

// InterchangeState is where an interchange is on its way to the bank.
type InterchangeState string

// The states, in their order.
const (
	InterchangeFrozen     InterchangeState = "frozen"     // its orders have their places
	InterchangeRendered   InterchangeState = "rendered"   // its bytes are stored
	InterchangeSending    InterchangeState = "sending"    // under a temporary name
	InterchangePublishing InterchangeState = "publishing" // is getting its final name
	InterchangeSent       InterchangeState = "sent"
	InterchangeIsUnknown  InterchangeState = "unknown" // nobody knows whether the bank has it
	InterchangeVoid       InterchangeState = "void"    // never to be sent
)

// MayStop reports whether payments of an interchange may be stopped, for which it is voided: no attempt to send it can have reached
// the bank. Who is sending it meanwhile finds that out before the file gets its final name. mayBeOut is as of MayVoid.
func (s InterchangeState) MayStop(mayBeOut bool) bool { return s.MayVoid(mayBeOut, false) }

// MayVoid reports whether an interchange may be voided: no attempt to send it can have reached the bank, and nobody is
// sending it. mayBeOut: an attempt came as far as getting its final name; owned: the bank's connection has an owner.
func (s InterchangeState) MayVoid(mayBeOut, owned bool) bool {
	switch s {
	case InterchangeFrozen, InterchangeRendered:
		return !mayBeOut
	case InterchangeSending:
		return !mayBeOut && !owned
	}
	return false
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
