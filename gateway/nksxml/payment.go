package nksxml

// Header is what an NKSPayment says before its first debit. nks-domain §3.
type Header struct {
	From      []string // parties: the data supplier's short name; by VANS also the sender's EAN
	To        []string // parties: NKS, or NKSTEST; and its EAN
	MessageID string   // the answers refer to it
	Timestamp DateTime

	MessageLine int // where MessageHeader begins
	GroupLine   int // where GrpHdr begins
	GroupID     string
	Created     DateTime
	Authstn     string
	CtrlSum     int64 // sum of all amounts, in their scale
	NbOfTxs     int64
	Grouped     bool   // true: one debit with many payments; false: a debit for each payment
	Authority   string // InitgPty: the authority's ADMID
	Instruction *Instruction
}

// Instruction is what the bundle orders instead of the authority's standing choice: InstrNks.
type Instruction struct {
	Code string // NOCDTRACCT
	Info string // RETUR; may be empty
}

// Block is one debit: a PmtInf without its payments.
type Block struct {
	Seq           int    // from 1, in the order of the document
	Line          int    // where it begins
	ExecutionDate Date   // ReqdExctnDt; zero when absent
	Method        string // PmtMtdByFrstAgt: TRF
	Instrument    string // LclInstrm: IBK payment slip, UBB foreign; empty: domestic transfer
	Agreement     string // BkPtyId: the number of the authority's agreement with its bank
	DebitAccount  string // BBAN
	Purpose       string // DbtPurp: text on the debit's statement; may be empty
}

// Payment is one PmtTx. Amounts have three implied decimals, as in the document: 100000 is 100 kroner.
type Payment struct {
	Block *Block
	Seq   int // from 1 within its block
	Line  int // where it begins

	InstrID    string // may be empty
	EndToEndID string
	Purpose    string // text on the recipient's statement; may be empty

	Amount   int64  // InstdAmt, or EqvtAmt/Amt; any sign
	Currency string // of Amount
	// TransferCurrency is CcyOfTrf: the recipient gets this currency for the amount. Empty for an InstdAmt.
	TransferCurrency string

	Creditor Creditor
	Account  Account
	Agent    Agent

	ChargeBearer       string // ChrgBr: BEN; may be empty
	InstrForFinalAgent string // STRAKS: advise at once; may be empty
	InstrForFirstAgent string // a code agreed with the bank; may be empty
	Remittance         []Remittance
	Incomplete         bool // the payment names no account: complete it
	BenefitType        string
}

// IDKind is what register a creditor's identifier is from.
type IDKind uint8

// Kinds of identifiers. nks-domain §3.
const (
	NoID    IDKind = iota
	CPR            // a person, PrvtId/SclSctyNb
	CVR            // a company, PrtryId with issuer CVR
	PNR            // a production unit, PrtryId with issuer PNR
	SE             // TaxIdNb
	OtherID        // PrtryId with another issuer
)

// Creditor is the recipient, as far as the document names one. Every field may be empty.
type Creditor struct {
	Name string
	Address
	IDKind IDKind
	ID     string // not checked
	Issuer string // of a PrtryId
}

// Address is a postal address.
type Address struct {
	Lines    []string // at most 5
	PostCode string
	Town     string
	Country  string // ISO 3166 alpha-2
}

// AccountKind is how an account is named.
type AccountKind uint8

// Kinds of accounts.
const (
	NoAccount   AccountKind = iota
	BBAN                    // domestic: registration number and account, 14 digits; foreign: any
	IBAN                    //
	Proprietary             // Prtry: giro or FI creditor number
)

// Account is the creditor's account. Its form is not checked.
type Account struct {
	Kind   AccountKind
	Number string
}

// Agent is the creditor's bank, for foreign payments. Every field may be empty.
type Agent struct {
	Present  bool
	BIC      string
	DEBLZ    string // bank code as ClrSysMmbId
	BankCode string // bank code as PrtryId
	Name     string
	Address
}

// RemittanceKind is what a Remittance is.
type RemittanceKind uint8

// Kinds of remittance information.
const (
	Unstructured RemittanceKind = iota + 1 // Ustrd: long advice
	CreditorRef                            // CdtrRef: code line of a payment slip
	DocumentRef                            // DocRefNb: invoice number
)

// Remittance is one RmtInf.
type Remittance struct {
	Kind  RemittanceKind
	Value string
}

// Bounds on what repeats.
const (
	maxParties      = 2
	maxAddressLines = 5
	maxRemittance   = 20
)
