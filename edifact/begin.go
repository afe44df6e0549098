package edifact

import (
	"bytes"
	"errors"
	"io"
)

const (
	byteOrderMark = "\xEF\xBB\xBF"
	maxPreamble   = 4 << 10
	lookAhead     = 16 // bytes that tell how an interchange begins
)

// begin finds the start of the next interchange, or returns io.EOF, and takes
// the service characters.
func (r *Reader) begin() error {
	if err := r.skipPadding(); err != nil {
		return err
	}
	if err := r.need(lookAhead); err != nil {
		return err
	}
	if err := r.skipPreamble(); err != nil {
		return err
	}
	if err := r.need(lookAhead); err != nil {
		return err
	}
	r.resetEnvelope()
	head := r.buf[r.start:min(r.end, r.start+lookAhead)]
	if bytes.HasPrefix(head, []byte("UNA")) {
		return r.advice(head)
	}
	r.advised = false
	r.setDelimiters(DefaultDelimiters)
	if len(head) >= 4 && string(head[:3]) == "UNB" && head[3] != DefaultDelimiters.Element {
		if head[3] == LevelBDelimiters.Element {
			r.setDelimiters(LevelBDelimiters)
			return nil
		}
		e := r.fault(RuleSeparators, CodeBadSeparator, "byte after UNB is no known data element separator and there is no UNA")
		e.Tag, e.Element, e.Offset = "UNB", 1, e.Offset+3
		return e
	}
	return nil
}

// advice reads UNA and what stands between it and UNB.
func (r *Reader) advice(head []byte) error {
	if len(head) < 9 {
		return r.adviceFault(CodeMissing, "service string advice UNA is cut off")
	}
	d := parseUNA(head[:9])
	length := 9
	if short := parseUNA([]byte("UNA" + string(head[3:7]) + " " + string(head[7:8]))); isShortUNA(head) && short.usable() {
		e := r.adviceFault(CodeMissing, "service string advice UNA has eight bytes instead of nine")
		if err := r.flaw(e, ShortUNA); err != nil {
			return err
		}
		d, length = short, 8
	}
	if !d.usable() {
		return r.adviceFault(CodeBadServiceCharacter, "service string advice UNA has unusable or repeated service characters")
	}
	r.advised, r.adviceAt, r.miscounts = true, r.base+int64(r.start), false
	r.setDelimiters(d)
	r.start += length
	err := r.skipBreaks()
	if errors.Is(err, io.EOF) {
		return r.adviceFault(CodeMissing, "input ends after the service string advice UNA")
	}
	return err
}

// isShortUNA reports whether UNB follows UNA after eight bytes.
func isShortUNA(head []byte) bool {
	rest := bytes.TrimLeft(head[8:], "\r\n")
	return len(rest) > 0 && rest[0] == 'U' && head[7] != 'U' && !isAlnum(head[7]) && (head[8] == 'U' || head[8] == '\r' || head[8] == '\n')
}

func (r *Reader) adviceFault(code Code, text string) *ParseError {
	e := r.fault(RuleUNA, code, text)
	e.Tag = "UNA"
	return e
}

// skipPadding moves to the first byte of the next interchange and tells what
// stood before it. It returns io.EOF where no more follows.
func (r *Reader) skipPadding() error {
	reported := false
	for {
		if r.start == r.end {
			if err := r.fill(); err != nil {
				return err
			}
		}
		switch r.buf[r.start] {
		case '\r', '\n':
			if err := r.skipBreaks(); err != nil {
				return err
			}
		case ' ', '\t', 0, 0x1A:
			if !reported {
				reported = true
				if err := r.flaw(r.fault(RulePadding, CodeBadCharacter, "blank, NUL or Ctrl-Z outside of an interchange"), Padding); err != nil {
					return err
				}
			}
			r.start++
		default:
			return nil
		}
	}
}

// skipBreaks moves behind line breaks before a segment, and behind the blanks
// around them.
func (r *Reader) skipBreaks() error {
	reported, padded := false, false
	for {
		for r.start < r.end {
			var err error
			switch c := r.buf[r.start]; {
			case r.class[c] == classBreak && !reported:
				reported = true
				err = r.flaw(r.fault(RuleLineBreak, CodeBadCharacter, "line break between segments"), LineBreaks, WrappedLines)
			case r.class[c] == classBreak:
			case c != ' ' && c != '\t' || r.marks.isService(c):
				return nil
			case !reported && !padded:
				padded = true
				err = r.flaw(r.fault(RulePadding, CodeBadCharacter, "blank between segments"), Padding)
			}
			if err != nil {
				return err
			}
			r.start++
		}
		if err := r.fill(); errors.Is(err, io.EOF) && r.state != outside {
			return r.truncated()
		} else if err != nil {
			return err
		}
	}
}

// skipPreamble moves to UNA or UNB where something else comes first in the
// input.
func (r *Reader) skipPreamble() error {
	if r.begun {
		return r.skipMark()
	}
	r.begun = true
	if startsInterchange(r.buf[r.start:r.end]) {
		return nil
	}
	if err := r.need(maxPreamble); err != nil {
		return err
	}
	head := r.buf[r.start:min(r.end, r.start+maxPreamble)]
	for i := 1; i < len(head); i++ {
		if startsInterchange(head[i:]) {
			text := "something stands before UNA or UNB"
			if string(head[:i]) == byteOrderMark {
				text = "a byte order mark stands before UNA or UNB"
			}
			if err := r.flaw(r.fault(RulePreamble, CodeBadCharacter, text), Preamble); err != nil {
				return err
			}
			r.start += i
			return nil
		}
	}
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		r.start += len(byteOrderMark)
	}
	return nil
}

// skipMark moves behind a byte order mark before an interchange that is not the
// first: files that were put together have them.
func (r *Reader) skipMark() error {
	rest, marked := bytes.CutPrefix(r.buf[r.start:r.end], []byte(byteOrderMark))
	if !marked || !startsInterchange(rest) {
		return nil
	}
	if err := r.flaw(r.fault(RulePreamble, CodeBadCharacter, "byte order mark before UNA or UNB"), Preamble); err != nil {
		return err
	}
	r.start += len(byteOrderMark)
	return nil
}

// startsInterchange reports whether b begins with UNA or UNB and a separator.
func startsInterchange(b []byte) bool {
	if len(b) < 4 || b[0] != 'U' || b[1] != 'N' || isAlnum(b[3]) || b[3] == ' ' {
		return false
	}
	return b[2] == 'A' && len(b) >= 9 || b[2] == 'B'
}
