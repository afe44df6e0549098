// Package canon rewrites interchanges in one form: the usual service characters,
// no separators that separate nothing, no release characters that release
// nothing, line breaks in one way. Values stay as they are, byte for byte.
package canon

import (
	"errors"
	"io"
	"math"
	"slices"

	"nks/edifact"
)

// Advice says when the service string advice, UNA, is written.
type Advice uint8

// Advice is kept as it was unless another is asked for.
const (
	AsItWas Advice = iota
	Always
	Never // which is an error where a reader cannot do without
)

// Options are the form that is written.
type Options struct {
	Wrap       edifact.Wrap // lines end with LF
	Advice     Advice
	Separators bool // keep the service characters of each interchange
	Counts     bool // write into UNT, UNE and UNZ what there is
	// Lenient is what may be read over: see [edifact.Leniency].
	Lenient edifact.Leniency
	// Repertoire is taken instead of that which UNB names.
	Repertoire edifact.Repertoire
	// Forgiven is told every departure that was read over.
	Forgiven func(*edifact.ParseError)
}

// Rewrite reads interchanges and writes them in canonical form. It returns the
// first fault after which what is written could not be what was read, as a
// [*edifact.ParseError]; what is written then is no whole interchange. A
// signature over the bytes of an interchange does not survive.
func Rewrite(out io.Writer, in io.Reader, o Options) error {
	w := &rewriter{o: o, lines: lines{out: out, wrap: o.Wrap}}
	r := edifact.NewReader(in, edifact.ReaderOptions{
		// The service characters are written with UNB.
		Lenient: o.Lenient &^ edifact.MissingInterchange, Repertoire: o.Repertoire, Forgiven: w.tell, Faults: w.fault, Object: w.object,
		Limits: edifact.Limits{Total: math.MaxInt64},
	})
	for {
		s, err := r.Next()
		if w.refused != nil {
			return w.refused
		}
		if errors.Is(err, io.EOF) {
			return w.lines.end()
		}
		if err == nil {
			err = w.segment(r, s)
		}
		if err != nil {
			return err
		}
	}
}

type rewriter struct {
	o       Options
	lines   lines
	buf     []byte
	marks   edifact.Delimiters // that are written
	refused error

	groups, messages, loose int // for the counts
	grouped                 bool
}

func (w *rewriter) tell(e *edifact.ParseError) {
	if w.o.Forgiven != nil {
		w.o.Forgiven(e)
	}
}

// harmless are faults of values, which are written as they came.
var harmless = []edifact.Rule{
	edifact.RuleSyntax, edifact.RuleDuplicate, edifact.RuleGroups, edifact.RuleGroupType, edifact.RuleEmpty, edifact.RulePosition,
	edifact.RuleMandatory, edifact.RuleElements, edifact.RuleComponents, edifact.RuleRepetitions, edifact.RuleTooLong,
	edifact.RuleTooShort, edifact.RuleType, edifact.RuleNumber, edifact.RuleCode, edifact.RuleNesting,
}

func (w *rewriter) fault(e *edifact.ParseError) {
	if slices.Contains(harmless, e.Rule) {
		w.tell(e)
	} else if w.refused == nil {
		w.refused = e
	}
}

// segment writes one segment; UNA stands before UNB.
func (w *rewriter) segment(r *edifact.Reader, s *edifact.Segment) error {
	w.buf = w.buf[:0]
	if s.Tag == "UNB" {
		if err := w.begin(r); err != nil {
			return err
		}
	}
	w.count(s)
	w.tag(s, r.Delimiters())
	if count := w.stated(s); count >= 0 && w.o.Counts {
		w.counted(s, count)
	} else {
		w.values(s)
	}
	if s.Tag == "UNB" && (len(w.buf) == len("UNB") || w.buf[len("UNB")] != w.marks.Element) {
		return &edifact.ParseError{
			Place: edifact.Place{Tag: s.Tag, Element: 2, Offset: s.Offset}, Rule: edifact.RuleMandatory, Code: edifact.CodeMissing,
			Text: "nothing stands behind UNB",
		}
	}
	w.buf = append(w.buf, w.marks.End)
	return w.lines.segment(w.buf, s.Tag == "UNO")
}

// begin chooses the service characters of an interchange and writes UNA.
func (w *rewriter) begin(r *edifact.Reader) error {
	version := r.Interchange().Version
	marks := r.Delimiters()
	if !w.o.Separators {
		decimal := marks.Decimal
		marks = edifact.DefaultDelimiters
		marks.Decimal = decimal
	}
	if version < 4 {
		marks.Repetition = 0
	} else if marks.Repetition == 0 && !w.o.Separators {
		marks.Repetition = usualRepetition
	}
	w.marks = marks
	usual := edifact.DefaultDelimiters
	if version == 4 {
		usual.Repetition = usualRepetition
		usual.Decimal = marks.Decimal // numbers of version 4 take either
	}
	if w.o.Advice == Never && marks != usual && !(marks == edifact.LevelBDelimiters && version < 4) {
		return errors.New("the service characters cannot be known without UNA")
	}
	advised := w.o.Advice == Always || w.o.Advice == AsItWas && r.Advised()
	if err := w.lines.fresh(); err != nil || !advised {
		return err
	}
	una := []byte{'U', 'N', 'A', marks.Component, marks.Element, marks.Decimal, blank(marks.Release), blank(marks.Repetition), marks.End}
	return w.lines.segment(una, false)
}

const usualRepetition = '*'

func blank(c byte) byte {
	if c == 0 {
		return ' '
	}
	return c
}

// tag writes the tag with its nesting, which Values leaves out.
func (w *rewriter) tag(s *edifact.Segment, from edifact.Delimiters) {
	released := false
	for _, c := range s.Raw() {
		switch {
		case released:
			w.value([]byte{c})
			released = false
		case c == from.Element:
			return
		case c == from.Component:
			w.buf = append(w.buf, w.marks.Component)
		case c == from.Repetition && c != 0:
			w.buf = append(w.buf, w.marks.Repetition)
		case c == from.Release && c != 0:
			released = true
		default:
			w.value([]byte{c})
		}
	}
}

// values writes the values, each separator when a value follows that needs it.
func (w *rewriter) values(s *edifact.Segment) {
	var at edifact.Value
	at.Element = -1
	for v := range s.Values() {
		if len(v.Bytes) == 0 {
			continue
		}
		for ; at.Element < v.Element; at.Element++ {
			w.buf = append(w.buf, w.marks.Element)
			at.Repetition, at.Component = 0, 0
		}
		for ; at.Repetition < v.Repetition; at.Repetition++ {
			w.buf = append(w.buf, w.marks.Repetition)
			at.Component = 0
		}
		for ; at.Component < v.Component; at.Component++ {
			w.buf = append(w.buf, w.marks.Component)
		}
		w.value(v.Bytes)
	}
}

func (w *rewriter) value(b []byte) {
	for _, c := range b {
		switch c {
		case w.marks.Component, w.marks.Element, w.marks.End, w.marks.Release, w.marks.Repetition:
			if c != 0 {
				w.buf = append(w.buf, w.marks.Release)
			}
		}
		w.buf = append(w.buf, c)
	}
}

// object copies the object of a package.
func (w *rewriter) object(_ edifact.UNO, in io.Reader) error {
	w.lines.column = 0
	_, err := io.Copy(w.lines.out, in)
	return err
}
