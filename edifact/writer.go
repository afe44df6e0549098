package edifact

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// Wrap says where a [Writer] puts line breaks, always CR LF.
type Wrap uint8

const (
	WrapNone     Wrap = iota // nowhere
	WrapSegments             // after every segment
	Wrap80                   // after every 80 bytes, whatever stands there, and at the end
)

const wrapWidth = 80

// Options are how a [Writer] writes.
type Options struct {
	Delimiters Delimiters // zero: DefaultDelimiters
	UNA        bool       // write the service string advice
	Wrap       Wrap
	Repertoire Repertoire
}

// Writer writes interchanges. Values are given as Go strings and are encoded
// and released on the way; empty elements and components at the end of a
// segment or composite are left out. The same calls give the same bytes.
//
//	w.Segment("DTM").Elem("137").Comp("20050811").Comp("102")
//
// The first error is kept, makes all later calls do nothing, and is returned
// by End and Err. Not for concurrent use.
type Writer struct {
	out   io.Writer
	o     Options
	class [256]uint8
	buf   []byte
	wrap  []byte
	err   error

	tag      string
	open     bool // a segment awaits its terminator
	element  int  // data elements of the open segment so far
	comp     int  // components of the present data element after its first
	elements int  // element separators owed
	comps    int  // component separators owed

	length   int64 // bytes given out so far, line breaks of Wrap80 not counted
	column   int
	segments int
	messages int
	control  string
	message  string
}

// Classes of bytes of a value.
const (
	valuePlain uint8 = iota
	valueService
	valueOther // beyond ASCII, or outside the repertoire
)

const flushSize = 64 << 10

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer, o Options) *Writer {
	o.Repertoire = o.Repertoire.orDefault()
	if o.Delimiters == (Delimiters{}) {
		o.Delimiters = DefaultDelimiters
	}
	w := &Writer{out: out, o: o, buf: make([]byte, 0, flushSize+8<<10)}
	if !o.Delimiters.usable() {
		w.err = &ParseError{Code: CodeBadServiceCharacter, Text: "unusable service characters"}
	}
	for i := range w.class {
		if i >= utf8.RuneSelf || !o.Repertoire.Has(rune(i)) {
			w.class[i] = valueOther
		}
	}
	d := o.Delimiters
	for _, c := range []byte{d.Component, d.Element, d.Release, d.End} {
		if c != 0 {
			w.class[c] = valueService
		}
	}
	return w
}

// Err returns the first error.
func (w *Writer) Err() error { return w.err }

// Written returns the number of bytes written, those not flushed included.
func (w *Writer) Written() int64 {
	n := w.length + int64(len(w.buf))
	if w.o.Wrap == Wrap80 {
		n += 2 * (n / wrapWidth)
	}
	return n
}

// Segment ends the segment before and begins one.
func (w *Writer) Segment(tag string) *Writer {
	w.closeSegment()
	if w.err != nil {
		return w
	}
	w.tag, w.open = tag, true
	w.element, w.comp, w.elements, w.comps = 0, 0, 0, 0
	w.segments++
	w.buf = append(w.buf, tag...)
	return w
}

// Elem adds the next data element, or begins the next composite with its first
// component.
func (w *Writer) Elem(value string) *Writer {
	w.nextElement()
	if value != "" {
		w.value(value)
	}
	return w
}

// ElemInt adds a data element with a number.
func (w *Writer) ElemInt(n int) *Writer {
	w.nextElement()
	w.owed()
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	return w
}

// Comp adds the next component of the composite.
func (w *Writer) Comp(value string) *Writer {
	w.comp++
	w.comps++
	if value != "" {
		w.value(value)
	}
	return w
}

// CompInt adds a component with a number.
func (w *Writer) CompInt(n int) *Writer {
	w.comp++
	w.comps++
	w.owed()
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	return w
}

// CompAmount adds a component with an amount given in minor units of which
// 10^decimals make one: 12345 with 2 decimals is "123,45".
func (w *Writer) CompAmount(minor int64, decimals int) *Writer {
	w.comp++
	w.comps++
	w.owed()
	w.buf = appendAmount(w.buf, minor, decimals, w.o.Delimiters.Decimal)
	return w
}

func appendAmount(b []byte, minor int64, decimals int, mark byte) []byte {
	var digits [24]byte
	u := uint64(minor)
	if minor < 0 {
		b = append(b, '-')
		u = -u
	}
	d := strconv.AppendUint(digits[:0], u, 10)
	if decimals <= 0 {
		return append(b, d...)
	}
	if len(d) <= decimals {
		b = append(b, '0', mark)
		for range decimals - len(d) {
			b = append(b, '0')
		}
		return append(b, d...)
	}
	whole := len(d) - decimals
	b = append(b, d[:whole]...)
	b = append(b, mark)
	return append(b, d[whole:]...)
}

func (w *Writer) nextElement() {
	w.element++
	w.elements++
	w.comp, w.comps = 0, 0
}

