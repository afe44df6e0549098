package contrl

import (
	"strconv"

	"nks/edifact"
)

// maxEntries bounds the groups, messages, segments and data elements that a
// CONTRL may name.
const maxEntries = 200_000

// Read reads the message that v stands at, behind its UNH, as a CONTRL. Any
// fault is a [*edifact.ParseError] or what v returns; faults that v tells to
// ReaderOptions.Faults it does not return, and the caller has to look at them.
func Read(v *edifact.Validator) (*Control, error) {
	r := reading{v: v, c: &Control{Version: 3}}
	h := v.Message()
	if h.Type != "CONTRL" {
		return nil, r.fault(3, 1, edifact.RuleMessageType, edifact.CodeValueNotSupported, "message is no CONTRL")
	}
	if h.Version == "4" {
		r.c.Version = 4
	}
	for entries := 0; ; entries++ {
		s, err := v.Next()
		if err != nil {
			return nil, err
		}
		r.s = s
		if s.Tag == "UNT" && entries > 0 {
			return r.c, nil
		}
		switch {
		case s.Position == 0:
			err = r.fault(0, 0, edifact.RuleTrailer, edifact.CodeMissing, "CONTRL has no UNT")
		case (entries == 0) != (s.Tag == "UCI"):
			err = r.fault(1, 0, edifact.RulePosition, edifact.CodeNotSupportedHere, "UCI is not the first segment of the CONTRL, or not the only one")
		case entries > maxEntries:
			err = r.fault(1, 0, edifact.RuleLimit, edifact.CodeTooManySegments, "CONTRL names more than the limit")
		default:
			err = r.segment()
		}
		if err != nil {
			return nil, err
		}
	}
}

// reading is a CONTRL that is being read.
type reading struct {
	v *edifact.Validator
	s *edifact.Segment
	c *Control
}

// fault describes a fault of the present segment, of UNH before the first one.
func (r *reading) fault(element, component int, rule edifact.Rule, code edifact.Code, text string) error {
	e := &edifact.ParseError{Rule: rule, Code: code, Text: text}
	e.Interchange, e.Message, e.Element, e.Component = r.v.Interchange().ControlRef, r.v.Message().Ref, element, component
	if g := r.v.Group(); g != nil {
		e.Group = g.Ref
	}
	e.Tag, e.Position, e.Offset = "UNH", 1, r.v.Offset()
	if r.s != nil {
		e.Tag, e.Position, e.Offset = r.s.Tag, r.s.Position, r.s.Offset
	}
	return e
}

// misplaced is a segment that lacks the one it belongs to.
func (r *reading) misplaced(text string) error {
	return r.fault(1, 0, edifact.RulePosition, edifact.CodeNotSupportedHere, text)
}

func (r *reading) segment() error {
	c, s := r.c, r.s
	messages := &c.Messages
	if n := len(c.Groups); n > 0 {
		messages = &c.Groups[n-1].Messages
	}
	var last *Message
	if n := len(*messages); n > 0 {
		last = &(*messages)[n-1]
	}
	var err error
	switch s.Tag {
	case "UCI":
		c.ControlRef, c.Sender, c.Recipient = s.Text(0, 0), r.party(1), r.party(2)
		c.Status, err = r.status(3, true)
	case "UCF":
		if len(c.Messages) > 0 {
			return r.misplaced("UCF behind messages that are in no group")
		}
		g := Group{Ref: s.Text(0, 0), Sender: r.party(1), Recipient: r.party(2)}
		g.Status, err = r.status(3, false)
		c.Groups = append(c.Groups, g)
	case "UCM":
		m := Message{Header: edifact.UNH{
			Ref: s.Text(0, 0), Type: s.Text(1, 0), Version: s.Text(1, 1), Release: s.Text(1, 2),
			Agency: s.Text(1, 3), Association: s.Text(1, 4),
		}}
		if c.Version == 4 {
			m.Header.CodeList, m.Header.Function = s.Text(1, 5), s.Text(1, 6)
			m.Package = Package{Ref: s.Text(6, 0), IDQualifier: s.Text(7, 0), ID: s.Text(7, 1)}
		}
		if (m.Header.Ref == "") == (m.Package.Ref == "") {
			return r.fault(2, 0, edifact.RuleMandatory, edifact.CodeMissing, "UCM names neither a message nor a package, or both")
		}
		m.Status, err = r.status(2, false)
		*messages = append(*messages, m)
	case "UCS":
		if last == nil {
			return r.misplaced("UCS without UCM")
		}
		var g Segment
		g, err = r.position()
		last.Segments = append(last.Segments, g)
	case "UCD":
		if last == nil || len(last.Segments) == 0 {
			return r.misplaced("UCD without UCS")
		}
		var e Element
		e, err = r.element()
		g := &last.Segments[len(last.Segments)-1]
		g.Elements = append(g.Elements, e)
	default:
		err = r.misplaced("segment is not part of CONTRL")
	}
	return err
}

