package edifact

import (
	"strconv"
	"strings"
)

// Place is where in an input something is. A field that does not apply is zero.
type Place struct {
	Interchange string // control reference (0020)
	Group       string // reference of the functional group (0048)
	Message     string // reference of the message (0062), or of the package (0800)
	Position    int    // of the segment in its message, UNH being 1 (0096)
	Tag         string // of the segment; of one that is missing, too
	Element     int    // position of the data element, the tag being 1 (0098)
	Component   int    // position in the composite, from 1 (0104); 0 for the data element as a whole
	Repetition  int    // of the data element, from 1 (0136); 0 where nothing repeats
	Offset      int64  // byte offset in the input, from 0
}

// String names the place in one line.
func (p Place) String() string {
	var b strings.Builder
	number := func(name string, n int) {
		if n > 0 {
			b.WriteString(name + " " + strconv.Itoa(n) + ", ")
		}
	}
	quoted := func(name, s string) {
		if s != "" {
			b.WriteString(name + " " + strconv.Quote(s) + ", ")
		}
	}
	quoted("interchange", p.Interchange)
	quoted("group", p.Group)
	quoted("message", p.Message)
	number("segment", p.Position)
	if p.Tag != "" {
		b.WriteString(p.Tag + ", ")
	}
	number("element", p.Element)
	number("component", p.Component)
	number("repetition", p.Repetition)
	b.WriteString("byte " + strconv.FormatInt(p.Offset, 10))
	return b.String()
}

// ParseError is a fault of an input and its place. It is what a [Reader] and a
// [Validator] return and report.
type ParseError struct {
	Place
	Rule Rule
	Code Code // 0085: what CONTRL calls it
	// Lenient are the leniencies that forgive such a fault; 0 for one that cannot
	// be forgiven.
	Lenient Leniency
	// Forgiven is the leniency by which the fault was passed over; 0 when it was
	// not.
	Forgiven Leniency
	// Text is a sentence about what is wrong. It holds nothing of the input but
	// tags, references, counts and codes.
	Text string
}

// Error tells the fault with rule and place, in one line.
func (e *ParseError) Error() string {
	return "edifact: " + e.Text + " (" + string(e.Rule) + ", 0085 code " + strconv.Itoa(int(e.Code)) + "): " + e.Place.String()
}

// Code is a syntax error code of data element 0085, as CONTRL carries it.
// The zero Code means that no code applies.
type Code uint8

// The codes of 0085 in ISO 9735 version 3. Version 4 withdrew some of them.
const (
	CodeSyntaxNotSupported  Code = 2  // syntax version or level not supported
	CodeNotRecipient        Code = 7  // interchange recipient not actual recipient
	CodeInvalidValue        Code = 12 // invalid value
	CodeMissing             Code = 13 // missing
	CodeValueNotSupported   Code = 14 // value not supported in this position
	CodeNotSupportedHere    Code = 15 // not supported in this position
	CodeTooManyConstituents Code = 16 // too many constituents
	CodeNoAgreement         Code = 17 // no agreement
	CodeUnspecified         Code = 18 // unspecified error
	CodeBadDecimal          Code = 19 // invalid decimal notation
	CodeBadServiceCharacter Code = 20 // character invalid as service character
	CodeBadCharacter        Code = 21 // invalid character
	CodeBadSeparator        Code = 22 // invalid service character
	CodeUnknownSender       Code = 23 // unknown interchange sender
	CodeTooOld              Code = 24 // too old
	CodeTestNotSupported    Code = 25 // test indicator not supported
	CodeDuplicate           Code = 26 // duplicate detected
	CodeSecurity            Code = 27 // security function not supported
	CodeReferenceMismatch   Code = 28 // references do not match
	CodeCountMismatch       Code = 29 // control count does not match
	CodeGroupsMixed         Code = 30 // functional groups and messages mixed
	CodeMixedTypes          Code = 31 // more than one message type in group
	CodeEmpty               Code = 32 // lower level empty
	CodeOutside             Code = 33 // invalid occurrence outside message or group
	CodeNesting             Code = 34 // nesting indicator not allowed
	CodeTooManySegments     Code = 35 // too many segment repetitions
	CodeTooManyGroups       Code = 36 // too many segment group repetitions
	CodeBadType             Code = 37 // invalid type of character
	CodeDigitBeforeDecimal  Code = 38 // missing digit in front of decimal sign
	CodeTooLong             Code = 39 // data element too long
	CodeTooShort            Code = 40 // data element too short
	CodeUnknownRecipient    Code = 43 // unknown interchange recipient
)
