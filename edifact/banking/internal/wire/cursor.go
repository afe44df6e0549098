// Package wire reads and writes the segments of typed messages: what the
// generated packages have in common.
package wire

import "nks/edifact"

// Cursor goes through the segments of an item, and through the values of the
// present one.
type Cursor struct {
	Tag string // of the present segment; "" behind the last

	text string
	ends []edifact.TextEnd
	segs []segment
	next int // segment behind the present one
	k    int // next value
	at   int // where it begins

	over    bool // the present segment has no more values
	again   bool // the next value begins a repetition
	repeats bool // the interchange has a repetition separator
}

type segment struct {
	tag   string
	first int // in ends: the tag
}

// Next moves to the next segment.
func (c *Cursor) Next() {
	if c.next == len(c.segs) {
		c.Tag, c.over = "", true
		return
	}
	s := &c.segs[c.next]
	c.next++
	c.Tag, c.k, c.over, c.again = s.tag, s.first, false, false
	c.skip()
}

// skip moves to the next data element, over the tag or over components and
// repetitions that nobody asked for.
func (c *Cursor) skip() {
	for !c.over {
		if c.pass(c.ends[c.k]) == edifact.ElementSeparator {
			return
		}
	}
}

// pass moves behind the value that ends at e.
func (c *Cursor) pass(e edifact.TextEnd) edifact.Separator {
	c.k++
	c.at = e.At() + 1
	c.over = e.Separator() == edifact.SegmentEnd
	c.again = e.Separator() == edifact.RepetitionSeparator
	return e.Separator()
}

// Elem reads the next data element of the segment: its components, or itself.
// Fields that the segment does not have stay as they are. It reports whether the
// segment goes on.
func (c *Cursor) Elem(fields ...*string) bool {
	if c.again {
		c.again = false
		c.skip()
	}
	return c.read(fields)
}

// Again reads one more repetition of the data element that Elem or Again read
// last. Before syntax version 4 that is the next data element.
func (c *Cursor) Again(fields ...*string) bool {
	if c.again || !c.repeats {
		c.again = false
		return c.read(fields)
	}
	return !c.over
}

func (c *Cursor) read(fields []*string) bool {
	if c.over {
		return false
	}
	for _, f := range fields {
		e := c.ends[c.k]
		*f = c.text[c.at:e.At()]
		if c.pass(e) != edifact.ComponentSeparator {
			return !c.over
		}
	}
	for !c.over && c.pass(c.ends[c.k]) == edifact.ComponentSeparator {
	}
	return !c.over
}

// Grow adds an element to s, which may hold what it held before.
func Grow[T any](s []T) ([]T, *T) {
	if len(s) < cap(s) {
		s = s[:len(s)+1]
	} else {
		var zero T
		s = append(s, zero)
	}
	return s, &s[len(s)-1]
}
