package sample

import (
	"strings"
	"time"
	"unicode/utf8"
)

// What reference data can hold (docs/reference-data.md), written down a second time: a simulated party shares no rule with the
// gateway.

// trimSpace takes XML's white space away.
func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }

func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// isLogin tells what can be a data supplier's name, which is a login and the name of a folder.
func isLogin(s string) bool {
	if len(s) < 1 || len(s) > 35 || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// isText tells a text of 1 to most characters, without a blank at either end and without control characters.
func isText(s string, most int) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || utf8.RuneCountInString(s) > most {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError })
}

// domestic writes an account with its 14 digits: 4 of registration number, 10 of account.
func domestic(s string) (string, bool) {
	if len(s) < 5 || len(s) > 14 || !isDigits(s, len(s)) {
		return "", false
	}
	return s[:4] + strings.Repeat("0", 14-len(s)) + s[4:], true
}

func isHolder(kind, id string) bool {
	switch kind {
	case kindCPR:
		return isCPR(id)
	case kindCVR, kindSE:
		return isDigits(id, 8) && id != "00000000" && mod11(id) == 0
	}
	return isDigits(id, 10)
}

// isCPR judges the date of birth alone, its century by the seventh digit; control digits are no longer kept to.
// nks-domain §9
func isCPR(id string) bool {
	if !isDigits(id, 10) {
		return false
	}
	two := func(at int) int { return int(id[at]-'0')*10 + int(id[at+1]-'0') }
	day, month, year := two(0), two(2), two(4)
	switch seventh := id[6]; {
	case seventh <= '3':
		year += 1900
	case (seventh == '4' || seventh == '9') && year > 36:
		year += 1900
	case seventh != '4' && seventh != '9' && year > 57:
		year += 1800
	default:
		year += 2000
	}
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return d.Day() == day && int(d.Month()) == month
}

// mod11 is the remainder of a company number's weighted sum, 0 for a valid one; of seven digits it is the remainder
// that the eighth has to fill up. // erhvervsstyrelsen.dk/modulus_11
func mod11(digits string) int {
	weights, sum := "27654321", 0
	for i := range len(digits) {
		sum += int(digits[i]-'0') * int(weights[i]-'0')
	}
	return sum % 11
}
