package registerxml

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nks/gateway/nksxml"
)

// Limits bound a document. A field that is zero stands for its default.
type Limits struct {
	Items int   // default 10,000
	Bytes int64 // default 20 MB
}

// What a document may hold where nothing else is said.
const (
	MostItems = 10_000
	MostBytes = 20_000_000
)

// mostText bounds the text of one element in bytes, before its own limit is looked at.
const mostText = 4 << 10

func (l Limits) withDefaults() Limits {
	if l.Items == 0 {
		l.Items = MostItems
	}
	if l.Bytes == 0 {
		l.Bytes = MostBytes
	}
	return l
}

// Reader reads a bank report or a caseworker request. Faults of the document are *nksxml.Error, and every error stays.
type Reader struct {
	s      *scanner
	limits Limits
	head   Head
	items  []element[Item]
	n      int
}

// NewReader reads the document from r.
func NewReader(r io.Reader, limits Limits) *Reader {
	limits = limits.withDefaults()
	return &Reader{s: newScanner(r, limits.Bytes), limits: limits}
}

// Head reads what the document says of itself; it comes first. After an error it is what could be read.
func (r *Reader) Head() (Head, error) {
	r.head.Root = r.s.root(BankReport, CaseworkerRequest)
	if r.s.err == nil {
		r.items = itemsOf(r.head.Root)
		readElement(r.s, headOf(r.head.Root), &r.head)
	}
	return r.head, r.s.err
}

// Next reads an item; io.EOF after the last. A document without any is a fault.
func (r *Reader) Next() (*Item, error) {
	n := r.n + 1
	for _, e := range r.items {
		if !r.s.at(e.name) {
			continue
		}
		if n > r.limits.Items {
			r.s.fail("", fmt.Sprintf("more than %d items", r.limits.Items))
			return nil, r.s.err
		}
		r.n = n
		i := &Item{Action: Action(e.name), Expects: Unsaid}
		r.s.nth = n
		readElement(r.s, e, i)
		return i, r.s.err
	}
	if r.n == 0 {
		r.s.unexpected()
	}
	return nil, r.s.finish()
}

// AnswerReader reads an answer, as who has asked does.
type AnswerReader struct {
	s       *scanner
	outcome element[Outcome]
	n       int
}

// NewAnswerReader reads the document from r, of any size.
func NewAnswerReader(r io.Reader) *AnswerReader {
	return &AnswerReader{s: newScanner(r, 1<<40), outcome: outcome()}
}

// Head reads the head of the answer; it comes first.
func (r *AnswerReader) Head() (a Answer, err error) {
	if r.s.root(RegisterAnswer); r.s.err == nil {
		readElement(r.s, answerHead(), &a)
	}
	return a, r.s.err
}

// Next reads an outcome; io.EOF after the last.
func (r *AnswerReader) Next() (o Outcome, err error) {
	if !r.s.at(r.outcome.name) {
		return o, r.s.finish()
	}
	r.n++
	r.s.nth = r.n
	readElement(r.s, r.outcome, &o)
	return o, r.s.err
}

// scanner gives the tags of a document one by one, and keeps the first fault.
type scanner struct {
	tok      *nksxml.Tokenizer
	kind     nksxml.Kind // of the next tag, where have; 0: the document is at its end
	have     bool
	path     []string
	nth      int // which item the next element is; 0: it is none
	expected []string
	err      error
}

func newScanner(r io.Reader, bytes int64) *scanner {
	return &scanner{tok: nksxml.NewTokenizer(r, nksxml.Limits{Bytes: bytes, Depth: 8, Text: mostText, Attributes: 8})}
}

func (s *scanner) where() string { return strings.Join(s.path, "/") }

func (s *scanner) fail(value, rule string) {
	if s.err == nil {
		s.err = s.tok.Fault(s.where(), value, rule)
	}
}

// next takes a token. At the end of the document the kind is 0.
func (s *scanner) next() nksxml.Kind {
	if s.err != nil {
		return 0
	}
	kind, err := s.tok.Next()
	var fault *nksxml.Error
	switch {
	case errors.Is(err, io.EOF):
		return 0
	case errors.As(err, &fault):
		fault.Path = s.where()
		s.err = fault
	case err != nil:
		s.err = fmt.Errorf("document about the register: %w", err)
	}
	return kind
}

