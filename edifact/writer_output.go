package edifact

import (
	"errors"
	"io"
	"strconv"
)

// Wrap says where a [Writer] puts line breaks, always CR LF. ISO 9735 has none:
// a reader must forgive them.
type Wrap uint8

// Where line breaks can be.
const (
	WrapNone     Wrap = iota // nowhere
	WrapSegments             // after every segment
	Wrap80                   // after every 80 bytes, whatever stands there, and at the end
)

const wrapWidth = 80

// Written returns the number of bytes written, those not flushed included.
func (w *Writer) Written() int64 { return w.written(len(w.buf)) }

// written returns the offset in the output of byte n of buf.
func (w *Writer) written(n int) int64 {
	if w.o.Wrap == Wrap80 {
		n += 2 * ((w.column + n) / wrapWidth)
	}
	return w.length + int64(n)
}

// Flush ends the open segment and gives out all that was written: who stands
// between the Writer and its output, as one that signs does, knows then what it
// was. It returns the first error.
func (w *Writer) Flush() error {
	w.closeSegment()
	w.flush()
	return w.err
}

func (w *Writer) closeSegment() {
	if w.err != nil || !w.open {
		return
	}
	if len(w.buf)-w.from > w.limits.Segment {
		w.refuse(RuleLimit, "segment is longer than the "+strconv.Itoa(w.limits.Segment)+" bytes a reader takes")
		return
	}
	w.open, w.room = false, 0
	w.endLine(w.marks.End)
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
	w.length += int64(len(out))
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

// endLastLine ends the last line of 80 columns.
func (w *Writer) endLastLine() {
	w.flush()
	if w.o.Wrap == Wrap80 && w.column > 0 && w.err == nil {
		_, w.err = io.WriteString(w.out, "\r\n")
		w.length, w.column = w.length+2, 0
	}
}

// copyObject writes the object of a package, which must have n bytes.
func (w *Writer) copyObject(object io.Reader, n int64) {
	w.flush()
	if w.err != nil {
		return
	}
	copied, err := io.CopyN(w.out, object, n)
	w.length += copied
	switch {
	case errors.Is(err, io.EOF):
		w.refuse(RulePackage, "object of the package is shorter than its length")
	case err != nil:
		w.err = err
	default:
		var more [1]byte
		if k, _ := io.ReadFull(object, more[:]); k > 0 {
			w.refuse(RulePackage, "object of the package is longer than its length")
		}
	}
}
