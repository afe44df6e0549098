package gateway

import "time"

// Thing is what an exception or a decision is about.
type Thing string

// The things that have an id of ours.
const (
	ThingException   Thing = "exception"
	ThingInterchange Thing = "interchange"
	ThingBankFile    Thing = "bank file"
	ThingDelivery    Thing = "delivery"
	ThingGroup       Thing = "group"
	ThingPerson      Thing = "person"
	ThingPayment     Thing = "payment"
	ThingJournal     Thing = "journal"
	ThingAgreement   Thing = "agreement"
	ThingBank        Thing = "bank"
	ThingLegalHold   Thing = "legal hold"
	ThingRetention   Thing = "retention rule"
	ThingChoice      Thing = "standing choice"
	ThingPosting     Thing = "posting"
	ThingStatement   Thing = "statement"
	ThingSelection   Thing = "selection"
	ThingDecision    Thing = "decision"
	ThingInquiry     Thing = "inquiry"
	ThingControl     Thing = "night control"
	ThingLimit       Thing = "release limit"
	ThingOverLimit   Thing = "over limit"
	ThingConnection  Thing = "connection"
	ThingParked      Thing = "parked message"
	ThingApplication Thing = "application"
	// ThingRegistration is a registration number of a bank.
	ThingRegistration Thing = "registration number"
)

// Thing is what exceptions of the kind are about; "" where that is nothing with an id of ours. exception_place finds it.
func (k ExceptionKind) Thing() Thing {
	switch k {
	case DeliveryFails, AnswerFails, NameReused:
		return ThingDelivery
	case ReleaseFails, RegisterOverlap, RegisterDiffers, OverLimit:
		return ThingGroup
	case InterchangeFails, InterchangeUnknown, SendByMissed, ContrlMissing, StatusMissing, SilenceBlocked, SendFails, ContrlForNothing, ContrlAfterReject, ContrlNotUnderstood,
		RejectAfterExecution, ExecutedAfterReject, ContrlRejectsAccepted, RefusedAsDuplicate, AmountDiffers, CameBackUnpaid, SettlementFails, EffectFails, DebitDiffers, DebitMissing, RecallMissing:
		return ThingInterchange
	case RepaymentHeld, SettlementFailed, AccountChanged, RecallFails, RecallRefusal, RecallContradicts, InquiryLate:
		return ThingPayment
	case SentNotKnown:
		return ThingBank
	case AgreementNotInForce, SettlementNotOrdered:
		return ThingAgreement
	case FetchFails, BankFileStalls, BankFileChanges, BankFileTooLarge, RemoveFails, // of which the bank alone is known
		BankFileFails, BankFileNameReused, BankFileUnreadable, BankFileUnproven, BankNumberReused, BankMessageUnknown, BankStatusUndecided, PostingUndecided,
		PostingContradicts:
		return ThingBankFile
	case PostingUnmatched, PostingNotInStatement:
		return ThingPosting
	case StatementWrong:
		return ThingStatement
	}
	return ""
}

// Within is by when somebody must have looked at an exception, from when it is raised. A notice closes itself then.
func (s Severity) Within() time.Duration {
	switch s {
	case Notice:
		return 7 * 24 * time.Hour
	case Warning:
		return 24 * time.Hour
	}
	return time.Hour
}
