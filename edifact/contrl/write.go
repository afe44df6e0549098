package contrl

import (
	"errors"
	"fmt"
	"strconv"

	"nks/edifact"
)

// Limits of the segment table of CONTRL.
const (
	maxMessages = 999_999 // UCM, and UCF
	maxSegments = 999     // UCS in a UCM
	maxElements = 99      // UCD in a UCS
	maxPosition = 999_999 // 0096 n..6
	maxPlace    = 999     // 0098, 0104 n..3
)

// Write writes c as a message with the reference ref: CONTRL:4:1:UN for version
// 4, CONTRL:D:3:UN for 3. Codes and actions that the version does not have
// become the nearest that it has. The error is one of the Writer, or says what
// CONTRL has no room for; then nothing was written.
func Write(w *edifact.Writer, ref string, c *Control) error {
	if err := c.check(); err != nil {
		return err
	}
	p := pen{w, c.Version}
	w.Message(Header(ref, c))
	w.Segment("UCI").Elem(c.ControlRef)
	p.party(c.Sender)
	p.party(c.Recipient)
	p.status(c.Status)
	p.messages(c.Messages)
	for i := range c.Groups {
		g := &c.Groups[i]
		w.Segment("UCF").Elem(g.Ref)
		p.party(g.Sender)
		p.party(g.Recipient)
		p.status(g.Status)
		p.messages(g.Messages)
	}
	w.EndMessage()
	return w.Err()
}

// Header is the UNH that Write gives c.
func Header(ref string, c *Control) edifact.UNH {
	h := edifact.UNH{Ref: ref, Type: "CONTRL", Version: "D", Release: "3", Agency: "UN"}
	if c.Version == 4 {
		h.Version, h.Release = "4", "1"
	}
	return h
}

// pen writes parts of a CONTRL of a version.
type pen struct {
	w       *edifact.Writer
	version int
}

func (p pen) party(q edifact.Party) {
	p.w.Elem(q.ID).Comp(q.Qualifier).Comp(q.Internal)
	if p.version == 4 {
		p.w.Comp(q.Sub)
	}
}

func (p pen) status(s Status) {
	action := s.Action
	if p.version == 4 {
		action = action.nearest()
	}
	p.w.ElemInt(int(action))
	p.code(s.Code)
	p.w.Elem(s.Tag)
	p.place(s.Element, s.Component, s.Repetition)
}

// code writes 0085, or leaves it out.
func (p pen) code(code edifact.Code) {
	if code == 0 {
		p.w.Elem("")
		return
	}
	p.w.ElemInt(int(inVersion(code, p.version)))
}

// place writes S011.
func (p pen) place(element, component, repetition int) {
	p.w.Elem(positive(element)).Comp(positive(component))
	if p.version == 4 {
		p.w.Comp(positive(repetition))
	}
}

func (p pen) messages(messages []Message) {
	for i := range messages {
		m := &messages[i]
		h := &m.Header
		p.w.Segment("UCM").Elem(h.Ref).Elem(h.Type).Comp(h.Version).Comp(h.Release).Comp(h.Agency).Comp(h.Association)
		if p.version == 4 {
			p.w.Comp(h.CodeList).Comp(h.Function)
		}
		p.status(m.Status)
		if o := &m.Package; o.Ref != "" {
			p.w.Elem(o.Ref).Elem(o.IDQualifier).Comp(o.ID)
		}
		for _, s := range m.Segments {
			p.w.Segment("UCS").ElemInt(s.Position)
			p.code(s.Code)
			for _, e := range s.Elements {
				p.w.Segment("UCD")
				p.code(e.Code)
				p.place(e.Element, e.Component, e.Repetition)
			}
		}
	}
}

// positive is the number n as text, and nothing for 0.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// check tells what of c a CONTRL cannot say.
func (c *Control) check() error {
	p := spelling{version: c.Version}
	switch {
	case c.Version != 3 && c.Version != 4:
		return errors.New("contrl: version is neither 3 nor 4")
	case !p.interchange(c):
		return ErrHeader
	case len(c.Groups) > 0 && len(c.Messages) > 0:
		return errors.New("contrl: messages both inside and outside of groups")
	case len(c.Groups) > maxMessages:
		return errors.New("contrl: more groups than CONTRL has room for")
	}
	if err := c.Status.check(c.Version, true, "UNA", "UNB", "UNZ"); err != nil {
		return fmt.Errorf("contrl: interchange: %w", err)
	}
	if err := checkMessages(p, c.Messages); err != nil {
		return err
	}
	for i := range c.Groups {
		g := &c.Groups[i]
		if !p.group(g) {
			return fmt.Errorf("contrl: group %d cannot be named: an element is missing, too long or of other characters", i+1)
		}
		if err := g.Status.check(c.Version, false, "UNG", "UNE"); err != nil {
			return fmt.Errorf("contrl: group %q: %w", g.Ref, err)
		}
		if err := checkMessages(p, g.Messages); err != nil {
			return err
		}
	}
	return nil
}

func checkMessages(p spelling, messages []Message) error {
	if len(messages) > maxMessages {
		return errors.New("contrl: more messages than CONTRL has room for")
	}
	for i := range messages {
		m := &messages[i]
		if !p.message(m) {
			return fmt.Errorf("contrl: message %d cannot be named: an element is missing, too long or of other characters", i+1)
		}
		err := m.Status.check(p.version, false, "UNH", "UNT", "UNO", "UNP")
		if err == nil {
			err = checkSegments(p.version, m.Segments)
		}
		if err != nil {
			return fmt.Errorf("contrl: message %q: %w", m.Header.Ref+m.Package.Ref, err)
		}
	}
	return nil
}

func checkSegments(version int, segments []Segment) error {
	if len(segments) > maxSegments {
		return errors.New("more segments than CONTRL has room for")
	}
	for _, s := range segments {
		if s.Position < 1 || s.Position > maxPosition || len(s.Elements) > maxElements {
			return errors.New("segment position out of bounds, or more data elements than CONTRL has room for")
		}
		for _, e := range s.Elements {
			if e.Code == 0 || e.Element < 1 || !within(version, e.Element, e.Component, e.Repetition) {
				return errors.New("data element without code or place")
			}
		}
	}
	return nil
}

// check tells what of s a CONTRL cannot say; tags are the service segments of
// its level, and those of security may stand at each.
func (s *Status) check(version int, interchange bool, tags ...string) error {
	action := s.Action
	if version == 4 {
		action = action.nearest()
	}
	switch {
	case action == 0 || action > ActionReceived, !interchange && (action == ActionReceived || action == ActionInterchangeAcknowledged || action == ActionInterchangeRejected):
		return errors.New("action must be one of this level")
	case s.Tag != "" && s.Code == 0, s.Element != 0 && s.Tag == "", s.Component != 0 && s.Element == 0, s.Repetition != 0 && s.Element == 0:
		return errors.New("place of a fault that is not told")
	case !within(version, s.Element, s.Component, s.Repetition):
		return errors.New("place of the fault out of bounds")
	}
	if s.Tag == "" {
		return nil
	}
	for _, tag := range tags {
		if s.Tag == tag {
			return nil
		}
	}
	if version == 4 && len(s.Tag) == 3 && s.Tag[:2] == "US" {
		return nil
	}
	return errors.New("service segment must be one of this level")
}

func within(version, element, component, repetition int) bool {
	in := func(n, limit int) bool { return n >= 0 && n <= limit }
	return in(element, maxPlace) && in(component, maxPlace) && in(repetition, maxPosition) && (repetition == 0 || version == 4)
}
