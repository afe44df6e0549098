package postgres

import (
	"time"

	"nks/gateway"
)

// Acceptance is what makes a bank's acceptance of the orders, once CONTRL has not refused them.
type Acceptance string

// What can make a bank's acceptance.
const (
	AcceptedByContrl  Acceptance = "contrl"      // CONTRL 7 alone
	AcceptedByLine    Acceptance = "bansta_line" // BANSTA for each LIN
	AcceptedByMessage Acceptance = "bansta_seq"  // BANSTA for single orders; it speaks for the whole message
	AcceptedBySilence Acceptance = "silence"     // no reject until the deadline
)

// Bank is one booking centre as the flow needs it.
type Bank struct {
	ID         string
	Codec      gateway.BankCodec
	Acceptance Acceptance
	// ReceiptIsFinal tells that CONTRL 8 is all that comes.
	ReceiptIsFinal bool
	SendBy         time.Duration
	// FileName holds {ref}; TempName holds {ref} and {attempt}.
	FileName, TempName string
	InDir, OutDir      string
	LeadDays           int
	// Cheques tells whether the bank sends cheques.
	Cheques bool
	// AcceptanceDeadline: so long after CONTRL without a reject, a message counts as accepted.
	AcceptanceDeadline time.Duration
	// ExecutedDeadline: so long after 09:00 of the execution day without a word, an order counts as executed, where
	// the profile says that silence is the bank's word; 0 where it does not.
	ExecutedDeadline time.Duration
	// ContrlDeadline: so long after sending without CONTRL, somebody must ask.
	ContrlDeadline time.Duration
}
