package gateway

import (
	"strings"
	"unicode/utf8"
)

// MaxDocumentAmount is the largest amount in the document's scale of three implied decimals.
const MaxDocumentAmount = 1_000_000_000_000

// OreOf turns an amount with three implied decimals into øre. The code is empty when the amount is good.
func OreOf(amount int64) (ore int64, bad Code) {
	switch {
	case amount <= 0:
		return 0, CodeAmountZero
	case amount%10 != 0:
		return 0, CodeAmountFraction
	case amount > MaxDocumentAmount:
		return 0, CodeAmountTooLarge
	}
	return amount / 10, ""
}

// DocumentAmount is ore in the documents' scale of three implied decimals.
func DocumentAmount(ore int64) int64 { return ore * 10 }

// maxEndToEndID is the characters that the payer has; the bank reference puts eight digits in front of them.
const maxEndToEndID = 27

// ValidEndToEndID reports whether an id can travel to a bank and back byte by byte: 1-27 printable ISO 8859-1
// characters, no blank at either end.
func ValidEndToEndID(id string) bool {
	if n := utf8.RuneCountInString(id); n == 0 || n > maxEndToEndID || !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if !printableLatin1(r) {
			return false
		}
	}
	first, last := id[0], id[len(id)-1]
	return first != ' ' && last != ' ' && !strings.HasPrefix(id, "\u00a0") && !strings.HasSuffix(id, "\u00a0")
}

func printableLatin1(r rune) bool {
	return r >= 0x20 && r < 0x7f || r >= 0xa0 && r <= 0xff
}

// ValidText reports whether a name or text is free of control characters; tabs and line ends count as such.
func ValidText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// AllDigits reports whether s is one or more ASCII digits.
func AllDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// NormalizeBBAN writes a domestic account with its 14 digits: registration number 4, account at most 10.
func NormalizeBBAN(s string) (string, bool) {
	if len(s) < 5 || len(s) > 14 || !AllDigits(s) {
		return "", false
	}
	return s[:4] + strings.Repeat("0", 14-len(s)) + s[4:], true
}

// maxForeignAccount is the places that C078/3194 has.
const maxForeignAccount = 35

// ValidForeignAccount checks an account number abroad that is no IBAN.
func ValidForeignAccount(s string) bool {
	if s == "" || len(s) > maxForeignAccount {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

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
