package contrl

import (
	"slices"

	"nks/edifact"
	"nks/edifact/directory"
)

// exchange is an interchange on its way to its answer.
type exchange struct {
	header  edifact.UNB
	version int   // 3 or 4
	err     error // why there will be no answer
	first   *edifact.ParseError
	ended   bool // its UNZ was there, or is known to be missing

	status   Status
	messages []Message
	groups   []Group
	group    *Group  // that is open
	member   *member // the last message or package

	members, controls int // messages and packages; those that are CONTRL
	entries, limit    int
}

// member is a message or package.
type member struct {
	Message
	open    bool         // its trailer is still to come
	object  bool         // it is a package
	control bool         // it is a CONTRL
	code    edifact.Code // of its first fault
	entries int
}

// note keeps the first fault.
func (x *exchange) note(e *edifact.ParseError) {
	if x.first == nil {
		x.first = e
	}
}

func (x *exchange) code(code edifact.Code) edifact.Code {
	if code == 0 {
		return edifact.CodeUnspecified
	}
	return inVersion(code, x.version)
}

// reject makes s a rejection for a fault that is in no service segment. The
// first fault stays.
func (s *Status) reject(code edifact.Code) {
	s.Action = ActionRejected
	if s.Code == 0 {
		s.Code = code
	}
}

// rejectAt is reject for a fault of a service segment.
func (x *exchange) rejectAt(s *Status, tag string, e *edifact.ParseError, spec *directory.Segment) {
	if s.Code != 0 {
		return
	}
	*s = Status{Action: ActionRejected, Code: x.code(e.Code), Tag: tag}
	if e.Element > 1 && e.Element <= maxPlace {
		s.Element, s.Component, s.Repetition = e.Element, x.component(e, spec), x.repetition(e, spec)
	}
}

// component is the component in error, 0 for a data element that is no
// composite: a scanner cannot tell.
func (x *exchange) component(e *edifact.ParseError, spec *directory.Segment) int {
	if e.Component > maxPlace || e.Component == 1 && standsAlone(spec, e.Element, x.version) {
		return 0
	}
	return e.Component
}

func standsAlone(spec *directory.Segment, element, version int) bool {
	place := placeOf(spec, element, version)
	return place != nil && place.Composite == nil
}

// placeOf returns the line of a segment's table that a position stands for, the
// tag being 1; nil when that is not known. Before version 4 a data element that
// repeats takes as many positions.
func placeOf(spec *directory.Segment, element, version int) *directory.Place {
	if spec == nil || element < 2 {
		return nil
	}
	at := element - 2
	for i := range spec.Elements {
		width := 1
		if version < 4 {
			width = max(spec.Elements[i].Max, 1)
		}
		if at < width {
			return &spec.Elements[i]
		}
		at -= width
	}
	return nil
}

// repetition is the repetition in error, 0 for a data element that has only one.
func (x *exchange) repetition(e *edifact.ParseError, spec *directory.Segment) int {
	if x.version < 4 || e.Repetition > maxPosition {
		return 0
	}
	if place := placeOf(spec, e.Element, x.version); e.Repetition == 1 && place != nil && place.Max <= 1 {
		return 0
	}
	return e.Repetition
}

// outer is the innermost level around messages.
func (x *exchange) outer() *Status {
	if x.group != nil && !x.ended {
		return &x.group.Status
	}
	return &x.status
}