func (r *reading) party(i int) edifact.Party {
	s := r.s
	return edifact.Party{ID: s.Text(i, 0), Qualifier: s.Text(i, 1), Internal: s.Text(i, 2), Sub: s.Text(i, 3)}
}

// status reads 0083, 0085, 0013 or 0135, and S011 from data element i on.
func (r *reading) status(i int, interchange bool) (Status, error) {
	n := r.numbers()
	s := Status{
		Action: Action(n.at(i, 0, 99, true)), Code: edifact.Code(n.at(i+1, 0, 255, false)), Tag: r.s.Text(i+2, 0),
		Element: n.at(i+3, 0, maxPlace, false), Component: n.at(i+3, 1, maxPlace, false),
	}
	if r.c.Version == 4 {
		s.Repetition = n.at(i+3, 2, maxPosition, false)
	}
	if n.err != nil {
		return s, n.err
	}
	known := s.Action == ActionRejected || s.Action == ActionAcknowledged
	if interchange {
		known = known || s.Action == ActionReceived
	}
	if r.c.Version == 3 {
		known = known || s.Action >= ActionAcknowledgedAll && s.Action <= ActionRejectedInPart
		known = known || interchange && (s.Action == ActionInterchangeAcknowledged || s.Action == ActionInterchangeRejected)
	}
	if !known {
		return s, r.fault(i+2, 0, edifact.RuleCode, edifact.CodeInvalidValue, "action must be one that CONTRL of this version has at this level")
	}
	return s, nil
}

func (r *reading) position() (Segment, error) {
	n := r.numbers()
	s := Segment{Position: n.at(0, 0, maxPosition, true), Code: edifact.Code(n.at(1, 0, 255, false))}
	return s, n.err
}

func (r *reading) element() (Element, error) {
	n := r.numbers()
	e := Element{
		Code: edifact.Code(n.at(0, 0, 255, true)), Element: n.at(1, 0, maxPlace, true), Component: n.at(1, 1, maxPlace, false),
	}
	if r.c.Version == 4 {
		e.Repetition = n.at(1, 2, maxPosition, false)
	}
	return e, n.err
}

// numbers reads numbers of the present segment, and keeps the first fault.
type numbers struct {
	r   *reading
	err error
}

func (r *reading) numbers() *numbers { return &numbers{r: r} }

// at reads a number from 1 to limit; where it may be missing that is 0.
func (n *numbers) at(i, j, limit int, mandatory bool) int {
	v := n.r.s.Component(i, j)
	if n.err != nil || len(v) == 0 && !mandatory {
		return 0
	}
	value, err := strconv.Atoi(string(v))
	if err != nil || value < 1 || value > limit || v[0] == '+' {
		n.err = n.r.fault(i+2, j+1, edifact.RuleNumber, edifact.CodeInvalidValue, "no number from 1 to "+strconv.Itoa(limit))
		return 0
	}
	return value
}
