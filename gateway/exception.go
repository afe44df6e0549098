package gateway

import "slices"

// Severity is how soon somebody must look at an exception.
type Severity int

// Severities, the mildest first.
const (
	Notice  Severity = 1 // nothing waits for it
	Warning Severity = 2 // something waits, or an authority may have been told otherwise than it is
	Urgent  Severity = 3 // money cannot move, or nobody knows whether it has
)

func (s Severity) String() string {
	switch s {
	case Notice:
		return "notice"
	case Warning:
		return "warning"
	case Urgent:
		return "urgent"
	}
	return "unknown"
}

// ExceptionKind is what kind of thing could not be decided, and waits for a person.
type ExceptionKind string

// Exceptions of work that failed; they end when the same work succeeds.
const (
	DeliveryFails    ExceptionKind = "delivery cannot be read"
	ReleaseFails     ExceptionKind = "release fails"
	InterchangeFails ExceptionKind = "interchange cannot be written"
	BankFileFails    ExceptionKind = "bank file cannot be heard"
	AnswerFails      ExceptionKind = "answer cannot be written"
)

// RegisterOverlap is a payment that is held because the register has two accounts for it; it ends when the payment leaves.
const RegisterOverlap ExceptionKind = "register overlap"

// RegisterDiffers is a payment that is held because the rule and its second computation choose different accounts; it ends
// when the payment leaves.
const RegisterDiffers ExceptionKind = "register differs"

// SettlementFails is an interchange of which nobody could carry out what is to be done with money that has nowhere to go; it ends when
// that succeeds.
const SettlementFails ExceptionKind = "settlement fails"

// SettlementNotOrdered is an agreement for which nobody could order what its authority has chosen; it ends when that succeeds.
const SettlementNotOrdered ExceptionKind = "settlement cannot be ordered"

// SettlementFailed is a payment for which what its authority has chosen was ordered, and failed in its turn: the money is with the
// sender.
const SettlementFailed ExceptionKind = "choice failed again"

// AccountChanged is a payment whose order is, or would be, executed to an account that is not its recipient's any more, and which nobody but
// persons can do anything about. // B25.2
const AccountChanged ExceptionKind = "order to an account that has changed"

// EffectFails is an interchange of which nobody could look whether its orders go to accounts that have changed; it ends when that succeeds.
const EffectFails ExceptionKind = "change of account cannot be followed"

// AgreementNotInForce is an agreement none of whose versions is in force on the day on which its payments would be executed;
// it ends when nothing of it waits any more.
const AgreementNotInForce ExceptionKind = "agreement not in force"

// Exceptions of what persons have decided about a night.
const (
	// NightHold is a hold for which something waits that is due; it ends with the hold.
	NightHold ExceptionKind = "held by a night control"
	// OverLimit is what would leave together and is over a limit; it ends when it leaves, or is something else by then.
	OverLimit ExceptionKind = "over a limit"
)

// Exceptions of the log that cannot be forged unseen.
const (
	LogLags        ExceptionKind = "log lags"
	LogContradicts ExceptionKind = "log contradicts a checkpoint"
)

// Exceptions of a restore.
const (
	// DatabaseSetBack is a database that knows less than the journals outside of it; it ends when it knows as much.
	DatabaseSetBack ExceptionKind = "database was set back"
	// JournalNotTaken is what a journal has, and what could not be taken in.
	JournalNotTaken ExceptionKind = "journal record not taken in"
	// SentNotKnown is a bank of which it is not known what it was sent: until it is closed nothing is released or sent to it, and its
	// silence counts for nothing.
	SentNotKnown ExceptionKind = "sent and not known"
	// ReceivedNotKnown is a supplier of which it is not known what it has sent.
	ReceivedNotKnown ExceptionKind = "received and not known"
)

// Exceptions of a node.
const (
	ClockApart          ExceptionKind = "clock apart"
	DatabaseTookNothing ExceptionKind = "database took nothing"
)

// LineIsDown is a line to a bank, a door or a supplier's queue that is down for longer than it may be; it ends when the line is up again, or
// nobody wants it any more. How soon somebody must look depends on the line.
const LineIsDown ExceptionKind = "line down"

// KeyExpires is a key or certificate that is in use and expires soon, or has; it ends when another is used in its place. How soon somebody must
// look depends on how soon that is.
const KeyExpires ExceptionKind = "key expires"

