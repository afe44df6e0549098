package lint

import (
	"bytes"
	"strings"
)

// RuleForeign is this package's own: the input is EDIFACT.
const RuleForeign = "not-edifact"

// Peeked is how many bytes of an input [Foreign] wants to see.
const Peeked = 4 << 10

// signatures are how files of other formats begin that get among EDIFACT ones.
var signatures = []struct{ prefix, name string }{
	{"ISA", "ANSI X12"},
	{"STX=", "TRADACOMS"},
	{"MSH|", "HL7 version 2"},
	{"FHS|", "HL7 version 2"},
	{"BHS|", "HL7 version 2"},
	{"{1:F", "SWIFT FIN"},
	{"<", "XML"},
	{"{", "JSON"},
	{"[", "JSON"},
	{"\x1F\x8B", "compressed by gzip"},
	{"PK\x03\x04", "a ZIP archive"},
	{"BZh", "compressed by bzip2"},
	{"\xFD7zXZ", "compressed by xz"},
	{"\x28\xB5\x2F\xFD", "compressed by Zstandard"},
	{"%PDF", "PDF"},
	{"\xFF\xFE", "UTF-16: EDIFACT is read byte by byte"},
	{"\xFE\xFF", "UTF-16: EDIFACT is read byte by byte"},
	{"\xE4\xD5\xC1", "EBCDIC"},
	{"\xE4\xD5\xC2", "EBCDIC"},
}

// Foreign says of the first bytes of an input why it is no EDIFACT; "" when it
// may be. Anything with a header segment in it may.
func Foreign(head []byte) string {
	body := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n\x00\x1A")
	if len(body) == 0 {
		return "nothing in it"
	}
	if hasServiceTag(head) {
		return ""
	}
	for _, s := range signatures {
		if bytes.HasPrefix(body, []byte(s.prefix)) {
			return "it looks like " + s.name
		}
	}
	return "there is no UNA, UNB or UNH at its beginning"
}

// hasServiceTag finds a tag of a header with a separator behind it.
func hasServiceTag(head []byte) bool {
	for i := 0; i+3 < len(head); i++ {
		if head[i] != 'U' || head[i+1] != 'N' || !strings.ContainsRune("ABGH", rune(head[i+2])) {
			continue
		}
		before, after := byte('\''), head[i+3]
		if i > 0 {
			before = head[i-1]
		}
		if !letterOrDigit(before) && !letterOrDigit(after) && !strings.ContainsRune(" \"/>", rune(after)) {
			return true
		}
	}
	return false
}

func letterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
