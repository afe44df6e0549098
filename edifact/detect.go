package edifact

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how the bytes of a value are really encoded, whatever UNB says.
type Encoding uint8

const (
	// EncodingLabelled is that of the repertoire, or nothing better known.
	EncodingLabelled    Encoding = iota
	EncodingUTF8                 // UTF-8 under the name of a set with one byte for each character
	EncodingWindows1252          // code page 1252 under the name of ISO 8859-1, of ASCII or of UTF-8
)

// String returns the usual name.
func (e Encoding) String() string {
	switch e {
	case EncodingUTF8:
		return "UTF-8"
	case EncodingWindows1252:
		return "windows-1252"
	default:
		return "as labelled"
	}
}

// Detect tells what a value labelled with the repertoire rather is. Bytes
// beyond ASCII that are well-formed UTF-8 are UTF-8, for they make no words in
// a Latin set; in the Cyrillic, Greek, Arabic and Hebrew ones, where they can,
// only when they also are not valid as labelled. Else bytes 80 to 9F under
// UNOC or UNOL, any beyond ASCII under UNOA or UNOB, and bytes that are not
// UTF-8 under UNOW and UNOY, are code page 1252 when it has them all.
//
// A short value can deceive: a caller that has more values of the interchange
// does well to stay with what most of them said.
func (r Repertoire) Detect(b []byte) Encoding {
	if first := highByte(b); first < 0 || r == UNOX {
		return EncodingLabelled
	}
	wrong := r.lacksHigh(b)
	switch {
	case r.utf8():
		if !utf8.Valid(b) && isWindows1252(b) {
			return EncodingWindows1252
		}
		return EncodingLabelled
	case (wrong || r.latin()) && utf8.Valid(b) && !hasC1(b):
		return EncodingUTF8
	case wrong && r.nearWindows1252() && isWindows1252(b):
		return EncodingWindows1252
	default:
		return EncodingLabelled
	}
}

// DecodeAs is Decode with the encoding that Detect found.
func (r Repertoire) DecodeAs(e Encoding, b []byte) (string, error) {
	switch e {
	case EncodingUTF8:
		return UNOW.Decode(b)
	case EncodingWindows1252:
		return r.decodeWindows1252(b)
	default:
		return r.Decode(b)
	}
}

// latin reports whether the letters beyond ASCII are those of Latin languages.
func (r Repertoire) latin() bool {
	switch r {
	case UNOE, UNOF, UNOI, UNOJ, UNOW, UNOX, UNOY:
		return false
	default:
		return true
	}
}

// nearWindows1252 reports whether code page 1252 is what programs write that
// mean the repertoire.
func (r Repertoire) nearWindows1252() bool {
	switch r.orDefault() {
	case UNOA, UNOB, UNOC, UNOL:
		return true
	default:
		return false
	}
}

// lacksHigh reports whether the repertoire lacks a byte beyond ASCII that is in
// b. Control characters of ASCII are a fault in any encoding.
func (r Repertoire) lacksHigh(b []byte) bool {
	set := r.charset()
	for _, c := range b {
		if c >= utf8.RuneSelf && !set.bytes[c] {
			return true
		}
	}
	return false
}

// highByte returns the index of the first byte beyond ASCII, or -1.
func highByte(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}

// hasC1 finds control characters in UTF-8.
func hasC1(b []byte) bool {
	for i, c := range b {
		if c == 0xC2 && i+1 < len(b) && b[i+1] < 0xA0 {
			return true
		}
	}
	return false
}

// isWindows1252 takes control characters of ASCII for granted: they are a
// fault of another kind.
func isWindows1252(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf && !inWindows1252(c) {
			return false
		}
	}
	return true
}

// inWindows1252 leaves out the five bytes that the code page does not define,
// which the decoder takes for control characters.
func inWindows1252(c byte) bool {
	r := charmap.Windows1252.DecodeByte(c)
	return r >= ' ' && r < 0x7F || r >= 0xA0 && r != utf8.RuneError
}

func (r Repertoire) decodeWindows1252(b []byte) (string, error) {
	size := 0
	for i, c := range b {
		if !inWindows1252(c) {
			return "", r.badByte(b, i)
		}
		size += utf8.RuneLen(charmap.Windows1252.DecodeByte(c))
	}
	var s strings.Builder
	s.Grow(size)
	for _, c := range b {
		s.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return s.String(), nil
}
