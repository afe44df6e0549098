package edifact

import (
	"strconv"
	"strings"
)

// Code is a syntax error code of data element 0085, as CONTRL carries it.
// The zero Code means that no code applies.
type Code uint8

// The codes of 0085 (ISO 9735 version 3) that this package gives.
const (
	CodeSyntaxNotSupported  Code = 2  // syntax version or level not supported
	CodeInvalidValue        Code = 12 // invalid value
	CodeMissing             Code = 13 // missing
	CodeNotSupportedHere    Code = 15 // not supported in this position
	CodeTooManyConstituents Code = 16 // too many constituents
	CodeUnspecified         Code = 18 // unspecified error
	CodeBadDecimal          Code = 19 // invalid decimal notation
	CodeBadServiceCharacter Code = 20 // character invalid as service character
	CodeBadCharacter        Code = 21 // invalid character
	CodeBadSeparator        Code = 22 // invalid service character
	CodeReferenceMismatch   Code = 28 // references do not match
	CodeCountMismatch       Code = 29 // control count does not match
	CodeGroupsMixed         Code = 30 // functional groups and messages mixed
	CodeEmpty               Code = 32 // lower level empty
	CodeOutside             Code = 33 // invalid occurrence outside message or group
	CodeNesting             Code = 34 // nesting indicator not allowed
	CodeTooManySegments     Code = 35 // too many segment repetitions
	CodeTooManyGroups       Code = 36 // too many segment group repetitions
	CodeBadType             Code = 37 // invalid type of character
	CodeDigitBeforeDecimal  Code = 38 // missing digit in front of decimal sign
	CodeTooLong             Code = 39 // data element too long
	CodeTooShort            Code = 40 // data element too short
)

// Error is a fault of an interchange and its place. A field that does not
// apply is zero.
type Error struct {
	Offset    int64  // byte offset in the input, from 0
	Message   string // reference of the message (0062)
	Position  int    // position of the segment in its message, UNH being 1 (0096)
	Tag       string // tag of the segment
	Element   int    // position of the data element, the tag being 1 (0098)
	Component int    // position in the composite, from 1 (0104)
	Code      Code   // 0085
	Text      string // what is wrong; never holds data of the interchange but tags, references and counts
}

// Error tells the fault with the place, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("edifact: ")
	b.WriteString(e.Text)
	if e.Tag != "" {
		b.WriteString(": segment ")
		b.WriteString(e.Tag)
	}
	if e.Position > 0 {
		b.WriteString(" no ")
		b.WriteString(strconv.Itoa(e.Position))
	}
	if e.Element > 0 {
		b.WriteString(" element ")
		b.WriteString(strconv.Itoa(e.Element))
	}
	if e.Component > 0 {
		b.WriteString(" component ")
		b.WriteString(strconv.Itoa(e.Component))
	}
	if e.Message != "" {
		b.WriteString(" of message ")
		b.WriteString(strconv.Quote(e.Message))
	}
	b.WriteString(" at byte ")
	b.WriteString(strconv.FormatInt(e.Offset, 10))
	if e.Code != 0 {
		b.WriteString(" (0085 code ")
		b.WriteString(strconv.Itoa(int(e.Code)))
		b.WriteByte(')')
	}
	return b.String()
}
