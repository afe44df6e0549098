package growth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"nks/register"
)

// payer is a supplier that pays for an authority by an agreement.
type payer struct {
	supplier, authority, agreement, centre, account string
}

func payers() []payer {
	return []payer{
		{"GROWA", "9901", "GROWTH-1", "BEC", "53010000000001"},
		{"GROWA", "9902", "GROWTH-2", "SDC", "53010000000002"},
		{"GROWB", "9903", "GROWTH-3", "BEC", "53010000000003"},
		{"GROWB", "9904", "GROWTH-4", "SDC", "53010000000004"},
	}
}

// openAgreement is that of the first payer's orders which its bank takes and never executes.
const openAgreement = "GROWTH-OPEN"

func openPayer() payer {
	p := payers()[0]
	p.agreement, p.centre, p.account = openAgreement, "SDC", "53010000000009"
	return p
}

const benefit = "VÆKST"

// holders is how many citizens are paid.
func (s Size) holders() int { return min(mostHolders, max(100, s.Payments/s.Months/10)) }

const mostHolders = 13_000

// cpr is the n-th citizen's number, n below mostHolders.
func cpr(n int) string {
	return fmt.Sprintf("%02d%02d%02d%04d", 1+n%28, 1+n/28%12, 50+n/336%40, 1+n/13_440)
}

func account(n int) string { return fmt.Sprintf("7045%010d", n) }

// withoutAccount is one citizen of so many: what is paid to it comes back at the release.
const withoutAccount = 91

