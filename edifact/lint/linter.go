package lint

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"nks/edifact"
	"nks/edifact/directory"
)

// linter judges one input.
type linter struct {
	o     Options
	tell  func(Finding) error
	lines *lines
	v     *edifact.Validator
	sum   Summary

	found    []Finding    // since the last segment, with their places
	last     offence      // of the bytes of a value
	reported map[any]bool // what is told once: rules, message types
}

// offence is a rule and the value that offends against it.
type offence struct {
	rule edifact.Rule
	edifact.Place
}

func (l *linter) read() error {
	r := edifact.NewReader(l.lines, edifact.ReaderOptions{
		Limits: l.o.Limits, Lenient: edifact.Everything, Repertoire: l.o.Repertoire, Forgiven: l.add, Faults: l.add,
	})
	l.v = edifact.NewValidator(r, edifact.NewSchema(l.o.Directories...).WithCodes(l.o.Codes))
	for {
		s, err := l.v.Next()
		if err != nil {
			return l.end(err)
		}
		if len(l.found) > 0 {
			if err := l.flush(); err != nil {
				return err
			}
		}
		l.lines.forget(s.Offset)
		l.count(s.Tag)
	}
}

// end tells the fault that ended the reading, if it was one.
func (l *linter) end(err error) error {
	if fault, ok := errors.AsType[*edifact.ParseError](err); ok {
		last := *fault
		last.Text += "; nothing behind it was read"
		l.find(&last)
	} else if !errors.Is(err, io.EOF) {
		return errors.Join(l.flush(), err)
	}
	return l.flush()
}

func (l *linter) count(tag string) {
	l.sum.Segments++
	switch tag {
	case "UNB":
		l.sum.Interchanges++
	case "UNG":
		l.sum.Groups++
	case "UNH":
		l.sum.Messages++
	}
}

// add takes a finding, unless it says again what was said.
func (l *linter) add(e *edifact.ParseError) {
	switch e.Rule {
	case edifact.RuleLineBreak, edifact.RulePadding:
		// Wrapped lines are worse than those between segments, and told beside them.
		key := [2]any{e.Rule, e.Forgiven}
		if l.reported[key] && !l.o.Every {
			l.sum.Unreported++
			return
		}
		l.reported[key] = true
	case edifact.RuleRepertoire, edifact.RuleRelease:
		// A text in another encoding offends with every other byte.
		here := offence{e.Rule, e.Place}
		here.Offset = 0
		if here == l.last {
			return
		}
		l.last = here
	case edifact.RuleMessageType:
		if key := kind(l.v.Message()); !l.o.Every && l.reported[key] {
			return
		} else if len(l.reported) < mostReported {
			l.reported[key] = true
		}
	}
	l.find(e)
}

// find places a finding while the lines around it are remembered.
func (l *linter) find(e *edifact.ParseError) {
	f := Finding{ParseError: e}
	f.Line, f.Column = l.lines.place(e.Offset)
	l.found = append(l.found, f)
}

// mostTold bounds what is remembered of an input with endless message types.
const mostReported = 1 << 10

type messageKind [4]string

func kind(m *edifact.UNH) messageKind { return messageKind{m.Type, m.Version, m.Release, m.Agency} }

// severity judges a finding. A message type is wrong only when there is the
// directory that should know it.
func (l *linter) severity(e *edifact.ParseError) Severity {
	if e.Forgiven != 0 && l.o.Allowed&e.Forgiven == e.Forgiven {
		return Warning
	}
	if e.Rule == edifact.RuleMessageType {
		m := l.v.Message()
		known := func(d *directory.Directory) bool {
			return d.Version == m.Version && d.Release == m.Release
		}
		if !slices.ContainsFunc(l.o.Directories, known) {
			return Note
		}
	}
	return Error
}

// flush tells what was found in the order of places.
func (l *linter) flush() error {
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, f := range l.found {
		f.Severity = l.severity(f.ParseError)
		switch f.Severity {
		case Error:
			l.sum.Errors++
		case Warning:
			l.sum.Warnings++
		case Note:
			l.sum.Notes++
		}
		if err := l.tell(f); err != nil {
			return err
		}
	}
	clear(l.found)
	l.found = l.found[:0]
	return nil
}
