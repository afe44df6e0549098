package canon

import (
	"io"

	"nks/edifact"
)

const (
	width = 80
	eol   = "\n"
)

// lines puts line breaks between what it writes.
type lines struct {
	out    io.Writer
	wrap   edifact.Wrap
	column int // of the open line
	buf    []byte
}

// segment writes a segment; glued says that the next byte must follow at once.
func (l *lines) segment(b []byte, glued bool) error {
	l.buf = l.buf[:0]
	switch l.wrap {
	case edifact.Wrap80:
		for len(b) > 0 {
			if l.column == width {
				l.buf = append(l.buf, eol...)
				l.column = 0
			}
			n := min(width-l.column, len(b))
			l.buf = append(l.buf, b[:n]...)
			l.column += n
			b = b[n:]
		}
	case edifact.WrapSegments:
		l.buf = append(l.buf, b...)
		if !glued {
			l.buf = append(l.buf, eol...)
		}
	default:
		l.buf = append(l.buf, b...)
	}
	_, err := l.out.Write(l.buf)
	return err
}

// fresh begins a line, for no reader finds UNA or UNB in two pieces.
func (l *lines) fresh() error {
	if l.wrap != edifact.Wrap80 || l.column == 0 {
		return nil
	}
	return l.end()
}

// end ends the last line.
func (l *lines) end() error {
	if l.wrap != edifact.Wrap80 || l.column == 0 {
		return nil
	}
	l.column = 0
	_, err := io.WriteString(l.out, eol)
	return err
}