// LetterUnsent is an application for an account whose holder must approve it, and to whom no letter can be sent: dead, without an address, or the
// print provider has another file of its name. It ends with another letter. // B13
const LetterUnsent ExceptionKind = "letter cannot be sent"

// Exceptions at the doors.
const (
	NameReused     ExceptionKind = "name used again with other bytes"
	MessageTooBig  ExceptionKind = "message too large"
	AnswerTooLarge ExceptionKind = "answer too large for the queue"
)

// Exceptions of the bank side.
const (
	InterchangeUnknown   ExceptionKind = "interchange unknown"
	SendByMissed         ExceptionKind = "send-by missed"
	ContrlMissing        ExceptionKind = "CONTRL missing"
	StatusMissing        ExceptionKind = "bank status missing"
	SilenceBlocked       ExceptionKind = "silence cannot be counted"
	ContrlForNothing     ExceptionKind = "CONTRL for nothing sent"
	ContrlAfterReject    ExceptionKind = "CONTRL after reject"
	ContrlNotUnderstood  ExceptionKind = "CONTRL not understood"
	SendFails            ExceptionKind = "file cannot be handed over"
	FetchFails           ExceptionKind = "bank file cannot be fetched"
	BankFileStalls       ExceptionKind = "bank file not served"
	BankFileChanges      ExceptionKind = "bank file keeps changing"
	RemoveFails          ExceptionKind = "bank file cannot be removed"
	BankFileNameReused   ExceptionKind = "bank file name reused"
	BankFileTooLarge     ExceptionKind = "bank file too large"
	BankFileUnreadable   ExceptionKind = "bank file unreadable"
	BankFileUnproven     ExceptionKind = "bank file not proven"
	BankNumberReused     ExceptionKind = "bank control number reused"
	BankMessageUnknown   ExceptionKind = "bank message not understood"
	BankStatusUndecided  ExceptionKind = "bank status undecided"
	RejectAfterExecution ExceptionKind = "reject after execution"
	ExecutedAfterReject  ExceptionKind = "executed after reject"
	// ContrlRejectsAccepted is a CONTRL that rejects what a CONTRL has accepted before.
	ContrlRejectsAccepted ExceptionKind = "CONTRL rejects what was accepted"
	// RefusedAsDuplicate proves that the bank has a file of that number, and not that anything was not paid.
	RefusedAsDuplicate ExceptionKind = "refused as duplicate"
	AmountDiffers      ExceptionKind = "bank names another amount"
	CameBackUnpaid     ExceptionKind = "money came back that was not paid"
	// PostingUnmatched is a posting of which something is about nothing of ours that is known; it ends when all of it is matched.
	PostingUnmatched ExceptionKind = "posting not matched"
	// PostingUndecided is a posting or statement that cannot be read.
	PostingUndecided ExceptionKind = "posting undecided"
	// PostingContradicts is a posting or statement that came before, with another day, amount or content.
	PostingContradicts ExceptionKind = "posting contradicts another"
	// DebitDiffers is a line of which another sum was debited than is due; it ends when later postings make it right.
	DebitDiffers ExceptionKind = "debit differs"
	// DebitMissing is an interchange with lines that are executed and not debited; it ends when they are.
	DebitMissing ExceptionKind = "debit missing"
	// StatementWrong is a statement of account that does not add up; it ends when the one that was missing comes.
	StatementWrong ExceptionKind = "statement does not add up"
	// PostingNotInStatement is a posting of a day whose statement lacks it; it ends when one has it.
	PostingNotInStatement ExceptionKind = "posting not in statement"
	// RecallFails is an order that nobody could ask its bank for; it ends when that succeeds.
	RecallFails ExceptionKind = "recall cannot be written"
	// RecallMissing is what a bank was asked for and has not answered about; it ends when it has.
	RecallMissing ExceptionKind = "recall not answered"
	// RecallRefusal is an order that a bank does not give back, or was not asked for in a way that it understood.
	RecallRefusal ExceptionKind = "recall refused"
	// RecallContradicts is an order of which a bank has said that it gives it back, and that it does not.
	RecallContradicts ExceptionKind = "recall answered twice"
	// InquiryLate is a payment that a citizen misses, and whose inquiry is open for too long; it ends with the inquiry.
	InquiryLate ExceptionKind = "inquiry open for too long"
	// RepaymentHeld is a payment that may pay once more what the bank, told as refused, may have paid.
	RepaymentHeld ExceptionKind = "re-payment of a disputed payment held"
)

