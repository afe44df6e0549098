package gateway

// EventKind is what ended a payment, or one order of it, by itself: not with its group or its line.
type EventKind string

// The kinds. The first two come before any order, the others are a bank's status of a single order.
const (
	EventRejected     EventKind = "rejected"      // refused when it was checked
	EventReturned     EventKind = "returned"      // could not be paid when it was released
	EventBankRejected EventKind = "bank_rejected" // the bank does not carry the order out
	EventExecuted     EventKind = "executed"
)
