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

// PaymentFacts is what the state of a payment follows from. Of several orders of it the last one counts.
type PaymentFacts struct {
	Early       EventKind        // what ended it before any order; empty: nothing
	Group       GroupState       // of its release group
	Order       PaymentType      // of its order; 0: there is none
	Event       EventKind        // the bank's status of that order by itself; empty: there is none
	Line        LineState        // of the line that the order stands in; empty: there is none
	Interchange InterchangeState // of the interchange that holds the line; empty: there is none
}

// StateOf derives where a payment is. The SQL function state_of says the same of sets, and there is no third derivation:
// what is shown, answered, counted and checked asks one of the two.
//
// It allows what the flow does. Facts that contradict each other are a payment that is missing, never one that has come
// to its end. A bank's status of a single order goes before that of its line, and either before what we know of our sending.
func StateOf(f PaymentFacts) PaymentState {
	if f == (PaymentFacts{Early: f.Early, Group: f.Group}) {
		return stateWithoutOrder(f.Early, f.Group)
	}
	if f.Early != "" || f.Group != GroupReleased || f.Order < Transfer || f.Order > Cheque || f.Line == "" || f.Interchange == "" {
		return PaymentMissing
	}
	switch {
	case f.Event == EventBankRejected, f.Event == "" && f.Line == LineRejected:
		return PaymentReturned
	case f.Event == EventExecuted, f.Event == "" && f.Line == LineExecuted:
		if f.Order == Cheque {
			return PaymentCheque
		}
		return PaymentExecuted
	case f.Event != "":
		return PaymentMissing
	}
	return stateOnItsWay(f.Line, f.Interchange)
}

func stateWithoutOrder(early EventKind, group GroupState) PaymentState {
	switch {
	case early == EventRejected:
		return PaymentRejected
	case early == EventReturned:
		return PaymentReturned
	case early == "" && group == GroupUnchecked:
		return PaymentUnread
	case early == "" && group == GroupWaiting:
		return PaymentWaiting
	}
	return PaymentMissing
}

// stateOnItsWay is the state of an order that has not come to its end.
func stateOnItsWay(line LineState, interchange InterchangeState) PaymentState {
	switch interchange {
	case InterchangeIsUnknown:
		return PaymentUnknown
	case InterchangeSent:
		if line == LineWithBank || line == LineAccepted {
			return PaymentWithBank
		}
	case InterchangeFrozen, InterchangeRendered, InterchangeSending, InterchangePublishing:
		if line == LineFrozen {
			return PaymentFrozen
		}
	}
	return PaymentMissing
}
