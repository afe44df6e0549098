package contrl

import (
	"errors"
	"fmt"

	"nks/edifact"
)

// Reasons why a CONTRL means nothing to a sender. None of its messages is then
// decided.
var (
	// ErrOther: it is about another interchange than the one that was sent.
	ErrOther = errors.New("contrl: about another interchange")
	// ErrUnknown: it names a group or message that was not sent.
	ErrUnknown = errors.New("contrl: names what was not sent")
	// ErrContradiction: it accepts what it rejects elsewhere.
	ErrContradiction = errors.New("contrl: contradicts itself")
)

// Sent is a message or package that was sent.
type Sent struct {
	Group string // reference of its functional group (0048), "" outside of groups
	Ref   string // 0062, or 0800 of a package
	Type  string // 0065; "" for a package, or where it need not be compared
}

// Decision is what a CONTRL means for a message.
type Decision uint8

const (
	Undecided Decision = iota // it does not say: nothing but receipt, or nothing at all
	Accepted                  // free of syntax errors, and taken over by the recipient
	Rejected                  // rejected: it has to be sent again, corrected
)

// String returns the decision in a word.
func (d Decision) String() string {
	switch d {
	case Accepted:
		return "accepted"
	case Rejected:
		return "rejected"
	}
	return "undecided"
}

// Verdict is what a CONTRL means for one message that was sent.
type Verdict struct {
	Sent
	Decision Decision
	// Level is the status that decides: of the message itself, or of the group or
	// interchange around it.
	Level Status
	// Message is what the CONTRL says of the message itself; nil when it does not
	// name it.
	Message *Message
}

// Codes returns the codes of 0085 that are given for the verdict: of the level
// that decides, then of segments and data elements in their order.
func (v *Verdict) Codes() []edifact.Code {
	var codes []edifact.Code
	add := func(code edifact.Code) {
		if code != 0 {
			codes = append(codes, code)
		}
	}
	add(v.Level.Code)
	if v.Message == nil {
		return codes
	}
	for _, s := range v.Message.Segments {
		add(s.Code)
		for _, e := range s.Elements {
			add(e.Code)
		}
	}
	return codes
}

// Judge says what c means for each message of the interchange that was sent with
// the header u: one Verdict for each of sent, in their order. A message that c
// does not name shares the fate of its group, or of the interchange; receipt
// (action 8) decides nothing. The error wraps [ErrOther], [ErrUnknown] or
// [ErrContradiction]; a CONTRL that does not fit in every part is not believed in
// any.
func (c *Control) Judge(u *edifact.UNB, sent []Sent) ([]Verdict, error) {
	if c.ControlRef != u.ControlRef || !same(c.Sender, u.Sender) || !same(c.Recipient, u.Recipient) {
		return nil, ErrOther
	}
	j := judging{named: map[Sent]*Message{}, groups: map[string]*Group{}}
	for i := range c.Groups {
		g := &c.Groups[i]
		if other := j.groups[g.Ref]; other != nil && other.Status.Action != g.Status.Action {
			return nil, fmt.Errorf("%w: group %q twice", ErrContradiction, g.Ref)
		}
		j.groups[g.Ref] = g
		if err := below(c.Status, g.Status, g.Ref); err != nil {
			return nil, err
		}
		if err := j.name(g.Ref, g.Status, g.Messages); err != nil {
			return nil, err
		}
	}
	if err := j.name("", c.Status, c.Messages); err != nil {
		return nil, err
	}
	if err := j.known(c, sent); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(sent))
	for i, s := range sent {
		level, m := c.Status, j.named[Sent{Group: s.Group, Ref: s.Ref}]
		switch g := j.groups[s.Group]; {
		case m != nil:
			level = m.Status
		case s.Group != "" && g != nil:
			level = g.Status
		}
		verdicts[i] = Verdict{Sent: s, Decision: level.Action.decision(), Level: level, Message: m}
	}
	return verdicts, nil
}

func (a Action) decision() Decision {
	switch a.nearest() {
	case ActionAcknowledged:
		return Accepted
	case ActionRejected:
		return Rejected
	}
	return Undecided
}

// same compares parties by identification and qualifier: routing addresses are
// often left out.
func same(a, b edifact.Party) bool {
	return a.ID == b.ID && (a.Qualifier == b.Qualifier || a.Qualifier == "" || b.Qualifier == "")
}

// below refuses what is accepted below something rejected, and what is rejected
// where everything is accepted.
func below(outer, inner Status, ref string) error {
	if outer.Action.nearest() == ActionRejected && inner.Action.nearest() != ActionRejected ||
		outer.Action == ActionAcknowledgedAll && inner.Action.nearest() == ActionRejected {
		return fmt.Errorf("%w: %q is not what is said of the level above", ErrContradiction, ref)
	}
	return nil
}

type judging struct {
	named  map[Sent]*Message
	order  []Sent // the keys of named, as the CONTRL has them
	groups map[string]*Group
}

// name files the messages of a group, or those outside of groups.
func (j *judging) name(group string, outer Status, messages []Message) error {
	for i := range messages {
		m := &messages[i]
		key := Sent{Group: group, Ref: m.Header.Ref + m.Package.Ref}
		if err := below(outer, m.Status, key.Ref); err != nil {
			return err
		}
		if other := j.named[key]; other != nil && other.Status.Action.nearest() != m.Status.Action.nearest() {
			return fmt.Errorf("%w: message %q twice", ErrContradiction, key.Ref)
		}
		j.named[key] = m
		j.order = append(j.order, key)
	}
	return nil
}

// known refuses references that were not sent.
func (j *judging) known(c *Control, sent []Sent) error {
	groups, messages := map[string]bool{}, map[Sent]bool{}
	for _, s := range sent {
		key := Sent{Group: s.Group, Ref: s.Ref}
		groups[s.Group], messages[key] = true, true
		if m := j.named[key]; m != nil && s.Type != "" && m.Header.Type != s.Type {
			return fmt.Errorf("%w: message %q of another type", ErrUnknown, s.Ref)
		}
	}
	for i := range c.Groups {
		if ref := c.Groups[i].Ref; !groups[ref] {
			return fmt.Errorf("%w: group %q", ErrUnknown, ref)
		}
	}
	for _, key := range j.order {
		if !messages[key] {
			return fmt.Errorf("%w: message %q", ErrUnknown, key.Ref)
		}
	}
	return nil
}
