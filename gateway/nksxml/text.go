package nksxml

import (
	"bytes"
	"unicode/utf8"
)

// charData takes a piece of character data. It is false when there was nothing to deliver.
func (t *Tokenizer) charData(skipSpace bool) (bool, error) {
	if t.cdata {
		return t.cdataPiece(skipSpace)
	}
	in := t.in
	seg := in.buf[in.pos:in.end]
	if n := bytes.IndexByte(seg, '<'); n >= 0 {
		seg = seg[:n]
	} else if in.more() {
		return false, nil
	} else if in.fail == nil && !in.eof {
		// The window is full of text: what could be the beginning of something stays for the next piece.
		seg = in.buf[in.pos:in.end]
		seg = seg[:len(seg)-undecided(seg)]
	} else {
		seg = in.buf[in.pos:in.end]
	}
	if len(t.open) == 0 {
		if rest := bytes.TrimLeft(seg, " \t\n"); len(rest) > 0 {
			return false, in.errorAt(in.pos+len(seg)-len(rest), "", "text outside the root element")
		}
		in.pos += len(seg)
		return false, nil
	}
	text, err := t.expand(seg)
	if err != nil {
		return false, err
	}
	t.text = text
	t.at = in.pos
	in.pos += len(seg)
	return !(skipSpace && allSpace(text)), nil
}

// maxReference is how long a reference may be, from "&" to ";".
const maxReference = 64

// undecided is how many bytes at the end of a piece of text can only be judged with what follows.
func undecided(b []byte) int {
	if i := bytes.LastIndexByte(b, '&'); i > len(b)-maxReference && bytes.IndexByte(b[i:], ';') < 0 {
		return len(b) - i
	}
	n := 0
	for n < 2 && n < len(b) && b[len(b)-1-n] == ']' {
		n++
	}
	return n
}

// expand replaces the references in text.
func (t *Tokenizer) expand(seg []byte) ([]byte, error) {
	in := t.in
	i := 0
	for i < len(seg) && seg[i] != '&' && seg[i] != ']' {
		i++
	}
	if i == len(seg) {
		return seg, nil
	}
	out := append(t.scratch[:0], seg[:i]...)
	for i < len(seg) {
		switch c := seg[i]; {
		case c == '&':
			grown, size, rule := reference(out, seg[i:])
			if rule != "" {
				return nil, in.errorAt(in.pos+i, show(seg[i:i+min(size, len(seg)-i)]), rule)
			}
			out = grown
			i += size
		case c == ']' && i+2 < len(seg) && seg[i+1] == ']' && seg[i+2] == '>':
			return nil, in.errorAt(in.pos+i, "", "\"]]>\" in text")
		default:
			out = append(out, c)
			i++
		}
	}
	t.scratch = out
	return out, nil
}

// reference appends what the reference at the beginning of b stands for. It returns the reference's size, and the rule
// that it breaks. XML 1.0 §4.1, §4.6.
func reference(dst, b []byte) ([]byte, int, string) {
	size := bytes.IndexByte(b[:min(len(b), maxReference)], ';') + 1
	if size == 0 {
		return dst, 1, "\"&\" begins no reference"
	}
	name := b[1 : size-1]
	if len(name) > 1 && name[0] == '#' {
		r, ok := characterNumber(name[1:])
		if !ok {
			return dst, size, "not a character reference"
		}
		if !isChar(r) {
			return dst, size, "reference to a character that is not allowed"
		}
		return utf8.AppendRune(dst, r), size, ""
	}
	switch string(name) {
	case "lt":
		return append(dst, '<'), size, ""
	case "gt":
		return append(dst, '>'), size, ""
	case "amp":
		return append(dst, '&'), size, ""
	case "apos":
		return append(dst, '\''), size, ""
	case "quot":
		return append(dst, '"'), size, ""
	}
	return dst, size, "unknown entity"
}

// characterNumber reads the decimal, or after "x" hexadecimal, number of a character. Beyond Unicode it stops counting.
func characterNumber(b []byte) (rune, bool) {
	base := rune(10)
	if b[0] == 'x' {
		base, b = 16, b[1:]
	}
	var r rune
	for _, c := range b {
		var d rune
		switch {
		case isDigit(c):
			d = rune(c - '0')
		case base == 16 && 'a' <= c|0x20 && c|0x20 <= 'f':
			d = rune(c|0x20-'a') + 10
		default:
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			r = utf8.MaxRune + 1
		}
	}
	return r, len(b) > 0
}

var cdataEnd = []byte("]]>")

// cdataPiece takes character data of a CDATA section. XML 1.0 §2.7.
func (t *Tokenizer) cdataPiece(skipSpace bool) (bool, error) {
	in := t.in
	seg := in.buf[in.pos:in.end]
	if n := bytes.Index(seg, cdataEnd); n >= 0 {
		t.text = seg[:n]
		t.at = in.pos
		in.pos += n + len(cdataEnd)
		t.cdata = false
	} else if in.more() {
		return false, nil
	} else if in.fail != nil || in.eof {
		return false, in.missing("a CDATA section")
	} else {
		t.text = in.buf[in.pos : in.end-len(cdataEnd)+1]
		t.at = in.pos
		in.pos += len(t.text)
	}
	return len(t.text) > 0 && !(skipSpace && allSpace(t.text)), nil
}
