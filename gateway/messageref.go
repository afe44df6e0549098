package gateway

import (
	"fmt"
	"strconv"
	"strings"
)

// MessageRef is BGM 1004 of a message to a bank: bank, control number and number of the message, unique for ever.
type MessageRef struct {
	Bank    string
	Control ControlNumber
	No      int // from 1
}

// maxMessageNo is the greatest number that keeps the reference within its places.
const maxMessageNo = 9999

// maxLineNo is the greatest number of a LIN.
const maxLineNo = 999_999

// MaxBankID is the longest id of a booking centre: BGM 1004 has 35 places, of which 20 are taken.
const MaxBankID = 35 - controlDigits - len("--") - len("9999")

// String is the reference as it is written.
func (r MessageRef) String() string { return fmt.Sprintf("%s-%s-%04d", r.Bank, r.Control, r.No) }

// ParseMessageRef takes a reference apart; ErrNotFound when it is none of ours.
func ParseMessageRef(s string) (MessageRef, error) {
	none := fmt.Errorf("message reference of %d characters must be bank-control number-message: %w", len(s), ErrNotFound)
	rest, no, found := cutLast(s)
	bank, control, both := cutLast(rest)
	if !found || !both || bank == "" || len(control) != controlDigits || len(no) != 4 {
		return MessageRef{}, none
	}
	n, err := strconv.Atoi(no)
	if err != nil || n < 1 || n > maxMessageNo || !AllDigits(no) {
		return MessageRef{}, none
	}
	c, err := ParseControlNumber(control)
	return MessageRef{Bank: bank, Control: c, No: n}, err
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// LineRef is RFF+AEK, our reference of a group of orders: control number, message and LIN.
type LineRef struct {
	Control    ControlNumber
	No, LineNo int
}

// String is the reference as it is written.
func (r LineRef) String() string { return fmt.Sprintf("%s-%d-%d", r.Control, r.No, r.LineNo) }

// ParseLineRef takes a reference of a line apart; ErrNotFound when it is none of ours, character by character.
func ParseLineRef(s string) (LineRef, error) {
	none := fmt.Errorf("line reference of %d characters must be control number-message-LIN: %w", len(s), ErrNotFound)
	rest, lin, found := cutLast(s)
	control, no, both := cutLast(rest)
	if !found || !both {
		return LineRef{}, none
	}
	c, err := ParseControlNumber(control)
	if err != nil {
		return LineRef{}, err
	}
	n, err := strconv.Atoi(no)
	l, wrong := strconv.Atoi(lin)
	r := LineRef{Control: c, No: n, LineNo: l}
	if err != nil || wrong != nil || n < 1 || l < 1 || n > maxMessageNo || l > maxLineNo || r.String() != s {
		return LineRef{}, none
	}
	return r, nil
}