// look makes the next tag known.
func (s *scanner) look() {
	for !s.have && s.err == nil {
		s.kind = s.next()
		if s.kind != nksxml.Text {
			s.have = true
			return
		}
		if t := strings.TrimSpace(string(s.tok.Text())); t != "" {
			s.fail(t, "text between elements")
		}
	}
}

// at reports whether the next tag begins an element.
func (s *scanner) at(name string) bool {
	s.look()
	if s.err == nil && s.kind == nksxml.StartElement && s.tok.URI() == Namespace && string(s.tok.Local()) == name {
		return true
	}
	if !slices.Contains(s.expected, name) {
		s.expected = append(s.expected, name)
	}
	return false
}

// unexpected is the fault that the next tag is none of those that were asked for.
func (s *scanner) unexpected() {
	s.look()
	want := "expected " + strings.Join(s.expected, " or ")
	switch {
	case s.err != nil:
	case s.kind != nksxml.StartElement:
		s.fail("", want)
	case s.tok.URI() != Namespace:
		s.fail(string(s.tok.Local()), want+" in the namespace "+Namespace)
	default:
		s.fail(string(s.tok.Local()), want)
	}
}

// open takes the beginning of the element that is next.
func (s *scanner) open(name string) {
	s.have, s.expected = false, s.expected[:0]
	for _, a := range s.tok.Attributes() {
		if a.URI != "http://www.w3.org/2001/XMLSchema-instance" {
			s.fail(string(a.Name), "unknown attribute")
		}
	}
	if s.nth > 0 {
		name += "[" + strconv.Itoa(s.nth) + "]"
		s.nth = 0
	}
	s.path = append(s.path, name)
}

// close takes the end of the innermost open element.
func (s *scanner) close() {
	s.look()
	if s.err == nil && s.kind != nksxml.EndElement {
		s.expected = append(s.expected, "the end of the element")
		s.unexpected()
	}
	if s.err == nil {
		s.have, s.expected = false, s.expected[:0]
		s.path = s.path[:len(s.path)-1]
	}
}

// root opens the root element, one of these.
func (s *scanner) root(names ...string) string {
	for _, name := range names {
		if s.at(name) {
			s.open(name)
			return name
		}
	}
	s.unexpected()
	return ""
}

// finish takes the end of the root and of the document; io.EOF says that there is nothing more.
func (s *scanner) finish() error {
	if s.err == nil && len(s.path) > 0 {
		s.close()
	}
	if s.look(); s.err == nil && s.kind != 0 {
		s.unexpected()
	}
	if s.err == nil {
		s.err = io.EOF
	}
	return s.err
}

// value takes the text of the element just opened, and its end.
func (s *scanner) value() string {
	var text []byte
	for s.err == nil {
		switch s.next() {
		case nksxml.Text:
			if text = append(text, s.tok.Text()...); len(text) > mostText {
				s.fail("", fmt.Sprintf("more than %d bytes of text", mostText))
			}
			continue
		case nksxml.EndElement:
			return string(text)
		}
		s.fail(string(s.tok.Local()), "an element within a text")
	}
	return ""
}

// readElement reads the element that must be next.
func readElement[T any](s *scanner, e element[T], t *T) {
	for _, one := range e.oneOf {
		if s.at(one.name) {
			readElement(s, one, t)
			return
		}
	}
	if e.oneOf != nil || !s.at(e.name) {
		s.unexpected()
		return
	}
	s.open(e.name)
	if e.set != nil {
		v := s.value()
		rule := "is empty"
		if v != "" {
			rule = e.set(t, v)
		}
		if rule != "" {
			s.fail(v, rule)
		}
		if s.err == nil {
			s.path = s.path[:len(s.path)-1]
		}
		return
	}
	for _, p := range e.parts {
		readPart(s, p, t)
	}
	s.close()
}

// readPart reads a part of an element, as often as it is there.
func readPart[T any](s *scanner, p element[T], t *T) {
	switch {
	case s.err != nil:
	case p.read != nil:
		for s.at(p.name) {
			p.read(s, t)
		}
	case !p.optional || s.at(p.name):
		readElement(s, p, t)
	}
}
