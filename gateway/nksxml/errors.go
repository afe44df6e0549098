package nksxml

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a fault of the document itself. Faults of the source it is read from are returned as they are, wrapped.
type Error struct {
	Line, Column int    // where, from 1; columns count characters
	Path         string // element path, e.g. NKSPayment/PmtInf[3]/PmtTx[2]/Amt/InstdAmt; empty before the root
	Value        string // what stands there, at most 40 characters, with CPR numbers masked; may be empty
	Rule         string // the rule that is broken
	// WellFormed tells a breach of the schema from a document that is no XML or exceeds a limit.
	WellFormed bool
}

// Error tells all of it in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, column %d: ", e.Line, e.Column)
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	if e.Value != "" {
		fmt.Fprintf(&b, "%q: ", e.Value)
	}
	b.WriteString(e.Rule)
	return b.String()
}

// maxShown is how much of a value an error shows, in characters.
const maxShown = 40

// show makes a value of the document fit for an error: CPR numbers masked, then cut.
func show(value []byte) string {
	// Only a bounded start is looked at. Its margin is wide enough that no number is cut before it is masked.
	const look = 4*maxShown + 64
	cut := len(value) > look
	if cut {
		value = value[:look]
	}
	s := maskCPR(strings.ToValidUTF8(string(value), "\uFFFD"))
	if n := utf8.RuneCountInString(s); n > maxShown {
		runes := []rune(s)
		return string(runes[:maxShown-1]) + "…"
	}
	if cut {
		return s + "…"
	}
	return s
}

// maskCPR hides the last four digits of everything that has the shape of a CPR number: ten digits in a row, or six, a
// hyphen or blank, and four. Other numbers of that shape are hidden with them: better one too many.
func maskCPR(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if !isDigit(s[i]) {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := digitRun(s[i:])
		switch {
		case n == 10:
			b.WriteString(s[i : i+6])
			b.WriteString("-xxxx")
			i += 10
		case n == 6 && i+7 < len(s) && (s[i+6] == '-' || s[i+6] == ' ') && digitRun(s[i+7:]) == 4:
			b.WriteString(s[i : i+6])
			b.WriteString("-xxxx")
			i += 11
		default:
			b.WriteString(s[i : i+n])
			i += n
		}
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digitRun(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}
