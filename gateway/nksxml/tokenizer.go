package nksxml

import (
	"bytes"
	"fmt"
	"io"
)

// Kind is what a token is.
type Kind uint8

// Kinds of tokens. Comments and processing instructions are checked and skipped.
const (
	StartElement Kind = iota + 1
	EndElement        // also follows the start of an empty element
	Text              // a piece of character data; adjacent pieces may come as several tokens
)

// Tokenizer is a pull parser for XML 1.0 with namespaces, without document type declarations. It holds one window of the
// document, however long that is. What its methods return is valid until the next call of Next.
type Tokenizer struct {
	in  *input
	lim Limits

	text    []byte
	attrs   []Attr
	name    []byte // qualified name of the start or end element
	colon   int    // of name, -1 without prefix
	uri     string
	sym     symbol
	scratch []byte // values with references
	at      int    // where in the window the token begins

	open     []openElement
	names    []byte // qualified names of the open elements, one after the other
	spaces   []binding
	scope    uint32 // changes with every change of the namespace declarations in force
	cache    [cacheSize]cachedName
	symbols  map[qualified]symbol
	cdata    bool // within a CDATA section
	empty    bool // an empty element's end is due
	seenRoot bool
	started  bool
	err      error
}

// openElement is an element whose end is not read.
type openElement struct {
	name   int // where its name begins in names
	spaces int // how many bindings were in force before it
	colon  int // within the name, -1 without prefix
	sym    symbol
}

// NewTokenizer reads the document from r.
func NewTokenizer(r io.Reader, limits Limits) *Tokenizer { return newTokenizer(r, limits, nil) }

func newTokenizer(r io.Reader, limits Limits, symbols map[qualified]symbol) *Tokenizer {
	lim := limits.withDefaults()
	return &Tokenizer{in: newInput(r, lim.Bytes), lim: lim, symbols: symbols, scope: 1}
}

// Next takes the next token. After the root's end and what may follow it the error is io.EOF; a fault of the document is an
// *Error. Every error stays.
func (t *Tokenizer) Next() (Kind, error) {
	return t.next(false)
}

// Local is the name of the start or end element without its prefix.
func (t *Tokenizer) Local() []byte { return t.name[t.colon+1:] }

// Prefix is the namespace prefix of the start or end element; nil without.
func (t *Tokenizer) Prefix() []byte {
	if t.colon < 0 {
		return nil
	}
	return t.name[:t.colon]
}

// URI is the namespace of the start or end element; empty when in none.
func (t *Tokenizer) URI() string { return t.uri }

// Attributes of the start element in the order of the document, without namespace declarations.
func (t *Tokenizer) Attributes() []Attr { return t.attrs }

// Text is the piece of character data of a Text token.
func (t *Tokenizer) Text() []byte { return t.text }

// Fault is a fault of the document that a reader finds at the token that Next gave last.
func (t *Tokenizer) Fault(path, value, rule string) *Error {
	e := t.in.errorAt(t.at, show([]byte(value)), rule)
	e.Path, e.WellFormed = path, true
	return e
}

func (t *Tokenizer) next(skipSpace bool) (Kind, error) {
	if t.err != nil {
		return 0, t.err
	}
	kind, err := t.token(skipSpace)
	if err != nil {
		t.err = err
	}
	return kind, err
}

func (t *Tokenizer) token(skipSpace bool) (Kind, error) {
	if !t.started {
		t.started = true
		if err := t.prolog(); err != nil {
			return 0, err
		}
	}
	if t.empty {
		t.empty = false
		t.closeElement()
		return EndElement, nil
	}
	for {
		in := t.in
		if in.pos == in.end && !in.more() {
			return 0, t.atEnd()
		}
		if t.cdata || in.buf[in.pos] != '<' {
			ok, err := t.charData(skipSpace)
			if err != nil {
				return 0, err
			}
			if ok {
				return Text, nil
			}
			continue
		}
		kind, err := t.markup()
		if kind != 0 || err != nil {
			return kind, err
		}
	}
}

// atEnd judges the end of the input between tokens.
func (t *Tokenizer) atEnd() error {
	switch {
	case t.in.fail != nil:
		return t.in.fail
	case t.cdata:
		return t.in.missing("a CDATA section")
	case len(t.open) > 0:
		return t.in.missing("element " + show(t.names[t.open[len(t.open)-1].name:]))
	case !t.seenRoot:
		return t.fault("there is no root element")
	}
	return io.EOF
}

