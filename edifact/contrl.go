package edifact

import "strconv"

// Action is what a CONTRL says of the level it reports on (0083).
type Action uint8

const (
	ActionRejected     Action = 4 // this level and all lower ones
	ActionAcknowledged Action = 7 // this level; lower ones where not named as rejected
	ActionReceived     Action = 8 // an interchange has come, nothing more is said
)

// Status is what CONTRL reports of an interchange, group or message. The
// fields after Action are zero where no error is named.
type Status struct {
	Action    Action
	Code      Code   // 0085
	Tag       string // 0013: service segment in error
	Element   int    // 0098, the tag being 1
	Component int    // 0104
}

// Control is a CONTRL message (version 3). It names the interchange it is
// about as that one's UNB did: sender and recipient are not turned round.
type Control struct {
	ControlRef string // 0020 of the interchange
	Sender     Party
	Recipient  Party
	Status     Status
	Messages   []ControlMessage
	Groups     []ControlGroup
}

// ControlGroup reports on a functional group (UCF).
type ControlGroup struct {
	Ref               string // 0048
	Sender, Recipient Party
	Status            Status
	Messages          []ControlMessage
}

// ControlMessage reports on a message (UCM); Header as in its UNH.
type ControlMessage struct {
	Header   MessageHeader
	Status   Status
	Segments []ControlSegment
}

// ControlSegment reports on a segment (UCS).
type ControlSegment struct {
	Position int // 0096, UNH being 1
	Code     Code
	Errors   []ControlError
}

// ControlError reports on a data element (UCD).
type ControlError struct {
	Code      Code
	Element   int // 0098, the tag being 1
	Component int // 0104
}

// ControlHeader is the UNH of a CONTRL message with the reference ref.
func ControlHeader(ref string) MessageHeader {
	return MessageHeader{Ref: ref, Type: "CONTRL", Version: "D", Release: "3", Agency: "UN"}
}

// NewControl returns a CONTRL about the interchange with the header u.
func NewControl(u UNB, action Action) Control {
	return Control{ControlRef: u.ControlRef, Sender: u.Sender, Recipient: u.Recipient, Status: Status{Action: action}}
}

// Reject makes c refuse the whole interchange for e.
func (c *Control) Reject(e *Error) {
	c.Status = Status{Action: ActionRejected, Code: orUnspecified(e.Code)}
	switch e.Tag {
	case "UNA", "UNB", "UNZ":
		c.Status.Tag, c.Status.Element, c.Status.Component = e.Tag, e.Element, e.Component
	}
	c.Messages, c.Groups = nil, nil
}

// RejectMessage makes c refuse one message for its errors, as many of them as
// CONTRL has room for.
func (c *Control) RejectMessage(h MessageHeader, faults []*Error) {
	m := ControlMessage{Header: h, Status: Status{Action: ActionRejected, Code: CodeUnspecified}}
	if len(faults) > 0 {
		m.Status.Code = orUnspecified(faults[0].Code)
	}
	for _, e := range faults {
		if e.Tag == "UNH" || e.Tag == "UNT" {
			m.Status = Status{ActionRejected, orUnspecified(e.Code), e.Tag, e.Element, e.Component}
			continue
		}
		m.add(e)
	}
	c.Messages = append(c.Messages, m)
}

func (m *ControlMessage) add(e *Error) {
	if n := len(m.Segments); n == 0 || m.Segments[n-1].Position != e.Position {
		if n == 999 || e.Position == 0 {
			return
		}
		m.Segments = append(m.Segments, ControlSegment{Position: e.Position})
	}
	s := &m.Segments[len(m.Segments)-1]
	if e.Element <= 1 {
		s.Code = orUnspecified(e.Code)
	} else if len(s.Errors) < 99 {
		s.Errors = append(s.Errors, ControlError{orUnspecified(e.Code), e.Element, e.Component})
	}
}

func orUnspecified(c Code) Code {
	if c == 0 {
		return CodeUnspecified
	}
	return c
}

// Control writes c as a message with the reference ref.
func (w *Writer) Control(ref string, c Control) {
	w.Message(ControlHeader(ref))
	w.Segment("UCI").Elem(c.ControlRef)
	w.party(c.Sender)
	w.party(c.Recipient)
	w.status(c.Status)
	w.controlMessages(c.Messages)
	for _, g := range c.Groups {
		w.Segment("UCF").Elem(g.Ref)
		w.party(g.Sender)
		w.party(g.Recipient)
		w.status(g.Status)
		w.controlMessages(g.Messages)
	}
	w.EndMessage()
}

func (w *Writer) controlMessages(messages []ControlMessage) {
	for _, m := range messages {
		h := m.Header
		w.Segment("UCM").Elem(h.Ref).Elem(h.Type).Comp(h.Version).Comp(h.Release).Comp(h.Agency).Comp(h.Association)
		w.status(m.Status)
		for _, s := range m.Segments {
			w.Segment("UCS").ElemInt(s.Position).Elem(positive(int(s.Code)))
			for _, e := range s.Errors {
				w.Segment("UCD").ElemInt(int(e.Code)).Elem(positive(e.Element)).Comp(positive(e.Component))
			}
		}
	}
}

func (w *Writer) party(p Party) { w.Elem(p.ID).Comp(p.Qualifier).Comp(p.Internal) }

func (w *Writer) status(s Status) {
	w.ElemInt(int(s.Action)).Elem(positive(int(s.Code))).Elem(s.Tag).Elem(positive(s.Element)).Comp(positive(s.Component))
}

// positive is the number n as text, and nothing for 0.
func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}
