package gateway

// FactKind is what became of a payment, or of one order of it, by itself: what is true of a million at once stands on its
// group or its line. Facts are only ever added; the last one counts.
type FactKind string

// The kinds. The first six come before any order, or before the next one where the last was void; the others are about the order
// that was made last.
const (
	FactRejected       FactKind = "rejected" // refused when it was checked
	FactStopped        FactKind = "stopped"
	FactStopUndone     FactKind = "stop_undone"
	FactHeld           FactKind = "held"
	FactFreed          FactKind = "freed"
	FactNotPayable     FactKind = "not_payable"   // could not be paid when it was released
	FactBankRejected   FactKind = "bank_rejected" // the bank does not carry the order out
	FactExecuted       FactKind = "executed"
	FactCameBack       FactKind = "came_back"
	FactToSender       FactKind = "settled_to_sender"
	FactByCheque       FactKind = "settled_by_cheque"
	FactToErrorAccount FactKind = "settled_to_error_account"
	FactByHand         FactKind = "settled_by_hand"
	FactGivenUp        FactKind = "given_up"
	FactDisputed       FactKind = "disputed"
	FactDisputeSettled FactKind = "dispute_settled" // the order is still with the bank, whatever its line was disputed for
	FactVoid           FactKind = "void"            // of lines alone: their orders are never sent
	FactAwaitsAccount  FactKind = "awaits_account"  // its group has left without it: it is kept until an account arrives
)

// FactKinds is every kind.
func FactKinds() []FactKind {
	return []FactKind{FactRejected, FactStopped, FactStopUndone, FactHeld, FactFreed, FactNotPayable, FactBankRejected, FactExecuted,
		FactCameBack, FactToSender, FactByCheque, FactToErrorAccount, FactByHand, FactGivenUp, FactDisputed, FactDisputeSettled, FactVoid, FactAwaitsAccount}
}