// owed writes the separators that were held back until a value follows.
func (w *Writer) owed() {
	for ; w.elements > 0; w.elements-- {
		w.buf = append(w.buf, w.o.Delimiters.Element)
	}
	for ; w.comps > 0; w.comps-- {
		w.buf = append(w.buf, w.o.Delimiters.Component)
	}
}

func (w *Writer) value(s string) {
	if w.err != nil {
		return
	}
	w.owed()
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && w.class[s[i]] == valuePlain {
			i++
		}
		w.buf = append(w.buf, s[from:i]...)
		if i == len(s) {
			return
		}
		if w.class[s[i]] == valueService {
			if w.o.Delimiters.Release == 0 {
				w.fail(CodeBadSeparator, "value holds a service character and there is no release character")
				return
			}
			w.buf = append(w.buf, w.o.Delimiters.Release, s[i])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || !w.o.Repertoire.Has(r) {
			w.fail(CodeBadCharacter, "character outside "+w.o.Repertoire.String())
			return
		}
		w.buf, _ = w.o.Repertoire.Append(w.buf, s[i:i+size])
		i += size
	}
}

func (w *Writer) fail(code Code, text string) {
	component := 0
	if w.comp > 0 {
		component = w.comp + 1
	}
	w.err = &ParseError{
		Place: Place{
			Offset: w.length + int64(len(w.buf)), Message: w.message, Position: w.segments, Tag: w.tag,
			Element: w.element + 1, Component: component,
		}, Code: code, Text: text,
	}
}

func (w *Writer) closeSegment() {
	if w.err != nil || !w.open {
		return
	}
	w.open = false
	w.endLine(w.o.Delimiters.End)
}

// endLine ends what was written, with a line break where segments have one.
func (w *Writer) endLine(terminator byte) {
	w.buf = append(w.buf, terminator)
	if w.o.Wrap == WrapSegments {
		w.buf = append(w.buf, '\r', '\n')
	}
	if len(w.buf) >= flushSize {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err != nil {
		return
	}
	out := w.buf
	if w.o.Wrap == Wrap80 {
		out = w.wrapped()
	}
	w.length += int64(len(w.buf))
	_, w.err = w.out.Write(out)
	w.buf = w.buf[:0]
}

func (w *Writer) wrapped() []byte {
	w.wrap = w.wrap[:0]
	for rest := w.buf; len(rest) > 0; {
		n := min(wrapWidth-w.column, len(rest))
		w.wrap = append(w.wrap, rest[:n]...)
		rest = rest[n:]
		if w.column += n; w.column == wrapWidth {
			w.wrap = append(w.wrap, '\r', '\n')
			w.column = 0
		}
	}
	return w.wrap
}

// Begin writes the header of an interchange, and UNA where that is asked for.
// The repertoire is that of the Options; Version 0 stands for 3.
func (w *Writer) Begin(u UNB) {
	if w.o.UNA && w.err == nil {
		una := w.o.Delimiters.una()
		w.buf = append(w.buf, una[:8]...)
		w.endLine(una[8])
	}
	version := u.Version
	if version == 0 {
		version = 3
	}
	ack := ""
	if u.AckRequest {
		ack = "1"
	}
	w.Segment("UNB").Elem(w.o.Repertoire.String()).CompInt(version).
		Elem(u.Sender.ID).Comp(u.Sender.Qualifier).Comp(u.Sender.Internal).
		Elem(u.Recipient.ID).Comp(u.Recipient.Qualifier).Comp(u.Recipient.Internal).
		Elem(u.Date).Comp(u.Time).Elem(u.ControlRef).
		Elem(u.Password).Comp(u.PasswordQualifier).Elem(u.ApplicationRef).Elem(u.Priority).
		Elem(ack).Elem(u.Agreement).Elem(u.TestIndicator)
	w.control, w.messages = u.ControlRef, 0
}

// Message begins a message.
func (w *Writer) Message(h UNH) {
	w.closeSegment()
	w.segments, w.message = 0, h.Ref
	w.messages++
	w.Segment("UNH").Elem(h.Ref).Elem(h.Type).Comp(h.Version).Comp(h.Release).Comp(h.Agency).Comp(h.Association).Elem(h.AccessRef)
}

// EndMessage writes the trailer of the message with its count.
func (w *Writer) EndMessage() {
	w.Segment("UNT").ElemInt(w.segments).Elem(w.message)
	w.closeSegment()
	w.segments, w.message = 0, ""
}

// End writes the trailer of the interchange with its count, flushes, and
// returns the first error of all.
func (w *Writer) End() error {
	w.Segment("UNZ").ElemInt(w.messages).Elem(w.control)
	w.closeSegment()
	w.flush()
	if w.o.Wrap == Wrap80 && w.column > 0 && w.err == nil {
		_, w.err = io.WriteString(w.out, "\r\n")
		w.column = 0
	}
	return w.err
}
