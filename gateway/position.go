package gateway

// Position is where a payment stands, as finely as what may follow depends on it.
type Position string

// The positions, in the order of the flow.
const (
	AtUnread       Position = "unread"
	AtWaiting      Position = "waiting"
	AtHeld         Position = "held"
	AtStopped      Position = "stopped"
	AtRejected     Position = "rejected"
	AtNotPayable   Position = "not_payable"
	AtFrozen       Position = "frozen" // its order has not been sent
	AtVoid         Position = "void"   // its order never will be; the next attempt is to come
	AtUnsure       Position = "unsure" // nobody knows whether the bank has its order
	AtBank         Position = "with_bank"
	AtAccepted     Position = "accepted" // the bank has taken it over, or its silence counted so
	AtAssumed      Position = "assumed"  // executed because the bank was silent
	AtExecuted     Position = "executed" // the bank's own status
	AtBankRejected Position = "bank_rejected"
	AtCameBack     Position = "came_back" // executed, and the money is here again
	AtSettled      Position = "settled"   // and has gone where its authority chose
	AtDisputed     Position = "disputed"  // the bank has contradicted itself: a person decides
	AtMissing      Position = "missing"   // nothing explains it: an invariant is broken
)

// Positions is every position.
func Positions() []Position {
	return []Position{AtUnread, AtWaiting, AtHeld, AtStopped, AtRejected, AtNotPayable, AtFrozen, AtVoid, AtUnsure, AtBank, AtAccepted,
		AtAssumed, AtExecuted, AtBankRejected, AtCameBack, AtSettled, AtDisputed, AtMissing}
}

// State is the position as the ledger has it, of a payment whose order is of that type.
func (p Position) State(order PaymentType) PaymentState {
	switch p {
	case AtNotPayable, AtBankRejected:
		return PaymentReturned
	case AtUnsure:
		return PaymentUnknown
	case AtAccepted:
		return PaymentWithBank
	case AtAssumed, AtExecuted:
		switch order {
		case Cheque:
			return PaymentCheque
		case ErrorOrder:
			return PaymentSettled
		}
		return PaymentExecuted
	}
	return PaymentState(p)
}

// PaymentFacts is what the state of a payment follows from. Of several orders of it the last one counts.
type PaymentFacts struct {
	Last        FactKind         // the last fact about it by itself; empty: there is none
	Group       GroupState       // of its release group
	Order       PaymentType      // of its order; 0: there is none
	Line        LineState        // of the line that the order stands in; empty: there is none
	Interchange InterchangeState // of the interchange that holds the line; empty: there is none
}

// PositionOf derives where a payment stands. The SQL function position_of says the same of sets, and there is no third
// derivation: what is shown, answered, counted, checked and decided asks one of the two.
//
// It allows what the flow does. Facts that contradict each other are a payment that is missing, never one that has come
// to its end. A fact about the order by itself goes before what its line says, and either before what we know of our sending.
func PositionOf(f PaymentFacts) Position {
	if f == (PaymentFacts{Last: f.Last, Group: f.Group}) {
		return positionWithoutOrder(f.Last, f.Group)
	}
	if f.Group != GroupReleased || f.Order < Transfer || f.Order > ErrorOrder || f.Line == "" || f.Interchange == "" {
		return AtMissing
	}
	switch f.Last {
	case FactBankRejected:
		return AtBankRejected
	case FactExecuted:
		return AtExecuted
	case FactCameBack:
		return AtCameBack
	case FactToSender, FactByCheque, FactToErrorAccount, FactByHand, FactGivenUp:
		return AtSettled
	case FactDisputed:
		return AtDisputed
	case FactDisputeSettled:
		switch f.Line {
		case LineRejected, LineExecuted, LineDisputed: // what is known of the line was no news of this order
			return AtBank
		}
		return positionOfLine(f.Line, f.Interchange)
	case "", FactFreed, FactStopUndone:
		return positionOfLine(f.Line, f.Interchange)
	}
	return AtMissing
}

func positionWithoutOrder(last FactKind, group GroupState) Position {
	switch last {
	case FactRejected:
		return AtRejected
	case FactStopped:
		return AtStopped
	case FactNotPayable:
		return AtNotPayable
	case FactHeld:
		if group == GroupWaiting {
			return AtHeld
		}
	case FactAwaitsAccount:
		if group == GroupReleased {
			return AtWaiting
		}
	case "", FactFreed, FactStopUndone:
		switch group {
		case GroupUnchecked:
			return AtUnread
		case GroupWaiting:
			return AtWaiting
		}
	}
	return AtMissing
}

// positionOfLine is where an order stands that nothing is known of by itself.
func positionOfLine(line LineState, interchange InterchangeState) Position {
	switch line {
	case LineRejected:
		return AtBankRejected
	case LineExecuted:
		return AtExecuted
	case LineAssumed:
		return AtAssumed
	case LineDisputed:
		return AtDisputed
	case LineVoid:
		return AtVoid
	}
	switch interchange {
	case InterchangeIsUnknown:
		return AtUnsure
	case InterchangeSent:
		switch line {
		case LineWithBank:
			return AtBank
		case LineAccepted:
			return AtAccepted
		}
	case InterchangeFrozen, InterchangeRendered, InterchangeSending, InterchangePublishing:
		if line == LineFrozen {
			return AtFrozen
		}
	}
	return AtMissing
}
