package gateway

// ContrlState is how far a bank's CONTRL about an interchange is.
type ContrlState string

// The states.
const (
	ContrlNone       ContrlState = "none"
	ContrlIsReceived ContrlState = "received"
	ContrlIsAccepted ContrlState = "accepted"
	ContrlIsRejected ContrlState = "rejected"
)

// ContrlEffect is what a CONTRL does to an interchange that may have left.
type ContrlEffect int

// The effects.
const (
	NoContrlEffect    ContrlEffect = iota // its action means nothing: an exception
	ContrlNotesIt                         // the bank has the file; its judgement is still to come
	ContrlAcceptsIt                       // all of it but the messages that it rejects
	ContrlRejectsIt                       // all of it
	ContrlContradicts                     // it was rejected before: an exception
)

// JudgeContrl decides what a CONTRL does: by what came before, by its action, and by the profile of a bank whose receipt is
// all that comes. // UN/EDIFACT CONTRL, DE 0083
func JudgeContrl(before ContrlState, action ContrlAction, receiptIsFinal bool) ContrlEffect {
	switch {
	case action == ContrlAccepted && before == ContrlIsRejected:
		return ContrlContradicts
	case action == ContrlAccepted, action == ContrlReceived && receiptIsFinal:
		return ContrlAcceptsIt
	case action == ContrlReceived:
		return ContrlNotesIt
	case action == ContrlRejected:
		return ContrlRejectsIt
	}
	return NoContrlEffect
}
