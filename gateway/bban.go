package gateway

import (
	"strings"
)

// NormalizeBBAN writes a domestic account with its 14 digits: registration number 4, account at most 10.
func NormalizeBBAN(s string) (string, bool) {
	if len(s) < 5 || len(s) > 14 || !AllDigits(s) {
		return "", false
	}
	return s[:4] + strings.Repeat("0", 14-len(s)) + s[4:], true
}
