package gateway

import "time"

// Recall is one message that asks a bank for orders of one agreement and payout account back: FINCAN.
type Recall struct {
	ControlRef   string
	Prepared     time.Time
	Agreement    string // the payer's number with the bank, UNB 0032
	Authority    string // name of the payer
	DebitAccount string // that the orders are debited from, 14 digits
	MessageRef   string // BGM 1004
	References   []string
}

// MostRecalls is how many orders one message may ask back: LIN of FINCAN. // D.96A FINCAN, SG4
const MostRecalls = 9999

// RecallDeadline is by when a bank must have answered, from when it has the message; each further one is told of again.
const RecallDeadline = 24 * time.Hour

// RecallAnswer is what a bank says of an order that it was asked for.
type RecallAnswer string

// The answers. After one of the last three nothing more is to come.
const (
	RecallNoted   RecallAnswer = "noted"
	Recalled      RecallAnswer = "recalled" // the order is not debited, or the money comes back by CREMUL
	RecallRefused RecallAnswer = "refused"
	RecallFailed  RecallAnswer = "failed" // the bank's CONTRL has rejected what asked for it
)

// MayRecall reports whether the order of a payment that stands there, once it was let go towards the bank, may be asked back. One
// that is executed may: the bank can say no.
func (p Position) MayRecall() bool {
	switch p {
	case AtFrozen, AtUnsure, AtBank, AtAccepted, AtAssumed, AtExecuted, AtDisputed:
		return true
	}
	return false
}