// place takes a fault of the segment with the tag and position.
func (x *exchange) place(e *edifact.ParseError, tag string, position int, spec *directory.Segment) {
	x.note(e)
	code := x.code(e.Code)
	if e.Tag != "" {
		tag = e.Tag
	}
	if e.Position > 0 {
		position = e.Position
	}
	switch e.Rule {
	case edifact.RuleHeader, edifact.RuleGroups:
		x.status.reject(code)
		return
	case edifact.RuleOutside, edifact.RuleGroupType:
		x.outer().reject(code)
		return
	case edifact.RuleEmpty:
		if tag == "UNE" {
			x.outer().reject(code)
		} else {
			x.status.reject(code)
		}
		return
	}
	switch tag {
	case "UNA", "UNB", "UNZ":
		x.rejectAt(&x.status, tag, e, spec)
	case "UNG", "UNE":
		if x.group != nil {
			x.rejectAt(&x.group.Status, tag, e, spec)
		} else {
			x.status.reject(code)
		}
	case "UNH", "UNT", "UNO", "UNP":
		switch m := x.member; {
		case m == nil:
			x.outer().reject(code)
		case !m.object && e.Rule == edifact.RulePosition:
			x.segment(m, e, position, spec) // a package in a message
		default:
			m.mark(code)
			x.rejectAt(&m.Status, tag, e, spec)
		}
	default:
		switch m := x.member; {
		case m != nil && position > 0:
			x.segment(m, e, position, spec)
		case m != nil && m.open:
			m.mark(code)
			m.Status.reject(code)
		default:
			x.outer().reject(code)
		}
	}
}

// mark makes m rejected.
func (m *member) mark(code edifact.Code) {
	m.Status.Action = ActionRejected
	if m.code == 0 {
		m.code = code
	}
}

// segment takes a fault of a segment in a message.
func (x *exchange) segment(m *member, e *edifact.ParseError, position int, spec *directory.Segment) {
	code := x.code(e.Code)
	m.mark(code)
	switch {
	case position > maxPosition:
		m.Status.reject(code)
	case m.control || x.entries+m.entries >= x.limit:
	case e.Rule == edifact.RuleMissing:
		x.addSegment(m, max(position-1, 1), code)
	case e.Element < 2 || e.Element > maxPlace:
		x.addSegment(m, position, ofSegment(code))
	default:
		x.addElement(m, position, Element{ofElement(code), e.Element, x.component(e, spec), x.repetition(e, spec)})
	}
}

func (x *exchange) addSegment(m *member, position int, code edifact.Code) {
	for i := len(m.Segments) - 1; i >= 0 && m.Segments[i].Position >= position-1; i-- {
		s := &m.Segments[i]
		if s.Position == position && (s.Code == code || s.Code == edifact.CodeInvalidValue && code == edifact.CodeNotSupportedHere) {
			return // told already, or no wonder with a tag that is none
		}
		// A missing segment has an entry of its own: its code is not about the
		// segment whose data elements are at fault.
		if s.Position == position && s.Code == 0 && code != edifact.CodeMissing {
			s.Code = code
			return
		}
	}
	if len(m.Segments) < maxSegments {
		m.Segments = append(m.Segments, Segment{Position: position, Code: code})
		m.entries++
	}
}

func (x *exchange) addElement(m *member, position int, e Element) {
	var s *Segment
	for i := len(m.Segments) - 1; i >= 0 && m.Segments[i].Position >= position-1; i-- {
		if t := &m.Segments[i]; t.Position == position && t.Code != edifact.CodeMissing {
			s = t
			break
		}
	}
	if s == nil {
		if len(m.Segments) == maxSegments {
			return
		}
		m.Segments = append(m.Segments, Segment{Position: position})
		m.entries++
		s = &m.Segments[len(m.Segments)-1]
	}
	if len(s.Elements) < maxElements && !slices.Contains(s.Elements, e) {
		s.Elements = append(s.Elements, e)
		m.entries++
	}
}

func (x *exchange) beginMember(m *member) {
	x.closeMember()
	x.members++
	m.open, m.control = true, m.Header.Type == "CONTRL"
	if m.control {
		x.controls++
	}
	x.member = m
}

// closeMember files the last message or package where it is rejected.
func (x *exchange) closeMember() {
	m := x.member
	x.member = nil
	if m == nil || m.control || m.Status.Action != ActionRejected {
		return
	}
	if m.Status.Code == 0 && len(m.Segments) == 0 {
		m.Status.Code = edifact.CodeUnspecified
	}
	slices.SortStableFunc(m.Segments, func(a, b Segment) int { return a.Position - b.Position })
	switch {
	case !x.spelling().message(&m.Message):
		x.outer().reject(m.code)
	case x.entries >= x.limit:
		x.status.reject(edifact.CodeUnspecified)
	case x.group != nil:
		x.entries += m.entries + 1
		x.group.Messages = append(x.group.Messages, m.Message)
	default:
		x.entries += m.entries + 1
		x.messages = append(x.messages, m.Message)
	}
}

