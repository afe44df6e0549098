package gateway

import (
	"strings"
)

// ParseSlip splits a code line as "71+000014560057664" in card type and reference, and checks both.
func ParseSlip(line string) (cardType, reference string, ok bool) {
	cardType, reference, found := strings.Cut(line, "+")
	if !found {
		return "", "", false
	}
	longest, known := map[string]int{"01": 0, "73": 0, "71": 15, "04": 16, "15": 16, "75": 16}[cardType]
	if !known || len(reference) > longest || longest > 0 && !AllDigits(reference) {
		return "", "", false
	}
	return cardType, reference, true
}

// ValidSlipCreditor checks a giro number (7-8 digits) or FI creditor number (8 digits).
func ValidSlipCreditor(cardType, number string) bool {
	if !AllDigits(number) {
		return false
	}
	if cardType == "71" || cardType == "73" || cardType == "75" {
		return len(number) == 8
	}
	return len(number) == 7 || len(number) == 8
}
