package gateway

import (
	"fmt"
	"strconv"
	"strings"
)

// BankReference is RFF+CR, what a bank answers with: how the orders of a delivery and attempt begin, and the authority's
// own key of the payment. Together they are unique for ever.
type BankReference struct {
	Head       string // see ReferenceHead
	EndToEndID string
}

// referenceHead is how many characters stand in front of the EndToEndId: the two digits of the cell, and six for the number.
const referenceHead = 8

// MaxReferenceNumber is the greatest number of a delivery and attempt: six digits to base 36.
const MaxReferenceNumber = 36*36*36*36*36*36 - 1

// ReferenceHead is how the bank references of a delivery and attempt begin: the cell in two digits, as in control numbers,
// and its number (from 1) in six digits to base 36, as capitals.
func ReferenceHead(cell Cell, number int64) (string, error) {
	if err := cell.Check(); err != nil {
		return "", fmt.Errorf("bank reference: %w", err)
	}
	if number < 1 || number > MaxReferenceNumber {
		return "", fmt.Errorf("bank reference: number %d must be between 1 and %d", number, int64(MaxReferenceNumber))
	}
	digits := strings.ToUpper(strconv.FormatInt(number, 36))
	return fmt.Sprintf("%02d", int64(cell)) + strings.Repeat("0", referenceHead-2-len(digits)) + digits, nil
}

// String is the reference as it is written.
func (r BankReference) String() string { return r.Head + r.EndToEndID }

// ParseBankReference takes a reference apart; ErrNotFound when it is none of ours.
func ParseBankReference(s string) (BankReference, error) {
	foreign := func(c rune) bool { return c < '0' || c > '9' && c < 'A' || c > 'Z' }
	if len(s) <= referenceHead || strings.ContainsFunc(s[:referenceHead], foreign) {
		return BankReference{}, fmt.Errorf("bank reference of %d characters must be %d digits or capitals and an EndToEndId: %w", len(s), referenceHead, ErrNotFound)
	}
	return BankReference{Head: s[:referenceHead], EndToEndID: s[referenceHead:]}, nil
}