// fillRegister loads the citizens and who pays them.
func (w *World) fillRegister(ctx context.Context) error {
	var suppliers, authorities, agreements, holders, accounts strings.Builder
	for i, p := range append(payers(), openPayer()) {
		if i%2 == 0 && p.agreement != openAgreement {
			_, _ = fmt.Fprintf(&suppliers, "%s,Leverandør %s,,\n", p.supplier, p.supplier)
		}
		if p.agreement != openAgreement {
			_, _ = fmt.Fprintf(&authorities, "%s,Vækstkøbing %s,,no,no\n", p.authority, p.authority)
		}
		_, _ = fmt.Fprintf(&agreements, "%s,%s,,%s,%s,%s,return,06:00,,\n", p.agreement, p.authority, p.supplier, p.centre, p.account)
	}
	for n := range w.size.holders() {
		_, _ = fmt.Fprintf(&holders, "CPR,%s,,alive,,Borger %d,Algade %d,4600,Køge,DK\n", cpr(n), n, n)
		if n%withoutAccount != withoutAccount-1 {
			_, _ = fmt.Fprintf(&accounts, "CPR,%s,%s,,,,,,,,,,,,\n", cpr(n), account(n))
		}
	}
	var sources []register.Source
	for _, f := range [][3]string{
		{"suppliers.csv", "supplier,name,ean,ssh_keys", suppliers.String()},
		{"authorities.csv", "authority,name,cvr,emigrated,p_numbers", authorities.String()},
		{"benefit_types.csv", "benefit_type,authority,name,fallback,salary", benefit + ",,Vækstydelse,yes,no\n"},
		{"agreements.csv", "agreement,authority,los_unit,supplier,bank_centre,payout_accounts,no_account,receive_by,valid_from,valid_to", agreements.String()},
		{"holders.csv", "kind,id,parent,status,ended_on,name,street,postcode,town,country", holders.String()},
		{"accounts.csv", "kind,id,account,iban,foreign_account,bank_code,bic,bank_name,bank_address,bank_country,currency,holder_name,holder_address,valid_from,valid_to",
			accounts.String()},
	} {
		text := f[1] + "\n" + f[2]
		sources = append(sources, register.Source{Name: f[0], Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	}
	_, err := register.Load(ctx, w.flow, sources, register.Options{Now: w.time})
	return err
}

// bundle is a document of a payer's: incomplete payments to citizens, one in five complete, one in a hundred to nobody who is known.
type bundle struct {
	payer    payer
	id       string
	payments int
	holders  int
	made     time.Time
	executes string
}

// key is the name of its document.
func (b bundle) key() string { return b.id + "-" + b.payer.authority + ".xml" }

// reference is the EndToEndId of a payment: it looks like nothing before it.
func (b bundle) reference(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", b.payer.authority, b.id, n))
	return strings.ToUpper(hex.EncodeToString(sum[:12]))
}

func (b bundle) ore(n int) int64 { return 10_000 + int64(n*7919%500_000) }

func (b bundle) xml() string {
	sum := int64(0)
	for n := range b.payments {
		sum += b.ore(n)
	}
	var w strings.Builder
	_, _ = fmt.Fprintf(&w, documentHead, b.payer.supplier, ownName, b.id, b.made.Format("2006-01-02T15:04:05"), b.id, b.made.Format("2006-01-02T15:04:05"),
		sum*10, b.payments, b.payer.authority, b.executes, b.payer.agreement, b.payer.account)
	for n := range b.payments {
		b.writePayment(&w, n)
	}
	w.WriteString("</s:PmtInf></NKSPayment>\n")
	return w.String()
}

const documentHead = `<?xml version="1.0" encoding="UTF-8"?>
<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/" xmlns:e="http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/" xmlns:s="http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/">
<e:MessageHeader e:id="C2NKS" e:version="2.0"><e:From><e:PartyId>%s</e:PartyId></e:From><e:To><e:PartyId>%s</e:PartyId></e:To><e:MessageData><e:MessageId>%s</e:MessageId><e:Timestamp>%s</e:Timestamp></e:MessageData></e:MessageHeader>
<s:GrpHdr><s:GrpId>%s</s:GrpId><s:CreDtTm>%s</s:CreDtTm><s:Authstn>1</s:Authstn><s:CtrlSum>%d</s:CtrlSum><s:NbOfTxs>%d</s:NbOfTxs><s:Grpg>true</s:Grpg><s:InitgPty><s:OrgId><s:PrtryId><s:Id>%s</s:Id><s:Issr>ADMID</s:Issr></s:PrtryId></s:OrgId></s:InitgPty></s:GrpHdr>
<s:PmtInf><s:ReqdExctnDt>%s</s:ReqdExctnDt><s:PmtMtdByFrstAgt>TRF</s:PmtMtdByFrstAgt><s:Dbtr><s:OrgId><s:BkPtyId>%s</s:BkPtyId></s:OrgId></s:Dbtr><s:DbtrAcct><s:Id><s:BBAN>%s</s:BBAN></s:Id></s:DbtrAcct>
`

func (b bundle) writePayment(w io.Writer, n int) {
	to := fmt.Sprintf("<s:Cdtr><s:PrvtId><s:SclSctyNb>%s</s:SclSctyNb></s:PrvtId></s:Cdtr>", cpr(n*31%b.holders))
	complete := "false"
	switch {
	case n%100 == 99:
		to = "<s:Cdtr><s:PrvtId><s:SclSctyNb>3112991234</s:SclSctyNb></s:PrvtId></s:Cdtr>"
	case n%5 == 4:
		to, complete = "<s:CdtrAcct><s:Id><s:BBAN>"+account(n)+"</s:BBAN></s:Id></s:CdtrAcct>", "true"
	}
	incomplete := map[string]string{"true": "false", "false": "true"}[complete]
	_, _ = fmt.Fprintf(w, `<s:PmtTx><s:PmtId><s:EndToEndId>%s</s:EndToEndId></s:PmtId><s:Amt><s:InstdAmt Ccy="DKK">%d</s:InstdAmt></s:Amt>%s`+
		`<s:IncompletePaymentIndicator>%s</s:IncompletePaymentIndicator><s:BenefitType>%s</s:BenefitType></s:PmtTx>`+"\n",
		b.reference(n), b.ore(n)*10, to, incomplete, benefit)
}
