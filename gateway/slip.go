package gateway

import (
	"strings"
)

// ParseSlip splits a code line as "71+000014560057664" in card type and payment id, and checks both: an id has all the digits
// of its card type, the last of them a check digit.
func ParseSlip(line string) (cardType, id string, ok bool) {
	cardType, id, found := strings.Cut(line, "+")
	digits, known := slipIDDigits(cardType)
	if !found || !known || len(id) != digits || digits > 0 && (!AllDigits(id) || !endsInCheckDigit(id)) {
		return "", "", false
	}
	return cardType, id, true
}

// slipIDDigits is how many digits the payment id of a card type has, its check digit included; 0 where the slip has none.
func slipIDDigits(cardType string) (digits int, known bool) {
	switch cardType {
	case "01", "73":
		return 0, true
	case "71":
		return 15, true
	case "04", "15", "75":
		return 16, true
	}
	return 0, false
}

// endsInCheckDigit checks digits by modulus 10: from the right every other digit counts twice, and of what then has two digits
// their sum.
func endsInCheckDigit(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
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
