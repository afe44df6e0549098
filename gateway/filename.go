package gateway

import (
	"fmt"
	"strconv"
	"strings"
)

// Marks in the patterns of file names.
const (
	refMark     = "{ref}"
	attemptMark = "{attempt}"
)

// FileNames is how files at a bank are named: patterns of the bank's profile.
type FileNames struct {
	Final string // holds {ref}
	Temp  string // holds {ref} and {attempt}
}

// FinalName is the final name of an interchange at the bank; it carries the control number, so that no two are alike.
func (f FileNames) FinalName(n ControlNumber) string {
	return strings.ReplaceAll(f.Final, refMark, n.String())
}

// TempName is the name of one attempt to put a file; it carries the attempt, so that a late writer of an earlier attempt
// cannot touch it.
func (f FileNames) TempName(n ControlNumber, attempt int) string {
	return strings.NewReplacer(refMark, n.String(), attemptMark, strconv.Itoa(attempt)).Replace(f.Temp)
}

// ParseFinalName finds the control number in a final name; ErrNotFound when the name is none of ours.
func (f FileNames) ParseFinalName(name string) (ControlNumber, error) {
	before, after, found := strings.Cut(f.Final, refMark)
	digits, ok := strings.CutPrefix(name, before)
	if ok {
		digits, ok = strings.CutSuffix(digits, after)
	}
	if !found || !ok || len(digits) != controlDigits {
		return 0, fmt.Errorf("file name %q must be as %q: %w", name, f.Final, ErrNotFound)
	}
	return ParseControlNumber(digits)
}
