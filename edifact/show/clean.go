package show

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// clean makes a value fit to be seen: control characters cannot reach the
// terminal, and numbers that look like a CPR number are masked where asked for.
func (v *viewer) clean(s string) string {
	if v.o.Mask {
		s = mask(s)
	}
	return visible(s)
}

// visible replaces characters that have no picture of their own: control
// characters of ASCII by their symbols, others by their number.
func visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case !hidden(c):
			b.WriteRune(c)
		case c < ' ':
			b.WriteRune('␀' + c)
		case c == 0x7F:
			b.WriteRune('␡')
		default:
			b.WriteString("<U+" + strings.ToUpper(strconv.FormatInt(int64(c), 16)) + ">")
		}
	}
	return b.String()
}

func hidden(c rune) bool { return !unicode.IsPrint(c) && c != ' ' }

// cpr is a date, with 60 added to the day in numbers given out provisionally,
// and four digits.
var cpr = regexp.MustCompile(`(?:0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])(?:0[1-9]|1[0-2])[0-9]{2}[- ]?[0-9]{4}`)

// mask hides what looks like CPR numbers and does not stand among more digits.
func mask(s string) string {
	var b strings.Builder
	from := 0
	for from < len(s) {
		at := cpr.FindStringIndex(s[from:])
		if at == nil {
			break
		}
		start, end := from+at[0], from+at[1]
		if start > 0 && digit(s[start-1]) || end < len(s) && digit(s[end]) {
			b.WriteString(s[from : start+1])
			from = start + 1
			continue
		}
		b.WriteString(s[from:start])
		for _, c := range s[start:end] {
			if c >= '0' && c <= '9' {
				c = '*'
			}
			b.WriteRune(c)
		}
		from = end
	}
	return b.String() + s[from:]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
