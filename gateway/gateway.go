// Package gateway is the domain of nks and the flow of payment orders through it: deliveries from authorities,
// the payments in them, the orders to the banks, what became of them, and the answers that authorities are due.
//
// It holds types, pure rules and the small interfaces that the flow consumes. It imports the standard library
// only; PostgreSQL, EDIFACT, XML and SFTP live in packages of their own that import this one.
package gateway

import (
	"errors"
	"strings"
)

// Errors by what the caller does about them.
var (
	// ErrNotFound: the thing does not exist; the caller tells its own caller so.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the key is taken by other content; refuse and raise an alarm, never overwrite.
	ErrConflict = errors.New("same key, other content")
	// ErrLostOwnership: another process has taken over; stop at once, touch nothing.
	ErrLostOwnership = errors.New("ownership lost")
	// ErrTemporary: nothing was done; the same call may succeed later.
	ErrTemporary = errors.New("temporarily not possible")
)

// Money is an amount in minor units (øre for DKK) and its ISO 4217 currency. Never a float.
type Money struct {
	Minor    int64
	Currency string
}

// HolderKind says in which national register a recipient's number stands.
type HolderKind int16

// The registers that identify recipients. The numbers are stored; they never change meaning.
const (
	NoHolder HolderKind = 0
	CPR      HolderKind = 1 // a citizen, 10 digits
	CVR      HolderKind = 2 // a company, 8 digits
	SE       HolderKind = 3 // a company's tax unit, 8 digits
	PNR      HolderKind = 4 // a company's production unit, 10 digits
)

// Digits is the width of a number of this kind, leading zeros included; 0 for NoHolder.
func (k HolderKind) Digits() int {
	switch k {
	case CPR, PNR:
		return 10
	case CVR, SE:
		return 8
	}
	return 0
}

func (k HolderKind) String() string {
	switch k {
	case CPR:
		return "CPR"
	case CVR:
		return "CVR"
	case SE:
		return "SE"
	case PNR:
		return "P"
	}
	return "none"
}

// Holder is a citizen or company as a payment names it. ID has HolderKind.Digits digits.
type Holder struct {
	Kind HolderKind
	ID   string
}

// Masked is the holder as it may stand in logs, errors and file names: the last four digits of a CPR number are hidden.
func (h Holder) Masked() string {
	if h.Kind == CPR && len(h.ID) == 10 {
		return h.ID[:6] + "-xxxx"
	}
	return h.Kind.String() + " " + h.ID
}

// AccountKind says how an account is written.
type AccountKind int16

// Kinds of account. The numbers are stored; they never change meaning.
const (
	NoAccount      AccountKind = 0
	DomesticBBAN   AccountKind = 1 // 14 digits: registration number (4) + account (10), zero padded
	IBANAccount    AccountKind = 2
	ForeignAccount AccountKind = 3 // an account number abroad that is no IBAN; needs a BIC or a bank code
	SlipCreditor   AccountKind = 4 // giro number (7-8 digits) or FI creditor number (8 digits)
	ChequeAccount  AccountKind = 5 // no account: a cheque to the holder's address
)

// Account is where the money goes.
type Account struct {
	Kind     AccountKind
	Number   string
	BIC      string
	BankCode string
}

// DomesticParts splits a 14 digit domestic account in registration number and account number.
func (a Account) DomesticParts() (registration, account string) {
	if len(a.Number) != 14 {
		return "", a.Number
	}
	return a.Number[:4], a.Number[4:]
}

// MaskedNumber hides the last four characters. // B19.1
func (a Account) MaskedNumber() string {
	if len(a.Number) <= 4 {
		return strings.Repeat("x", len(a.Number))
	}
	return a.Number[:len(a.Number)-4] + "xxxx"
}

// PaymentType is how the bank carries the payment out; it decides the LIN it stands in.
type PaymentType int16

// Payment types. The numbers are stored; they never change meaning.
const (
	Transfer     PaymentType = 1 // IBB, domestic transfer
	PaymentSlip  PaymentType = 2 // IBK, giro or FI payment slip
	ForeignOrder PaymentType = 3 // UBB, transfer abroad
	Cheque       PaymentType = 4 // domestic cheque to the holder's address
)

func (t PaymentType) String() string {
	switch t {
	case Transfer:
		return "IBB"
	case PaymentSlip:
		return "IBK"
	case ForeignOrder:
		return "UBB"
	case Cheque:
		return "cheque"
	}
	return "unknown"
}

// Choice is what an authority wants done with a payment for which there is no account. // B35-36
type Choice string

// The standing choices of this floor.
const (
	ReturnToSender Choice = "return"
	SendCheque     Choice = "cheque"
)
