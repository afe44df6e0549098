package edifact

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

const escape = 0x1B

// graphic is a set designated to the bytes 21 to 7E (G0 of ISO 2022).
type graphic uint8

const (
	graphicASCII graphic = iota
	graphicRoman         // JIS X 0201, Latin letters
	graphicKana          // JIS X 0201, katakana
	graphicKanji         // JIS X 0208, two bytes for each character
)

// iso2022 is the state of a value under UNOX.
type iso2022 struct {
	low  graphic
	high Repertoire // ISO 8859 part for the bytes from A0; 0 for none
}

// designations are the escape sequences for G0, behind ESC.
var designations = []struct {
	sequence string
	set      graphic
}{
	{"(B", graphicASCII}, {"(J", graphicRoman}, {"(I", graphicKana},
	{"$B", graphicKanji}, {"$@", graphicKanji}, {"$(B", graphicKanji},
}

// finals are the final bytes of ESC - F, which designates the upper half of an
// ISO 8859 part (ISO-IR 100, 101, 109, 110, 126, 127, 138, 144, 148, 203).
var finals = []struct {
	final byte
	part  Repertoire
}{
	{'A', UNOC}, {'B', UNOD}, {'C', UNOG}, {'D', UNOH}, {'F', UNOF},
	{'G', UNOI}, {'H', UNOJ}, {'L', UNOE}, {'M', UNOK}, {'b', UNOL},
}

// next reads one character or escape sequence of b, which is not empty. It
// returns -1 for a sequence, and size 0 when b does not begin with either.
func (x *iso2022) next(b []byte) (rune, int) {
	c := b[0]
	switch {
	case c == escape:
		return -1, x.designate(b[1:])
	case c < ' ' || c == 0x7F:
		return 0, 0
	case c >= utf8.RuneSelf:
		set := x.high.charset()
		if x.high == 0 || !set.bytes[c] {
			return 0, 0
		}
		return rune(set.runes[c]), 1
	case c == ' ' || x.low == graphicASCII:
		return rune(c), 1
	case x.low == graphicRoman:
		return roman(c), 1
	case x.low == graphicKana:
		if c > 0x5F {
			return 0, 0
		}
		return 0xFF61 + rune(c-0x21), 1
	default:
		return kanji(b)
	}
}

// designate obeys the sequence behind an ESC and returns its length with ESC,
// or 0.
func (x *iso2022) designate(b []byte) int {
	for _, d := range designations {
		if n := len(d.sequence); len(b) >= n && string(b[:n]) == d.sequence {
			x.low = d.set
			return n + 1
		}
	}
	if len(b) >= 2 && b[0] == '-' {
		for _, f := range finals {
			if f.final == b[1] {
				x.high = f.part
				return 3
			}
		}
	}
	return 0
}

// overline is the only character that JIS X 0201 alone has of its Latin half.
const overline = '‾'

func roman(c byte) rune {
	switch c {
	case '\\':
		return '¥'
	case '~':
		return overline
	default:
		return rune(c)
	}
}

const kanjiRow = 94

// kanjiTable is JIS X 0208 by row and cell, 0 where it has no character.
var kanjiTable = sync.OnceValue(func() *[kanjiRow * kanjiRow]rune {
	t := new([kanjiRow * kanjiRow]rune)
	decoder := japanese.EUCJP.NewDecoder()
	for i := range t {
		euc := []byte{byte(0xA1 + i/kanjiRow), byte(0xA1 + i%kanjiRow)}
		if out, err := decoder.Bytes(euc); err == nil {
			if c, size := utf8.DecodeRune(out); size == len(out) && c != utf8.RuneError {
				t[i] = c
			}
		}
	}
	return t
})

// kanjiCodes is kanjiTable read backwards.
var kanjiCodes = sync.OnceValue(func() map[rune]uint16 {
	codes := map[rune]uint16{}
	for i, c := range kanjiTable() {
		if _, twice := codes[c]; c != 0 && !twice {
			codes[c] = uint16(0x21+i/kanjiRow)<<8 | uint16(0x21+i%kanjiRow)
		}
	}
	return codes
})

