package gateway

import (
	"fmt"
	"io"
)

// BundleRules are what a bundle is judged by, beside the register and what came before.
type BundleRules struct {
	Addressed      []string // the first To/PartyId must be one of these: NKS, or NKSTEST
	Supplier       string   // the login of the door; From/PartyId must be this
	SelfNamed      bool     // no door: the first From/PartyId is taken for the login, whoever that is
	Today          Date
	DaysAhead      int // how far away an execution day may be
	BundlePayments int
	DocumentBytes  int64
}

// BundleHead is what a bundle says of itself; of a document that could not be read, what was read before the error.
type BundleHead struct {
	MessageLine  int    // of MessageHeader in the document
	GroupLine    int    // of GrpHdr
	Sender       string // first From/PartyId
	MessageID    string
	GroupRef     string
	Authority    string
	SenderEAN    string
	Grouped      bool
	ReturnAlways bool // InstrNks NOCDTRACCT/RETUR
}

// Debit is one debit block (PmtInf).
type Debit struct {
	No           int
	Line         int  // in the document
	RequestedOn  Date // zero when absent
	Agreement    string
	DebitAccount string // 14 digits, or as it came when it has another form
	Text         string
	Fault        Code // of the debit level, empty when there is none
}

// BundleItem is one payment with its debit block. It is valid until the next one is read.
type BundleItem struct {
	Payment Payment
	Debit   *Debit
	Line    int  // in the document
	Fault   Code // the first error of the payment by itself, empty when there is none
	// Faults is all of them, in the order in which they are told.
	Faults []Code
}

// Bundle reads one document of payments, once, in constant memory.
type Bundle interface {
	Head() BundleHead
	// Next is the next payment; io.EOF after the last one of a complete document; *UnreadableError when the document
	// breaks off or is not the schema.
	Next() (*BundleItem, error)
	// Refuse adds an error of the whole bundle that the caller found.
	Refuse(Code)
	// Refused reports whether the bundle is refused already, whatever follows.
	Refused() bool
	// Fault is the error of the whole bundle that is told first, empty when there is none. It is final after io.EOF.
	Fault() Code
}

// OpenBundle reads a bundle's head. With an *UnreadableError it gives the bundle too, for what could be read of its head.
type OpenBundle func(r io.Reader, rules BundleRules) (Bundle, error)

// UnreadableError says where and why a document is not well-formed or not the schema. It holds no personal data.
type UnreadableError struct {
	Line int
	Path string
	Text string // place, value and rule in one line
}

func (e *UnreadableError) Error() string { return fmt.Sprintf("unreadable document: %s", e.Text) }
