// Package puxml reads and writes the documents by which private payers ask for accounts (NKS-PU): requests strictly, in constant memory, and
// the answers to them. // B42
package puxml

import "nks/gateway"

// MostRequests is how many one document may hold.
const MostRequests = 10_000

// Limits of a document and its texts.
const (
	MostBytes     = 32 << 20
	mostReference = 50
)

// Header says on whose behalf a document comes.
type Header struct {
	Agreement string // seven digits
	System    string
	Group     string // the sender's number of the document
	// SenderEAN is the sender's address at the VANS; empty: it came without.
	SenderEAN   string
	Environment string // to which it was sent by the VANS
}

// Request asks for the account of one holder.
type Request struct {
	Requester gateway.Holder // who will pay
	// Reference is of the payment, Primary and Secondary are the requester's own; they come back as they are.
	Reference, Primary, Secondary string
	Holder                        gateway.Holder
	Company                       string // the CVR number that stands with an SE or P number
}

// Foreign is an account abroad.
type Foreign struct {
	BankLines     [3]string
	BankCountry   string // three letters
	IBAN, BIC     string
	BankCode      string
	Account       string
	Currency      string
	HolderLines   [3]string
	HolderCountry string
}

// Response answers one request: with an account, or with neither where there is none.
type Response struct {
	Request
	At       string // when it was looked up, in UTC
	Domestic string // 14 digits
	Foreign  *Foreign
}

// Codes of answers, and their texts.
const (
	CodeNone          = "2100"
	TextNone          = "Ingen NemKonto fundet"
	CodeUnknown       = "1501"
	TextUnknown       = "Ukendt aftalenummer"
	CodeInvalid       = "0008"
	environment       = "nkspu"
	noCompany         = "00000000"
	namespacePU       = "http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2007/10/01/"
	namespaceCVR      = "http://rep.oio.dk/cvr.dk/xml/schemas/2005/03/22/"
	namespaceCPR      = "http://rep.oio.dk/cpr.dk/xml/schemas/core/2005/03/18/"
	namespaceCPR2005  = "http://rep.oio.dk/cpr.dk/xml/schemas/core/2005/10/31/"
	namespaceITST     = "http://rep.oio.dk/itst.dk/xml/schemas/2005/12/06/"
	namespaceEAN      = "http://rep.oio.dk/ean/xml/schemas/2005/01/10/"
	namespaceDKCC     = "http://rep.oio.dk/ebxml/xml/schemas/dkcc/2005/05/19/"
	namespaceDKCC2003 = "http://rep.oio.dk/ebxml/xml/schemas/dkcc/2003/02/13/"
	namespaceXSI      = "http://www.w3.org/2001/XMLSchema-instance"
	// Root is the root element of a request.
	Root         = "NemkontoPrivatUdbetalerTransporterRequest"
	responseRoot = "NemkontoPrivatUdbetalerTransporterResponse"
)

// Namespace is that of the root elements.
func Namespace() string { return namespacePU }
