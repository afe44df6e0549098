package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// InquiryDays is how many banking days an inquiry may be open before persons are told of it; each further one is told again. // G-inquiry
const InquiryDays = 5

// InquiryStep is what is done about an inquiry.
type InquiryStep string

// The steps; after the last nothing more comes.
const (
	InquiryNote         InquiryStep = "note"
	InquiryAskedBank    InquiryStep = "asked_bank" // a person has sent the bank a letter
	InquiryBankAnswered InquiryStep = "bank_answered"
	InquiryAnswered     InquiryStep = "answered" // what the citizen was told
	InquiryClosed       InquiryStep = "closed"
)

// InquiryOutcome is how an inquiry ended.
type InquiryOutcome string

// The outcomes.
const (
	InquiryPaid         InquiryOutcome = "paid"          // the recipient has the money, or had it all along
	InquiryWrongAccount InquiryOutcome = "wrong_account" // it is on an account of somebody else's
	InquiryNotPaid      InquiryOutcome = "not_paid"      // it was never paid
	InquiryCameBack     InquiryOutcome = "came_back"     // the money is back
	InquiryDropped      InquiryOutcome = "dropped"       // nobody misses it any more
)

// InquiryOutcomes is every outcome.
func InquiryOutcomes() []InquiryOutcome {
	return []InquiryOutcome{InquiryPaid, InquiryWrongAccount, InquiryNotPaid, InquiryCameBack, InquiryDropped}
}

// ParseInquiryOutcome reads an outcome; the error is an ErrIntent.
func ParseInquiryOutcome(text string) (InquiryOutcome, error) {
	o := InquiryOutcome(strings.ReplaceAll(text, "-", "_"))
	if !slices.Contains(InquiryOutcomes(), o) {
		return "", fmt.Errorf("outcome %q must be paid, wrong_account, not_paid, came_back or dropped: %w", text, ErrIntent)
	}
	return o, nil
}

// InquiryLetter is what a bank is asked about one order, by a person who sends it. It names no citizen.
type InquiryLetter struct {
	Inquiry    int64
	Bank       string
	Reference  string // RFF+CR of the order
	Control    string // UNB 0020 of its interchange
	Message    string // BGM
	Line, Seq  int
	Ore        int64
	ExecutesOn Date
	SentAt     time.Time // in the zone of business time
}

// Text is the letter, in Danish.
func (l InquiryLetter) Text() string {
	return fmt.Sprintf("Til %s\n\nVores sag: forespørgsel %d\n\nModtageren savner en betaling på %s kr. Ordren blev sendt til jer %s i interchange %s, message %s, LIN %d, SEQ %d,\n"+
		"med referencen %s, til udførelse den %s.\n\nOplys venligst, hvornår og på hvilken konto beløbet er krediteret, eller hvorfor det ikke er sket.\n",
		l.Bank, l.Inquiry, Kroner(l.Ore), l.SentAt.Format("2006-01-02 15:04"), l.Control, l.Message, l.Line, l.Seq, l.Reference, l.ExecutesOn)
}
