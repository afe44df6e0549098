package edifact

import (
	"errors"
	"io"
	"strconv"
)

// controlEntries bounds the messages and segments that a CONTRL may name.
const controlEntries = 200_000

// Control reads the segments of the present message as a CONTRL, strictly by
// its structure. The first fault is an [*Error].
func (x *Interchange) Control() (Control, error) {
	var c Control
	var fault *Error
	checker := x.Checker(ContrlSpec, func(e *Error) {
		if fault == nil {
			fault = e
		}
	})
	for entries := 0; ; entries++ {
		s, err := x.Segment()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Control{}, err
		}
		if entries == controlEntries {
			return Control{}, x.at(&s, 1, 0, CodeTooManySegments, "CONTRL names more than the limit")
		}
		if checker.Segment(&s); fault != nil {
			return Control{}, fault
		}
		if err := c.add(x, &s); err != nil {
			return Control{}, err
		}
	}
	if checker.End(); fault != nil {
		return Control{}, fault
	}
	return c, nil
}

// add takes a segment that the structure allows where it stands.
func (c *Control) add(x *Interchange, s *Segment) error {
	messages := &c.Messages
	if n := len(c.Groups); n > 0 {
		messages = &c.Groups[n-1].Messages
	}
	var err error
	switch s.Tag {
	case "UCI":
		c.ControlRef, c.Sender, c.Recipient = x.text(s, 0, 0), x.party(s, 1), x.party(s, 2)
		c.Status, err = x.status(s, 3)
	case "UCF":
		g := ControlGroup{Ref: x.text(s, 0, 0), Sender: x.party(s, 1), Recipient: x.party(s, 2)}
		g.Status, err = x.status(s, 3)
		c.Groups = append(c.Groups, g)
	case "UCM":
		m := ControlMessage{Header: MessageHeader{
			Ref: x.text(s, 0, 0), Type: x.text(s, 1, 0), Version: x.text(s, 1, 1), Release: x.text(s, 1, 2),
			Agency: x.text(s, 1, 3), Association: x.text(s, 1, 4),
		}}
		m.Status, err = x.status(s, 2)
		*messages = append(*messages, m)
	case "UCS", "UCD":
		err = (*messages)[len(*messages)-1].read(x, s)
	}
	return err
}

func (m *ControlMessage) read(x *Interchange, s *Segment) error {
	if s.Tag == "UCS" {
		position, err := x.number(s, 0, 0, 999999)
		if err != nil {
			return err
		}
		code, err := x.number(s, 1, 0, 255)
		m.Segments = append(m.Segments, ControlSegment{Position: position, Code: Code(code)})
		return err
	}
	code, err1 := x.number(s, 0, 0, 255)
	element, err2 := x.number(s, 1, 0, 999)
	component, err3 := x.number(s, 1, 1, 999)
	last := &m.Segments[len(m.Segments)-1]
	last.Errors = append(last.Errors, ControlError{Code(code), element, component})
	return errors.Join(err1, err2, err3)
}

func (x *Interchange) party(s *Segment, i int) Party {
	return Party{x.text(s, i, 0), x.text(s, i, 1), x.text(s, i, 2)}
}

func (x *Interchange) text(s *Segment, i, j int) string {
	return x.unb.Charset.decode(s.Component(i, j))
}

// status reads 0083, 0085, 0013 and S011 from data element i on.
func (x *Interchange) status(s *Segment, i int) (Status, error) {
	action, err1 := x.number(s, i, 0, 99)
	code, err2 := x.number(s, i+1, 0, 255)
	element, err3 := x.number(s, i+3, 0, 999)
	component, err4 := x.number(s, i+3, 1, 999)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return Status{}, err
	}
	switch Action(action) {
	case ActionRejected, ActionAcknowledged, ActionReceived:
	default:
		return Status{}, x.at(s, i+2, 0, CodeInvalidValue, "action is none of 4, 7, 8")
	}
	return Status{Action(action), Code(code), x.text(s, i+2, 0), element, component}, nil
}

// number reads a number from 0 to limit; nothing counts as 0.
func (x *Interchange) number(s *Segment, i, j, limit int) (int, error) {
	v := s.Component(i, j)
	if len(v) == 0 {
		return 0, nil
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 0 || n > limit {
		return 0, x.at(s, i+2, j+1, CodeInvalidValue, "number is none or out of bounds")
	}
	return n, nil
}
