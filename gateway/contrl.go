package gateway

// ContrlAction is what a CONTRL says of an interchange; another one than those below means nothing to us.
type ContrlAction string

// What a CONTRL can say.
const (
	ContrlReceived ContrlAction = "received" // UCI 8: the file is there
	ContrlAccepted ContrlAction = "accepted" // UCI 7: all of it but what Messages reject
	ContrlRejected ContrlAction = "rejected" // UCI 4: all of it
)

// Known reports whether the action means anything to us.
func (a ContrlAction) Known() bool {
	return a == ContrlReceived || a == ContrlAccepted || a == ContrlRejected
}

// Contrl is one CONTRL about an interchange of ours.
type Contrl struct {
	ControlRef string
	Action     ContrlAction
	Code       string // DE 0085 of a reject
	Messages   []ContrlMessage
}

// ContrlMessage is what a CONTRL says of one message.
type ContrlMessage struct {
	Ref    string // UNH 0062
	Reject bool
	Code   string // DE 0085
}

// ContrlState is how far a bank's CONTRL about an interchange is.
type ContrlState string

// The states.
const (
	ContrlNone       ContrlState = "none"
	ContrlIsReceived ContrlState = "received"
	ContrlIsAccepted ContrlState = "accepted"
	ContrlIsRejected ContrlState = "rejected"
	ContrlIsDisputed ContrlState = "disputed" // accepted and rejected
)

// DuplicateDetected is the error of DE 0085 that says that a file of that number is there already.
const DuplicateDetected = "26"

// ContrlEffect is what a CONTRL does to an interchange that may have left.
type ContrlEffect int

// The effects.
const (
	NoContrlEffect     ContrlEffect = iota // its action means nothing: an exception
	ContrlNotesIt                          // the bank has the file; its judgement is still to come
	ContrlAcceptsIt                        // all of it but the messages that it rejects
	ContrlRejectsIt                        // all of it
	ContrlAcceptsAfter                     // it was rejected before: a contradiction
	ContrlRejectsAfter                     // it was accepted before: a contradiction
	ContrlRefusesAgain                     // it proves that a file of that number is there, and never that nothing was paid
)

// Follows is what the effect does to an interchange of which a CONTRL came before, and the exception that is raised.
func (e ContrlEffect) Follows(before ContrlState) (Effect, ExceptionKind) {
	switch e {
	case ContrlAcceptsIt:
		switch before {
		case ContrlIsAccepted:
			return Repeats, ""
		case ContrlIsDisputed:
			return Keeps, ""
		}
		return Takes, ""
	case ContrlRejectsIt:
		if before == ContrlIsRejected {
			return Repeats, ""
		}
		return Takes, ""
	case ContrlAcceptsAfter:
		return Disputes, ContrlAfterReject
	case ContrlRejectsAfter:
		return Disputes, ContrlRejectsAccepted
	case ContrlRefusesAgain:
		return Keeps, RefusedAsDuplicate
	case ContrlNotesIt:
		return Keeps, ""
	}
	return Refuses, ""
}

// JudgeContrl decides what a CONTRL does: by what came before, by its action and its error, and by the profile of a bank
// whose receipt is all that comes. // UN/EDIFACT CONTRL, DE 0083 and 0085
func JudgeContrl(before ContrlState, action ContrlAction, code string, receiptIsFinal bool) ContrlEffect {
	accepts := action == ContrlAccepted || action == ContrlReceived && receiptIsFinal
	switch {
	case accepts && before == ContrlIsRejected:
		return ContrlAcceptsAfter
	case accepts:
		return ContrlAcceptsIt
	case action == ContrlReceived:
		return ContrlNotesIt
	case action == ContrlRejected && code == DuplicateDetected:
		return ContrlRefusesAgain
	case action == ContrlRejected && (before == ContrlIsAccepted || before == ContrlIsDisputed):
		return ContrlRejectsAfter
	case action == ContrlRejected:
		return ContrlRejectsIt
	}
	return NoContrlEffect
}
