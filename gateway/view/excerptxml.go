package view

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// xmlPart is an element of a document that is looked for, by its place or by what stands in it.
type xmlPart struct {
	element string // local name
	within  string // the element around it, whose beginning is shown, too
	ordinal int    // the how-manieth; 0: the one that holds text
	text    string // what must stand in an element of name holds, unescaped
	holds   string
}

// tagLimit bounds a tag, a comment or a text that a page looks at; longer ones are passed over.
const tagLimit = 64 << 10

// findXML finds one element in a document of any size, in constant memory. Other elements of its name never are in what
// it gives. The document has been read before: it is well-formed.
func findXML(r io.Reader, want xmlPart) (*Excerpt, error) {
	f := &xmlFinder{in: bufio.NewReaderSize(r, 64<<10), want: want}
	for {
		done, err := f.step()
		if errors.Is(err, io.EOF) {
			return nil, errNotInIt
		}
		if err != nil {
			return nil, err
		}
		if done {
			return &Excerpt{Text: f.result()}, nil
		}
	}
}

// xmlFinder walks from tag to tag.
type xmlFinder struct {
	in   *bufio.Reader
	want xmlPart

	around  []byte // of the element around, up to the first that is looked for
	inside  bool   // of the element around
	current []byte // the element that may be the one
	open    bool
	seen    int
	chunk   []byte
}

// step takes the text up to the next tag, and the tag.
func (f *xmlFinder) step() (done bool, err error) {
	text, err := f.until('<')
	if err != nil {
		return false, err
	}
	f.keep(text[:len(text)-1])
	tag, err := f.tag()
	if err != nil {
		return false, err
	}
	name, closing, empty := tagName(tag)
	switch {
	case name == "":
		f.keep(tag)
	case name == f.want.within && !closing:
		f.inside, f.around = true, append(f.around[:0], tag...)
	case name == f.want.within:
		f.inside = false
	case name == f.want.element && !closing:
		f.seen++
		f.inside = false // the beginning of what is around ends here
		f.open = !empty
		f.current = append(f.current[:0], tag...)
		return empty && f.isIt(), nil
	case name == f.want.element:
		f.keep(tag)
		f.open = false
		return f.isIt(), nil
	default:
		f.keep(tag)
	}
	return false, nil
}

func (f *xmlFinder) keep(b []byte) {
	switch {
	case f.open && len(f.current) < excerptMost:
		f.current = append(f.current, b...)
	case f.inside && len(f.around) < tagLimit:
		f.around = append(f.around, b...)
	}
}

// isIt reports whether the element that has just ended is the one. By its place alone it never is: what must stand in it
// is asked for as well, so that nobody sees another's payment through a miscount.
func (f *xmlFinder) isIt() bool {
	if f.want.ordinal > 0 && f.seen != f.want.ordinal {
		return false
	}
	// Most are not, which plain letters tell without parsing.
	if isPlain(f.want.text) && !bytes.Contains(f.current, []byte(f.want.text)) {
		return false
	}
	return strings.Contains(contentOf(f.current, f.want.holds), "\x00"+f.want.text+"\x00")
}

// isPlain reports whether a text is written in every document as it is.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r < ' ' || strings.ContainsRune(`&<>"'`, r) })
}

// contentOf is the texts of all elements of a name, each between two NUL.
func contentOf(element []byte, name string) string {
	d := xml.NewDecoder(strings.NewReader(readable(element)))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var b strings.Builder
	in := false
	for {
		t, err := d.RawToken()
		if err != nil {
			return b.String()
		}
		switch t := t.(type) {
		case xml.StartElement:
			if in = t.Name.Local == name; in {
				b.WriteByte(0)
			}
		case xml.CharData:
			if in {
				b.WriteString(strings.TrimSpace(string(t)))
			}
		case xml.EndElement:
			if in {
				b.WriteByte(0)
			}
			in = false
		}
	}
}

// until reads to a byte, in one piece; what is longer than the limit is cut in the middle.
func (f *xmlFinder) until(end byte) ([]byte, error) {
	f.chunk = f.chunk[:0]
	for {
		part, err := f.in.ReadSlice(end)
		if len(f.chunk) < tagLimit || err == nil {
			f.chunk = append(f.chunk, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return f.chunk, err
		}
	}
}

// tag reads the rest of a tag, after its <. Comments, CDATA and instructions are passed over whole, whatever stands in them.
func (f *xmlFinder) tag() ([]byte, error) {
	tag := []byte{'<'}
	for {
		part, err := f.until('>')
		if err != nil {
			return nil, err
		}
		tag = append(tag, part...)
		if len(tag) > 4*tagLimit {
			return nil, errTooFar
		}
		switch {
		case bytes.HasPrefix(tag, []byte("<!--")):
			if len(tag) >= 7 && bytes.HasSuffix(tag, []byte("-->")) {
				return tag, nil
			}
		case bytes.HasPrefix(tag, []byte("<![CDATA[")):
			if bytes.HasSuffix(tag, []byte("]]>")) {
				return tag, nil
			}
		case bytes.HasPrefix(tag, []byte("<?")):
			if bytes.HasSuffix(tag, []byte("?>")) {
				return tag, nil
			}
		default:
			if !quoting(tag) {
				return tag, nil
			}
		}
	}
}

// quoting reports whether a tag ends within the value of an attribute.
func quoting(tag []byte) bool {
	var quote byte
	for _, c := range tag {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote != 0
}

// tagName is a tag's local name; empty for what is no element.
func tagName(tag []byte) (name string, closing, empty bool) {
	body := tag[1 : len(tag)-1]
	if len(body) == 0 || body[0] == '!' || body[0] == '?' {
		return "", false, false
	}
	if closing = body[0] == '/'; closing {
		body = body[1:]
	}
	empty = bytes.HasSuffix(body, []byte{'/'})
	if end := bytes.IndexAny(body, " \t\r\n/"); end >= 0 {
		body = body[:end]
	}
	if colon := bytes.IndexByte(body, ':'); colon >= 0 {
		body = body[colon+1:]
	}
	return string(body), closing, empty
}

// result is the beginning of what is around, and the element.
func (f *xmlFinder) result() string {
	around := strings.TrimRight(readable(f.around), " \t\r\n")
	text := outdented(readable(f.current))
	if around == "" {
		return text
	}
	return outdented(around) + "\n  …\n" + text
}

// outdented takes away the indentation that all lines but the first share.
func outdented(text string) string {
	lines := strings.Split(text, "\n")
	shared := -1
	for _, l := range lines[1:] {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if n := len(l) - len(strings.TrimLeft(l, " \t")); shared < 0 || n < shared {
			shared = n
		}
	}
	for i := 1; i < len(lines) && shared > 0; i++ {
		lines[i] = strings.TrimRight(lines[i][min(shared, len(lines[i])):], "\r")
	}
	return strings.Join(lines, "\n")
}
