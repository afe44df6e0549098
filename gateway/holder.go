package gateway

import (
	"fmt"
	"strconv"
)

// HolderKind is the national register that a recipient's number stands in. // B9.2
type HolderKind int16

// The registers that identify recipients. The numbers are stored; they never change meaning.
const (
	NoHolder HolderKind = 0
	CPR      HolderKind = 1 // a citizen, 10 digits
	CVR      HolderKind = 2 // a company, 8 digits
	SE       HolderKind = 3 // a company's tax unit, 8 digits, mostly under a CVR number
	PNR      HolderKind = 4 // a company's production unit under a CVR number, 10 digits
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

// Number is the holder's number as it is stored, without leading zeros.
func (h Holder) Number() (int64, error) {
	n, err := strconv.ParseInt(h.ID, 10, 64)
	if err != nil || len(h.ID) != h.Kind.Digits() {
		return 0, fmt.Errorf("holder of kind %s must have %d digits", h.Kind, h.Kind.Digits())
	}
	return n, nil
}

// HolderOf is a stored number with its digits.
func HolderOf(k HolderKind, number int64) Holder {
	if k == NoHolder {
		return Holder{}
	}
	return Holder{Kind: k, ID: fmt.Sprintf("%0*d", k.Digits(), number)}
}

// Masked is the holder as it may stand in logs, errors and file names: the last four digits of a CPR number are hidden.
func (h Holder) Masked() string {
	if h.Kind == CPR && len(h.ID) == 10 {
		return h.ID[:6] + "-xxxx"
	}
	return h.Kind.String() + " " + h.ID
}

// HolderStatus is whether a holder is still there, as the CPR and CVR registers tell it. // B38
type HolderStatus int16

// The statuses. The numbers are stored; they never change meaning.
const (
	Alive     HolderStatus = 1
	Dead      HolderStatus = 2
	Ceased    HolderStatus = 3
	Emigrated HolderStatus = 4
)
