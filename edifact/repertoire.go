package edifact

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Repertoire is a character repertoire of data element 0001.
//
// The zero Repertoire says nothing: a [Writer] writes UNOC then, a [Reader]
// takes what UNB says, and its methods are those of UNOC.
//
// No repertoire has the control characters of ISO 646 and ISO 6429, DEL among
// them; ESC is no character but the code extension of UNOX.
type Repertoire uint8

// The repertoires of ISO 9735 version 4. All but UNOW, UNOX and UNOY have one
// byte for each character.
const (
	// UNOA is level A, upper case: A to Z, 0 to 9, blank and . , - ( ) / = ! " % & * ; < > ' + : ?
	UNOA Repertoire = iota + 1
	// UNOB is level A and the small letters a to z.
	UNOB
	UNOC // ISO 8859-1, Latin 1
	UNOD // ISO 8859-2, Latin 2
	UNOE // ISO 8859-5, Latin and Cyrillic
	UNOF // ISO 8859-7, Latin and Greek, as of 2003
	UNOG // ISO 8859-3, Latin 3
	UNOH // ISO 8859-4, Latin 4
	UNOI // ISO 8859-6, Latin and Arabic
	UNOJ // ISO 8859-8, Latin and Hebrew
	UNOK // ISO 8859-9, Latin 5
	UNOL // ISO 8859-15, Latin 9
	// UNOW is ISO 10646 as UTF-8.
	UNOW
	// UNOX is ISO 2022 with the escape sequences of ISO 2375. Every value
	// begins as ASCII. Known are ESC ( B (ASCII), ESC ( J and ESC ( I (JIS X
	// 0201), ESC $ @, ESC $ B and ESC $ ( B (JIS X 0208), and ESC - with the
	// final byte of one of the ISO 8859 parts above for the bytes from A0. Other
	// sequences, shifts, and JIS X 0212 are no characters. Bytes that look like
	// service characters, in a sequence or in a character of two bytes, must be
	// released like all others, for a reader cuts segments by bytes.
	UNOX
	// UNOY is ISO 10646 without code extension. The standard means two bytes for
	// each character, service characters included; what is sent under this name
	// is UTF-8, and that is what it is here.
	UNOY
)

// charset is what the methods of a Repertoire know of it.
type charset struct {
	name  string
	part  *charmap.Charmap // of ISO 8859; nil for UTF-8 and ISO 2022
	bytes [256]bool        // that may stand in a value
	// width is the bytes that a byte takes in UTF-8; 0 for those that are no
	// character or are one with others.
	width [256]uint8
	runes [256]uint16
}

const levelAMarks = " .,-()/=!\"%&*;<>'+:?"

// charsets is indexed by Repertoire.
var charsets = func() (t [UNOY + 1]charset) {
	for r, part := range map[Repertoire]*charmap.Charmap{
		UNOA: charmap.ISO8859_1, UNOB: charmap.ISO8859_1, UNOC: charmap.ISO8859_1, UNOD: charmap.ISO8859_2,
		UNOE: charmap.ISO8859_5, UNOF: charmap.ISO8859_7, UNOG: charmap.ISO8859_3, UNOH: charmap.ISO8859_4,
		UNOI: charmap.ISO8859_6, UNOJ: charmap.ISO8859_8, UNOK: charmap.ISO8859_9, UNOL: charmap.ISO8859_15,
	} {
		t[r].part = part
	}
	for r := UNOA; r <= UNOY; r++ {
		t[r].name = "UNO" + "?ABCDEFGHIJKLWXY"[r:r+1]
		t[r].fill(r)
	}
	t[UNOX].bytes[escape] = true
	t[0] = t[UNOC]
	t[0].name = ""
	return t
}()

func (c *charset) fill(r Repertoire) {
	for _, mark := range []byte(levelAMarks) {
		c.bytes[mark] = true
	}
	for i := range c.bytes {
		b := byte(i)
		switch {
		case b >= 'A' && b <= 'Z' || b >= '0' && b <= '9':
			c.bytes[b] = true
		case b >= 'a' && b <= 'z':
			c.bytes[b] = r != UNOA
		case r == UNOA || r == UNOB:
		case b < utf8.RuneSelf:
			c.bytes[b] = b >= ' ' && b != 0x7F
		case c.part != nil:
			c.bytes[b] = b >= 0xA0 && c.part.DecodeByte(b) != utf8.RuneError
		case r == UNOX:
			c.bytes[b] = b >= 0xA0
		default:
			c.bytes[b] = b != 0xC0 && b != 0xC1 && b < 0xF5
		}
		if c.bytes[b] && (b < utf8.RuneSelf || c.part != nil) {
			c.runes[b] = uint16(b)
			if c.part != nil {
				c.runes[b] = uint16(c.part.DecodeByte(b))
			}
			c.width[b] = uint8(utf8.RuneLen(rune(c.runes[b])))
		}
	}
}

func (r Repertoire) charset() *charset {
	if r > UNOY {
		r = 0
	}
	return &charsets[r]
}

// ParseRepertoire returns the repertoire with the name that UNB carries.
func ParseRepertoire(name string) (Repertoire, bool) {
	for r := UNOA; r <= UNOY; r++ {
		if charsets[r].name == name {
			return r, true
		}
	}
	return 0, false
}

// String returns the name that UNB carries, or "" for the zero Repertoire.
func (r Repertoire) String() string { return r.charset().name }

// MultiByte reports whether a character can take more than one byte: UNOW,
// UNOX and UNOY.
func (r Repertoire) MultiByte() bool { return r.charset().part == nil }

// utf8 reports whether values are UTF-8.
func (r Repertoire) utf8() bool { return r == UNOW || r == UNOY }

// Bytes tells of every byte whether it may stand in a value. In a repertoire
// that is MultiByte that is not enough: [Repertoire.Valid] decides.
func (r Repertoire) Bytes() [256]bool { return r.charset().bytes }

// Has reports whether c belongs to the repertoire.
func (r Repertoire) Has(c rune) bool {
	set := r.charset()
	switch {
	case c < 0:
		return false
	case c < utf8.RuneSelf:
		return c != escape && set.bytes[c]
	case c < 0xA0:
		return false
	case r.utf8():
		return utf8.ValidRune(c)
	case r == UNOX:
		return hasISO2022(c)
	default:
		_, ok := set.encode(c)
		return ok
	}
}

// encode returns the byte of a character beyond ASCII in a set of ISO 8859.
func (c *charset) encode(r rune) (byte, bool) {
	b := byte(r)
	if r > 0xFF || rune(c.runes[b]) != r {
		b, _ = c.part.EncodeRune(r)
	}
	return b, c.bytes[b] && rune(c.runes[b]) == r
}
