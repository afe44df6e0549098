package wire

import (
	"errors"
	"io"

	"nks/edifact"
)

// Level is a part of a message: the levels A, B and C of the field, and the end.
type Level uint8

const (
	Head Level = iota
	Line
	Detail
	Tail
)

// Limits bound what a Reader keeps. A zero stands for the default.
type Limits struct {
	ItemBytes       int // of the segments of an item; 1 MiB
	ItemSegments    int // 10,000
	MessageBytes    int // of the segments of a message that is read as a whole; 16 MiB
	MessageSegments int // 50,000
}

func (l Limits) withDefaults() Limits {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.ItemBytes, 1<<20)
	set(&l.ItemSegments, 10_000)
	set(&l.MessageBytes, 16<<20)
	set(&l.MessageSegments, 50_000)
	// Four times the bytes as UTF-8 must stay where a TextEnd can point.
	l.ItemBytes = min(l.ItemBytes, 1<<27)
	return l
}

// Dialect is what the messages of a directory have in common.
type Dialect struct {
	Version, Release string   // 0052 and 0054
	Types            []string // the message types
	// Numbers tells the numeric values of a segment, whose decimal mark becomes a
	// point.
	Numbers func(tag string) []NumberAt
}

// NumberAt is the place of a numeric value, counted from 0.
type NumberAt struct{ Element, Component int }

// Reader cuts messages into items.
type Reader struct {
	V      *edifact.Validator
	Limits Limits
	// Other takes the segments of messages that are of no type of the dialect.
	Other func(*edifact.Segment) error

	dialect *Dialect
	cursor  Cursor
	text    []byte
	ahead   *edifact.Segment // read and not taken
	inside  bool             // a message has begun and its tail was not given
	kind    int
	level   Level
	err     error

	// Of the last item.
	Header   edifact.UNH // of its message
	Position int         // of its first segment
	Offset   int64

	Lines, Details int // of the message so far
	Bytes          int // of the message, and its segments
	Segments       int
}

// NewReader returns a Reader of what v reads.
func NewReader(v *edifact.Validator, d *Dialect, l Limits) *Reader {
	return &Reader{V: v, dialect: d, Limits: l.withDefaults()}
}

// Next returns the next item: message type and level, and its segments.
func (r *Reader) Next() (kind int, level Level, c *Cursor, err error) {
	if r.err == nil {
		r.err = r.next()
	}
	return r.kind, r.level, &r.cursor, r.err
}

// Fail ends the reading.
func (r *Reader) Fail(err error) error {
	if r.err == nil {
		r.err = err
	}
	return r.err
}

func (r *Reader) next() error {
	if !r.inside {
		if err := r.findMessage(); err != nil {
			return err
		}
	} else {
		r.level = levelOf(r.ahead)
	}
	switch r.level {
	case Line:
		r.Lines++
	case Detail:
		r.Details++
	}
	return r.collect()
}

// findMessage reads up to the head of a message of the dialect.
func (r *Reader) findMessage() error {
	for s := r.ahead; ; s = nil {
		var err error
		if s == nil {
			s, err = r.V.Next()
		}
		if err != nil {
			return err
		}
		if s.Position == 0 {
			continue
		}
		h := r.V.Message()
		kind := r.dialect.kind(h)
		switch {
		case kind < 0 && r.Other == nil:
			return r.refuse(edifact.RuleMessageType, edifact.CodeValueNotSupported, "message is of no type that is read here")
		case kind < 0:
			if err := r.Other(s); err != nil {
				return err
			}
			continue
		case r.V.Spec() == nil:
			return r.refuse(edifact.RuleMessageType, edifact.CodeValueNotSupported, "schema of the validator does not have the message")
		case s.Position > 2:
			return r.refuse(edifact.RulePosition, edifact.CodeNotSupportedHere, "reading begins inside a message")
		}
		r.inside, r.kind, r.level, r.Header, r.ahead = true, kind, Head, *h, s
		r.Lines, r.Details, r.Bytes, r.Segments = 0, 0, 0, 0
		return nil
	}
}

func (d *Dialect) kind(h *edifact.UNH) int {
	if h.Version != d.Version || h.Release != d.Release {
		return -1
	}
	for i, t := range d.Types {
		if t == h.Type {
			return i
		}
	}
	return -1
}

