package gateway

// PaymentState is where a payment is. The states are disjoint: a payment is in exactly one.
type PaymentState string

// The states of the ledger.
const (
	PaymentUnread   PaymentState = "unread"    // in a bundle that was read, not yet checked
	PaymentRejected PaymentState = "rejected"  // refused when it was checked, response 2
	PaymentWaiting  PaymentState = "waiting"   // for its release
	PaymentHeld     PaymentState = "held"      // somebody has held it back
	PaymentStopped  PaymentState = "stopped"   // somebody has stopped it before any order was made
	PaymentFrozen   PaymentState = "frozen"    // in an interchange that has not been sent
	PaymentVoid     PaymentState = "void"      // in an interchange that never will be
	PaymentUnknown  PaymentState = "unknown"   // in an interchange of which nobody knows whether the bank has it
	PaymentWithBank PaymentState = "with_bank" // sent; the bank has not yet said that it was carried out
	PaymentExecuted PaymentState = "executed"
	PaymentCheque   PaymentState = "cheque"    // executed as a cheque
	PaymentReturned PaymentState = "returned"  // no account, or refused by the bank: the money was never debited
	PaymentCameBack PaymentState = "came_back" // executed, and the money is here again
	PaymentSettled  PaymentState = "settled"   // it came back, and has gone where its authority chose
	PaymentDisputed PaymentState = "disputed"  // the bank has contradicted itself: a person decides
	PaymentMissing  PaymentState = "missing"   // nothing explains it: an invariant is broken
)

// PaymentStates is every state in the order of the flow.
func PaymentStates() []PaymentState {
	return []PaymentState{PaymentUnread, PaymentRejected, PaymentWaiting, PaymentHeld, PaymentStopped, PaymentFrozen, PaymentVoid, PaymentUnknown,
		PaymentWithBank, PaymentExecuted, PaymentCheque, PaymentReturned, PaymentCameBack, PaymentSettled, PaymentDisputed, PaymentMissing}
}

// Final reports whether nothing more happens to a payment in this state by itself.
func (s PaymentState) Final() bool {
	switch s {
	case PaymentRejected, PaymentStopped, PaymentExecuted, PaymentCheque, PaymentReturned, PaymentSettled:
		return true
	}
	return false
}

// StateOf is where a payment is. The SQL function state_of says the same of sets.
func StateOf(f PaymentFacts) PaymentState { return PositionOf(f).State(f.Order) }
