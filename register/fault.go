package register

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxFaults is how many faults of a load are told before it gives up.
const MaxFaults = 20

// ErrData means that the files break a rule; nothing of them was loaded.
var ErrData = errors.New("reference data refused")

// Fault is one broken rule in a file.
type Fault struct {
	File   string
	Line   int    // 1 is the header; 0 when the file as a whole is meant
	Column string // empty when the row as a whole is meant
	Value  string // as found, CPR numbers masked, shortened
	Rule   string
}

func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Column != "" {
		fmt.Fprintf(&b, "%s ", f.Column)
		if f.Value != "" {
			fmt.Fprintf(&b, "%q ", f.Value)
		}
	}
	b.WriteString(f.Rule)
	return b.String()
}

// LoadError tells why files were refused. It is an ErrData.
type LoadError struct {
	Faults []Fault // at most MaxFaults
	More   bool    // the search ended at MaxFaults
}

func (e *LoadError) Error() string {
	lines := make([]string, 0, len(e.Faults)+2)
	lines = append(lines, ErrData.Error())
	for _, f := range e.Faults {
		lines = append(lines, f.String())
	}
	if e.More {
		lines = append(lines, fmt.Sprintf("gave up after %d errors", MaxFaults))
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes a LoadError an ErrData.
func (e *LoadError) Unwrap() error { return ErrData }

// add reports whether there is room for more.
func (e *LoadError) add(f Fault) bool {
	if len(e.Faults) < MaxFaults {
		e.Faults = append(e.Faults, f)
		return true
	}
	e.More = true
	return false
}

var numbers = regexp.MustCompile(`[0-9]+(-[0-9]+)?`)

// shown is a value as an error may show it: a number that could be a CPR number keeps its date only, wherever it
// stands, for a shifted column may carry it.
func shown(value []byte) string {
	const longest = 60
	s := strings.ToValidUTF8(string(value), "\uFFFD")
	s = numbers.ReplaceAllStringFunc(s, func(n string) string {
		digits := strings.ReplaceAll(n, "-", "")
		if len(digits) != 10 {
			return n
		}
		return digits[:6] + "-xxxx"
	})
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return s
}

// shownID is the value of an id column that is, or may be meant as, a CPR number of any length.
func shownID(value []byte) string {
	s := strings.ToValidUTF8(string(value), "\uFFFD")
	if r := []rune(s); len(r) > 6 {
		return string(r[:6]) + "-xxxx"
	}
	return s
}
