package edifact

import (
	"bytes"
	"errors"
	"io"
)

// Breaks says what a CR or LF means.
type Breaks uint8

const (
	// BreaksBetween skips them between segments; inside one they are data.
	BreaksBetween Breaks = iota
	// BreaksNone gives them no meaning: they are data everywhere (ISO 9735).
	BreaksNone
	// BreaksAnywhere drops them wherever they stand, even inside a tag: files
	// wrapped at a line length.
	BreaksAnywhere
)

// Limits bound what a [Reader] takes. A zero number stands for the default.
type Limits struct {
	Segment    int   // bytes of a segment; 64 KiB
	Elements   int   // data elements of a segment; 100
	Components int   // components of a data element; 100
	Total      int64 // bytes of the input; 1 GiB
	Breaks     Breaks
}

func (l Limits) withDefaults() Limits {
	if l.Segment <= 0 {
		l.Segment = 64 << 10
	}
	if l.Elements <= 0 {
		l.Elements = 100
	}
	if l.Components <= 0 {
		l.Components = 100
	}
	if l.Total <= 0 {
		l.Total = 1 << 30
	}
	return l
}

const (
	readSize      = 64 << 10
	byteOrderMark = "\xEF\xBB\xBF"
)

// Reader cuts a stream into segments. It follows the service string advice,
// tracks messages only as far as positions and errors need it, and checks no
// envelope: [Interchange] does. Not for concurrent use.
type Reader struct {
	in     io.Reader
	limits Limits
	marks  Delimiters
	class  [256]uint8

	buf        []byte
	start, end int   // unread bytes of buf
	base       int64 // offset of buf[0] in the stream without dropped breaks
	breaks     []lineBreak
	passed     int   // how many of breaks lie before start
	dropped    int64 // bytes of the breaks passed
	total      int64
	eof        bool
	err        error

	fresh    bool // at the start of an interchange: UNA may come
	known    bool // an interchange has begun
	message  []byte
	position int
	parts    []part
	firsts   []int32
	tags     [256]string
}

// lineBreak is a run of dropped bytes; at is the offset of the byte after it in
// the stream without breaks.
type lineBreak struct{ at, bytes int64 }

// Classes of bytes while a segment is scanned.
const (
	classData uint8 = iota
	classComponent
	classElement
	classRelease
	classEnd
)

// NewReader returns a Reader of r within the limits.
func NewReader(r io.Reader, limits Limits) *Reader {
	rd := &Reader{in: r, limits: limits.withDefaults(), fresh: true}
	rd.setDelimiters(DefaultDelimiters)
	return rd
}

// Delimiters returns the service characters in force.
func (r *Reader) Delimiters() Delimiters { return r.marks }

func (r *Reader) setDelimiters(d Delimiters) {
	r.marks = d
	r.class = [256]uint8{}
	if d.Release != 0 {
		r.class[d.Release] = classRelease
	}
	r.class[d.Component] = classComponent
	r.class[d.Element] = classElement
	r.class[d.End] = classEnd
}

// Next returns the next segment, io.EOF after the last, or an [*Error]; an
// error of the underlying reader is returned as it is. Errors are final. The
// segment is good until the next call.
func (r *Reader) Next() (Segment, error) {
	if r.err != nil {
		return Segment{}, r.err
	}
	s, err := r.next()
	if err != nil {
		r.err = err
		return Segment{}, err
	}
	return s, nil
}

func (r *Reader) next() (Segment, error) {
	if err := r.skipPadding(); err != nil {
		return Segment{}, err
	}
	if r.fresh {
		if err := r.begin(); err != nil {
			return Segment{}, err
		}
	}
	length, err := r.scan()
	if err != nil {
		return Segment{}, err
	}
	s := Segment{
		Offset:  r.segmentOffset(),
		raw:     r.buf[r.start : r.start+length : r.start+length],
		parts:   r.parts,
		firsts:  r.firsts,
		release: r.marks.Release,
	}
	r.start += length + 1
	tag := s.raw[r.parts[0].from:r.parts[0].to]
	if len(tag) != 3 || !isTagByte(tag[0]) || !isTagByte(tag[1]) || !isTagByte(tag[2]) {
		return Segment{}, &Error{Offset: s.Offset, Message: string(r.message), Position: r.nextPosition(), Element: 1, Code: CodeInvalidValue, Text: "tag is not three capital letters or digits"}
	}
	s.Tag = r.intern(tag)
	r.track(&s)
	return s, nil
}