// markup takes what begins with "<". No kind: it was skipped.
func (t *Tokenizer) markup() (Kind, error) {
	in := t.in
	for in.end-in.pos < 2 {
		if !in.more() {
			return 0, in.missing("markup")
		}
	}
	switch in.buf[in.pos+1] {
	case '/':
		return EndElement, t.endTag()
	case '!':
		return 0, t.declaration()
	case '?':
		return 0, t.instruction()
	}
	return StartElement, t.startTag()
}

// startTag takes the tag of an element whose name and scope were met before without looking at it letter by letter.
func (t *Tokenizer) startTag() error {
	in := t.in
	in.keep = in.pos
	t.attrs = t.attrs[:0]
	gt := bytes.IndexByte(in.buf[in.pos:in.end], '>')
	if gt > 1 {
		name := in.buf[in.pos+1 : in.pos+gt]
		empty := name[len(name)-1] == '/'
		if empty {
			name = name[:len(name)-1]
		}
		if c := t.cached(name); c != nil {
			in.pos += gt + 1
			t.empty = empty
			return t.openElement(name, int(c.colon), c.uri, c.sym, len(t.spaces))
		}
	}
	return t.longTag()
}

// openElement makes the element the innermost open one. before is how many bindings were in force around it.
func (t *Tokenizer) openElement(name []byte, colon int, uri string, sym symbol, before int) error {
	if len(t.open) == 0 {
		if t.seenRoot {
			return t.in.errorAt(t.in.keep, show(name), "a second root element")
		}
		t.seenRoot = true
	}
	if len(t.open) >= t.lim.Depth {
		return t.in.errorAt(t.in.keep, show(name), fmt.Sprintf("elements nested deeper than %d", t.lim.Depth))
	}
	t.open = append(t.open, openElement{name: len(t.names), spaces: before, colon: colon, sym: sym})
	t.names = append(t.names, name...)
	t.name, t.colon, t.uri, t.sym = name, colon, uri, sym
	t.at = t.in.keep
	return nil
}

// endTag takes the end of the innermost open element.
func (t *Tokenizer) endTag() error {
	in := t.in
	if len(t.open) == 0 {
		return t.fault("end tag without start tag")
	}
	top := &t.open[len(t.open)-1]
	want := t.names[top.name:]
	for in.end-in.pos < len(want)+3 {
		if !in.more() {
			return t.badEnd(want)
		}
	}
	b := in.buf[in.pos+2 : in.end]
	if string(b[:len(want)]) != string(want) {
		return t.badEnd(want)
	}
	t.at = in.pos
	if b[len(want)] == '>' {
		in.pos += len(want) + 3
		t.closeElement()
		return nil
	}
	return t.endTagWithSpace(len(want) + 2)
}

// endTagWithSpace takes an end tag that has white space after its name, n bytes from its beginning.
func (t *Tokenizer) endTagWithSpace(n int) error {
	in := t.in
	for {
		for in.pos+n < in.end && isSpace(in.buf[in.pos+n]) {
			n++
		}
		if in.pos+n < in.end {
			break
		}
		if !in.more() {
			return in.missing("an end tag")
		}
	}
	if in.buf[in.pos+n] != '>' {
		return t.badEnd(t.names[t.open[len(t.open)-1].name:])
	}
	t.at = in.pos
	in.pos += n + 1
	t.closeElement()
	return nil
}

func (t *Tokenizer) badEnd(want []byte) error {
	in := t.in
	b := in.buf[min(in.pos+2, in.end):in.end]
	if n := nameLength(b); n == len(b) && (in.fail != nil || in.eof) {
		return in.missing("an end tag")
	} else if n > 0 {
		return in.errorAt(in.pos, show(b[:n]), "end tag does not match start tag "+show(want))
	}
	return t.fault("end tag does not match start tag " + show(want))
}

// closeElement leaves the innermost open element and makes it the current one.
func (t *Tokenizer) closeElement() {
	top := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	t.name, t.colon, t.sym = t.names[top.name:], top.colon, top.sym
	if top.sym != 0 {
		t.uri = elements[top.sym].uri
	} else {
		t.uri, _ = t.lookup(t.Prefix())
	}
	t.names = t.names[:top.name]
	if top.spaces < len(t.spaces) {
		t.spaces = t.spaces[:top.spaces]
		t.scope++
	}
}

// fault is an *Error at the next byte to read.
func (t *Tokenizer) fault(rule string) error { return t.in.errorAt(t.in.pos, "", rule) }
