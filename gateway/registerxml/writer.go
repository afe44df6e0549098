package registerxml

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is in the error of who writes what could not be read.
var ErrInvalid = errors.New("not as the schema has it")

// Writer writes a bank report or a caseworker request.
type Writer struct {
	w     *writer
	root  string
	items map[Action]element[Item]
}

// NewWriter begins a document.
func NewWriter(to io.Writer, head Head) (*Writer, error) {
	w := &Writer{w: newWriter(to), root: head.Root, items: map[Action]element[Item]{}}
	if head.Root != BankReport && head.Root != CaseworkerRequest {
		return nil, fmt.Errorf("%q is no document of a sender: %w", head.Root, ErrInvalid)
	}
	for _, e := range itemsOf(head.Root) {
		w.items[Action(e.name)] = e
	}
	w.w.root(head.Root)
	writeElement(w.w, headOf(head.Root), &head)
	return w, w.w.err
}

// Item writes an item.
func (w *Writer) Item(i Item) error {
	e, known := w.items[i.Action]
	if !known {
		return fmt.Errorf("%s in a %s: %w", i.Action, w.root, ErrInvalid)
	}
	writeElement(w.w, e, &i)
	return w.w.err
}

// End ends the document.
func (w *Writer) End() error { return w.w.end(w.root) }

// AnswerWriter writes an answer.
type AnswerWriter struct {
	w       *writer
	outcome element[Outcome]
}

// NewAnswerWriter begins an answer.
func NewAnswerWriter(to io.Writer, head Answer) (*AnswerWriter, error) {
	w := &AnswerWriter{w: newWriter(to), outcome: outcome()}
	w.w.root(RegisterAnswer)
	writeElement(w.w, answerHead(), &head)
	return w, w.w.err
}

// Outcome writes what became of an item.
func (w *AnswerWriter) Outcome(o Outcome) error {
	writeElement(w.w, w.outcome, &o)
	return w.w.err
}

// End ends the answer.
func (w *AnswerWriter) End() error { return w.w.end(RegisterAnswer) }

// writer writes elements, and keeps the first error.
type writer struct {
	b     *bufio.Writer
	depth int
	err   error
}

func newWriter(to io.Writer) *writer { return &writer{b: bufio.NewWriterSize(to, 32<<10)} }

func (w *writer) put(parts ...string) {
	for _, p := range parts {
		if w.err == nil {
			_, w.err = w.b.WriteString(p)
		}
	}
}

func (w *writer) root(name string) {
	w.put(`<?xml version="1.0" encoding="UTF-8"?>`, "\n<", name, ` xmlns="`, Namespace, "\">\n")
	w.depth = 1
}

func (w *writer) end(root string) error {
	if w.put("</", root, ">\n"); w.err == nil {
		w.err = w.b.Flush()
	}
	return w.err
}

func (w *writer) indent() { w.put(strings.Repeat("  ", w.depth)) }

// there reports whether anything of an element is to be written.
func there[T any](e element[T], t *T) bool {
	if e.get != nil {
		return e.get(t) != ""
	}
	for _, parts := range [][]element[T]{e.parts, e.oneOf} {
		for _, p := range parts {
			if there(p, t) {
				return true
			}
		}
	}
	return false
}

// writeElement writes an element, which must be there unless it is optional.
func writeElement[T any](w *writer, e element[T], t *T) {
	switch {
	case w.err != nil:
		return
	case e.write != nil:
		e.write(w, t)
		return
	case e.oneOf != nil:
		for _, one := range e.oneOf {
			if there(one, t) {
				writeElement(w, one, t)
				return
			}
		}
		w.err = fmt.Errorf("%s is missing: %w", e.oneOf[0].name, ErrInvalid)
		return
	case !there(e, t):
		if !e.optional {
			w.err = fmt.Errorf("%s is missing: %w", e.name, ErrInvalid)
		}
		return
	}
	w.indent()
	if e.get != nil {
		w.value(e.name, e.get(t), func(v string) string {
			var read T
			return e.set(&read, v)
		})
		return
	}
	w.put("<", e.name, ">\n")
	w.depth++
	for _, p := range e.parts {
		writeElement(w, p, t)
	}
	w.depth--
	w.indent()
	w.put("</", e.name, ">\n")
}

// value writes an element with a text that a reader would take.
func (w *writer) value(name, v string, breaks func(string) string) {
	rule := breaks(v)
	if rule == "" && (!utf8.ValidString(v) || strings.ContainsAny(v, "\uFFFE\uFFFF")) {
		rule = "a character that XML does not have"
	}
	if rule != "" {
		if w.err == nil {
			w.err = fmt.Errorf("%s: %s: %w", name, rule, ErrInvalid)
		}
		return
	}
	if w.put("<", name, ">"); w.err == nil {
		w.err = xml.EscapeText(w.b, []byte(v))
	}
	w.put("</", name, ">\n")
}
