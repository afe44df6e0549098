package witness

import "strings"

// segment is its elements with their components; element 0 is the tag.
type segment [][]string

// at gives a component, empty if there is none. ISO 9735 lets trailing ones be left out.
func (s segment) at(element, component int) string {
	if element >= len(s) || component >= len(s[element]) {
		return ""
	}
	return s[element][component]
}

func (s segment) tag() string { return s.at(0, 0) }

// segments splits an interchange: service characters from UNA, released characters taken literally, line ends ignored
// wherever they stand (some centres wrap their lines). It asks for nothing else: what is wrong shows in the sums.
func segments(b []byte, visit func(segment)) {
	component, element, release, terminator := byte(':'), byte('+'), byte('?'), byte('\'')
	if len(b) >= 9 && string(b[:3]) == "UNA" {
		component, element, release, terminator = b[3], b[4], b[6], b[8]
		b = b[9:]
	}
	var s segment
	var parts []string
	text := make([]byte, 0, 256)
	utf8 := false
	endPart := func() {
		if utf8 {
			parts = append(parts, string(text))
		} else {
			parts = append(parts, fromLatin1(text))
		}
		text = text[:0]
	}
	endElement := func() {
		endPart()
		s = append(s, parts)
		parts = nil
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r' || c == '\n':
		case c == release && release != ' ':
			for i++; i < len(b) && (b[i] == '\r' || b[i] == '\n'); i++ {
			}
			if i < len(b) {
				text = append(text, b[i])
			}
		case c == terminator:
			endElement()
			if s.tag() == "UNB" {
				utf8 = s.at(1, 0) == "UNOW"
			}
			visit(s)
			s = nil
		case c == element:
			endElement()
		case c == component:
			endPart()
		default:
			text = append(text, c)
		}
	}
}

func fromLatin1(b []byte) string {
	for _, c := range b {
		if c >= 0x80 {
			return latin1(b)
		}
	}
	return string(b)
}

// oereOf reads an amount of at most two decimals, with either decimal mark (ISO 9735 §10).
func oereOf(s string) (int64, bool) {
	whole, part := s, ""
	if i := strings.IndexAny(s, ",."); i >= 0 {
		whole, part = s[:i], s[i+1:]
	}
	if len(whole) > 15 || len(part) > 2 || whole+part == "" {
		return 0, false
	}
	part += "00"[len(part):]
	var n int64
	for _, c := range []byte(whole + part) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// sameNumber compares account numbers, which some write with leading zeros.
func sameNumber(a, b string) bool {
	return a == b || strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
}

// sameAccount compares the account in an order with one in a document, which may leave out zeros in the middle or
// write an IBAN in groups.
func sameAccount(ordered, document string) bool {
	document = strings.ReplaceAll(document, " ", "")
	return sameNumber(ordered, document) || ordered == domestic(document)
}
