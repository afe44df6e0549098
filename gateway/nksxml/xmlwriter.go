package nksxml

import (
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// xmlWriter writes elements of the schema. The first fault stays and stops everything after it.
type xmlWriter struct {
	out  io.Writer
	buf  []byte
	what string // the document, for errors
	deep int
	err  error
}

// flushSize is how much is gathered before it is written.
const flushSize = 32 << 10

func newXMLWriter(out io.Writer, root symbol) *xmlWriter {
	return &xmlWriter{out: out, buf: make([]byte, 0, flushSize+4096), what: elements[root].local}
}

func (x *xmlWriter) fail(s symbol, rule string) {
	if x.err == nil {
		x.err = fmt.Errorf("nksxml: write %s: %s: %s", x.what, elements[s].local, rule)
	}
}

// flush hands over what is gathered.
func (x *xmlWriter) flush() {
	if x.err == nil && len(x.buf) > 0 {
		if _, err := x.out.Write(x.buf); err != nil {
			x.err = fmt.Errorf("nksxml: write %s: %w", x.what, err)
		}
	}
	x.buf = x.buf[:0]
}

const indents = "\n                                                                "

// line begins a new line at the present depth.
func (x *xmlWriter) line() {
	if len(x.buf) >= flushSize {
		x.flush()
	}
	x.buf = append(x.buf, indents[:1+4*x.deep]...)
}

// tagName writes a qualified name with the prefix that the official documents give its namespace.
func (x *xmlWriter) tagName(s symbol) {
	prefix := "swift:"
	switch elements[s].uri {
	case nsNKS:
		prefix = "nks:"
	case nsEBMS:
		prefix = "ebms:"
	}
	x.buf = append(x.buf, prefix...)
	x.buf = append(x.buf, elements[s].local...)
}

// root writes the XML declaration and the root's start tag as the official documents have it.
func (x *xmlWriter) root(s symbol, ebms, swift bool) {
	x.buf = append(x.buf, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<"...)
	x.tagName(s)
	declare := func(prefix, uri string) { x.buf = append(x.buf, ` xmlns:`+prefix+`="`+uri+`"`...) }
	declare("nks", nsNKS)
	if ebms {
		declare("ebms", nsEBMS)
	}
	if swift {
		declare("swift", nsSWIFT)
	}
	declare("xsi", nsXSI)
	x.buf = append(x.buf, ` xsi:schemaLocation="`+nsNKS+` `+nsNKS+`NKS_`+elements[s].local+`.xsd">`...)
	x.deep = 1
}

// xmlAttr is an attribute to write; its name stands with its prefix.
type xmlAttr struct {
	name, value string
	typ         *textType
}

func (x *xmlWriter) tag(s symbol, attrs []xmlAttr) {
	x.line()
	x.buf = append(x.buf, '<')
	x.tagName(s)
	for _, a := range attrs {
		x.buf = append(x.buf, ' ')
		x.buf = append(x.buf, a.name...)
		x.buf = append(x.buf, '=', '"')
		x.value(s, a.typ, a.value, true)
		x.buf = append(x.buf, '"')
	}
}

// start writes the beginning of an element that has elements.
func (x *xmlWriter) start(s symbol, attrs ...xmlAttr) {
	x.tag(s, attrs)
	x.buf = append(x.buf, '>')
	x.deep++
}

// end writes its end.
func (x *xmlWriter) end(s symbol) {
	x.deep--
	x.line()
	x.endTag(s)
}

func (x *xmlWriter) endTag(s symbol) {
	x.buf = append(x.buf, '<', '/')
	x.tagName(s)
	x.buf = append(x.buf, '>')
}

// str writes a string element; one that the schema would not take is a fault.
func (x *xmlWriter) str(s symbol, typ *textType, v string, attrs ...xmlAttr) {
	x.tag(s, attrs)
	if v == "" && typ.min == 0 {
		x.buf = append(x.buf, '/', '>')
		return
	}
	x.buf = append(x.buf, '>')
	x.value(s, typ, v, false)
	x.endTag(s)
}

// maybeStr writes a string element unless the value is empty.
func (x *xmlWriter) maybeStr(s symbol, typ *textType, v string) {
	if v != "" {
		x.str(s, typ, v)
	}
}

// raw writes an element whose value needs no escaping.
func (x *xmlWriter) raw(s symbol, v string, attrs ...xmlAttr) {
	x.tag(s, attrs)
	x.buf = append(x.buf, '>')
	x.buf = append(x.buf, v...)
	x.endTag(s)
}

func (x *xmlWriter) date(s symbol, d Date) {
	if !d.valid() {
		x.fail(s, "not a date the document can carry")
		return
	}
	x.raw(s, d.String())
}

// clock writes what the clock shows at the time's location.
func (x *xmlWriter) clock(s symbol, t time.Time) {
	if y := t.Year(); y < 1000 || y > 2999 {
		x.fail(s, "not a time the document can carry")
		return
	}
	x.raw(s, t.Format("2006-01-02T15:04:05"))
}

func (x *xmlWriter) amountOf(s symbol, v int64, currency string) {
	x.raw(s, strconv.FormatInt(v, 10), xmlAttr{"Ccy", currency, &typeCurrency})
}

// value writes a checked and escaped value.
func (x *xmlWriter) value(s symbol, typ *textType, v string, inAttribute bool) {
	checked, rule := typ.clean([]byte(v))
	if rule != "" {
		x.fail(s, rule)
		return
	}
	for len(checked) > 0 {
		r, size := utf8.DecodeRune(checked)
		switch {
		case r == utf8.RuneError && size == 1:
			x.fail(s, "not valid UTF-8")
			return
		case !isChar(r):
			x.fail(s, fmt.Sprintf("character U+%04X cannot be written", r))
			return
		case r == '&':
			x.buf = append(x.buf, "&amp;"...)
		case r == '<':
			x.buf = append(x.buf, "&lt;"...)
		case r == '>':
			x.buf = append(x.buf, "&gt;"...)
		case r == '"' && inAttribute:
			x.buf = append(x.buf, "&quot;"...)
		// A bare CR would be read as a line end, and white space of an attribute as blanks.
		case r == '\r' || inAttribute && (r == '\n' || r == '\t'):
			x.buf = append(x.buf, "&#"+strconv.Itoa(int(r))+";"...)
		default:
			x.buf = append(x.buf, checked[:size]...)
		}
		checked = checked[size:]
	}
}

// finish writes the root's end and hands everything over.
func (x *xmlWriter) finish(root symbol) error {
	x.deep = 0
	x.line()
	x.endTag(root)
	x.buf = append(x.buf, '\n')
	x.flush()
	return x.err
}
