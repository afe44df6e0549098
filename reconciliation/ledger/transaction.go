package ledger

import (
	"errors"
	"fmt"

	"nks/gateway"
)

// DKK is the currency of orders whose debit is in øre, as all are.
const DKK = "DKK"

// Key is what a book is kept by.
type Key struct {
	Authority string `json:"authority"`
	Agreement string `json:"agreement"`
	Currency  string `json:"currency"`
}

// Movement is what one event has moved on one day of all payments, of one agreement, that stood in one position: what is true of each of
// them by itself, added up.
type Movement struct {
	Key
	Bank     string // that has the orders; empty: there are none
	Event    Event
	Was      gateway.Position    // where they stood
	Order    gateway.PaymentType // of their orders; 0: there are none
	Payments int64
	Stood    int64 // øre that stood there, and stand elsewhere by it
	Moved    int64 // øre of money that the event itself is about: of a return what came back, of a settlement what went
	Kept     int64 // øre that banks kept back of it
	Exchange int64 // øre that came back, with what was kept, beyond what was ordered of it
}

// Leg is what one account gets, in øre; negative: what it gives.
type Leg struct {
	Account Account `json:"account"`
	Ore     int64   `json:"ore"`
}

// Transaction is a movement as it is entered. Its legs add up to 0.
type Transaction struct {
	Movement
	Legs []Leg
}

// ErrCannotBe is of a movement that the table does not have: an invariant of the flow is broken.
var ErrCannotBe = errors.New("what the event is about cannot have stood there")

// Enter makes the transaction of a movement. A movement that moves nothing has no legs.
func Enter(m Movement) (Transaction, error) {
	cell := find(m.Event, m.Was)
	if !cell.Can() {
		return Transaction{}, fmt.Errorf("%w: %q at %q: %d payments, %d øre", ErrCannotBe, m.Event, m.Was, m.Payments, m.Stood)
	}
	t := Transaction{Movement: m}
	switch {
	case m.Event == Of(gateway.FactCameBack):
		t.Legs = returned(m, of(cell.From, m.Order))
	case cell.From == Return:
		t.Legs = moving(Return, cell.To, m.Moved)
	default:
		t.Legs = moving(of(cell.From, m.Order), of(cell.To, m.Order), m.Stood)
	}
	return t, nil
}

// returned moves what came back to the return account. The first time the order leaves the account of those that are paid, and what did not
// come back, was not kept and is no matter of the rate is the rest.
func returned(m Movement, from Account) []Leg {
	leaves := m.Stood
	if from == Rest {
		leaves = m.Moved + m.Kept - m.Exchange
	}
	return legs(Leg{from, -leaves}, Leg{Return, m.Moved}, Leg{Fees, m.Kept}, Leg{Exchange, -m.Exchange}, Leg{Rest, leaves - m.Moved - m.Kept + m.Exchange})
}

func moving(from, to Account, ore int64) []Leg {
	if from == to {
		return nil
	}
	return legs(Leg{from, -ore}, Leg{to, ore})
}

// legs are those that are not 0.
func legs(all ...Leg) (some []Leg) {
	for _, l := range all {
		if l.Ore != 0 {
			some = append(some, l)
		}
	}
	return some
}

// of is the account itself, but that executed cheques, and orders to an error account, have their own.
func of(a Account, order gateway.PaymentType) Account {
	if a == Recipients {
		return paid(order)
	}
	return a
}
