package directory

import (
	"errors"
	"strconv"
	"strings"
)

// ParseFormat reads the representation of a data element as the directories
// write it: a, n or an, and the number of characters; with .. before the number
// that is the most, and any fewer may stand.
func ParseFormat(s string) (kind Kind, shortest, longest int, err error) {
	digits := strings.TrimLeft(s, "an")
	switch s[:len(s)-len(digits)] {
	case "an":
		kind = AN
	case "a":
		kind = A
	case "n":
		kind = N
	default:
		return 0, 0, 0, errFormat
	}
	digits, variable := strings.CutPrefix(digits, "..")
	longest, ok := number(digits, maxLength)
	if !ok || longest == 0 {
		return 0, 0, 0, errFormat
	}
	if !variable {
		shortest = longest
	}
	return kind, shortest, longest, nil
}

var errFormat = errors.New("a format is a, n or an, and a length such as 3 or ..35")

// Format is the representation of the element, such as an..35.
func (e *Element) Format() string {
	s := e.Kind.String()
	if e.Min != e.Max {
		s += ".."
	}
	return s + strconv.Itoa(e.Max)
}

// String is an, a or n.
func (k Kind) String() string {
	switch k {
	case A:
		return "a"
	case N:
		return "n"
	default:
		return "an"
	}
}

// number reads a decimal number without sign or leading zero, up to limit.
func number(s string, limit int) (int, bool) {
	if s == "" || len(s) > 7 || s[0] == '0' && s != "0" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= limit
}

// isTag reports whether s may be the tag of a segment. ISO 9735-1 §8.2
func isTag(s string) bool {
	if len(s) != 3 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if (s[i] < 'A' || s[i] > 'Z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// isCode reports whether s is a word of the text form: not empty, nothing that
// would end it.
func isCode(s string) bool {
	return s != "" && len(s) <= 64 && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}

// isName reports whether s can stand as the rest of a line and be read again.
func isName(s string) bool {
	return s != "" && s[0] != ' ' && s[len(s)-1] != ' ' &&
		strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// shown is a word for an error text, kept short.
func shown(s string) string {
	if len(s) > 20 {
		s = s[:20]
	}
	return strconv.Quote(s)
}
