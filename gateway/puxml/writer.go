package puxml

import (
	"bufio"
	"encoding/xml"
	"io"

	"nks/gateway"
)

// Writer writes the answer to a document of requests. What fails is told by End.
type Writer struct {
	w *bufio.Writer
}

// NewWriter begins an answer.
func NewWriter(w io.Writer) *Writer {
	a := &Writer{bufio.NewWriterSize(w, 64<<10)}
	a.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<nkspu:" + responseRoot)
	for _, n := range [...][2]string{{"nkspu", namespacePU}, {"cpr-20050318", namespaceCPR}, {"cpr-20051031", namespaceCPR2005}, {"cvr", namespaceCVR}, {"itst", namespaceITST},
		{"ean", namespaceEAN}, {"dkcc", namespaceDKCC}, {"dkcc-20030213", namespaceDKCC2003}, {"xsi", namespaceXSI}} {
		a.raw(" xmlns:" + n[0] + `="` + n[1] + `"`)
	}
	a.raw(` xsi:schemaLocation="` + namespacePU + " " + namespacePU + "NKSPU_" + responseRoot + `.xsd">` + "\n")
	return a
}

// Header echoes the header; sender and recipient at the VANS change places.
func (a *Writer) Header(h Header) {
	a.raw("<nkspu:TransporterHeader>")
	a.vans(h)
	a.leaf("nkspu:TransporterAgreementIdentifier", h.Agreement)
	a.leaf("nkspu:TransporterSystemIdentifier", h.System)
	a.leaf("nkspu:TransporterGroupIdentifier", h.Group)
	a.raw("</nkspu:TransporterHeader>\n")
}

// vans writes the VANS header of an answer; nothing where the request had none.
func (a *Writer) vans(h Header) {
	if h.SenderEAN != "" && h.Environment == environment {
		a.raw("<nkspu:VansHeader><nkspu:VansSenderAddress>")
		a.leaf("nkspu:VansNemkontoEnvironmentCode", h.Environment)
		a.raw("</nkspu:VansSenderAddress><nkspu:VansRecipientAddress>")
		a.leaf("ean:EAN13Identifier", h.SenderEAN)
		a.raw("</nkspu:VansRecipientAddress></nkspu:VansHeader>")
	}
}

// Response writes the answer to one request.
func (a *Writer) Response(r Response) {
	a.raw("<nkspu:NemkontoResponse><nkspu:NemkontoRequest><nkspu:Requester>")
	a.holder(r.Requester, "")
	a.raw("</nkspu:Requester>")
	a.leaf("nkspu:RequesterPaymentReference", r.Reference)
	a.optional("nkspu:RequesterPrimaryInternalReference", r.Primary)
	a.optional("nkspu:RequesterSecondaryInternalReference", r.Secondary)
	a.raw("<nkspu:NemkontoAccountHolder>")
	a.holder(r.Holder, r.Company)
	a.raw("</nkspu:NemkontoAccountHolder></nkspu:NemkontoRequest>")
	a.leaf("nkspu:LookupDateTime", r.At)
	switch {
	case r.Domestic != "":
		a.raw("<nkspu:NemkontoAccountInformation><itst:BankAccountStructure>")
		a.leaf("itst:BankBranchIdentifier", r.Domestic[:4])
		a.leaf("itst:BankAccountIdentifier", r.Domestic[4:])
		a.raw("</itst:BankAccountStructure></nkspu:NemkontoAccountInformation>")
	case r.Foreign != nil:
		a.foreign(r.Foreign)
	default:
		a.raw("<nkspu:NemkontoRequestError>")
		a.leaf("nkspu:NemkontoRequestErrorCode", CodeNone)
		a.leaf("nkspu:NemkontoRequestErrorText", TextNone)
		a.raw("</nkspu:NemkontoRequestError>")
	}
	a.raw("</nkspu:NemkontoResponse>\n")
}