func (x *exchange) spelling() spelling { return speller(&x.header) }

func (x *exchange) beginGroup(g *edifact.UNG) {
	x.closeGroup()
	x.group = &Group{}
	if g != nil {
		x.group.Ref, x.group.Sender, x.group.Recipient = g.Ref, g.Sender, g.Recipient
	}
}

// closeGroup files the open group where anything of it is rejected.
func (x *exchange) closeGroup() {
	x.closeMember()
	g := x.group
	x.group = nil
	if g == nil || g.Status.Action == 0 && len(g.Messages) == 0 {
		return
	}
	if g.Status.Action == 0 {
		g.Status.Action = ActionAcknowledged
	}
	switch {
	case !x.spelling().group(g):
		code := g.Status.Code
		if code == 0 {
			code = edifact.CodeUnspecified
		}
		x.status.reject(code)
	case x.entries >= x.limit:
		x.status.reject(edifact.CodeUnspecified)
	default:
		x.entries++
		x.groups = append(x.groups, *g)
	}
}

// noTrailer takes the fault of a trailer that is missing.
func (x *exchange) noTrailer(e *edifact.ParseError) {
	x.note(e)
	switch {
	case e.Tag == "UNZ":
		x.rejectAt(&x.status, e.Tag, e, nil)
		x.after("UNZ")
	case e.Tag == "UNE" && x.group != nil:
		x.closeMember()
		x.rejectAt(&x.group.Status, e.Tag, e, nil)
		x.after("UNE")
	case x.member != nil:
		x.member.mark(x.code(e.Code))
		x.rejectAt(&x.member.Status, e.Tag, e, nil)
		x.member.open = x.member.object != (e.Tag == "UNP")
	}
}

// after closes what the segment closes. A message stays for what the caller may
// say of it.
func (x *exchange) after(tag string) {
	switch tag {
	case "UNT", "UNP":
		if x.member != nil {
			x.member.open = false
		}
	case "UNE":
		x.closeGroup()
	case "UNZ":
		x.closeGroup()
		x.ended = true
	}
}

// breakOff takes the end of the input inside the interchange.
func (x *exchange) breakOff(fatal *edifact.ParseError) {
	x.status.Action = ActionRejected
	if fatal != nil && !cutOff(fatal) {
		return
	}
	missing := func(tag string) *edifact.ParseError {
		return &edifact.ParseError{Place: edifact.Place{Tag: tag}, Rule: edifact.RuleTrailer, Code: edifact.CodeMissing, Text: "input ends before " + tag}
	}
	if m := x.member; m != nil && m.open {
		tag := "UNT"
		if m.object {
			tag = "UNP"
		}
		x.noTrailer(missing(tag))
	}
	if x.group != nil {
		x.noTrailer(missing("UNE"))
	}
	x.noTrailer(missing("UNZ"))
}

// cutOff reports the end of the input inside a segment, or inside the object of
// a package. What is then missing is told as trailers are: no code is about
// terminators.
func cutOff(e *edifact.ParseError) bool {
	return e.Rule == edifact.RuleTerminator || e.Rule == edifact.RulePackage && e.Code == edifact.CodeMissing && e.Tag == ""
}

// control makes the answer.
func (x *exchange) control(whole bool) (*Control, error) {
	c, err := New(&x.header, ActionAcknowledged)
	if err != nil {
		return nil, err
	}
	if len(x.groups) > 0 && len(x.messages) > 0 {
		// CONTRL has no room for both; that they are mixed is a fault already.
		x.messages = nil
		x.status.reject(edifact.CodeGroupsMixed)
	}
	c.Messages, c.Groups = x.messages, x.groups
	if x.status.Action == ActionRejected || whole && len(c.Messages)+len(c.Groups) > 0 {
		c.Status = x.status
		c.Status.Action = ActionRejected
		for i := range c.Groups {
			c.Groups[i].Status.Action = ActionRejected
		}
		if c.Status.Code == 0 && len(c.Messages)+len(c.Groups) == 0 {
			c.Status.Code = edifact.CodeUnspecified
		}
	}
	return c, nil
}
