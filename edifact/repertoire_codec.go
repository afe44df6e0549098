package edifact

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CharacterError tells of a character that a repertoire lacks. Its text names
// the character and nothing else of the value.
type CharacterError struct {
	Repertoire Repertoire
	Rune       rune // -1 when the bytes are no character of any kind
	Byte       byte // the byte at Index
	Index      int  // in the value given, in bytes
}

// Error names the character, or the byte when it is none.
func (e *CharacterError) Error() string {
	name := e.Repertoire.orDefault().String()
	if e.Rune < 0 {
		return fmt.Sprintf("byte %02X is no character of %s", e.Byte, name)
	}
	return fmt.Sprintf("character %U is not in %s", e.Rune, name)
}

// orDefault is what the zero Repertoire stands for.
func (r Repertoire) orDefault() Repertoire {
	if r == 0 || r > UNOY {
		return UNOC
	}
	return r
}

// Length returns the number of characters in an encoded value, the unit of the
// lengths in the directories. Bytes that are no characters count as one each.
func (r Repertoire) Length(b []byte) int {
	switch {
	case r.utf8():
		return utf8.RuneCount(b)
	case r == UNOX:
		return lengthISO2022(b)
	default:
		return len(b)
	}
}

// Valid returns the index of the first byte of b that is no character of the
// repertoire, or -1.
func (r Repertoire) Valid(b []byte) int {
	switch {
	case r.utf8():
		return validUTF8(b)
	case r == UNOX:
		return validISO2022(b)
	}
	set := &r.charset().bytes
	for i, x := range b {
		if !set[x] {
			return i
		}
	}
	return -1
}

func validUTF8(b []byte) int {
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return i
			}
			i++
			continue
		}
		c, size := utf8.DecodeRune(b[i:])
		if size == 1 || c < 0xA0 {
			return i
		}
		i += size
	}
	return -1
}

// Decode returns an encoded value as a Go string. A character outside the
// repertoire is a [*CharacterError].
func (r Repertoire) Decode(b []byte) (string, error) {
	switch {
	case r.utf8():
		if at := validUTF8(b); at >= 0 {
			return "", r.badByte(b, at)
		}
		return string(b), nil
	case r == UNOX:
		s, at := decodeISO2022(b, false)
		if at >= 0 {
			return "", r.badByte(b, at)
		}
		return s, nil
	}
	set := r.charset()
	size := 0
	for i, x := range b {
		if set.width[x] == 0 {
			return "", r.badByte(b, i)
		}
		size += int(set.width[x])
	}
	return set.decode(b, size), nil
}

// decode writes bytes of an ISO 8859 part that take size bytes as UTF-8.
func (c *charset) decode(b []byte, size int) string {
	if size == len(b) {
		return string(b)
	}
	var s strings.Builder
	s.Grow(size)
	for _, x := range b {
		if x < utf8.RuneSelf {
			s.WriteByte(x)
			continue
		}
		s.WriteRune(rune(c.runes[x]))
	}
	return s.String()
}

func (r Repertoire) badByte(b []byte, at int) error {
	e := &CharacterError{Repertoire: r, Rune: -1, Byte: b[at], Index: at}
	switch {
	case b[at] < utf8.RuneSelf:
		e.Rune = rune(b[at])
	case r.utf8():
		if c, size := utf8.DecodeRune(b[at:]); size > 1 {
			e.Rune = c
		}
	}
	return e
}

// DecodeLossy is Decode for display and comparison: a byte that is no
// character becomes U+FFFD, but characters of ASCII that the repertoire lacks
// stay what they are, and UNOA and UNOB are read as ISO 8859-1.
func (r Repertoire) DecodeLossy(b []byte) string {
	if r == UNOA || r == UNOB {
		r = UNOC
	}
	if s, err := r.Decode(b); err == nil {
		return s
	}
	if r == UNOX {
		s, _ := decodeISO2022(b, true)
		return s
	}
	var s strings.Builder
	set := r.charset()
	for i := 0; i < len(b); {
		c, size := rune(b[i]), 1
		switch {
		case c < utf8.RuneSelf:
		case !r.utf8() && set.bytes[c]:
			c = rune(set.runes[c])
		case !r.utf8():
			c = utf8.RuneError
		default:
			if c, size = utf8.DecodeRune(b[i:]); c < 0xA0 {
				c = utf8.RuneError
			}
		}
		s.WriteRune(c)
		i += size
	}
	return s.String()
}

// Append encodes s behind dst. A character outside the repertoire is a
// [*CharacterError]; dst is then returned as it was.
func (r Repertoire) Append(dst []byte, s string) ([]byte, error) {
	if r == UNOX {
		return appendISO2022(dst, s)
	}
	start, set, wide := len(dst), r.charset(), r.utf8()
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && s[i] < utf8.RuneSelf && set.bytes[s[i]] {
			i++
		}
		dst = append(dst, s[from:i]...)
		if i == len(s) {
			break
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && size == 1 || !r.Has(c) {
			return dst[:start], r.badRune(s, i)
		}
		if wide {
			dst = append(dst, s[i:i+size]...)
		} else {
			b, _ := set.encode(c)
			dst = append(dst, b)
		}
		i += size
	}
	return dst, nil
}

func (r Repertoire) badRune(s string, at int) error {
	c, size := utf8.DecodeRuneInString(s[at:])
	if c == utf8.RuneError && size == 1 {
		c = -1
	}
	return &CharacterError{Repertoire: r, Rune: c, Byte: s[at], Index: at}
}
