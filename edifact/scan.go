package edifact

import (
	"errors"
	"io"
	"math"
	"unicode/utf8"
)

// Classes of bytes while a segment is scanned. Up to classRepetition a class is
// the ending that it stands for.
const (
	classData       = uint8(0)
	classComponent  = uint8(endsComponent)
	classElement    = uint8(endsElement)
	classRepetition = uint8(endsRepetition)
	classEnd        = classRepetition + iota - 3
	classRelease
	classBreak // CR, LF
	classWide  // part of what only Valid can judge
	classBad   // not in the repertoire
)

// setDelimiters makes d the service characters, with no repertoire known yet.
func (r *Reader) setDelimiters(d Delimiters) {
	r.marks, r.seg.release = d, d.Release
	r.classify(nil, false)
}

// classify makes the table of classes. A nil table allows every byte but CR and
// LF; wide says that bytes from 0x80 on, and ESC, are parts of longer characters.
// A forgiving reader judges values as wholes, and tells each once.
func (r *Reader) classify(in *[256]bool, wide bool) {
	d := r.marks
	for i := range r.class {
		switch {
		case wide && in[i] && (i >= utf8.RuneSelf || i == escape) || in != nil && (i >= utf8.RuneSelf || !in[i]) && r.seg.text.forgiving:
			r.class[i] = classWide
		case in == nil || in[i]:
			r.class[i] = classData
		default:
			r.class[i] = classBad
		}
	}
	r.class['\r'], r.class['\n'] = classBreak, classBreak
	if d.Release != 0 {
		r.class[d.Release] = classRelease
	}
	if d.Repetition != 0 && r.header.Version == 4 {
		r.class[d.Repetition] = classRepetition
	}
	r.class[d.Component] = classComponent
	r.class[d.Element] = classElement
	r.class[d.End] = classEnd
}

// scan finds the end of the segment at start, noting where its components end,
// and returns its length without the terminator.
func (r *Reader) scan() (int, error) {
	s := &r.seg
	s.Offset, s.escaped, s.indexed = r.base+int64(r.start), false, false
	if len(s.drops) > 0 {
		s.drops = s.drops[:0]
	}
	data := r.buf[r.start:r.end]
	i, n := run(data, &r.class, s.ends, 0, 0)
	if i < len(data) && n < len(s.ends) && n < r.quick && i <= r.o.Limits.Segment && r.class[data[i]] == classEnd {
		s.ends[n] = mark(i) << 2
		s.count = n + 1
		return i, nil
	}
	return r.scanOn(i, n)
}

// scanOn goes on at byte i of a segment, which has n separators so far, with all
// that most segments do not have.
func (r *Reader) scanOn(i, n int) (int, error) {
	s := &r.seg
	wide := false
	for {
		data := r.buf[r.start:r.end]
		i, n = run(data, &r.class, s.ends, i, n)
		if i > r.o.Limits.Segment {
			return 0, r.tooLong()
		}
		if i < len(data) && n == len(s.ends) {
			s.ends = append(s.ends, make([]mark, n)...)
			continue
		}
		if i == len(data) || i+1 == len(data) && r.class[data[i]] == classRelease {
			if err := r.fill(); errors.Is(err, io.EOF) {
				return r.unfinished(n, len(data), wide)
			} else if err != nil {
				return 0, err
			}
			continue
		}
		var err error
		switch k := r.class[data[i]]; k {
		case classEnd:
			s.ends[n] = mark(i) << 2
			s.count = n + 1
			if wide || n >= r.quick {
				err = r.scanned(i, wide)
			}
			return i, err
		case classWide:
			wide = true
			i++
		default:
			if i, err = r.special(i, n, k); err != nil {
				return 0, err
			}
		}
	}
}

// special handles a release character, or a byte that no segment should hold, at
// byte i, and returns where to go on.
func (r *Reader) special(i, n int, class uint8) (int, error) {
	s := &r.seg
	if class == classRelease {
		next := r.buf[r.start+i+1]
		if c := r.class[next]; c != classBreak {
			s.escaped = true
			if (c == classData || c > classRelease) && !r.mayRepeat(next) {
				return i + 1, r.stray(s.ends[:n], i)
			}
			return i + 2, nil
		}
	}
	dropped, err := r.odd(s.ends[:n], i, class)
	switch {
	case dropped:
		return i, err
	case class == classRelease:
		s.escaped = true
		return i + 2, err
	default:
		return i + 1, err
	}
}

// run passes over plain bytes and notes separators from byte i on, the n-th one
// first, until another class comes or seps is full. Four bytes are looked at
// with one check of the bounds.
func run(data []byte, class *[256]uint8, seps []mark, i, n int) (int, int) {
	for {
		var k uint8
		for {
			if i+4 > len(data) {
				for ; i < len(data); i++ {
					if k = class[data[i]]; k != classData {
						break
					}
				}
				break
			}
			four := data[i : i+4 : i+4]
			if k = class[four[0]]; k != classData {
				break
			}
			if k = class[four[1]]; k != classData {
				i++
				break
			}
			if k = class[four[2]]; k != classData {
				i += 2
				break
			}
			if k = class[four[3]]; k != classData {
				i += 3
				break
			}
			i += 4
		}
		if k == classData || k > classRepetition || uint(n) >= uint(len(seps)) {
			return i, n
		}
		seps[n] = mark(i)<<2 | mark(k)
		i++
		n++
	}
}

