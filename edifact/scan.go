package edifact

import (
	"errors"
	"io"
)

// scan finds the end of the segment at start, noting its parts, and returns
// its length without the terminator.
func (r *Reader) scan() (int, error) {
	r.parts, r.firsts = r.parts[:0], append(r.firsts[:0], 0)
	class := &r.class
	from, i, escaped := 0, 0, false
	for {
		data := r.buf[r.start:r.end]
		for i < len(data) {
			c := class[data[i]]
			if c == classData {
				i++
				continue
			}
			if c == classRelease {
				if i+1 == len(data) {
					break
				}
				escaped = true
				i += 2
				continue
			}
			r.parts = append(r.parts, part{int32(from), int32(i), escaped})
			i++
			from, escaped = i, false
			if c == classEnd {
				if i > r.limits.Segment {
					return 0, r.tooLong()
				}
				return i - 1, nil
			}
			if err := r.separator(c, i-1); err != nil {
				return 0, err
			}
		}
		if i > r.limits.Segment {
			return 0, r.tooLong()
		}
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return 0, r.fault(0, CodeMissing, "input ends inside a segment")
			}
			return 0, err
		}
	}
}

// separator notes a separator found at byte i of the segment.
func (r *Reader) separator(class uint8, i int) error {
	if class == classElement {
		if len(r.firsts) > r.limits.Elements {
			e := r.fault(i, CodeTooManyConstituents, "more data elements than the limit")
			e.Element = len(r.firsts) + 1
			return e
		}
		r.firsts = append(r.firsts, int32(len(r.parts)))
		return nil
	}
	if count := len(r.parts) - int(r.firsts[len(r.firsts)-1]); count >= r.limits.Components {
		e := r.fault(i, CodeTooManyConstituents, "more components than the limit")
		e.Element, e.Component = len(r.firsts), count+1
		return e
	}
	return nil
}

func (r *Reader) tooLong() error {
	return r.fault(0, CodeTooLong, "segment is longer than the limit")
}

// fault describes an error at byte i after the start of the present segment.
func (r *Reader) fault(i int, code Code, text string) *Error {
	e := &Error{Offset: r.offset(r.start + i), Message: string(r.message), Position: r.nextPosition(), Code: code, Text: text}
	if head := r.buf[r.start:r.end]; len(head) >= 3 && isTagByte(head[0]) && isTagByte(head[1]) && isTagByte(head[2]) {
		e.Tag = string(head[:3])
	}
	return e
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
		r.total += int64(n)
		if r.total > r.limits.Total {
			return r.fault(0, CodeTooLong, "input is longer than the limit")
		}
		if r.limits.Breaks == BreaksAnywhere {
			n = r.dropBreaks(n)
		}
		r.end += n
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
	full := r.limits.Segment + readSize
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.base += int64(r.start)
		r.start, r.end = 0, r.end-r.start
	}
	if len(r.buf) < full && r.end*2 >= len(r.buf) {
		bigger := make([]byte, min(full, max(4<<10, len(r.buf)*4)))
		copy(bigger, r.buf[:r.end])
		r.buf = bigger
	}
}

// dropBreaks takes CR and LF out of the n bytes behind end, noting where they
// were, and returns how many bytes are left.
func (r *Reader) dropBreaks(n int) int {
	r.breaks = append(r.breaks[:0], r.breaks[r.passed:]...)
	r.passed = 0
	read := r.buf[r.end : r.end+n]
	kept := 0
	for _, c := range read {
		if c != '\r' && c != '\n' {
			read[kept] = c
			kept++
			continue
		}
		at := r.base + int64(r.end+kept)
		if last := len(r.breaks) - 1; last >= 0 && r.breaks[last].at == at {
			r.breaks[last].bytes++
		} else {
			r.breaks = append(r.breaks, lineBreak{at, 1})
		}
	}
	return kept
}

// segmentOffset returns the input offset of the segment at start and passes
// the breaks before it, so that the search stays short.
func (r *Reader) segmentOffset() int64 {
	at := r.base + int64(r.start)
	for r.passed < len(r.breaks) && r.breaks[r.passed].at <= at {
		r.dropped += r.breaks[r.passed].bytes
		r.passed++
	}
	return at + r.dropped
}

// offset returns the input offset of buf[i].
func (r *Reader) offset(i int) int64 {
	at := r.base + int64(i)
	dropped := r.dropped
	for _, b := range r.breaks[r.passed:] {
		if b.at <= at {
			dropped += b.bytes
		}
	}
	return at + dropped
}