// track keeps the position in the message, which every error needs.
func (r *Reader) track(s *Segment) {
	switch s.Tag {
	case "UNH":
		r.position = 1
		ref := s.Element(0)
		r.message = append(r.message[:0], ref[:min(len(ref), 35)]...)
		s.Position = 1
	case "UNT":
		s.Position = r.nextPosition()
		r.position = 0
		r.message = r.message[:0]
	case "UNZ":
		r.position, r.message = 0, r.message[:0]
		r.fresh = true
	case "UNB", "UNG", "UNE":
		r.position, r.message = 0, r.message[:0]
	default:
		if r.position > 0 {
			r.position++
			s.Position = r.position
		}
	}
}

func (r *Reader) nextPosition() int {
	if r.position == 0 {
		return 0
	}
	return r.position + 1
}

// intern avoids an allocation for each tag; its table is as small as a
// message's vocabulary and cannot grow.
func (r *Reader) intern(tag []byte) string {
	slot := &r.tags[tag[0]*5+tag[1]*13+tag[2]*31]
	if *slot != string(tag) {
		*slot = string(tag)
	}
	return *slot
}

// skipPadding moves to the first byte of the next segment.
func (r *Reader) skipPadding() error {
	for {
		for r.start < r.end {
			if !r.isPadding(r.buf[r.start]) {
				return nil
			}
			r.start++
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// isPadding allows more between interchanges than inside: files come padded
// with blanks, NUL or the old end-of-file mark.
func (r *Reader) isPadding(c byte) bool {
	if r.limits.Breaks == BreaksNone {
		return false
	}
	return c == '\r' || c == '\n' || r.fresh && r.known && (c == ' ' || c == 0 || c == 0x1A)
}

// begin looks for the service string advice before an interchange, and without
// one decides the service characters by the byte after "UNB".
func (r *Reader) begin() error {
	if err := r.need(len(byteOrderMark) + 9); err != nil {
		return err
	}
	if !r.known && r.limits.Breaks != BreaksNone && bytes.HasPrefix(r.buf[r.start:r.end], []byte(byteOrderMark)) {
		r.start += len(byteOrderMark)
	}
	head := r.buf[r.start:r.end]
	r.fresh, r.known = false, true
	if len(head) >= 3 && string(head[:3]) == "UNA" {
		if len(head) < 9 {
			return r.fault(0, CodeMissing, "service string advice UNA is cut off")
		}
		d, code := parseUNA(head[:9])
		if code != 0 {
			return r.fault(0, code, "service string advice UNA has unusable or repeated service characters")
		}
		r.setDelimiters(d)
		r.start += 9
		return r.skipPaddingBeforeSegment()
	}
	if len(head) >= 4 && string(head[:4]) == "UNB\x1d" {
		r.setDelimiters(levelBDelimiters)
		return nil
	}
	r.setDelimiters(DefaultDelimiters)
	if len(head) >= 4 && string(head[:3]) == "UNB" && head[3] != '+' {
		return r.fault(3, CodeBadSeparator, "byte after UNB is no known data element separator and there is no UNA")
	}
	return nil
}

// skipPaddingBeforeSegment is skipPadding where a segment must follow.
func (r *Reader) skipPaddingBeforeSegment() error {
	err := r.skipPadding()
	if errors.Is(err, io.EOF) {
		return r.fault(0, CodeMissing, "input ends after the service string advice UNA")
	}
	return err
}

// need reads until n bytes are there or the input ends.
func (r *Reader) need(n int) error {
	for r.end-r.start < n && !r.eof {
		if err := r.fill(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}
