package edifact

import (
	"errors"
	"io"
	"iter"
)

// Limits bound what a [Reader] takes. A zero stands for the default.
type Limits struct {
	Segment    int   // bytes of a segment; 64 KiB
	Elements   int   // data elements of a segment; 100
	Components int   // components of a data element, all its repetitions together; 200
	References int   // of messages in an interchange, that are compared with each other; 100,000
	Total      int64 // bytes of the input; 1 GiB
}

func (l Limits) withDefaults() Limits {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.Segment, 64<<10)
	set(&l.Elements, 100)
	set(&l.Components, 200)
	set(&l.References, 100_000)
	if l.Total <= 0 {
		l.Total = 1 << 30
	}
	l.Segment = min(l.Segment, 1<<28)
	return l
}

// ReaderOptions are how a [Reader] reads. The zero value is strict: the first
// fault ends the reading.
type ReaderOptions struct {
	Limits  Limits
	Lenient Leniency // what is forgiven
	// Forgiven is told every use of a leniency.
	Forgiven func(*ParseError)
	// Faults is told the faults after which the reading can go on, and it then
	// does. Without it they end the reading.
	Faults func(*ParseError)
	// Repertoire is taken instead of that which UNB names.
	Repertoire Repertoire
	// Object is given the object of each package (version 4), to read while it is
	// called. Without it objects are skipped.
	Object func(UNO, io.Reader) error
	// Envelope is told each segment of the envelope, UNB to UNZ, when it has been
	// read and before Next returns it, whoever calls that: its Offset and End say
	// which bytes an interchange, group or message is.
	Envelope func(*Segment)
}

const readSize = 64 << 10

// Reader reads interchanges, one after the other: it cuts the stream into
// segments and checks envelopes with their references and counts on the way.
// Memory does not depend on the size of the input. Not for concurrent use.
type Reader struct {
	in io.Reader
	o  ReaderOptions

	buf        []byte
	start, end int // unread bytes of buf
	base       int64
	eof        bool
	err        error

	marks     Delimiters
	advised   bool  // UNA was there
	adviceAt  int64 // its offset
	miscounts bool  // and its decimal mark has been told
	class     [256]uint8
	seg       Segment
	quick     int // segments with fewer components need no comparison with the limits
	tags      [256]internedTag
	cursor    cursor

	envelope
}

type internedTag struct {
	key uint32
	tag string
}

// NewReader returns a Reader of in.
func NewReader(in io.Reader, o ReaderOptions) *Reader {
	o.Limits = o.Limits.withDefaults()
	r := &Reader{in: in, o: o, quick: min(o.Limits.Elements, o.Limits.Components)}
	r.seg.ends = make([]mark, 64)
	r.cursor.segment = -1
	r.setDelimiters(DefaultDelimiters)
	return r
}

// Delimiters returns the service characters in force.
func (r *Reader) Delimiters() Delimiters { return r.marks }

// Advised reports whether the present interchange began with a service string
// advice, UNA.
func (r *Reader) Advised() bool { return r.advised }

// Offset returns how many bytes of the input have been read as segments.
func (r *Reader) Offset() int64 { return r.base + int64(r.start) }

