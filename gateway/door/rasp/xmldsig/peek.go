package xmldsig

import "strings"

// Claim is what an unverified message says of itself: enough to answer it with a fault, and to log a fault that came
// unsigned. Nothing is to be decided by it.
type Claim struct {
	Action, MessageID, RelatesTo string
	FaultCode, FaultSubcode      string // without their prefixes; "" when it is no fault
}

// Peek reads a message without verifying it.
func Peek(message []byte, limits Limits) (Claim, error) {
	t, err := parse(message, limits)
	if err != nil {
		return Claim{}, err
	}
	envelope := Element{t, 0}
	if envelope.Name() != (Name{SOAP, "Envelope"}) {
		return Claim{}, refuse(NoEnvelope, "")
	}
	header, _ := envelope.Child(SOAP, "Header")
	body, _ := envelope.Child(SOAP, "Body")
	fault, _ := body.Child(SOAP, "Fault")
	code, _ := fault.Child(SOAP, "Code")
	subcode, _ := code.Child(SOAP, "Subcode")
	return Claim{
		Action:       header.childText(Addressing, "Action"),
		MessageID:    header.childText(Addressing, "MessageID"),
		RelatesTo:    header.childText(Addressing, "RelatesTo"),
		FaultCode:    afterColon(code.childText(SOAP, "Value")),
		FaultSubcode: afterColon(subcode.childText(SOAP, "Value")),
	}, nil
}

func (e Element) childText(space, local string) string {
	child, _ := e.Child(space, local)
	return strings.TrimSpace(child.Text())
}

func afterColon(qualified string) string {
	return qualified[strings.LastIndexByte(qualified, ':')+1:]
}
