package edifact

import (
	"bytes"
	"iter"
	"slices"
)

// Segment is one segment of an interchange. It belongs to the [Reader] and is
// good until the next call of Next; [Segment.Clone] keeps it.
//
// Elements and components are counted from 0, the tag not counted: in
// "DTM+137:20050811:102" Component(0, 1) is "20050811". (A [Place] counts as
// CONTRL does: from 1, the tag being element 1.)
type Segment struct {
	Tag      string
	Position int   // in its message, UNH being 1; 0 outside of a message
	Offset   int64 // byte offset of the tag in the input
	End      int64 // byte offset after the terminator

	// The segment is buf[start:][:length], without terminator and dropped line
	// breaks; the first count of ends are where its components end, that of the
	// tag first. Most of these fields stay the same from segment to segment.
	buf           []byte
	start, length int
	ends          []mark
	count         int

	firsts  []int32
	drops   []drop
	text    textDecoder
	release byte
	escaped bool // a release character stands somewhere
	indexed bool // firsts is filled
}

// mark is where a component ends and what ends it: offset<<2 | ending.
type mark uint32

const (
	endsSegment mark = iota
	endsComponent
	endsElement
	endsRepetition
)

func (m mark) at() int      { return int(m >> 2) }
func (m mark) ending() mark { return m & 3 }

// drop is a run of bytes left out before index at.
type drop struct{ at, bytes int32 }

// Raw returns the segment as it came, release characters included, without
// its terminator; line breaks that a leniency dropped are not in it.
func (s *Segment) Raw() []byte { return s.buf[s.start : s.start+s.length : s.start+s.length] }

func (s *Segment) marks() []mark { return s.ends[:s.count] }

// isElement is 1 for a mark that ends a data element and 0 for others, without a
// branch to be guessed.
func isElement(m mark) mark { return m >> 1 & ^m & 1 }

// index finds where each data element begins. It waits until somebody asks.
func (s *Segment) index() {
	s.indexed = true
	marks := s.marks()
	if len(marks) >= cap(s.firsts) {
		s.firsts = make([]int32, 0, 2*len(marks))
	}
	firsts := s.firsts[:len(marks)+1]
	firsts[0] = 0
	n := 1
	for i, m := range marks {
		firsts[n] = int32(i + 1)
		n += int(isElement(m))
	}
	s.firsts = firsts[:n]
}

// bounds returns the first mark of element i, the tag being 0, and the one
// after its last.
func (s *Segment) bounds(i int) (from, to int) {
	if !s.indexed {
		s.index()
	}
	switch {
	case i < 0 || i >= len(s.firsts):
		return 0, 0
	case i == len(s.firsts)-1:
		return int(s.firsts[i]), s.count
	default:
		return int(s.firsts[i]), int(s.firsts[i+1])
	}
}

// value returns the bytes that mark k ends, release characters removed.
func (s *Segment) value(k int) []byte {
	from := s.start
	if k > 0 {
		from += s.ends[k-1].at() + 1
	}
	to := s.start + s.ends[k].at()
	v := s.buf[from:to:to]
	if s.escaped && bytes.IndexByte(v, s.release) >= 0 {
		return unescape(v, s.release)
	}
	return v
}

// Len returns the number of data elements, the tag not counted.
func (s *Segment) Len() int {
	n := mark(0)
	for _, m := range s.ends[:s.count] {
		n += isElement(m)
	}
	return int(n)
}

// Repetitions returns how often data element i stands there: more than once
// only in syntax version 4, 0 where the segment does not have it.
func (s *Segment) Repetitions(i int) int {
	from, to := s.bounds(i + 1)
	if i < 0 || from == to {
		return 0
	}
	n := 1
	for _, m := range s.ends[from : to-1] {
		if m.ending() == endsRepetition {
			n++
		}
	}
	return n
}

// repetition returns the marks of repetition k of data element i.
func (s *Segment) repetition(i, k int) (from, to int) {
	from, to = s.bounds(i + 1)
	if i < 0 || k < 0 {
		return 0, 0
	}
	for at := from; at < to; at++ {
		if s.ends[at].ending() != endsRepetition {
			continue
		}
		if k == 0 {
			return from, at + 1
		}
		k--
		from = at + 1
	}
	if k > 0 {
		return 0, 0
	}
	return from, to
}

// Components returns how many components data element i has, in its first
// repetition: 1 for a stand-alone one, 0 for one that the segment does not have.
func (s *Segment) Components(i int) int {
	from, to := s.repetition(i, 0)
	return to - from
}

// Element returns the value of the stand-alone data element i, or the first
// component of a composite; nil when the segment ends before it.
func (s *Segment) Element(i int) []byte { return s.Component(i, 0) }

// Component returns the value of component j of data element i, release
// characters removed; nil when it is not there. Of an element that repeats it
// is the first repetition.
func (s *Segment) Component(i, j int) []byte { return s.Repeated(i, 0, j) }

// Repeated returns the value of component j in repetition k of data element i;
// nil when it is not there.
func (s *Segment) Repeated(i, k, j int) []byte {
	from, to := s.repetition(i, k)
	if j < 0 || j >= to-from {
		return nil
	}
	return s.value(from + j)
}

// Text returns the value of component j of data element i as a Go string,
// decoded from the repertoire of the interchange; "" when it is not there.
func (s *Segment) Text(i, j int) string { return s.text.decode(s.Component(i, j)) }

// Decode returns a value of this segment as a Go string.
func (s *Segment) Decode(value []byte) string { return s.text.decode(value) }

// Value is a component of a segment and its place, all counted from 0.
type Value struct {
	Element, Repetition, Component int
	Bytes                          []byte
}

// Values iterates over all components of all data elements, those without a
// value included, the tag not.
func (s *Segment) Values() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		v := Value{Element: -1}
		for k, m := range s.marks() {
			if v.Element >= 0 {
				v.Bytes = s.value(k)
				if !yield(v) {
					return
				}
			}
			switch m.ending() {
			case endsComponent:
				v.Component++
			case endsRepetition:
				v.Repetition, v.Component = v.Repetition+1, 0
			default:
				v.Element, v.Repetition, v.Component = v.Element+1, 0, 0
			}
		}
	}
}

// nested reports explicit nesting or repetition in the tag, as in "LIN:1:2".
func (s *Segment) nested() bool { return s.ends[0].ending() == endsComponent }

// offset returns where byte i of the segment stands in the input.
func (s *Segment) offset(i int) int64 {
	at := s.Offset + int64(i)
	for _, d := range s.drops {
		if int(d.at) <= i {
			at += int64(d.bytes)
		}
	}
	return at
}

// OffsetOf returns the byte offset in the input of component j of data element
// i, or of the end of the segment when it is not there.
func (s *Segment) OffsetOf(i, j int) int64 {
	from, to := s.repetition(i, 0)
	if i < 0 || j < 0 || j >= to-from {
		return s.offset(s.length)
	}
	return s.offset(s.ends[from+j-1].at() + 1)
}

// Clone returns a copy that stays good when the reader goes on.
func (s *Segment) Clone() *Segment {
	c := *s
	c.buf, c.start, c.ends, c.drops = bytes.Clone(s.Raw()), 0, slices.Clone(s.marks()), slices.Clone(s.drops)
	c.firsts, c.indexed = nil, false
	return &c
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
