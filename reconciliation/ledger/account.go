// Package ledger is the double entry of all payments: what each fact moves from one account to another, by one table, and what the
// accounts must stand at by where the payments are. It computes; it reads nothing and changes nothing.
package ledger

import "nks/gateway"

// Account is one account of the ledger. Amounts are øre; what comes in is positive, and all accounts of an agreement add up to 0.
type Account string

// The accounts.
const (
	Claims     Account = "claims"     // what authorities have ordered: what all others hold, negative
	Waiting    Account = "waiting"    // has no order, or none that will be sent: physically where it is
	InTransit  Account = "in_transit" // ordered, and not known to be at its end
	Recipients Account = "recipients" // executed
	Cheques    Account = "cheques"    // executed as cheques
	Sender     Account = "sender"     // not paid: rejected, stopped, not payable, or refused by the bank
	Disputed   Account = "disputed"   // the bank has contradicted itself: nobody knows where it is
	Return     Account = "return"     // has come back, and waits for what its authority chose
	Rest       Account = "rest"       // stayed with recipients of whose orders something came back
	Fees       Account = "fees"       // kept back by banks of what came back
	Exchange   Account = "exchange"   // what rates have taken of orders abroad that came back; below 0: what they gave
	Back       Account = "back"       // has come back, and stays with its sender
	Reissued   Account = "reissued"   // has come back, and went out as a cheque
	Error      Account = "error"      // has come back, or had no account to go to, and lies on its authority's error account
	ByHand     Account = "by_hand"    // has come back, and was settled by persons, or given up
)

// Accounts are all accounts, in the order in which a book shows them.
func Accounts() []Account {
	return []Account{Claims, Waiting, InTransit, Recipients, Cheques, Sender, Disputed, Return, Rest, Fees, Exchange, Back, Reissued, Error, ByHand}
}

// AfterReturn reports whether an account holds what orders were of which something came back. Where a payment is says of these only what
// they hold together.
func (a Account) AfterReturn() bool {
	switch a {
	case Return, Rest, Fees, Exchange, Back, Reissued, Error, ByHand:
		return true
	}
	return false
}

// Open reports whether what an account holds is not at its end.
func (a Account) Open() bool {
	switch a {
	case Waiting, InTransit, Disputed, Return:
		return true
	}
	return false
}

// accountOf is the account that holds payments in a state; empty for what is after a return, and for what is missing.
func accountOf(s gateway.PaymentState) Account {
	switch s {
	case gateway.PaymentUnread, gateway.PaymentWaiting, gateway.PaymentHeld, gateway.PaymentVoid:
		return Waiting
	case gateway.PaymentFrozen, gateway.PaymentUnknown, gateway.PaymentWithBank:
		return InTransit
	case gateway.PaymentExecuted:
		return Recipients
	case gateway.PaymentCheque:
		return Cheques
	case gateway.PaymentRejected, gateway.PaymentStopped, gateway.PaymentReturned:
		return Sender
	case gateway.PaymentDisputed:
		return Disputed
	}
	return ""
}

// paid is where executed orders of a type are.
func paid(order gateway.PaymentType) Account {
	switch order {
	case gateway.Cheque:
		return Cheques
	case gateway.ErrorOrder:
		return Error
	}
	return Recipients
}
