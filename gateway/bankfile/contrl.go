package bankfile

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/edifact"
	"nks/edifact/contrl"
	"nks/gateway"
)

// contrl reads a CONTRL about an interchange of ours.
func (f *reading) contrl() error {
	control, err := contrl.Read(f.in)
	if f.fault != nil {
		return &unreadable{f.fault}
	}
	if err != nil {
		return err
	}
	out := gateway.Contrl{ControlRef: control.ControlRef, Code: codeText(control.Status.Code)}
	switch {
	case len(control.Groups) > 0: // we send none: what it accepts or rejects is not known
		out.Action = "about functional groups"
	case control.Status.Action == contrl.ActionRejected:
		out.Action = gateway.ContrlRejected
	case control.Status.Action == contrl.ActionAcknowledged:
		out.Action = gateway.ContrlAccepted
	case control.Status.Action == contrl.ActionReceived:
		out.Action = gateway.ContrlReceived
	default:
		out.Action = gateway.ContrlAction(strconv.Itoa(int(control.Status.Action)))
	}
	for i := range control.Messages {
		m := &control.Messages[i]
		out.Messages = append(out.Messages, gateway.ContrlMessage{
			Ref: m.Header.Ref, Reject: m.Status.Action == contrl.ActionRejected, Code: codeText(firstCode(m)),
		})
	}
	return f.sink.Contrl(out)
}

// firstCode is the first error that is named of a message, wherever it stands.
func firstCode(m *contrl.Message) edifact.Code {
	if m.Status.Code != 0 {
		return m.Status.Code
	}
	for _, s := range m.Segments {
		if s.Code != 0 {
			return s.Code
		}
		for _, e := range s.Elements {
			return e.Code
		}
	}
	return 0
}

func codeText(c edifact.Code) string {
	if c == 0 {
		return ""
	}
	return strconv.Itoa(int(c))
}

// refusal is what is said of a whole interchange that is refused for err.
func refusal(err error) contrl.Status {
	s := contrl.Status{Action: contrl.ActionRejected, Code: edifact.CodeUnspecified}
	var fault *edifact.ParseError
	if errors.As(err, &fault) {
		s.Code = fault.Code
		if fault.Tag == "UNB" || fault.Tag == "UNZ" {
			s.Tag, s.Element, s.Component = fault.Tag, fault.Element, fault.Component
		}
	}
	return s
}

// answer writes a CONTRL.
func (c *Codec) answer(a *contrl.Answer, err error, controlRef string, prepared time.Time) ([]byte, error) {
	if len(controlRef) == 0 || len(controlRef) > maxControlRef || !gateway.AllDigits(controlRef) {
		return nil, fmt.Errorf("%w: control reference %q is not 1 to 14 digits", ErrUnwritable, controlRef)
	}
	control := *a.Control
	switch {
	case err == nil && !control.Accepted():
		return nil, fmt.Errorf("%w: CONTRL %s would accept an interchange with faults", ErrUnwritable, controlRef)
	case err != nil && control.Status.Action != contrl.ActionRejected:
		control.Status = refusal(err)
	}
	u := contrl.Reply(&a.Header)
	u.Repertoire, u.Version, u.Sender, u.Agreement, u.TestIndicator = 0, 0, c.own(), "", c.testIndicator()
	u.ControlRef = controlRef
	if a.Header.Version == 4 {
		u.Version = 4
	}
	content, wrong := c.render(u, &control, prepared)
	if wrong != nil && control.Status.Action == contrl.ActionRejected {
		// Our repertoire may lack what names a message of theirs.
		control.Messages, control.Groups = nil, nil
		if control.Status.Code == 0 {
			control.Status = refusal(err)
		}
		content, wrong = c.render(u, &control, prepared)
	}
	if wrong != nil {
		return nil, fmt.Errorf("CONTRL %s: %w", controlRef, wrong)
	}
	return content, nil
}

func (c *Codec) render(u edifact.UNB, control *contrl.Control, prepared time.Time) ([]byte, error) {
	var out bytes.Buffer
	w, err := c.begin(&out, u, prepared)
	if err != nil {
		return nil, err
	}
	w.opens(contrl.Header("1", control))
	if err := contrl.Write(w.Writer, "1", control); err != nil {
		return nil, err
	}
	w.closed()
	err = w.finish()
	return out.Bytes(), err
}
