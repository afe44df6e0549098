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

// What can stand behind a value. A [TextEnd] tells them apart.
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
	if set := s.text.repertoire.charset(); !s.escaped && !s.text.forgiving && set.part != nil {
		if more, ok := set.transcode(text, own, raw, marks); ok {
			return more, ends
		}
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

// transcode is AppendText for a segment of one byte for each character. It
// reports false when there is a byte that is none.
func (c *charset) transcode(text []byte, ends []TextEnd, raw []byte, marks []mark) ([]byte, bool) {
	n := len(text)
	out := slices.Grow(text, 3*len(raw)+1)[:n+3*len(raw)+1]
	k := 0
	for from := 0; ; {
		special := from + specialAt(raw[from:])
		moved := mark(n-from) << 2 // so far, by characters of several bytes
		n += copy(out[n:], raw[from:special])
		for k < len(marks) && marks[k].at() <= special {
			ends[k] = TextEnd(marks[k] + moved)
			k++
		}
		if special == len(raw) {
			out[n] = 0
			return out[:n+1], true
		}
		b := raw[special]
		if c.width[b] == 0 {
			return text, false
		}
		n += utf8.EncodeRune(out[n:], rune(c.runes[b]))
		from = special + 1
	}
}

// specialAt returns the index of the first byte of b that is not ASCII, which
// every repertoire has as it is, or that starts an escape sequence; without one
// the length of b.
func specialAt(b []byte) int {
	const high, each = 0x8080808080808080, 0x0101010101010101
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		y := x ^ escape*each
		if (x|(y-each)&^y)&high != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] >= utf8.RuneSelf || b[i] == escape {
			break
		}
	}
	return i
}

// plain reports whether all of b is ASCII and starts no escape sequence.
func plain(b []byte) bool { return specialAt(b) == len(b) }

// append decodes a value behind text.
func (d textDecoder) append(text, value []byte) []byte {
	if d.repertoire.utf8() && !d.forgiving && validUTF8(value) < 0 {
		return append(text, value...)
	}
	return append(text, d.decode(value)...)
}
