package lint

import (
	"errors"
	"io"
	"sort"
)

// lines passes a stream on and remembers where its lines begin, as far back as
// somebody may still ask. LF, CR LF and CR end a line.
type lines struct {
	in      io.Reader
	back    int64 // bytes behind the last read that may still be asked for
	at      int64 // bytes passed on
	afterCR bool
	dropped int     // lines before that of starts[0]
	starts  []int64 // where lines begin
}

// newLines remembers the lines of a segment of the given size. The reader ahead
// of it holds no more than one read beside it.
func newLines(in io.Reader, segment int) *lines {
	const read = 64 << 10
	return &lines{in: in, back: 2 * int64(max(segment, read)+read), starts: []int64{0}}
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	l.forget(l.at - l.back) // endless line breaks are no segment
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if l.afterCR && c != '\n' {
			l.starts = append(l.starts, l.at+int64(i))
		}
		l.afterCR = c == '\r'
		if c == '\n' {
			l.starts = append(l.starts, l.at+int64(i)+1)
		}
	}
	l.at += int64(n)
	if l.afterCR && errors.Is(err, io.EOF) {
		l.starts, l.afterCR = append(l.starts, l.at), false
	}
	return n, err
}

// index returns the line in starts that byte offset stands in.
func (l *lines) index(offset int64) int {
	return max(sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset })-1, 0)
}

// place returns line and column of a byte, both from 1. The column counts bytes.
func (l *lines) place(offset int64) (line, column int) {
	i := l.index(offset)
	return l.dropped + i + 1, int(max(offset-l.starts[i], 0)) + 1
}

// forget lets go of lines that end before offset, when that is worth the work.
func (l *lines) forget(offset int64) {
	const few = 1 << 10
	if len(l.starts) < few {
		return
	}
	if n := l.index(offset); n >= len(l.starts)/2 {
		l.dropped += n
		l.starts = append(l.starts[:0], l.starts[n:]...)
	}
}
