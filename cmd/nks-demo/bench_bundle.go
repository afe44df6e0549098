package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"
)

// writeBundle writes the bundle of a day to bundle.xml, in the official form for payments that each name their debit:
// indented, as most systems write it. It is read twice, since its head tells the sum.
func (b *bench) writeBundle(day int) error {
	f, err := os.Create(b.path("bundle.xml"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // after a good end it is closed
	w := bufio.NewWriterSize(f, 1<<20)
	c := b.country
	sum := int64(0)
	for n := range c.size(day) {
		sum += c.payment(day, n).ore
	}
	opens := c.days[day].opens.UTC()
	id := fmt.Sprintf("%s-%d", benchSupplier, day+1)
	_, _ = fmt.Fprintf(w, benchHead, benchSupplier, id, opens.Format("2006-01-02T15:04:05.000Z"), id, opens.Format(time.RFC3339),
		sum*10, c.size(day), benchAuthority)
	var buf []byte
	for n := range c.size(day) {
		buf = c.appendPayment(buf[:0], day, n)
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	_, _ = w.WriteString("</NKSPayment>\n")
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

const benchHead = `<?xml version="1.0" encoding="UTF-8"?>
<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/" xmlns:ebms="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/" xmlns:swift="http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/">
  <ebms:MessageHeader ebms:id="C2NKS" ebms:version="2.0">
    <ebms:From>
      <ebms:PartyId>%s</ebms:PartyId>
    </ebms:From>
    <ebms:To>
      <ebms:PartyId>NKS</ebms:PartyId>
      <ebms:PartyId>5798000016446</ebms:PartyId>
    </ebms:To>
    <ebms:MessageData>
      <ebms:MessageId>%s</ebms:MessageId>
      <ebms:Timestamp>%s</ebms:Timestamp>
    </ebms:MessageData>
  </ebms:MessageHeader>
  <swift:GrpHdr>
    <swift:GrpId>%s</swift:GrpId>
    <swift:CreDtTm>%s</swift:CreDtTm>
    <swift:Authstn>1</swift:Authstn>
    <swift:CtrlSum>%d</swift:CtrlSum>
    <swift:NbOfTxs>%d</swift:NbOfTxs>
    <swift:Grpg>false</swift:Grpg>
    <swift:InitgPty>
      <swift:OrgId>
        <swift:PrtryId>
          <swift:Id>%s</swift:Id>
          <swift:Issr>ADMID</swift:Issr>
        </swift:PrtryId>
      </swift:OrgId>
    </swift:InitgPty>
  </swift:GrpHdr>
`

func (c benchCountry) appendPayment(dst []byte, day, n int) []byte {
	p := c.payment(day, n)
	number, account, _ := benchAgreement(p.agreement)
	dst = append(dst, "  <swift:PmtInf>\n    <swift:ReqdExctnDt>"+c.days[day].executes+"</swift:ReqdExctnDt>\n    <swift:PmtMtdByFrstAgt>TRF</swift:PmtMtdByFrstAgt>\n"...)
	if p.foreign {
		dst = append(dst, "    <swift:CdtTrfTpId>\n      <swift:LclInstrm>UBB</swift:LclInstrm>\n    </swift:CdtTrfTpId>\n"...)
	}
	dst = append(dst, "    <swift:Dbtr>\n      <swift:OrgId>\n        <swift:BkPtyId>"+number+"</swift:BkPtyId>\n      </swift:OrgId>\n    </swift:Dbtr>\n"+
		"    <swift:DbtrAcct>\n      <swift:Id>\n        <swift:BBAN>"+account+"</swift:BBAN>\n      </swift:Id>\n    </swift:DbtrAcct>\n"+
		"    <swift:DbtPurp>Udbetaling august</swift:DbtPurp>\n"+
		"    <swift:PmtTx>\n      <swift:PmtId>\n        <swift:EndToEndId>"+p.reference+"</swift:EndToEndId>\n      </swift:PmtId>\n"+
		"      <swift:Purp>\n        <swift:Prtry>Målestøtte</swift:Prtry>\n      </swift:Purp>\n"...)
	amount := strconv.FormatInt(p.ore*10, 10)
	if p.foreign {
		return p.appendForeign(dst, amount)
	}
	return append(dst, "      <swift:Amt>\n        <swift:InstdAmt Ccy=\"DKK\">"+amount+"</swift:InstdAmt>\n      </swift:Amt>\n"+
		"      <swift:Cdtr>\n        <swift:PrvtId>\n          <swift:SclSctyNb>"+p.cpr+"</swift:SclSctyNb>\n        </swift:PrvtId>\n      </swift:Cdtr>\n"+
		"      <swift:IncompletePaymentIndicator>true</swift:IncompletePaymentIndicator>\n"+
		"      <swift:BenefitType>"+benchBenefit+"</swift:BenefitType>\n    </swift:PmtTx>\n  </swift:PmtInf>\n"...)
}

func (p benchPayment) appendForeign(dst []byte, amount string) []byte {
	account := germanIBAN(p.account)
	return append(dst, "      <swift:Amt>\n        <swift:EqvtAmt>\n          <swift:Amt Ccy=\"DKK\">"+amount+"</swift:Amt>\n          <swift:CcyOfTrf>EUR</swift:CcyOfTrf>\n        </swift:EqvtAmt>\n      </swift:Amt>\n"+
		"      <swift:Cdtr>\n        <swift:Nm>Jürgen Größmann</swift:Nm>\n        <swift:PstlAdr>\n          <swift:AdrLine>Hafenstraße 5</swift:AdrLine>\n"+
		"          <swift:PstCd>20457</swift:PstCd>\n          <swift:TwnNm>Hamburg</swift:TwnNm>\n          <swift:Ctry>DE</swift:Ctry>\n        </swift:PstlAdr>\n      </swift:Cdtr>\n"+
		"      <swift:CdtrAcct>\n        <swift:Id>\n          <swift:IBAN>"+account+"</swift:IBAN>\n        </swift:Id>\n      </swift:CdtrAcct>\n"+
		"      <swift:FnlAgt>\n        <swift:FinInstnId>\n          <swift:BIC>NORDDEFFXXX</swift:BIC>\n          <swift:Nm>Nordmark Bank</swift:Nm>\n          <swift:PstlAdr>\n"+
		"            <swift:AdrLine>Hafenstraße 9, Hamburg</swift:AdrLine>\n            <swift:Ctry>DE</swift:Ctry>\n          </swift:PstlAdr>\n        </swift:FinInstnId>\n      </swift:FnlAgt>\n"+
		"      <swift:ChrgBr>BEN</swift:ChrgBr>\n      <swift:IncompletePaymentIndicator>false</swift:IncompletePaymentIndicator>\n"+
		"      <swift:BenefitType>"+benchBenefit+"</swift:BenefitType>\n    </swift:PmtTx>\n  </swift:PmtInf>\n"...)
}

// germanIBAN is an account in Germany with check digits by ISO 7064 modulus 97-10.
func germanIBAN(h uint64) string {
	national := fmt.Sprintf("%018d", h%1e18)
	rest := 0
	for _, c := range national + "131400" { // D, E and the place of the check digits
		rest = (rest*10 + int(c-'0')) % 97
	}
	return fmt.Sprintf("DE%02d%s", 98-rest, national)
}