// holder writes whose number it is; an SE or P number with the CVR number that was asked with it.
func (a *Writer) holder(h gateway.Holder, company string) {
	switch {
	case h.Kind == gateway.CPR:
		a.leaf("cpr-20050318:PersonCivilRegistrationIdentifier", h.ID)
	case h.Kind == gateway.SE && company != "":
		a.raw("<nkspu:SEnumberIdentificationStructure>")
		a.leaf("cvr:CVRnumberIdentifier", company)
		a.leaf("nkspu:SEnumberIdentifier", h.ID)
		a.raw("</nkspu:SEnumberIdentificationStructure>")
	case h.Kind == gateway.SE:
		a.leaf("nkspu:SEnumberIdentifier", h.ID)
	case h.Kind == gateway.PNR:
		a.raw("<nkspu:ProductionUnitIdentificationStructure>")
		a.leaf("cvr:CVRnumberIdentifier", company)
		a.leaf("cvr:ProductionUnitIdentifier", h.ID)
		a.raw("</nkspu:ProductionUnitIdentificationStructure>")
	default:
		a.leaf("cvr:CVRnumberIdentifier", h.ID)
	}
}

func (a *Writer) foreign(f *Foreign) {
	a.raw("<nkspu:NemkontoAccountInformation><nkspu:ForeignBankAccount><nkspu:ForeignBankInfoStructure>")
	a.lines(f.BankLines, f.BankCountry)
	a.optional("nkspu:IBANIdentifier", f.IBAN)
	a.optional("nkspu:BICIdentifier", f.BIC)
	a.optional("nkspu:ForeignBankBranchCode", f.BankCode)
	a.optional("nkspu:ForeignBankAccountIdentifier", f.Account)
	a.optional("nkspu:NemkontoCurrencyCode", f.Currency)
	a.raw("</nkspu:ForeignBankInfoStructure><nkspu:ForeignPersonInfoStructure>")
	a.lines(f.HolderLines, f.HolderCountry)
	a.raw("</nkspu:ForeignPersonInfoStructure></nkspu:ForeignBankAccount></nkspu:NemkontoAccountInformation>")
}

// lines writes a label of three lines and a country of three letters.
func (a *Writer) lines(lines [3]string, country string) {
	a.raw("<cpr-20051031:SecondaryPostalLabel>")
	for i, name := range [...]string{"First", "Second", "Third"} {
		a.leaf("dkcc:PostalAddress"+name+"LineText", lines[i])
	}
	a.raw("</cpr-20051031:SecondaryPostalLabel>")
	if country != "" {
		a.raw(`<dkcc-20030213:CountryIdentificationCode scheme="iso3166-alpha3">`)
		a.text(country)
		a.raw("</dkcc-20030213:CountryIdentificationCode>")
	}
}

// Unknown says that the header's agreement does not count.
func (a *Writer) Unknown(h Header) {
	a.raw("<nkspu:TransporterHeaderError>")
	a.Header(h)
	a.leaf("nkspu:TransporterHeaderErrorCode", CodeUnknown)
	a.leaf("nkspu:TransporterHeaderErrorText", TextUnknown)
	a.raw("</nkspu:TransporterHeaderError>\n")
}

// Invalid says that the document is not in its form, and why.
func (a *Writer) Invalid(h Header, why string) {
	a.raw("<nkspu:InvalidMessageFormat>")
	a.vans(h)
	a.leaf("nkspu:InvalidMessageFormathighestseverityCode", CodeInvalid)
	a.leaf("nkspu:InvalidMessageFormatCode", CodeInvalid)
	a.leaf("nkspu:InvalidMessageFormatText", why)
	a.raw("</nkspu:InvalidMessageFormat>\n")
}

// End ends the document.
func (a *Writer) End() error {
	a.raw("</nkspu:" + responseRoot + ">\n")
	return a.w.Flush()
}

func (a *Writer) raw(s string) { _, _ = a.w.WriteString(s) } // Flush tells

func (a *Writer) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' || c > '~' {
			_ = xml.EscapeText(a.w, []byte(s)) // Flush tells
			return
		}
	}
	a.raw(s)
}

func (a *Writer) leaf(name, text string) {
	a.raw("<" + name + ">")
	a.text(text)
	a.raw("</" + name + ">")
}

func (a *Writer) optional(name, text string) {
	if text != "" {
		a.leaf(name, text)
	}
}
