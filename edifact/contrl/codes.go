package contrl

import (
	"strconv"

	"nks/edifact"
	"nks/edifact/directory"
)

// Name returns what the service code list calls a code of 0085, such as
// "Missing"; "" for a code that no version has.
func Name(code edifact.Code) string {
	key := strconv.Itoa(int(code))
	for _, version := range []int{4, 3} {
		if name := directory.Service(version).Elements["0085"].Codes[key]; name != "" {
			return name
		}
	}
	return ""
}

// Meaning says in a sentence what a code of 0085 reports; "" for a code that no
// version has.
func Meaning(code edifact.Code) string {
	return directory.SyntaxErrorMeaning(strconv.Itoa(int(code)))
}

// withdrawn maps codes of version 3 to the nearest of version 4, which does not
// have them. Where several are as near, it is 18.
var withdrawn = map[edifact.Code]edifact.Code{
	1:                              edifact.CodeBadServiceCharacter, // UNA not supported
	3:                              edifact.CodeValueNotSupported,   // message version not supported
	4:                              edifact.CodeUnspecified,         // service segment missing or invalid
	5:                              edifact.CodeUnspecified,         // trailer check in error
	6:                              edifact.CodeUnspecified,         // data segment missing or invalid
	8:                              edifact.CodeTooManyConstituents, // too many data elements
	9:                              edifact.CodeMissing,             // mandatory data element missing
	10:                             edifact.CodeInvalidValue,        // data element attribute error
	11:                             edifact.CodeInvalidValue,        // password invalid
	edifact.CodeBadDecimal:         edifact.CodeInvalidValue,
	edifact.CodeSecurity:           edifact.CodeNoAgreement,
	edifact.CodeMixedTypes:         edifact.CodeNotSupportedHere,
	edifact.CodeNesting:            edifact.CodeNotSupportedHere,
	edifact.CodeDigitBeforeDecimal: edifact.CodeInvalidValue,
	41:                             edifact.CodeUnspecified, // network errors
	42:                             edifact.CodeUnspecified,
	edifact.CodeUnknownRecipient:   edifact.CodeNotRecipient,
}

// added maps codes that came with version 4 to the nearest of version 3.
var added = map[edifact.Code]edifact.Code{
	45: edifact.CodeBadSeparator,       // trailing separator
	46: edifact.CodeSyntaxNotSupported, // character set not supported
	47: edifact.CodeNotSupportedHere,   // envelope functionality not supported
	48: edifact.CodeInvalidValue,       // dependency note condition violated
}

// inVersion returns the code by which CONTRL of a version tells what code tells.
func inVersion(code edifact.Code, version int) edifact.Code {
	table := added
	if version == 4 {
		table = withdrawn
	}
	if other, ok := table[code]; ok {
		return other
	}
	if Name(code) == "" {
		return edifact.CodeUnspecified
	}
	return code
}

// ofSegment returns the code by which UCS tells what code tells: it does not take
// those that are about values, counts or references (ISO 9735-4, annex A).
func ofSegment(code edifact.Code) edifact.Code {
	switch code {
	case edifact.CodeInvalidValue, edifact.CodeMissing, edifact.CodeValueNotSupported, edifact.CodeNotSupportedHere,
		edifact.CodeTooManyConstituents, edifact.CodeBadCharacter, edifact.CodeBadSeparator, edifact.CodeSecurity,
		edifact.CodeNesting, edifact.CodeTooManySegments, edifact.CodeTooManyGroups, 45, 48:
		return code
	}
	return edifact.CodeUnspecified
}

// ofElement is ofSegment for UCD.
func ofElement(code edifact.Code) edifact.Code {
	switch code {
	case edifact.CodeBadDecimal, edifact.CodeBadType, edifact.CodeDigitBeforeDecimal, edifact.CodeTooLong, edifact.CodeTooShort:
		return code
	case edifact.CodeTooManyGroups:
		return edifact.CodeUnspecified
	}
	return ofSegment(code)
}