// Segments iterates over the segments to the end of the input. The last pair
// holds an error unless the input ended well.
func (r *Reader) Segments() iter.Seq2[*Segment, error] {
	return func(yield func(*Segment, error) bool) {
		for {
			s, err := r.Next()
			if errors.Is(err, io.EOF) || !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// Next returns the next segment, those of the envelope included (UNA is none),
// io.EOF after the last, or a [*ParseError]; an error of the underlying reader
// is returned as it is. Errors are final. The segment is good until the next
// call. An input without a byte is no fault: io.EOF comes at once.
func (r *Reader) Next() (*Segment, error) {
	if r.err == nil {
		if r.err = r.next(); r.err == nil {
			return &r.seg, nil
		}
	}
	return nil, r.err
}

func (r *Reader) next() error {
	if r.unread {
		if err := r.skipObject(); err != nil {
			return err
		}
	}
	if r.state == outside {
		if err := r.begin(); err != nil {
			return err
		}
	} else if r.start == r.end || r.buf[r.start] <= ' ' {
		if err := r.skipBreaks(); err != nil {
			return err
		}
	}
	length, err := r.scan()
	if err != nil {
		return err
	}
	s := &r.seg
	s.start, s.length = r.start, length
	tag := r.buf[r.start:]
	r.start = min(r.start+length+1, r.end)
	s.End = r.base + int64(r.start)
	key := uint32(0)
	if s.ends[0].at() == 3 {
		key = uint32(tag[0]) | uint32(tag[1])<<8 | uint32(tag[2])<<16
	}
	slot := &r.tags[key*0x9E3779B1>>24]
	if slot.key != key || key == 0 {
		if err := r.name(key, slot); err != nil {
			return err
		}
	}
	s.Tag = slot.tag
	if r.state != inMessage || key&0xFFFF == 'U'|'N'<<8 {
		return r.tracked(s)
	}
	r.position++
	s.Position = r.position
	return nil
}

// name takes a tag that is not in the table of those seen lately. The table
// does not grow, and saves a message allocations.
func (r *Reader) name(key uint32, slot *internedTag) error {
	a, b, c := byte(key), byte(key>>8), byte(key>>16)
	if isTagByte(a) && isTagByte(b) && isTagByte(c) {
		*slot = internedTag{key, string([]byte{a, b, c})}
		return nil
	}
	*slot = internedTag{tag: unknownTag}
	e := r.fault(RuleTag, CodeInvalidValue, "tag is not three capital letters or digits")
	e.Tag, e.Element, e.Offset = "", 1, r.seg.Offset
	if r.state == inMessage {
		e.Position = r.position + 1
	}
	return r.flaw(e)
}

// unknownTag stands for a tag that is none.
const unknownTag = "???"

// fault describes a fault at the segment that is being read.
func (r *Reader) fault(rule Rule, code Code, text string) *ParseError {
	e := &ParseError{Rule: rule, Code: code, Text: text}
	e.Offset = r.base + int64(r.start)
	r.locate(&e.Place)
	return e
}

// flaw is a fault after which reading can go on: it is forgiven, told, or
// returned to end the reading.
func (r *Reader) flaw(e *ParseError, forgivenBy ...Leniency) error {
	for _, l := range forgivenBy {
		e.Lenient |= l
	}
	for _, l := range forgivenBy {
		if r.o.Lenient&l != 0 {
			e.Forgiven = l
			if r.o.Forgiven != nil {
				r.o.Forgiven(e)
			}
			return nil
		}
	}
	if r.o.Faults == nil {
		return e
	}
	r.o.Faults(e)
	return nil
}

// fill reads more input behind the unread bytes, which it moves to the front.
// It returns io.EOF when there is no more.
func (r *Reader) fill() error {
	if r.eof {
		return io.EOF
	}
	r.makeRoom()
	for range 100 {
		n, err := r.in.Read(r.buf[r.end:min(len(r.buf), r.end+readSize)])
		r.end += n
		if r.base+int64(r.end) > r.o.Limits.Total {
			return r.fault(RuleLimit, CodeTooLong, "input is longer than the limit")
		}
		if errors.Is(err, io.EOF) {
			r.eof = true
		} else if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
		if r.eof {
			return io.EOF
		}
	}
	return io.ErrNoProgress
}

// makeRoom moves the unread bytes to the front. The buffer starts small, for
// most files are, and grows to what the longest segment needs.
func (r *Reader) makeRoom() {
	full := r.o.Limits.Segment + readSize
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.base += int64(r.start)
		r.start, r.end = 0, r.end-r.start
	}
	if len(r.buf) < full && r.end*2 >= len(r.buf) {
		bigger := make([]byte, min(full, max(4<<10, len(r.buf)*4)))
		copy(bigger, r.buf[:r.end])
		r.buf, r.seg.buf = bigger, bigger
	}
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
