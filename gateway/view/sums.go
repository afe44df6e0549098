package view

import "nks/gateway"

// State is where a payment is, as the ledger has it.
type State = gateway.PaymentState

// The states of the ledger that a view shows.
const (
	Unread   = gateway.PaymentUnread
	Rejected = gateway.PaymentRejected
	Waiting  = gateway.PaymentWaiting
	Held     = gateway.PaymentHeld
	Stopped  = gateway.PaymentStopped
	Void     = gateway.PaymentVoid
	Disputed = gateway.PaymentDisputed
	CameBack = gateway.PaymentCameBack
	Settled  = gateway.PaymentSettled
	Frozen   = gateway.PaymentFrozen
	Unknown  = gateway.PaymentUnknown
	WithBank = gateway.PaymentWithBank
	Executed = gateway.PaymentExecuted
	Cheque   = gateway.PaymentCheque
	Returned = gateway.PaymentReturned
)

// Sum is a number of payments and their øre.
type Sum struct{ Payments, Ore int64 }

// Plus is both sums together.
func (s Sum) Plus(o Sum) Sum { return Sum{s.Payments + o.Payments, s.Ore + o.Ore} }

// Tally is the sums of all payments, or of those of one authority or bank centre, by state.
type Tally struct {
	Key, Name string // of whom; empty: of all
	All       Sum
	States    map[State]Sum
}

// State is the sum of one state.
func (t Tally) State(s State) Sum { return t.States[s] }

func (t *Tally) add(state State, sum Sum) {
	t.All = t.All.Plus(sum)
	t.States[state] = t.States[state].Plus(sum)
}

// addTo adds a sum to the tally of a key, which joins the list when it is not there.
func addTo(list *[]Tally, key, name string, state State, sum Sum) {
	for i := range *list {
		if (*list)[i].Key == key {
			(*list)[i].add(state, sum)
			return
		}
	}
	*list = append(*list, Tally{Key: key, Name: name, States: map[State]Sum{}})
	(*list)[len(*list)-1].add(state, sum)
}