// scanned takes the marks of a whole segment and compares it with the limits.
func (r *Reader) scanned(length int, wide bool) error {
	marks := r.seg.marks()
	if length > r.o.Limits.Segment {
		return r.tooLong()
	}
	if wide {
		if err := r.checkWide(length); err != nil {
			return err
		}
	}
	if len(marks) <= r.o.Limits.Elements && len(marks) <= r.o.Limits.Components {
		return nil
	}
	element, components := 1, 0
	for _, m := range marks {
		if components++; components > r.o.Limits.Components {
			e := r.faultAt(marks, m.at(), RuleLimit, CodeTooManyConstituents, "more components than the limit")
			return e
		}
		if m.ending() == endsElement {
			if components, element = 0, element+1; element > r.o.Limits.Elements+1 {
				e := r.faultAt(marks, m.at()+1, RuleLimit, CodeTooManyConstituents, "more data elements than the limit")
				e.Component = 0
				return e
			}
		}
	}
	return nil
}

// unfinished is a segment that the input ends in.
func (r *Reader) unfinished(n, length int, wide bool) (int, error) {
	s := &r.seg
	if n == len(s.ends) {
		s.ends = append(s.ends, 0)
	}
	s.ends[n] = mark(length) << 2
	e := r.faultAt(s.ends[:n], length, RuleTerminator, CodeMissing, "input ends inside a segment")
	if length == 0 || r.o.Lenient&MissingTerminator == 0 {
		return 0, e
	}
	if err := r.flaw(e, MissingTerminator); err != nil {
		return 0, err
	}
	s.count = n + 1
	return length, r.scanned(length, wide)
}

func (r *Reader) tooLong() error {
	return r.fault(RuleLimit, CodeTooLong, "segment is longer than the limit")
}

// stray is a release character at byte i that releases nothing.
func (r *Reader) stray(marks []mark, i int) error {
	return r.flaw(r.faultAt(marks, i, RuleRelease, CodeBadSeparator, "release character before a character that is no service character"), StrayRelease)
}

// mayRepeat reports whether c is the repetition separator if the version that the
// present UNB will name has one.
func (r *Reader) mayRepeat(c byte) bool {
	if r.header.Version != 0 {
		return false
	}
	return c == r.marks.Repetition && c != 0 || !r.advised && c == defaultRepetition
}

// odd handles the bytes that no segment should hold: line breaks, and what the
// repertoire does not have. It reports whether byte i was dropped.
func (r *Reader) odd(marks []mark, i int, class uint8) (dropped bool, err error) {
	if r.class[r.buf[r.start+i]] == classRelease {
		i++ // the break that follows it
	} else if class != classBreak {
		e := r.faultAt(marks, i, RuleRepertoire, CodeBadCharacter, "byte is no character of "+r.repertoire.String())
		return false, r.flaw(e, WrongRepertoire)
	}
	drops := r.seg.drops
	if last := len(drops) - 1; last >= 0 && int(drops[last].at) == i && drops[last].bytes < math.MaxInt32 {
		drops[last].bytes++ // CR LF, or an empty line
	} else {
		e := r.faultAt(marks, i, RuleLineBreak, CodeBadCharacter, "line break inside a segment")
		if err := r.flaw(e, WrappedLines); err != nil || e.Forgiven == 0 {
			return false, err
		}
		if len(drops) > mostBreaks+r.o.Limits.Segment/16 {
			return false, r.faultAt(marks, i, RuleLimit, CodeTooLong, "more line breaks inside a segment than the limit")
		}
		r.seg.drops = append(drops, drop{int32(i), 1})
	}
	copy(r.buf[r.start+1:], r.buf[r.start:r.start+i])
	r.start++
	return true, nil
}

// mostBreaks may stand in any segment; more where there are no more than one in
// sixteen of the bytes that a segment may have.
const mostBreaks = 64

// checkWide checks a segment with characters of several bytes: UTF-8 at once
// when all of it is well, and else value by value.
func (r *Reader) checkWide(length int) error {
	r.seg.start, r.seg.length = r.start, length
	if r.repertoire.utf8() && r.repertoire.Valid(r.seg.Raw()) < 0 {
		return nil
	}
	return r.checkCharacters()
}

// faultAt describes a fault at byte i of the segment being scanned, which has
// the marks so far.
func (r *Reader) faultAt(marks []mark, i int, rule Rule, code Code, text string) *ParseError {
	e := r.fault(rule, code, text)
	c := &r.cursor
	if c.segment != r.seg.Offset || c.mark > len(marks) || c.mark > 0 && marks[c.mark-1].at() >= i {
		*c = cursor{segment: r.seg.Offset, element: 1, component: 1}
	}
	for ; c.mark < len(marks) && marks[c.mark].at() < i; c.mark++ {
		switch marks[c.mark].ending() {
		case endsElement:
			c.element, c.component = c.element+1, 1
		case endsComponent:
			c.component++
		}
	}
	e.Element, e.Component = c.element, c.component
	e.Tag = tagOf(r.buf[r.start:min(r.end, r.start+i)])
	if r.state == inMessage {
		e.Position = r.position + 1
	}
	e.Offset = r.seg.offset(i)
	return e
}

// cursor is the component that the last fault of a segment was in: the next one
// mostly is behind it.
type cursor struct {
	segment                  int64
	mark, element, component int
}

// tagOf returns the tag that a segment begins with, "" where there is none.
func tagOf(raw []byte) string {
	if len(raw) >= 3 && isTagByte(raw[0]) && isTagByte(raw[1]) && isTagByte(raw[2]) {
		return string(raw[:3])
	}
	return ""
}
