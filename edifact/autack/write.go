package autack

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"nks/edifact"
	"nks/edifact/directory"
)

// Write writes the message, UNH to UNT, into the interchange that w has begun,
// in its syntax version, which is 1 to 4. Values that the message has no room
// for are errors that wrap ErrMalformed or, when they are too long or too many,
// ErrLimit; w then holds part of a message.
func (m *Message) Write(w *edifact.Writer, version int) error {
	if version < 1 || version > 4 {
		return unsupported("", "syntax version")
	}
	o := &output{w: w, repeats: version == 4, segments: directory.Service(version).Segments}
	if len(m.Headers) == 0 || len(m.Secured) == 0 || len(m.Trailers) == 0 {
		return malformed("", "an AUTACK needs a header, a reference and a trailer")
	}
	o.atMost(len(m.Headers), 99, "USH")
	o.atMost(len(m.Secured), 9999, "USX")
	o.atMost(len(m.Trailers), 99, "UST")
	w.Message(m.UNH)
	for i := range m.Headers {
		o.header(&m.Headers[i])
	}
	o.segment("USB", text(m.Response), m.Time.element(), party(m.Sender), party(m.Recipient))
	for i := range m.Secured {
		o.secured(&m.Secured[i])
	}
	for i := range m.Trailers {
		t := &m.Trailers[i]
		o.segment("UST", text(t.Header), text(strconv.Itoa(t.Segments)))
		o.signature(t.Signature)
	}
	w.EndMessage()
	if o.err != nil {
		return o.err
	}
	return w.Err()
}

// element is a data element: its repetitions, and their components.
type element [][]string

func text(s string) element { return element{{s}} }

func party(p edifact.Party) element { return element{{p.ID, p.Qualifier, p.Internal, p.Sub}} }

func (t Time) element() element { return element{{t.Qualifier, t.Date, t.Time, t.Offset}} }

func parties(list []Party) element {
	return all(list, func(p Party) []string {
		return []string{p.Qualifier, p.KeyName, p.ID, p.List, p.Agency, p.Names[0], p.Names[1], p.Names[2]}
	})
}

func parameters(list []Parameter) element {
	return all(list, func(p Parameter) []string { return []string{p.Qualifier, p.Value} })
}

func values(list []Value) element {
	return all(list, func(v Value) []string { return []string{v.Qualifier, v.Value} })
}

func all[T any](list []T, components func(T) []string) element {
	e := make(element, 0, len(list))
	for _, item := range list {
		e = append(e, components(item))
	}
	return e
}

// output writes segments and holds them against the service directory. It keeps
// the first error.
type output struct {
	w        *edifact.Writer
	repeats  bool
	segments map[string]*directory.Segment
	err      error
}

func (o *output) header(h *Header) {
	o.segment("USH", text(h.Service), text(h.Ref), text(h.Scope), text(h.Response), text(string(h.Filter)),
		text(h.Encoding), text(h.Role), parties(h.Parties), text(h.Sequence), h.Time.element())
	o.algorithms(h.Algorithms)
	o.atMost(len(h.Certificates), 2, "USC")
	for i := range h.Certificates {
		c := &h.Certificates[i]
		o.segment("USC", text(c.Ref), parties(c.Parties), text(c.Syntax), text(string(c.Filter)), text(c.Encoding),
			text(c.Level), parameters(c.ServiceCharacters), all(c.Times, func(t Time) []string { return t.element()[0] }),
			text(c.Status), text(c.Revocation))
		o.algorithms(c.Algorithms)
		o.signature(c.Signature)
	}
}

func (o *output) algorithms(list []Algorithm) {
	o.atMost(len(list), 3, "USA")
	for i := range list {
		a := &list[i]
		o.segment("USA", element{{a.Use, a.Mode.Value, a.Mode.List, a.Code.Value, a.Code.List, a.Padding.Value, a.Padding.List}},
			parameters(a.Parameters))
	}
}

func (o *output) signature(list []Value) {
	if len(list) > 0 {
		o.segment("USR", values(list))
	}
}

func (o *output) secured(s *Secured) {
	r, m := &s.Reference, &s.Reference.Message
	o.segment("USX", text(r.Interchange), party(r.Sender), party(r.Recipient), text(r.Group), party(r.GroupSender),
		party(r.GroupRecipient), text(m.Ref),
		element{{m.Type, m.Version, m.Release, m.Agency, m.Association, m.CodeList, m.Function}},
		text(r.Package), s.Time.element())
	if len(s.Results) == 0 {
		o.fail(ErrMalformed, "USX needs a USY")
	}
	o.atMost(len(s.Results), 9, "USY")
	for i := range s.Results {
		y := &s.Results[i]
		o.segment("USY", text(y.Header), values(y.Values), text(y.Error))
	}
}

func (o *output) atMost(n, max int, tag string) {
	if n > max {
		o.fail(ErrLimit, "more than "+strconv.Itoa(max)+" "+tag)
	}
}

func (o *output) fail(err error, text string) {
	if o.err == nil {
		o.err = &Error{Text: text, Err: err}
	}
}

// segment writes a segment. Before version 4 a data element that repeats takes
// as many positions as it may.
func (o *output) segment(tag string, elements ...element) {
	if o.err != nil {
		return
	}
	o.w.Segment(tag)
	for i, e := range elements {
		place := &o.segments[tag].Elements[i]
		most := max(place.Max, 1)
		if len(e) > most {
			o.fail(ErrLimit, tag+" has a data element more than "+strconv.Itoa(most)+" times")
			return
		}
		if place.Mandatory && !slices.ContainsFunc(e, filled) {
			o.fail(ErrMalformed, tag+" lacks a mandatory data element")
			return
		}
		for k := range most {
			var components []string
			switch {
			case k < len(e):
				components = e[k]
			case o.repeats && k > 0:
				continue
			}
			o.components(tag, place, k, components)
		}
	}
}

func filled(components []string) bool {
	return slices.ContainsFunc(components, func(s string) bool { return s != "" })
}

// components writes one repetition.
func (o *output) components(tag string, place *directory.Place, repetition int, list []string) {
	if repetition > 0 && o.repeats {
		o.w.Rep(first(list))
	} else {
		o.w.Elem(first(list))
	}
	some := filled(list)
	parts := []directory.Place{*place}
	if place.Composite != nil {
		parts = place.Composite.Components
	}
	for j, value := range list {
		if j > 0 {
			o.w.Comp(value)
		}
		switch n := utf8.RuneCountInString(value); {
		case n == 0 && (!some || j >= len(parts) || !parts[j].Mandatory || place.Composite == nil):
		case j >= len(parts):
			o.fail(ErrMalformed, tag+" has a component that this syntax version lacks")
		case n == 0:
			o.fail(ErrMalformed, tag+" lacks data element "+parts[j].Element.Code)
		case n > parts[j].Element.Max:
			o.fail(ErrLimit, "data element "+parts[j].Element.Code+" takes "+strconv.Itoa(parts[j].Element.Max)+" characters")
		}
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
