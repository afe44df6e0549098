package nksxml

import (
	"unicode/utf8"
)

// nameByte tells the ASCII bytes of names: 1 may begin one, 2 may only stand inside. XML 1.0 §2.3.
var nameByte = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = 1, 1
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = 2
	}
	t['_'], t[':'] = 1, 1
	t['-'], t['.'] = 2, 2
	return t
}()

// nameStartRune tells the characters beyond ASCII that may begin a name. XML 1.0 §2.3 [4].
func nameStartRune(r rune) bool {
	switch {
	case r >= 0xC0 && r <= 0x2FF:
		return r != 0xD7 && r != 0xF7
	case r >= 0x370 && r <= 0x1FFF:
		return r != 0x37E
	}
	return r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF
}

// nameRune tells the characters beyond ASCII that may stand in a name. XML 1.0 §2.3 [4a].
func nameRune(r rune) bool {
	return nameStartRune(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// nameLength is how many bytes of b are a name; 0 when none begins there. A name that reaches the end of b may go on.
func nameLength(b []byte) int {
	i := 0
	for i < len(b) {
		c := b[i]
		if c < 0x80 {
			if nameByte[c] == 0 || i == 0 && nameByte[c] == 2 {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if i == 0 && !nameStartRune(r) || i > 0 && !nameRune(r) {
			return i
		}
		i += size
	}
	return i
}

// splitName finds the colon of a qualified name: -1 without prefix. Namespaces in XML 1.0 §4.
func splitName(name []byte) (colon int, ok bool) {
	colon = -1
	for i, c := range name {
		if c != ':' {
			continue
		}
		if colon >= 0 || i == 0 || i == len(name)-1 {
			return 0, false
		}
		colon = i
	}
	if colon >= 0 {
		local := name[colon+1:]
		if nameLength(local) != len(local) {
			return 0, false
		}
	}
	return colon, true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// allSpace reports whether b is white space only.
func allSpace(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// isChar tells the characters that XML allows. XML 1.0 §2.2.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
