package edifact

import "bytes"

// Segment is one segment of an interchange. Its bytes belong to the [Reader]
// and are good until the next call of Next; [Segment.Clone] keeps them.
//
// Elements and components are counted from 0, the tag not counted: in
// "DTM+137:20050811:102" Component(0, 1) is "20050811".
type Segment struct {
	Tag      string
	Offset   int64 // byte offset of the tag in the input
	Position int   // in its message, UNH being 1; 0 outside of a message

	raw     []byte // without terminator and line breaks
	parts   []part // every component, that of the tag first
	firsts  []int32
	release byte
}

// part is the place of a component in Segment.raw.
type part struct {
	from, to int32
	escaped  bool
}

// Raw returns the segment as it came, release characters included, without
// its terminator; with line breaks dropped where the reader drops them.
func (s *Segment) Raw() []byte { return s.raw }

// Len returns the number of data elements, the tag not counted.
func (s *Segment) Len() int { return len(s.firsts) - 1 }

// Components returns how many components data element i has: 1 for a
// stand-alone one, 0 for one that the segment does not have.
func (s *Segment) Components(i int) int {
	if i < 0 {
		return 0
	}
	return s.components(i + 1)
}

func (s *Segment) components(i int) int {
	switch {
	case i >= len(s.firsts):
		return 0
	case i == len(s.firsts)-1:
		return len(s.parts) - int(s.firsts[i])
	default:
		return int(s.firsts[i+1] - s.firsts[i])
	}
}

// Element returns the value of the stand-alone data element i, or the first
// component of a composite; nil when the segment ends before it.
func (s *Segment) Element(i int) []byte { return s.Component(i, 0) }

// Component returns the value of component j of data element i, release
// characters removed; nil when it is not there.
func (s *Segment) Component(i, j int) []byte {
	if i < 0 || j < 0 || j >= s.components(i+1) {
		return nil
	}
	i++
	p := s.parts[int(s.firsts[i])+j]
	value := s.raw[p.from:p.to:p.to]
	if p.escaped {
		return unescape(value, s.release)
	}
	return value
}

// nested reports explicit nesting or repetition in the tag, as in "LIN:1:2".
func (s *Segment) nested() bool { return s.components(0) > 1 }

// Clone returns a copy that stays good when the reader goes on.
func (s *Segment) Clone() Segment {
	c := *s
	c.raw = bytes.Clone(s.raw)
	c.parts = append([]part(nil), s.parts...)
	c.firsts = append([]int32(nil), s.firsts...)
	return c
}

func unescape(b []byte, release byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == release && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}
