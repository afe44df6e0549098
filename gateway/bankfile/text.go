package bankfile

import (
	"strings"
	"unicode/utf8"
)

// lineWidth is the characters of a line of name, address or text.
const lineWidth = 35

// Alteration is what was done to a name or text.
type Alteration string

// What can be done to a name or text.
const (
	Transliterated Alteration = "transliterated" // characters outside the bank's repertoire replaced
	Shortened      Alteration = "shortened"      // what has no room left out
	Dropped        Alteration = "dropped"        // the bank has no place for it
)

// lines cuts s every width characters; blanks at the end of a line are not
// carried by EDIFACT and lines of nothing but blanks are left out.
func lines(dst []string, s string, width int) []string {
	for s != "" {
		n := len(s)
		if n > width {
			n = cutAt(s, width)
		}
		if line := strings.TrimRight(s[:n], " "); line != "" {
			dst = append(dst, line)
		}
		s = s[n:]
	}
	return dst
}

// cutAt is the index of the character behind the first n of s.
func cutAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// short is at most n characters of s.
func short(s string, n int) (string, bool) {
	if utf8.RuneCountInString(s) <= n {
		return s, false
	}
	return s[:cutAt(s, n)], true
}
