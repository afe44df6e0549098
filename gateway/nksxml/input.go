package nksxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// windowSize bounds the markup of one tag; text and comments may be longer, they are taken in pieces.
const windowSize = 64 << 10

// encoding is how the bytes of the document stand for characters.
type encoding uint8

const (
	encUTF8 encoding = iota
	encLatin1
	encASCII
)

// input is a sliding window on the document. What stands in the window is decoded to UTF-8, has its line ends
// normalised (XML 1.0 §2.11) and holds only characters that XML allows (§2.2), so nothing above has to look again.
type input struct {
	src   io.Reader
	enc   encoding
	limit int64
	total int64 // bytes taken from src

	buf  []byte
	pos  int // first byte not consumed
	end  int // end of what was checked
	keep int // first byte that must stay, for the position of an error; at most pos

	raw     []byte  // staging of bytes that are no UTF-8
	tail    [4]byte // an incomplete UTF-8 sequence at the end of what was read
	ntail   int
	afterCR bool  // the last byte was CR, already told as a line end
	eof     bool  // src has nothing more
	fail    error // what stands behind end: an illegal character, a limit, an error of src

	line, column int // position of buf[0], from 0
	mark         int // buf[:mark] has markLines line ends
	markLines    int
}

func newInput(src io.Reader, limit int64) *input {
	return &input{src: src, limit: limit, buf: make([]byte, windowSize)}
}

// more makes room and reads on. It is false when nothing can be added: fail is set, the document is at its end, or the
// window is full of what is not consumed.
func (in *input) more() bool {
	if in.fail != nil {
		return false
	}
	in.slide()
	if in.full() && in.keep < in.pos {
		in.keep = in.pos
		in.slide()
	}
	before := in.end
	for in.fail == nil && !in.eof && !in.full() {
		in.read()
	}
	return in.end > before
}

func (in *input) full() bool { return in.end+2*len(in.tail) >= len(in.buf) }

// missing is the reason why more could not add what a piece of markup still needs.
func (in *input) missing(what string) error {
	switch {
	case in.fail != nil:
		return in.fail
	case in.eof:
		return in.errorAt(in.end, "", "the document ends within "+what)
	}
	return in.errorAt(in.pos, "", what+" too long")
}

// slide drops what is consumed and no longer needed.
func (in *input) slide() {
	gone := min(in.keep, in.pos)
	if gone == 0 {
		return
	}
	in.line, in.column = in.position(gone)
	copy(in.buf, in.buf[gone:in.end])
	in.pos -= gone
	in.end -= gone
	in.keep -= gone
	in.mark = max(0, in.mark-gone)
	in.markLines = bytes.Count(in.buf[:in.mark], newline)
}

var newline = []byte{'\n'}

// read takes one portion from the source into the window.
func (in *input) read() {
	room := in.buf[in.end:]
	if in.enc == encLatin1 {
		if in.raw == nil {
			in.raw = make([]byte, windowSize/2)
		}
		room = in.raw[:min(len(in.raw), len(room)/2)]
	} else {
		copy(room, in.tail[:in.ntail])
	}
	n, err := in.take(room[in.ntail:])
	chunk := room[:in.ntail+n]
	in.ntail = 0
	if in.enc == encLatin1 {
		chunk = latin1(in.buf[in.end:], chunk)
	}
	chunk = chunk[:in.normalise(chunk)]
	good, rule := in.legal(chunk)
	in.end += good
	switch rest := chunk[good:]; {
	case rule != "":
		in.fail = in.errorAt(in.end, "", rule)
	case err != nil:
		in.fail = err
	case len(rest) > 0 && in.eof:
		in.fail = in.errorAt(in.end, "", "not valid UTF-8")
	default:
		in.ntail = copy(in.tail[:], rest)
	}
}

