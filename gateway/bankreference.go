package gateway

import (
	"fmt"
	"strconv"
)

// BankReference is RFF+CR, what a bank answers with: a number per delivery and attempt, and the authority's own key of
// the payment. Together they are unique for ever.
type BankReference struct {
	Number     int64 // 1 to MaxBankReference
	EndToEndID string
}

// bankReferenceDigits is how many digits stand in front of the EndToEndId.
const bankReferenceDigits = 8

// MaxBankReference is the greatest number of a delivery and attempt.
const MaxBankReference = 99_999_999

// String is the reference as it is written.
func (r BankReference) String() string {
	return fmt.Sprintf("%0*d", bankReferenceDigits, r.Number) + r.EndToEndID
}

// ParseBankReference takes a reference apart; ErrNotFound when it is none of ours.
func ParseBankReference(s string) (BankReference, error) {
	if len(s) <= bankReferenceDigits || !AllDigits(s[:bankReferenceDigits]) {
		return BankReference{}, fmt.Errorf("bank reference of %d characters must be %d digits and an EndToEndId: %w", len(s), bankReferenceDigits, ErrNotFound)
	}
	n, err := strconv.ParseInt(s[:bankReferenceDigits], 10, 64)
	if err != nil {
		return BankReference{}, err
	}
	return BankReference{Number: n, EndToEndID: s[bankReferenceDigits:]}, nil
}
