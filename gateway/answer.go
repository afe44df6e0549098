package gateway

import (
	"fmt"
	"io"
	"time"
)

// AnswerKind is the number of a receipt or response.
type AnswerKind int16

// The documents that authorities get.
const (
	Receipt0  AnswerKind = 0 // the document cannot be read
	Receipt1  AnswerKind = 1 // the bundle is accepted or refused
	Response2 AnswerKind = 2 // which payments were refused
	Response5 AnswerKind = 5 // stopped
	Response7 AnswerKind = 7 // no account
	Response8 AnswerKind = 8 // the bank has it
	Response9 AnswerKind = 9 // the bank refused it

	ResponseLookups  AnswerKind = 20 // what a private payer asked for // B42
	ResponseRegister AnswerKind = 30 // what became of a document about the register
)

// Statuses of an answer, and of a payment in it.
const (
	StatusAccepted   = "ACPT"
	StatusPartly     = "PART" // some payments of the bundle are rejected
	StatusRejected   = "RJCT"
	StatusUnreadable = "Bad XML" // of receipt 0
)

// document is the word that stands in the ids of the answers of a kind.
func (k AnswerKind) document() string {
	switch {
	case k == ResponseLookups:
		return "NKSPU-SVAR"
	case k == ResponseRegister:
		return "REGISTERSVAR"
	case k <= Receipt1:
		return fmt.Sprintf("KVITTERING%d", int(k))
	}
	return fmt.Sprintf("RETURSVAR%d", int(k))
}

// Answer is the head of a receipt or response. It was stored before it was rendered; rendering adds nothing to it.
type Answer struct {
	Kind      AnswerKind
	Number    int64 // gapless per kind
	MadeAt    time.Time
	Supplier  string // first To/PartyId; of receipt 0 only where it could be read
	SenderEAN string // second To/PartyId, VANS
	OwnName   string // NKS or NKSTEST
	OwnGLN    string
	// MessageRef is the MessageId of the bundle that is answered; of receipt 0 only where it could be read.
	MessageRef string
	Authority  string // GnlInf/InitgPty, ADMID
	GroupRef   string
	Status     string // ACPT, PART, RJCT; Bad XML of receipt 0
	Code       Code   // of the whole: receipts 0 and 1, response 2's debit level
	Text       string
	Grouped    bool        // the bundle was grouped: response 8 puts its payments under one debit block
	Foretold   Foretelling // receipt 1 of a bundle that is accepted
}

// ID is MessageId and PmtInitnStsId of the answer.
func (a Answer) ID() string {
	if a.Kind <= Receipt1 {
		return fmt.Sprintf("NKS %s %d", a.Kind.document(), a.Number)
	}
	return fmt.Sprintf("NKS2C %s %010d", a.Kind.document(), a.Number)
}

// FileName is the answer's name in the mailbox; it carries no personal data.
func (a Answer) FileName() string { return fmt.Sprintf("%s-%010d.xml", a.Kind.document(), a.Number) }

// IsCopied reports whether there are copies of such answers for people.
func (k AnswerKind) IsCopied() bool { return k == Response7 || k == Response8 || k == Response9 }

// CopyName is the name of the answer's copy for people: the same number.
func (a Answer) CopyName() string { return fmt.Sprintf("%s-%010d.pdf", a.Kind.document(), a.Number) }

// AnswerTx is one payment in a response.
type AnswerTx struct {
	EndToEndID string
	InstrID    string
	Status     string // ACPT, RJCT
	Code       Code
	Text       string
	// The original payment: responses 7, 8 and 9.
	Ore              int64
	TransferCurrency string
	Complete         bool
	Holder           Holder
	Account          Account // response 8: the full account
	Rule             AccountRule
	Detail           Detail // names and addresses of an account abroad
	Block            DebitBlock
}

// DebitBlock is the debit side of a payment as response 8 echoes it.
type DebitBlock struct {
	ExecutesOn   Date
	Agreement    string
	DebitAccount string
	DebitText    string
}

// AnswerEncoder writes one answer; what it writes depends on nothing but what it is given.
type AnswerEncoder interface {
	Tx(AnswerTx) error
	End() error
}

// NewAnswerEncoder begins an answer.
type NewAnswerEncoder func(w io.Writer, a Answer) (AnswerEncoder, error)

// BundleStatus is the group status of a response about a bundle: how many of its payments are rejected.
func BundleStatus(rejected, of int) string {
	switch rejected {
	case 0:
		return StatusAccepted
	case of:
		return StatusRejected
	}
	return StatusPartly
}
