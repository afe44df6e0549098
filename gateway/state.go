package gateway

// PaymentState is where a payment is. The states are disjoint: a payment is in exactly one.
type PaymentState string

// The states of the ledger.
const (
	PaymentUnread   PaymentState = "unread"    // in a bundle that was read, not yet checked
	PaymentRejected PaymentState = "rejected"  // refused when it was checked, response 2
	PaymentWaiting  PaymentState = "waiting"   // for its release
	PaymentFrozen   PaymentState = "frozen"    // in an interchange that has not been sent
	PaymentUnknown  PaymentState = "unknown"   // in an interchange of which nobody knows whether the bank has it
	PaymentWithBank PaymentState = "with_bank" // sent; the bank has not yet said that it was carried out
	PaymentExecuted PaymentState = "executed"
	PaymentCheque   PaymentState = "cheque"   // executed as a cheque
	PaymentReturned PaymentState = "returned" // no account, or refused by the bank: the money was never debited
	PaymentMissing  PaymentState = "missing"  // nothing explains it: an invariant is broken
)

// PaymentStates is every state in the order of the flow.
func PaymentStates() []PaymentState {
	return []PaymentState{PaymentUnread, PaymentRejected, PaymentWaiting, PaymentFrozen, PaymentUnknown, PaymentWithBank, PaymentExecuted,
		PaymentCheque, PaymentReturned, PaymentMissing}
}

// Final reports whether nothing more happens to a payment in this state by itself.
func (s PaymentState) Final() bool {
	return s == PaymentRejected || s == PaymentExecuted || s == PaymentCheque || s == PaymentReturned
}
