package nksxml

import "time"

// Statuses of bundles and payments in the answers. nks-domain §4.
const (
	Accepted = "ACPT"
	Part     = "PART"
	Rejected = "RJCT"
)

// MessageType is OrgnlMsgTp in every response.
const MessageType = "NKSBetaling"

// AnswerHeader is the MessageHeader of receipts 0 and 1 and responses 2 and 5.
//
// Times of the answers are clock readings without zone: written as the time's own location shows it, read as UTC.
type AnswerHeader struct {
	From           []string // NKS and its EAN
	To             []string // the data supplier, and by VANS its EAN
	MessageID      string
	Timestamp      time.Time // whole seconds
	RefToMessageID string    // MessageID of the payments
}

// Fault is one Error of a receipt.
type Fault struct {
	Code        string // 5199 in receipt 0
	Description string // at most 1024 characters
}

// Receipt0 says that the document could not be read. To and RefToMessageID may be missing in it.
type Receipt0 struct {
	Header AnswerHeader
	Errors []Fault // at least one
}

// Receipt1 accepts a bundle or rejects it.
type Receipt1 struct {
	Header AnswerHeader
	Action string // Accepted or Rejected
	Errors []Fault
	Note   string // when it accepts: a text for people, at most 1024 characters; may be empty
}

// General is what every response begins with: GnlInf and the bundle's GrpId.
type General struct {
	StatusID  string    // PmtInitnStsId, the response's own number
	Created   time.Time // as in AnswerHeader
	Authority string    // InitgPty: ADMID
	GroupID   string    // GrpId of the payments
}

// GroupStatus is what responses 2 and 5 say about the bundle.
type GroupStatus struct {
	Status string // Accepted, Part or Rejected
	Reason string // StsRsn; may be empty
	Text   string // AddtlInf; may be empty; at most 1024 characters
}

// Response2 is the result of the reception control.
type Response2 struct {
	Header  AnswerHeader
	General General
	Group   GroupStatus
	Blocks  [][]Status // an OrgnlPmtInf each
}

// Response5 says what was stopped.
type Response5 struct {
	Header  AnswerHeader
	General General
	Group   GroupStatus
	Blocks  [][]Status
}

// Response7 says for which payments no account was found.
type Response7 struct {
	General General
	Blocks  [][]Status
}

// Response9 says which payments the bank rejected.
type Response9 struct {
	General General
	Blocks  [][]Status
}

// Response8 lists what the bank has.
type Response8 struct {
	General General
	Blocks  []Transfers
}

// Status is what a response says about one payment.
type Status struct {
	InstrID    string // echoed, may be empty
	EndToEndID string
	Status     string    // Accepted or Rejected
	Reason     string    // StsRsn, may be empty
	Text       string    // AddtlInf, may be empty; at most 1024 characters
	Original   *Original // responses 7 and 9: OrgnlTxInf, "release 2"; without account and bank; may be nil
}

// Original is what an answer repeats of a payment: OrgnlTxInf.
type Original struct {
	Amount           int64 // three implied decimals, as in Payment
	Currency         string
	TransferCurrency string // CcyOfTrf of an EqvtAmt; empty: InstdAmt
	Incomplete       bool   // as the payment was sent
	Creditor         Creditor
	Account          Account // response 8: in full
	Agent            Agent   // response 8: the foreign bank
}

// Debit is the head of an OrgnlPmtInf of response 8.
type Debit struct {
	ExecutionDate Date
	Agreement     string // BkPtyId
	Account       string // BBAN
	Purpose       string // may be empty
}

// Transfers is one OrgnlPmtInf of response 8.
type Transfers struct {
	Debit     Debit
	Transfers []Transfer
}

// Transfer is one payment in response 8.
type Transfer struct {
	InstrID    string // echoed, may be empty
	EndToEndID string
	Status     string // Accepted
	Original   Original
}
