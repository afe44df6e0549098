package contrl

import "nks/edifact"

// Action is what CONTRL says of an interchange, group or message (0083).
type Action uint8

const (
	ActionRejected     Action = 4 // this level and all lower ones
	ActionAcknowledged Action = 7 // this level, and lower ones that are not named as rejected
	ActionReceived     Action = 8 // the interchange has come; nothing more is said
)

// Actions of early versions of CONTRL that ISO 9735 has withdrawn. [Read] takes
// them in version 3; [Write] and [Control.Judge] take them for the nearest that
// is left.
const (
	ActionAcknowledgedAll         Action = 1 // this level and all lower ones
	ActionAcknowledgedWithErrors  Action = 2
	ActionRejectedInPart          Action = 3 // something of the next lower level is rejected
	ActionInterchangeAcknowledged Action = 5 // UNB and UNZ are accepted
	ActionInterchangeRejected     Action = 6 // UNB and UNZ are rejected
)

// Status is what CONTRL says of an interchange, a group or a message, and the
// one fault that the level has room for. Fields of a fault that is not named,
// or does not stand in a service segment, are zero.
type Status struct {
	Action     Action
	Code       edifact.Code // 0085
	Tag        string       // 0013, or 0135 in version 4: the service segment with the fault
	Element    int          // 0098: position of the data element, the tag being 1
	Component  int          // 0104: position in the composite, from 1; 0 for the whole
	Repetition int          // 0136: from 1; 0 for none. Only version 4 has it
}

// Control is a CONTRL message.
type Control struct {
	Version    int    // 4 for CONTRL of syntax version 4; 3 for that of versions 1 to 3
	ControlRef string // 0020 of the interchange that it is about
	// Sender and Recipient of that interchange as its UNB has them: they are not
	// turned round.
	Sender, Recipient edifact.Party
	Status            Status    // of the interchange
	Messages          []Message // where the interchange has no groups
	Groups            []Group
}

// Group reports on a functional group (UCF).
type Group struct {
	Ref               string // 0048
	Sender, Recipient edifact.Party
	Status            Status
	Messages          []Message
}

// Message reports on a message or on a package (UCM).
type Message struct {
	Header   edifact.UNH // reference and type, as in its UNH; zero for a package
	Package  Package     // zero for a message
	Status   Status
	Segments []Segment
}

// Package names a package: an object of another format (version 4). Of several
// identifications it is the first.
type Package struct {
	Ref         string // 0800
	IDQualifier string // 0813
	ID          string // 0802
}

// Segment reports on a segment of a message (UCS): its Code is about the
// segment as a whole, and where it is 13, may be about one that is missing after
// it.
type Segment struct {
	Position int          // 0096, UNH being 1
	Code     edifact.Code // 0 where only data elements are at fault
	Elements []Element
}

// Element reports on a data element of a segment (UCD).
type Element struct {
	Code       edifact.Code
	Element    int // 0098: its position, the tag being 1
	Component  int // 0104: from 1; 0 for the whole data element
	Repetition int // 0136: from 1; 0 for none. Only version 4 has it
}

// New returns a Control about the interchange with the header u that says no
// more than action. The error is [ErrHeader] where u does not hold what a CONTRL
// must repeat.
func New(u *edifact.UNB, action Action) (*Control, error) {
	c := &Control{
		Version: 3, ControlRef: u.ControlRef, Sender: u.Sender, Recipient: u.Recipient,
		Status: Status{Action: action},
	}
	if u.Version == 4 {
		c.Version = 4
	}
	if !speller(u).interchange(c) {
		return nil, ErrHeader
	}
	return c, nil
}

// Reply returns the header of an interchange that answers the one with the
// header u: from its recipient to its sender, in its syntax version and, where
// that has it, its repertoire, a test where that is one, and without a request
// for CONTRL. Date, Time and ControlRef are left for the caller.
func Reply(u *edifact.UNB) edifact.UNB {
	p := speller(u)
	reply := edifact.UNB{Repertoire: p.repertoire, Version: u.Version, Sender: u.Recipient, Recipient: u.Sender}
	if p.any(u.Agreement, 35) {
		reply.Agreement = u.Agreement
	}
	switch t := u.TestIndicator; {
	case u.Version == 4 && len(t) == 1 && t[0] >= '1' && t[0] <= '4':
		reply.TestIndicator = t
	case u.Test():
		reply.TestIndicator = "1" // the only code before version 4
	}
	return reply
}

// Accepted reports whether c acknowledges the interchange and rejects no part of
// it. Mere receipt is no acceptance.
func (c *Control) Accepted() bool {
	accepted := func(messages []Message) bool {
		for i := range messages {
			if messages[i].Status.Action.nearest() != ActionAcknowledged {
				return false
			}
		}
		return true
	}
	for i := range c.Groups {
		if g := &c.Groups[i]; g.Status.Action.nearest() != ActionAcknowledged || !accepted(g.Messages) {
			return false
		}
	}
	return c.Status.Action.nearest() == ActionAcknowledged && accepted(c.Messages)
}

// nearest is the action that is left of a withdrawn one. What was accepted only
// in part, or only as an envelope, says nothing of what it does not name: it
// counts as receipt.
func (a Action) nearest() Action {
	switch a {
	case ActionAcknowledgedAll, ActionAcknowledgedWithErrors:
		return ActionAcknowledged
	case ActionRejectedInPart, ActionInterchangeAcknowledged:
		return ActionReceived
	case ActionInterchangeRejected:
		return ActionRejected
	}
	return a
}
