package edifact

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// TextEnd says where a value ends in what [Segment.AppendText] appends to, and
// what stands behind it in the segment.
type TextEnd uint32

// Separator is what stands behind a value.
type Separator uint8

const (
	SegmentEnd          = Separator(endsSegment)
	ComponentSeparator  = Separator(endsComponent)
	ElementSeparator    = Separator(endsElement)
	RepetitionSeparator = Separator(endsRepetition)
)

// At returns the index of the first byte behind the value. The next value
// begins one byte further on.
func (e TextEnd) At() int { return int(e >> 2) }

// Separator returns what stands behind the value.
func (e TextEnd) Separator() Separator { return Separator(e & 3) }

// AppendText appends tag and values of the segment to text, decoded as
// [Segment.Text] does and each followed by one byte that means nothing, and for
// each where it ends to ends: a way to keep many segments in few allocations.
// What text holds then must stay below 1 GiB.
func (s *Segment) AppendText(text []byte, ends []TextEnd) ([]byte, []TextEnd) {
	raw, marks := s.Raw(), s.marks()
	first := len(ends)
	ends = slices.Grow(ends, len(marks))[:first+len(marks)]
	own := ends[first:]
	if !s.escaped && plain(raw) {
		base := mark(len(text)) << 2
		for i, m := range marks[:len(own)] {
			own[i] = TextEnd(m + base)
		}
		return append(append(text, raw...), 0), ends
	}
	from := 0
	for i, m := range marks {
		v := raw[from:m.at()]
		from = m.at() + 1
		if s.escaped && bytes.IndexByte(v, s.release) >= 0 {
			v = unescape(v, s.release)
		}
		if plain(v) {
			text = append(text, v...)
		} else {
			text = s.text.append(text, v)
		}
		own[i] = TextEnd(len(text))<<2 | TextEnd(m.ending())
		text = append(text, 0)
	}
	return text, ends
}

// plain reports whether all of b is ASCII, which every repertoire has as it is,
// and starts no escape sequence.
func plain(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 8 {
		// ESC is the one control character that means something.
		x := binary.LittleEndian.Uint64(b)
		y := x ^ escape*0x0101010101010101
		if (x|(y-0x0101010101010101)&^y)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf || c == escape {
			return false
		}
	}
	return true
}

// append decodes a value behind text.
func (d textDecoder) append(text, value []byte) []byte {
	set := d.repertoire.charset()
	switch {
	case d.forgiving, d.repertoire == UNOX, set.part == nil && validUTF8(value) >= 0:
		return append(text, d.decode(value)...)
	case set.part == nil:
		return append(text, value...)
	}
	start := len(text)
	text = slices.Grow(text, 2*len(value))
	for _, c := range value {
		switch {
		case c < utf8.RuneSelf:
			text = append(text, c)
		case set.width[c] > 0:
			text = utf8.AppendRune(text, rune(set.runes[c]))
		default:
			return append(text[:start], d.decode(value)...)
		}
	}
	return text
}