func kanji(b []byte) (rune, int) {
	if len(b) < 2 || b[1] <= ' ' || b[1] >= 0x7F {
		return 0, 0
	}
	c := kanjiTable()[int(b[0]-0x21)*kanjiRow+int(b[1]-0x21)]
	if c == 0 {
		return 0, 0
	}
	return c, 2
}

func lengthISO2022(b []byte) int {
	var x iso2022
	n := 0
	for i := 0; i < len(b); {
		c, size := x.next(b[i:])
		if c >= 0 || size == 0 {
			n++
		}
		i += max(size, 1)
	}
	return n
}

func validISO2022(b []byte) int {
	var x iso2022
	for i := 0; i < len(b); {
		_, size := x.next(b[i:])
		if size == 0 {
			return i
		}
		i += size
	}
	return -1
}

// decodeISO2022 returns the text and -1, or nothing and the index of the first
// byte that is no character; lossy writes U+FFFD for those.
func decodeISO2022(b []byte, lossy bool) (string, int) {
	var x iso2022
	var s strings.Builder
	s.Grow(len(b))
	for i := 0; i < len(b); {
		c, size := x.next(b[i:])
		switch {
		case size == 0 && !lossy:
			return "", i
		case size == 0:
			c = utf8.RuneError
			if b[i] < utf8.RuneSelf && x.low == graphicASCII {
				c = rune(b[i])
			}
		}
		if c >= 0 {
			s.WriteRune(c)
		}
		i += max(size, 1)
	}
	return s.String(), -1
}

func hasISO2022(c rune) bool {
	if kana(c) || c == overline {
		return true
	}
	if _, ok := kanjiCodes()[c]; ok {
		return true
	}
	return designated(c) != 0
}

func kana(c rune) bool { return c >= 0xFF61 && c <= 0xFF9F }

// designated returns the first ISO 8859 part that has c, or 0.
func designated(c rune) Repertoire {
	for _, f := range finals {
		if f.part.Has(c) {
			return f.part
		}
	}
	return 0
}

// appendISO2022 ends in ASCII again.
func appendISO2022(dst []byte, s string) ([]byte, error) {
	start := len(dst)
	var x iso2022
	for i, c := range s {
		switch {
		case c >= ' ' && c < 0x7F:
			dst = append(x.shift(dst, graphicASCII), byte(c))
		case c < 0xA0 || c == utf8.RuneError:
			return dst[:start], UNOX.badRune(s, i)
		case kana(c):
			dst = append(x.shift(dst, graphicKana), 0x21+byte(c-0xFF61))
		case c == overline:
			dst = append(x.shift(dst, graphicRoman), '~')
		default:
			var ok bool
			if dst, ok = x.append(dst, c); !ok {
				return dst[:start], UNOX.badRune(s, i)
			}
		}
	}
	return x.shift(dst, graphicASCII), nil
}

// append writes a character beyond ASCII, in an ISO 8859 part when one has it.
func (x *iso2022) append(dst []byte, c rune) ([]byte, bool) {
	if x.high == 0 || !x.high.Has(c) {
		part := designated(c)
		if part == 0 {
			code, ok := kanjiCodes()[c]
			if !ok {
				return dst, false
			}
			return append(x.shift(dst, graphicKanji), byte(code>>8), byte(code)), true
		}
		x.high = part
		for _, f := range finals {
			if f.part == part {
				dst = append(dst, escape, '-', f.final)
			}
		}
	}
	b, _ := x.high.charset().encode(c)
	return append(dst, b), true
}

// shift designates a set to G0 unless it is there.
func (x *iso2022) shift(dst []byte, to graphic) []byte {
	if x.low == to {
		return dst
	}
	x.low = to
	for _, d := range designations {
		if d.set == to {
			return append(append(dst, escape), d.sequence...)
		}
	}
	return dst
}