// take reads some bytes and accounts for them.
func (in *input) take(room []byte) (int, error) {
	for range 100 {
		n, err := in.src.Read(room)
		in.total += int64(n)
		if err != nil {
			in.eof = true
		}
		if in.total > in.limit {
			in.eof = true
			return 0, in.errorAt(in.end, "", fmt.Sprintf("document larger than %d bytes", in.limit))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return n, fmt.Errorf("nksxml: read document: %w", err)
		}
		if n > 0 || err != nil {
			return n, nil
		}
	}
	in.eof = true
	return 0, fmt.Errorf("nksxml: read document: %w", io.ErrNoProgress)
}

// latin1 decodes ISO 8859-1, whose bytes are the first 256 characters of Unicode.
func latin1(dst, src []byte) []byte {
	n := 0
	for _, c := range src {
		if c < 0x80 {
			dst[n] = c
			n++
			continue
		}
		dst[n], dst[n+1] = 0xC0|c>>6, 0x80|c&0x3F
		n += 2
	}
	return dst[:n]
}

// normalise turns CR LF and lone CR into LF, in place, and returns the new length. XML 1.0 §2.11.
func (in *input) normalise(b []byte) int {
	from := 0
	if in.afterCR && len(b) > 0 {
		in.afterCR = false
		if b[0] == '\n' {
			from = 1
		}
	}
	to := 0
	for {
		i := bytes.IndexByte(b[from:], '\r')
		if i < 0 {
			if from == to {
				return len(b)
			}
			return to + copy(b[to:], b[from:])
		}
		if from != to {
			copy(b[to:], b[from:from+i])
		}
		to += i
		b[to] = '\n'
		to++
		from += i + 1
		if from == len(b) {
			in.afterCR = true
			return to
		}
		if b[from] == '\n' {
			from++
		}
	}
}

// plain tells the single bytes that are characters XML allows.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = true
	}
	t['\t'], t['\n'] = true, true
	return t
}()

// legal returns how much of b is whole characters that XML allows, and the rule that the next one breaks. No rule and
// bytes left over is an incomplete sequence at the end of b. XML 1.0 §2.2.
func (in *input) legal(b []byte) (int, string) {
	i := 0
	for {
		for ; i+4 <= len(b); i += 4 {
			if q := b[i : i+4 : i+4]; !(plain[q[0]] && plain[q[1]] && plain[q[2]] && plain[q[3]]) {
				break
			}
		}
		for i < len(b) && plain[b[i]] {
			i++
		}
		if i == len(b) {
			return i, ""
		}
		if b[i] < 0x80 {
			return i, fmt.Sprintf("character U+%04X is not allowed", b[i])
		}
		if in.enc == encASCII {
			return i, "byte outside US-ASCII"
		}
		if !utf8.FullRune(b[i:]) {
			return i, ""
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i, "not valid UTF-8"
		}
		if r == 0xFFFE || r == 0xFFFF {
			return i, fmt.Sprintf("character U+%04X is not allowed", r)
		}
		i += size
	}
}

// position of buf[p], line and column from 0.
func (in *input) position(p int) (line, column int) {
	line = in.lineOf(p)
	if i := bytes.LastIndexByte(in.buf[:p], '\n'); i >= 0 {
		return line, countRunes(in.buf[i+1 : p])
	}
	return line, in.column + countRunes(in.buf[:p])
}

// lineOf is the line of buf[p], from 0. Asked in rising order it looks at each byte once.
func (in *input) lineOf(p int) int {
	if p < in.mark {
		return in.line + bytes.Count(in.buf[:p], newline)
	}
	in.markLines += bytes.Count(in.buf[in.mark:p], newline)
	in.mark = p
	return in.line + in.markLines
}

func (in *input) errorAt(p int, value, rule string) *Error {
	line, column := in.position(p)
	return &Error{Line: line + 1, Column: column + 1, Value: value, Rule: rule}
}

// countRunes counts characters of valid UTF-8: the bytes that do not continue one.
func countRunes(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xC0 != 0x80 {
			n++
		}
	}
	return n
}
