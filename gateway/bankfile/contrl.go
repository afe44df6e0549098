package bankfile

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/edifact"
	"nks/gateway"
)

// contrl reads a CONTRL about an interchange of ours.
func (f *reading) contrl() error {
	control, err := f.in.Control()
	if err != nil {
		return err
	}
	if len(control.Groups) > 0 {
		return f.tellUnknown("CONTRL about functional groups")
	}
	out := gateway.Contrl{ControlRef: control.ControlRef, Code: codeText(control.Status.Code)}
	switch control.Status.Action {
	case edifact.ActionRejected:
		out.Action = gateway.ContrlRejected
	case edifact.ActionAcknowledged:
		out.Action = gateway.ContrlAccepted
	case edifact.ActionReceived:
		out.Action = gateway.ContrlReceived
	}
	for i := range control.Messages {
		m := &control.Messages[i]
		out.Messages = append(out.Messages, gateway.ContrlMessage{
			Ref: m.Header.Ref, Reject: m.Status.Action == edifact.ActionRejected, Code: codeText(firstCode(m)),
		})
	}
	return f.sink.Contrl(out)
}

// firstCode is the first error that is named of a message, wherever it stands.
func firstCode(m *edifact.ControlMessage) edifact.Code {
	if m.Status.Code != 0 {
		return m.Status.Code
	}
	for _, s := range m.Segments {
		if s.Code != 0 {
			return s.Code
		}
		for _, e := range s.Errors {
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

// answer renders our CONTRL about the interchange with the header u.
func (c *Codec) answer(u edifact.UNB, err error, controlRef string, prepared time.Time) ([]byte, error) {
	if len(controlRef) == 0 || len(controlRef) > maxControlRef || !gateway.AllDigits(controlRef) {
		return nil, fmt.Errorf("%w: control reference %q is not 1 to 14 digits", ErrRefused, controlRef)
	}
	control := edifact.NewControl(u, edifact.ActionAcknowledged)
	if err != nil {
		fault := &edifact.Error{}
		errors.As(err, &fault)
		control.Reject(fault)
	}
	var out bytes.Buffer
	w := edifact.NewWriter(&out, c.options)
	w.Begin(edifact.UNB{
		Sender: c.own(), Recipient: u.Sender,
		Date: prepared.Format("060102"), Time: prepared.Format("1504"),
		ControlRef: controlRef, TestIndicator: c.testIndicator(),
	})
	w.Control("1", control)
	if err := w.End(); err != nil {
		return nil, fmt.Errorf("CONTRL %s: %w", controlRef, err)
	}
	return out.Bytes(), nil
}
