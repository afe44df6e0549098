package gateway

// Certainty is how sure it is what a bank's statement means for our payments.
type Certainty string

// The certainties.
const (
	Decided       Certainty = "decided"
	IsUndecided   Certainty = "undecided"     // it names nothing or two things, or nobody can say what it means
	Contradicting Certainty = "contradicting" // it contradicts what the bank has said before
)

// Certainty is that of news which has this effect.
func (e Effect) Certainty() Certainty {
	if e == Disputes {
		return Contradicting
	}
	return Decided
}

// Undecided is why nobody can decide what a bank has laid out: silence then decides nothing of what it may concern.
type Undecided string

// The reasons.
const (
	UndecidedFile      Undecided = "the file cannot be read"
	UndecidedProof     Undecided = "nothing proves that the bank wrote the file"
	UndecidedNumber    Undecided = "its number came before, with other bytes"
	UndecidedType      Undecided = "a message of a type that is not known"
	UndecidedContrl    Undecided = "a CONTRL about nothing of ours"
	UndecidedAction    Undecided = "a CONTRL with an action that means nothing"
	UndecidedMessage   Undecided = "a CONTRL that rejects a message that was not sent"
	UndecidedOrder     Undecided = "a status that names nothing of ours, or two things"
	UndecidedStatus    Undecided = "a status whose meaning nobody can say"
	UndecidedPosting   Undecided = "a posting that cannot be read"
	UndecidedMatch     Undecided = "a posting that names nothing of ours that is known"
	UndecidedStatement Undecided = "a statement of account that cannot be read"
)

// Undecideds is every reason.
func Undecideds() []Undecided {
	return []Undecided{UndecidedFile, UndecidedProof, UndecidedNumber, UndecidedType, UndecidedContrl, UndecidedAction, UndecidedMessage, UndecidedOrder, UndecidedStatus,
		UndecidedPosting, UndecidedMatch, UndecidedStatement}
}

// Exception is what is raised.
func (u Undecided) Exception() ExceptionKind {
	switch u {
	case UndecidedFile:
		return BankFileUnreadable
	case UndecidedProof:
		return BankFileUnproven
	case UndecidedNumber:
		return BankNumberReused
	case UndecidedType:
		return BankMessageUnknown
	case UndecidedContrl, UndecidedMessage:
		return ContrlForNothing
	case UndecidedAction:
		return ContrlNotUnderstood
	case UndecidedPosting, UndecidedStatement:
		return PostingUndecided
	case UndecidedMatch:
		return PostingUnmatched
	}
	return BankStatusUndecided
}
