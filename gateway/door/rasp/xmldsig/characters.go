package xmldsig

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// What a byte may mean where it stands.
const (
	forbidden uint8 = 1 << iota // in no text
	ampersand
	white // tab or line end: another character in an attribute's value
	carriage
	greater
	quote
	less
	nameByte
)

// classes says it of each byte. Bytes from 0x80 may stand in names; which characters these make is looked at apart.
var classes = func() (c [256]uint8) {
	for b := range 256 {
		switch {
		case b == '\t' || b == '\n':
			c[b] = white
		case b == '\r':
			c[b] = white | carriage
		case b < ' ':
			c[b] = forbidden
		case b >= 0x80 || 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || b == '-' || b == '.' || b == '_' || b == ':':
			c[b] = nameByte
		}
	}
	c['&'], c['>'], c['"'], c['<'] = ampersand, greater, quote, less
	return c
}()

// classesOf are the classes of all bytes together.
func classesOf(raw []byte) (all uint8) {
	for _, b := range raw {
		all |= classes[b]
	}
	return all
}

// isNCName reports whether a name without a colon is one (Namespaces in XML 1.0, XML 1.0 fifth edition §2.3).
func isNCName(name []byte) bool {
	if len(name) == 0 || name[0] == '-' || name[0] == '.' || '0' <= name[0] && name[0] <= '9' {
		return false
	}
	for i := 0; i < len(name); {
		if b := name[i]; b < utf8.RuneSelf {
			if classes[b]&nameByte == 0 || b == ':' {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(name[i:])
		if !unicode.Is(nameStart, r) && (i == 0 || !unicode.Is(nameMore, r)) {
			return false
		}
		i += size
	}
	return true
}

// nameStart and nameMore are the characters beyond ASCII with which a name may start, and those that may follow besides.
var (
	nameStart = &unicode.RangeTable{
		R16: []unicode.Range16{
			{0xC0, 0xD6, 1}, {0xD8, 0xF6, 1}, {0xF8, 0x2FF, 1}, {0x370, 0x37D, 1}, {0x37F, 0x1FFF, 1}, {0x200C, 0x200D, 1},
			{0x2070, 0x218F, 1}, {0x2C00, 0x2FEF, 1}, {0x3001, 0xD7FF, 1}, {0xF900, 0xFDCF, 1}, {0xFDF0, 0xFFFD, 1},
		},
		R32:         []unicode.Range32{{0x10000, 0xEFFFF, 1}},
		LatinOffset: 3 - 1,
	}
	nameMore = &unicode.RangeTable{
		R16:         []unicode.Range16{{0xB7, 0xB7, 1}, {0x300, 0x36F, 1}, {0x203F, 0x2040, 1}},
		LatinOffset: 1,
	}
)

// isChar reports whether a character may stand in a document (XML 1.0 §2.2).
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0xD7FF || 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0x10FFFF
}

// entities are the references by name that need no declaration.
var entities = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "apos": '\'', "quot": '"'}

// reference reads the reference at the start of raw, and says how long it is; 0 when it is none that may stand there.
func reference(raw []byte) (rune, int) {
	const longest = 16 // leading zeros of a number beyond that serve nobody
	end := bytes.IndexByte(raw[:min(len(raw), longest)], ';')
	if end < 2 {
		return 0, 0
	}
	name := string(raw[1:end])
	if name[0] != '#' {
		return entities[name], sizeIf(entities[name] != 0, end+1)
	}
	digits, base := name[1:], 10
	if digits != "" && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !isChar(rune(n)) {
		return 0, 0
	}
	return rune(n), end + 1
}

func sizeIf(ok bool, size int) int {
	if !ok {
		return 0
	}
	return size
}
