package nksxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// walker follows the schema through a document: each method takes what must come next. The first fault stays in err and
// stops everything after it, so that a sequence of elements reads as a sequence of calls.
type walker struct {
	tok  *Tokenizer
	lim  Limits
	kind Kind // the tag looked at, if have; 0 at the end of the document
	have bool
	err  error

	path     []step
	expected []symbol // what was asked for at this place in vain

	// Values of one element after the other stand in arena. settle makes one string of them all and cuts the fields' values
	// out of it: one allocation for a payment.
	arena  []byte
	fields []field
}

// step is an open element, with its number among its like when there can be several.
type step struct {
	sym symbol
	n   int
}

// field is a string to be cut out of the arena.
type field struct {
	to        *string
	from, end int
}

func newWalker(r io.Reader, limits Limits) *walker {
	return &walker{tok: newTokenizer(r, limits, symbols), lim: limits.withDefaults()}
}

// look makes the next tag known. Between tags only white space may stand.
func (w *walker) look() {
	if w.have || w.err != nil {
		return
	}
	kind, err := w.tok.next(true)
	switch {
	case errors.Is(err, io.EOF):
		kind = 0
	case err != nil:
		w.fail(err)
		return
	case kind == Text:
		text := bytes.TrimLeft(w.tok.text, " \t\r\n")
		at := w.tok.at
		for at < w.tok.in.pos-1 && isSpace(w.tok.in.buf[at]) {
			at++
		}
		w.refuse(at, bytes.TrimRight(text, " \t\r\n"), "text between elements")
		return
	}
	w.kind, w.have = kind, true
}

// at reports whether the next tag begins this element.
func (w *walker) at(s symbol) bool {
	if !w.have {
		w.look()
	}
	if w.err != nil {
		return false
	}
	if w.kind == StartElement && w.tok.sym == s {
		return true
	}
	w.expected = append(w.expected, s)
	return false
}

// open takes the beginning of an element that must come, without attributes. n is its number among its like, or 0.
func (w *walker) open(s symbol, n int) bool { return w.openWith(s, n, nil) }

// attribute is one that an element must have.
type attribute struct {
	uri, local string
	typ        *textType
	to         *string
}

// openWith is open for an element with these attributes.
func (w *walker) openWith(s symbol, n int, want []attribute) bool {
	if !w.at(s) {
		w.unexpected()
		return false
	}
	w.have = false
	w.expected = w.expected[:0]
	w.path = append(w.path, step{s, n})
	if len(w.tok.attrs) > 0 || want != nil {
		w.attributes(want)
	}
	return w.err == nil
}

// maybe takes the beginning of an element that may come.
func (w *walker) maybe(s symbol) bool { return w.at(s) && w.open(s, 0) }

// close takes the end of the innermost open element.
func (w *walker) close() {
	w.look()
	if w.err != nil {
		return
	}
	if w.kind != EndElement {
		w.unexpected()
		return
	}
	w.have = false
	w.leave()
}

func (w *walker) leave() {
	w.expected = w.expected[:0]
	w.path = w.path[:len(w.path)-1]
}

// finish takes the end of the document.
func (w *walker) finish() {
	w.look()
	if w.err == nil && w.kind != 0 {
		w.unexpected()
	}
}

// attributes checks those of the element just opened. Where to find a schema may be said anywhere. XSD-1 §2.6.
func (w *walker) attributes(want []attribute) {
	found := 0
	for i := range w.tok.attrs {
		a := &w.tok.attrs[i]
		if a.URI == nsXSI && (string(a.Local()) == "schemaLocation" || string(a.Local()) == "noNamespaceSchemaLocation") {
			continue
		}
		k := 0
		for k < len(want) && (want[k].uri != a.URI || want[k].local != string(a.Local())) {
			k++
		}
		if k == len(want) {
			w.refuse(w.tok.in.keep, a.Name, "unknown attribute")
			return
		}
		found++
		from := len(w.arena)
		w.arena = append(w.arena, a.Value...)
		v, rule := want[k].typ.clean(w.arena[from:])
		if rule != "" {
			w.refuse(w.tok.in.keep, a.Value, "attribute "+want[k].local+": "+rule)
			return
		}
		w.keep(from, v, want[k].to)
	}
	if found == len(want) {
		return
	}
	for _, a := range want {
		if !w.tok.hasAttribute(a.uri, a.local) {
			w.refuse(w.tok.in.keep, nil, "attribute "+a.local+" is missing")
			return
		}
	}
}

func (t *Tokenizer) hasAttribute(uri, local string) bool {
	for i := range t.attrs {
		if t.attrs[i].URI == uri && string(t.attrs[i].Local()) == local {
			return true
		}
	}
	return false
}

