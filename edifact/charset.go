package edifact

import (
	"strings"
	"unicode/utf8"
)

// Charset is a character repertoire of data element 0001.
type Charset uint8

const (
	// UNOC is ISO 8859-1 without control characters; the zero value.
	UNOC Charset = iota
	// UNOA is the upper case level A: A to Z, 0 to 9, blank and . , - ( ) / = ! " % & * ; < > ' + : ?
	UNOA
	// UNOB is level A and the small letters.
	UNOB
	// UNOW is ISO 10646 as UTF-8, without control characters.
	UNOW
)

// ParseCharset returns the repertoire with the name that UNB carries.
func ParseCharset(name string) (Charset, bool) {
	for _, c := range []Charset{UNOA, UNOB, UNOC, UNOW} {
		if c.String() == name {
			return c, true
		}
	}
	return UNOC, false
}

// String returns the name that UNB carries.
func (c Charset) String() string {
	switch c {
	case UNOA:
		return "UNOA"
	case UNOB:
		return "UNOB"
	case UNOW:
		return "UNOW"
	default:
		return "UNOC"
	}
}

const levelAMarks = " .,-()/=!\"%&*;<>'+:?"

// Has reports whether r belongs to the repertoire.
func (c Charset) Has(r rune) bool {
	switch c {
	case UNOA, UNOB:
		return r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || c == UNOB && r >= 'a' && r <= 'z' || r < 0x80 && strings.IndexByte(levelAMarks, byte(r)) >= 0
	case UNOW:
		return r >= 0x20 && r < 0x7F || r >= 0xA0 && r != utf8.RuneError && utf8.ValidRune(r)
	default:
		return r >= 0x20 && r < 0x7F || r >= 0xA0 && r <= 0xFF
	}
}

// Length returns the number of characters in an encoded value.
func (c Charset) Length(b []byte) int {
	if c == UNOW {
		return utf8.RuneCount(b)
	}
	return len(b)
}

// repertoires tells of every byte whether it is a character of a set that has
// one byte for each.
var repertoires = func() (t [3][256]bool) {
	for _, c := range []Charset{UNOC, UNOA, UNOB} {
		for b := range t[c] {
			t[c][b] = c.Has(rune(b))
		}
	}
	return t
}()

// Valid returns the index of the first byte of b that is no character of the
// repertoire, or -1.
func (c Charset) Valid(b []byte) int {
	if c == UNOW {
		return validUTF8(b)
	}
	set := &repertoires[c]
	for i, x := range b {
		if !set[x] {
			return i
		}
	}
	return -1
}

func validUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if !UNOW.Has(r) {
			return i
		}
		i += size
	}
	return -1
}

// Decode returns an encoded value as a Go string. A character outside the
// repertoire is an error with code 21 and neither place nor value.
func (c Charset) Decode(b []byte) (string, error) {
	if c.Valid(b) >= 0 {
		return "", &Error{Code: CodeBadCharacter, Text: "character outside " + c.String()}
	}
	return c.decode(b), nil
}

// decode takes bytes outside the repertoire for ISO 8859-1, for messages about
// them.
func (c Charset) decode(b []byte) string {
	if c == UNOW {
		return strings.ToValidUTF8(string(b), "?")
	}
	plain := true
	for _, x := range b {
		if x >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return string(b)
	}
	out := make([]byte, 0, len(b)+8)
	for _, x := range b {
		out = utf8.AppendRune(out, rune(x))
	}
	return string(out)
}

// Append encodes s behind dst. A character outside the repertoire is an error
// with code 21; dst is then returned as it was.
func (c Charset) Append(dst []byte, s string) ([]byte, error) {
	start := len(dst)
	for i, r := range s {
		if !c.Has(r) || r == utf8.RuneError {
			return dst[:start], &Error{Offset: int64(i), Code: CodeBadCharacter, Text: "character outside " + c.String()}
		}
		if c == UNOW {
			dst = utf8.AppendRune(dst, r)
		} else {
			dst = append(dst, byte(r))
		}
	}
	return dst, nil
}