// levelOf tells what begins at s.
func levelOf(s *edifact.Segment) Level {
	switch s.Tag {
	case "LIN":
		return Line
	case "SEQ":
		return Detail
	default:
		return Tail
	}
}

// begins reports whether s is no more part of the item. A message without UNT ends
// where another segment of the envelope stands.
func (r *Reader) begins(s *edifact.Segment) bool {
	switch s.Tag {
	case "LIN", "SEQ", "CNT", "AUT":
		return r.level != Tail && r.V.Node() != nil
	case "UNT", "UNH":
		return true
	}
	return s.Position == 0
}

// collect takes the segments of the item that begins with the one ahead.
func (r *Reader) collect() error {
	c := &r.cursor
	r.text, c.ends, c.segs, c.next = r.text[:0], c.ends[:0], c.segs[:0], 0
	s := r.ahead
	r.Position, r.Offset = s.Position, s.Offset
	bytes, count := 0, 0
	for first := r.level != Tail; first || !r.begins(s); first = false {
		bytes += int(s.End - s.Offset)
		count++
		if bytes > r.Limits.ItemBytes || count > r.Limits.ItemSegments {
			return r.refuse(edifact.RuleLimit, edifact.CodeTooLong, "item of a message is longer than the limit")
		}
		// What the validator found no place for was told as a fault.
		if s.Tag != "UNH" && r.V.Node() != nil {
			r.take(s)
		}
		var err error
		if s, err = r.V.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	r.ahead = s
	r.Bytes += bytes
	r.Segments += count
	if r.level == Tail {
		r.inside = false
		if s.Tag != "UNH" { // as in a message without UNT
			r.ahead = nil
		}
	}
	c.text, c.repeats = string(r.text), r.V.Delimiters().Repetition != 0
	c.Next()
	return nil
}

func (r *Reader) take(s *edifact.Segment) {
	c := &r.cursor
	first := len(c.ends)
	c.segs = append(c.segs, segment{s.Tag, first})
	r.text, c.ends = s.AppendText(r.text, c.ends)
	for _, n := range r.dialect.Numbers(s.Tag) {
		r.point(n, first)
	}
}

// point makes the decimal mark of a number a point.
func (r *Reader) point(n NumberAt, k int) {
	ends := r.cursor.ends
	element, component := -1, 0
	from := 0
	for ; k < len(ends); k++ {
		if element == n.Element && component == n.Component {
			for i := from; i < ends[k].At(); i++ {
				if r.text[i] == ',' {
					r.text[i] = '.'
				}
			}
			return
		}
		from = ends[k].At() + 1
		switch ends[k].Separator() {
		case edifact.ElementSeparator:
			element, component = element+1, 0
		case edifact.ComponentSeparator:
			component++
		case edifact.RepetitionSeparator:
			component = 0
		}
		if element > n.Element {
			return
		}
	}
}

// Done tells that the cursor went through all of the item: anything else is a
// segment that the item has no field for.
func (r *Reader) Done() error {
	if r.cursor.Tag == "" {
		return nil
	}
	return r.Fail(r.refuse(edifact.RulePosition, edifact.CodeNotSupportedHere, "item has no field for a segment "+r.cursor.Tag))
}

// Whole reports whether the message so far may be kept as a whole.
func (r *Reader) Whole() error {
	if r.Bytes <= r.Limits.MessageBytes && r.Segments <= r.Limits.MessageSegments {
		return nil
	}
	return r.Fail(r.refuse(edifact.RuleLimit, edifact.CodeTooLong, "message is longer than the limit"))
}

// Place returns where the last item begins.
func (r *Reader) Place() edifact.Place {
	return edifact.Place{Interchange: r.V.Interchange().ControlRef, Message: r.Header.Ref, Position: r.Position, Offset: r.Offset}
}

func (r *Reader) refuse(rule edifact.Rule, code edifact.Code, text string) error {
	p := r.Place()
	if !r.inside {
		p.Message, p.Position, p.Offset = r.V.Message().Ref, 0, r.V.Offset()
	}
	return &edifact.ParseError{Place: p, Rule: rule, Code: code, Text: text}
}