// text takes the content of the simple element just opened, with its end, to the end of the arena.
func (w *walker) text() (from int, ok bool) {
	from = len(w.arena)
	for w.err == nil {
		kind, err := w.tok.next(false)
		switch {
		case err != nil:
			w.fail(err)
		case kind == EndElement:
			return from, true
		case kind == StartElement:
			w.have, w.kind = true, kind
			w.unexpected()
		case len(w.arena)-from+len(w.tok.text) > w.lim.Text:
			w.fail(w.tok.in.errorAt(w.tok.in.keep, "", fmt.Sprintf("text longer than %d bytes", w.lim.Text)))
		default:
			w.arena = append(w.arena, w.tok.text...)
		}
	}
	return from, false
}

// content takes the content of the string element just opened.
func (w *walker) content(typ *textType, to *string) {
	from, ok := w.text()
	if !ok {
		return
	}
	v, rule := typ.clean(w.arena[from:])
	if rule != "" {
		w.refuse(w.tok.in.keep, v, rule)
		return
	}
	w.keep(from, v, to)
	w.leave()
}

// keep makes v, which stands in the arena somewhere from from on, the value of a field.
func (w *walker) keep(from int, v []byte, to *string) {
	w.arena = w.arena[:from+copy(w.arena[from:], v)]
	if to != nil && len(v) > 0 {
		w.fields = append(w.fields, field{to, from, len(w.arena)})
	}
}

// settle gives the fields their values.
func (w *walker) settle() {
	if len(w.fields) > 0 {
		all := string(w.arena)
		for _, f := range w.fields {
			*f.to = all[f.from:f.end]
		}
	}
	w.arena, w.fields = w.arena[:0], w.fields[:0]
}

// str takes a string element.
func (w *walker) str(s symbol, typ *textType, to *string) { w.strN(s, 0, typ, to) }

// strN takes one of several string elements of a name.
func (w *walker) strN(s symbol, n int, typ *textType, to *string) {
	if w.open(s, n) {
		w.content(typ, to)
	}
}

// maybeStr takes a string element that may be there.
func (w *walker) maybeStr(s symbol, typ *textType, to *string) bool {
	if !w.at(s) {
		return false
	}
	w.str(s, typ, to)
	return true
}

// parsed takes the content of the simple element just opened, of another type than string.
func parsed[T any](w *walker, parse func([]byte) (T, string), to *T) {
	from, ok := w.text()
	if !ok {
		return
	}
	v, rule := parse(w.arena[from:])
	if rule != "" {
		w.refuse(w.tok.in.keep, w.arena[from:], rule)
		return
	}
	*to = v
	w.arena = w.arena[:from]
	w.leave()
}

func (w *walker) long(s symbol, to *int64) {
	if w.open(s, 0) {
		parsed(w, parseLong, to)
	}
}

func (w *walker) count(s symbol, to *int64) {
	if w.open(s, 0) {
		parsed(w, parseCount, to)
	}
}

func (w *walker) boolean(s symbol, to *bool) {
	if w.open(s, 0) {
		parsed(w, parseBoolean, to)
	}
}

func (w *walker) date(s symbol, to *Date) {
	if w.open(s, 0) {
		parsed(w, parseDate, to)
	}
}

func (w *walker) dateTime(s symbol, to *DateTime) {
	if w.open(s, 0) {
		parsed(w, parseDateTime, to)
	}
}

// unexpected refuses the tag looked at, which is none of those that may come here.
func (w *walker) unexpected() {
	if w.err != nil {
		return
	}
	var names []string
	for _, s := range w.expected {
		names = append(names, elements[s].local)
	}
	if w.kind != StartElement {
		w.refuse(w.tok.at, nil, "missing: "+strings.Join(names, " or "))
		return
	}
	local := show(w.tok.Local())
	rule := "element " + local + " is not allowed here"
	for _, s := range w.expected {
		if elements[s].local == string(w.tok.Local()) {
			rule = "element " + local + " is in the wrong namespace"
			break
		}
	}
	if len(names) > 0 {
		rule += "; allowed: " + strings.Join(names, " or ")
	}
	w.refuse(w.tok.in.keep, nil, rule)
}

// refuse is a breach of the schema at a byte of the window.
func (w *walker) refuse(pos int, value []byte, rule string) {
	e := w.tok.in.errorAt(pos, show(value), rule)
	e.WellFormed = true
	w.fail(e)
}

// fail keeps the first fault. A fault of the document gets its path.
func (w *walker) fail(err error) {
	if w.err != nil {
		return
	}
	if e, ok := err.(*Error); ok {
		e.Path = w.where()
	}
	w.err = err
}

func (w *walker) where() string {
	var b strings.Builder
	for i, s := range w.path {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(elements[s.sym].local)
		if s.n > 0 {
			b.WriteString("[" + strconv.Itoa(s.n) + "]")
		}
	}
	return b.String()
}
