package soap

import "nks/gateway/door/rasp/xmldsig"

// Fault is a SOAP 1.2 fault, as OIO RASP and WS-ReliableMessaging use it.
type Fault struct {
	// Receiver: it is our trouble, and the same may come again. Else the sender's.
	Receiver bool
	// Name is the subcode's local name.
	Name   string
	Reason string
}

// Faults of OIO RASP: their subcode is written in the namespace of the envelope, their action is OIO and the name.
const (
	SignatureNotValid     = "SignatureNotValidFault"
	UnknownDocumentType   = "UnknownDocumentTypeFault"
	MessagePersistency    = "MessagePersistencyFault"
	InternalSystemFailure = "InternalSystemFailureFault"
	MissingHeader         = "MissingHeaderFault"
	NotAuthorized         = "NotAuthorizedFault"
	SchemaValidation      = "SchemaValidationFault"
	// MustUnderstand is of SOAP itself: a code without a subcode.
	MustUnderstand = "MustUnderstand"
)

// Faults of WS-ReliableMessaging, in its namespace. // WS-RM 2005-02 §4
const (
	CreateSequenceRefused     = "CreateSequenceRefused"
	UnknownSequence           = "UnknownSequence"
	SequenceTerminated        = "SequenceTerminated"
	LastMessageNumberExceeded = "LastMessageNumberExceeded"
)

// Reliable reports whether the fault is one of WS-ReliableMessaging, by which a sequence has ended.
func (f Fault) Reliable() bool {
	switch f.Name {
	case CreateSequenceRefused, UnknownSequence, SequenceTerminated, LastMessageNumberExceeded:
		return true
	}
	return false
}

// Error implements error. The reason stays out of it: a peer may have put anything there.
func (f *Fault) Error() string {
	if f.Receiver {
		return "fault " + f.Name + " of the receiver"
	}
	return "fault " + f.Name + " of the sender"
}

// Action is the action of a message that holds the fault.
func (f Fault) Action() string {
	switch {
	case f.Reliable():
		return addressingFault
	case f.Name == MustUnderstand:
		return addressingFault + "/soap"
	}
	return xmldsig.OIO + f.Name
}