type kindSeverity struct {
	kind     ExceptionKind
	severity Severity
}

// exceptionSeverities is every kind that the flow raises, in the order of the flow. docs/operations.md says what to do
// about each.
func exceptionSeverities() []kindSeverity {
	return []kindSeverity{
		{DeliveryFails, Urgent}, {ReleaseFails, Urgent}, {InterchangeFails, Urgent}, {BankFileFails, Urgent}, {AnswerFails, Warning},
		{RegisterOverlap, Urgent}, {RegisterDiffers, Urgent}, {AgreementNotInForce, Urgent},
		{SettlementFails, Urgent}, {SettlementNotOrdered, Urgent}, {SettlementFailed, Warning},
		{AccountChanged, Warning}, {EffectFails, Urgent},
		{NightHold, Warning}, {OverLimit, Urgent},
		{LogLags, Warning}, {LogContradicts, Urgent}, {DatabaseSetBack, Urgent}, {JournalNotTaken, Urgent}, {SentNotKnown, Urgent}, {ReceivedNotKnown, Urgent},
		{ClockApart, Urgent}, {DatabaseTookNothing, Notice}, {LineIsDown, Urgent}, {KeyExpires, Warning}, {LetterUnsent, Warning},
		{NameReused, Notice}, {MessageTooBig, Notice}, {AnswerTooLarge, Notice},
		{InterchangeUnknown, Urgent}, {SendByMissed, Urgent}, {ContrlMissing, Urgent}, {StatusMissing, Urgent},
		{SilenceBlocked, Urgent}, {ContrlForNothing, Warning},
		{ContrlAfterReject, Urgent}, {ContrlNotUnderstood, Warning},
		{SendFails, Urgent}, {FetchFails, Urgent}, {BankFileStalls, Urgent}, {BankFileChanges, Urgent}, {RemoveFails, Warning},
		{BankFileNameReused, Notice}, {BankFileTooLarge, Urgent}, {BankFileUnreadable, Urgent}, {BankFileUnproven, Urgent}, {BankNumberReused, Urgent}, {BankMessageUnknown, Warning},
		{BankStatusUndecided, Warning}, {RejectAfterExecution, Urgent}, {ExecutedAfterReject, Urgent},
		{ContrlRejectsAccepted, Urgent}, {RefusedAsDuplicate, Warning}, {AmountDiffers, Urgent}, {CameBackUnpaid, Urgent},
		{PostingUnmatched, Warning}, {PostingUndecided, Warning}, {PostingContradicts, Urgent}, {DebitDiffers, Urgent}, {DebitMissing, Warning}, {StatementWrong, Urgent}, {PostingNotInStatement, Warning},
		{RecallFails, Urgent}, {RecallMissing, Urgent}, {RecallRefusal, Warning}, {RecallContradicts, Urgent}, {InquiryLate, Warning},
		{RepaymentHeld, Urgent},
	}
}

// ExceptionKinds is every kind of exception that the flow raises.
func ExceptionKinds() []ExceptionKind {
	var kinds []ExceptionKind
	for _, e := range exceptionSeverities() {
		kinds = append(kinds, e.kind)
	}
	return kinds
}

// KindsBesideBooks is the kinds of exceptions that leave every øre explained, and refuse no certificate: notices, what authorities have
// been told and must see to, and what is about no payment.
func KindsBesideBooks() (kinds []string) {
	for _, k := range exceptionSeverities() {
		if k.severity == Notice || k.kind == SettlementFailed || k.kind == AccountChanged || k.kind == InquiryLate || k.kind == LineIsDown || k.kind == KeyExpires || k.kind == LetterUnsent {
			kinds = append(kinds, string(k.kind))
		}
	}
	return kinds
}

// RemoteFileKinds is the kinds of exceptions about a file that lies in a bank's mailbox: one at a time for each file, with how often it
// was so.
func RemoteFileKinds() []ExceptionKind {
	return []ExceptionKind{FetchFails, BankFileStalls, BankFileChanges, BankFileTooLarge, RemoveFails}
}

// Severity is how soon somebody must look; Urgent for a kind that is not known.
func (k ExceptionKind) Severity() Severity {
	all := exceptionSeverities()
	i := slices.IndexFunc(all, func(e kindSeverity) bool { return e.kind == k })
	if i < 0 {
		return Urgent
	}
	return all[i].severity
}
