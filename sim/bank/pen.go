package bank

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// pen writes an interchange the way the centre's profile says. It is the centre's own: the gateway must read what a
// bank writes, not what its own writer writes.
type pen struct {
	out      *bufio.Writer
	writes   string
	column   int
	control  string
	messages int
	segments int // in the open message
	err      error
}

func newPen(w io.Writer, p Profile) *pen {
	n := &pen{out: bufio.NewWriterSize(w, 64<<10), writes: p.Writes}
	if p.UNA {
		n.put("UNA:+,? '")
		n.lineEnd()
	}
	return n
}

func (n *pen) put(s string) {
	for n.writes == WritesWrap && n.column+len(s) >= 80 {
		cut := 80 - n.column
		n.write(s[:cut] + "\r\n")
		s, n.column = s[cut:], 0
	}
	n.write(s)
	n.column += len(s)
}

func (n *pen) write(s string) {
	if n.err == nil {
		_, n.err = n.out.WriteString(s)
	}
}

func (n *pen) lineEnd() {
	if n.writes == WritesCRLF {
		n.write("\r\n")
	}
}

// segment writes a tag and its elements. An element is given as its components joined with the byte 0, because any
// printable character may stand in a value. Empty elements and components at the end are left out (ISO 9735 §6.4).
func (n *pen) segment(tag string, elements ...string) {
	for len(elements) > 0 && strings.Trim(elements[len(elements)-1], "\x00") == "" {
		elements = elements[:len(elements)-1]
	}
	var b strings.Builder
	b.WriteString(tag)
	for _, e := range elements {
		b.WriteByte('+')
		escape(&b, strings.TrimRight(e, "\x00"))
	}
	b.WriteByte('\'')
	n.put(b.String())
	n.lineEnd()
	n.segments++
}

// composite joins components for segment.
func composite(components ...string) string { return strings.Join(components, "\x00") }

// escape writes a value in ISO 8859-1; what is not in it becomes a blank.
func escape(b *strings.Builder, value string) {
	for _, r := range value {
		switch {
		case r == 0:
			b.WriteByte(':')
		case r == '+' || r == ':' || r == '?' || r == '\'':
			b.WriteByte('?')
			b.WriteByte(byte(r))
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r > 0xff:
			b.WriteByte(' ')
		default:
			b.WriteByte(byte(r))
		}
	}
}

// header writes UNB; the wall time is that of the centre's zone.
func (n *pen) header(from, to party, at time.Time, control string, asks bool, agreement, test string) {
	n.control = control
	ask := ""
	if asks {
		ask = "1"
	}
	n.segment("UNB", composite("UNOC", "3"), composite(from.ID, from.Qualifier), composite(to.ID, to.Qualifier),
		composite(at.Format("060102"), at.Format("1504")), control, "", "", "", ask, agreement, test)
}

func (n *pen) open(kind ...string) {
	n.messages++
	n.segments = 0
	n.segment("UNH", strconv.Itoa(n.messages), composite(kind...))
}

func (n *pen) close() {
	n.segment("UNT", strconv.Itoa(n.segments+1), strconv.Itoa(n.messages))
}

// finish writes UNZ and returns the first error of all.
func (n *pen) finish() error {
	n.segment("UNZ", strconv.Itoa(n.messages), n.control)
	if n.writes == WritesWrap {
		n.write("\r\n")
	}
	if n.err == nil {
		n.err = n.out.Flush()
	}
	return n.err
}
