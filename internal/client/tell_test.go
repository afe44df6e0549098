package client_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/internal/client"
)

// TestSummary_Tell: each rejected payment with its code and reason, and when the others are paid.
func TestSummary_Tell(t *testing.T) {
	t.Parallel()
	const accepted, early, late = `<e:Action>ACPT</e:Action>`, `<e:Description>På konto 2005-08-12</e:Description>`, `<e:Description>På konto tidligst 2005-08-12, senest 2005-08-15</e:Description>`
	one := func(id, code, text string) string {
		return fmt.Sprintf("<s:OrgnlTxRefInfAndSts><s:PmtId><s:EndToEndId>%s</s:EndToEndId></s:PmtId><s:TxSts>RJCT</s:TxSts><s:StsRsn>%s</s:StsRsn><s:AddtlInf>%s</s:AddtlInf></s:OrgnlTxRefInfAndSts>", id, code, text)
	}
	const group = "<s:OrgnlGrpRefInfAndSts><s:GrpSts>%s</s:GrpSts><s:StsRsn>%s</s:StsRsn>%s</s:OrgnlGrpRefInfAndSts>"
	for name, c := range map[string]struct {
		answers map[string][]byte
		want    string
	}{
		"all good": {map[string][]byte{"r1": receipt(1, "B-17", accepted+early), "s2": response2("B-17", fmt.Sprintf(group, "ACPT", "", ""))},
			"f: delivered; accepted, 0 of 2 payments rejected\n  2 planned to be with their recipients on 2005-08-12\n"},
		"one of two": {map[string][]byte{"r1": receipt(1, "B-17", accepted+late), "s2": response2("B-17", fmt.Sprintf(group, "PART", "", "")+one("P-2", "0009", "UKENDT"))},
			"f: delivered; accepted, 1 of 2 payments rejected\n  1 planned to be with their recipients from 2005-08-12 to 2005-08-15\n  P-2: 0009 UKENDT\n"},
		"both, each for its own reason": {map[string][]byte{"r1": receipt(1, "B-17", accepted+late), "s2": response2("B-17", fmt.Sprintf(group, "RJCT", "", "")+one("P-1", "0009", "UKENDT")+one("P-2", "9014", ""))},
			"f: delivered; accepted, 2 of 2 payments rejected\n  P-1: 0009 UKENDT\n  P-2: 9014\n"},
		"the debit": {map[string][]byte{"r1": receipt(1, "B-17", accepted), "s2": response2("B-17", fmt.Sprintf(group, "RJCT", "0002", "<s:AddtlInf>DATO</s:AddtlInf>"))},
			"f: delivered; accepted, 2 of 2 payments rejected\n  all payments of the debit: 0002 DATO\n"},
		"the bundle": {map[string][]byte{"r1": receipt(1, "B-17", `<e:Action>RJCT</e:Action><e:ErrorList><e:Error e:errorCode="901"><e:Description>Kontrolsum</e:Description></e:Error><e:Error e:errorCode="902"><e:Description>Antal</e:Description></e:Error></e:ErrorList>`)},
			"f: delivered; refused by receipt 1: nothing of this delivery is paid\n  the bundle: 901 Kontrolsum\n  the bundle: 902 Antal\n"},
		"unreadable": {map[string][]byte{"r0": receipt(0, "", `<e:Action>Bad XML</e:Action><e:ErrorList><e:Error e:errorCode="5199"><e:Description>GrpHdr: mangler</e:Description></e:Error></e:ErrorList>`)},
			"f: delivered; refused by receipt 0: it cannot be read; nothing of this delivery is paid\n  the bundle: 5199 GrpHdr: mangler\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			g.onDelivered = func() {
				for name, b := range c.answers {
					g.box.Offer("LEV", name+".xml", b)
				}
			}
			sum, err := client.Send(t.Context(), g.config(5*time.Minute))
			must(t, err)
			var printed strings.Builder
			must(t, sum.Tell(&printed, "f", false))
			if printed.String() != c.want {
				t.Errorf("printed\n%swant\n%s", printed.String(), c.want)
			}
		})
	}
}

// TestSummary_TellsNoMoreThanIsRead: of very many rejections the answers have the rest.
func TestSummary_TellsNoMoreThanIsRead(t *testing.T) {
	t.Parallel()
	s := client.Summary{Receipt: "1", Accepted: true, Response2: true, Payments: 500, Rejected: 500, Answers: []string{"RETURSVAR2-0000000001.xml"}}
	for i := range 500 {
		s.Rejections = append(s.Rejections, client.Rejection{EndToEndID: fmt.Sprint("P-", i), Code: "0009"})
	}
	var printed strings.Builder
	must(t, s.Tell(&printed, "f", false))
	if n := strings.Count(printed.String(), "\n"); n != 202 || !strings.HasSuffix(printed.String(), "  and 300 more: RETURSVAR2-0000000001.xml\n") {
		t.Errorf("%d lines, the last: %s", n, printed.String()[strings.LastIndex(strings.TrimSpace(printed.String()), "\n")+1:])
	}
}

// TestSummary_OfTheRegister: what became of a document about the register is told item by item.
func TestSummary_OfTheRegister(t *testing.T) {
	t.Parallel()
	const head = `<RegisterAnswer xmlns="urn:nks:register:1"><Head><Id>1</Id><About>B-17</About><Status>PART</Status>`
	for answer, want := range map[string]string{
		head + `</Head><Outcome><Item>1</Item><Ref>a</Ref><State>in_force</State></Outcome><Outcome><Item>2</Item><Ref>b</Ref><State>refused</State><Rule>B39.1</Rule><Text>not joined</Text></Outcome></RegisterAnswer>`: "bundle.xml: delivered; answered, 1 of 2 items refused\n  b: B39.1 not joined\n",
		head + `<Refused><Rule>form</Rule><Text>expected By</Text><Line>9</Line></Refused></Head></RegisterAnswer>`:                                                                                                       "bundle.xml: delivered; refused as a whole: nothing of it is done\n  the document: form expected By\n",
	} {
		g := newGateway(t)
		g.onDelivered = func() { g.box.Offer("LEV", "REGISTERSVAR-0000000001.xml", []byte(answer)) }
		got, err := client.Send(t.Context(), g.config(5*time.Minute))
		must(t, err)
		var b bytes.Buffer
		must(t, got.Tell(&b, "bundle.xml", false))
		if b.String() != want || got.Good() {
			t.Errorf("told\n%s\nwant\n%s", b.String(), want)
		}
	}
}
