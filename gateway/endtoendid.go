package gateway

import (
	"strings"
	"unicode/utf8"
)

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
