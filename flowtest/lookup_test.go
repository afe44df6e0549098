package flowtest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// asks is a document of requests of agreement 7654321, each a holder's element and a reference.
func asks(agreement, system string, holders ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<nkspu:NemkontoPrivatUdbetalerTransporterRequest xmlns:nkspu="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2007/10/01/" xmlns:cvr="http://rep.oio.dk/cvr.dk/xml/schemas/2005/03/22/" xmlns:cpr="http://rep.oio.dk/cpr.dk/xml/schemas/core/2005/03/18/">
<nkspu:TransporterHeader><nkspu:TransporterAgreementIdentifier>%s</nkspu:TransporterAgreementIdentifier><nkspu:TransporterSystemIdentifier>%s</nkspu:TransporterSystemIdentifier><nkspu:TransporterGroupIdentifier>G-1</nkspu:TransporterGroupIdentifier></nkspu:TransporterHeader>
`, agreement, system)
	for i, h := range holders {
		fmt.Fprintf(&b, `<nkspu:NemkontoRequest><nkspu:Requester><cvr:CVRnumberIdentifier>`+firm+`</cvr:CVRnumberIdentifier></nkspu:Requester><nkspu:RequesterPaymentReference>R-%d</nkspu:RequesterPaymentReference>`+
			`<nkspu:NemkontoAccountHolder>%s</nkspu:NemkontoAccountHolder></nkspu:NemkontoRequest>`, i+1, h)
	}
	b.WriteString(`</nkspu:NemkontoPrivatUdbetalerTransporterRequest>`)
	return []byte(b.String())
}

func asksCPR(id string) string {
	return `<cpr:PersonCivilRegistrationIdentifier>` + id + `</cpr:PersonCivilRegistrationIdentifier>`
}

// lookedUp is what the last answer to a private payer says, a word for each request.
func (w *world) lookedUp() string {
	w.t.Helper()
	answer := w.raw(w.number(`SELECT document_id FROM answer WHERE kind = 20 ORDER BY id DESC LIMIT 1`))
	all := regexp.MustCompile(`BankBranchIdentifier>(\d+)<|IBANIdentifier>(\w+)<|ErrorCode>(\d+)<|FormatCode>(\d+)<`).FindAllStringSubmatch(answer, -1)
	words := make([]string, len(all))
	for i, m := range all {
		words[i] = strings.Join(m[1:], "")
	}
	return strings.Join(words, " ")
}

// TestLookups: a private payer with an agreement is told NemKonti and nothing else; who is unknown, dead, emigrated or without an account sounds the
// same; each lookup is on record for the person that it is about, and counted. // B42 // B37.2 // C-private
func TestLookups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country["private_agreements.csv"] = []string{"agreement,supplier,system,name,requesters", "7654321,LEVA,LON,Firmaets Løn," + firm, "7654322,LEVA,LON,Naboens Løn,"}
	})
	n := 0
	ask := func(supplier string, doc []byte) string {
		t.Helper()
		n++
		if err := w.message(supplier, fmt.Sprintf("id:%d", n), doc); err != nil {
			t.Fatal(err)
		}
		w.read()
		return w.lookedUp()
	}
	for name, of := range map[string]struct {
		supplier string
		doc      []byte
		answer   string
	}{
		"another's agreement": {"LEVB", asks("7654321", "LON", asksCPR(ann)), "1501"},
		"another system":      {"LEVA", asks("7654321", "PENS", asksCPR(ann)), "1501"},
		"no agreement":        {"LEVA", asks("1111111", "LON", asksCPR(ann)), "1501"},
		"another requester":   {"LEVA", asks("7654322", "LON", asksCPR(ann)), "1501"},
		"no form":             {"LEVA", asks("7654321", "LON", `<cpr:Name>Ann</cpr:Name>`), "0008"},
		"no number":           {"LEVA", asks("765432", "LON"), "0008"},
	} {
		if answer := ask(of.supplier, of.doc); answer != of.answer {
			t.Errorf("%s is told %q, want %q", name, answer, of.answer)
		}
	}
	w.want("nothing is looked up for them", w.row(`SELECT count(*) FROM lookup`), "0")
	holders := []string{asksCPR(ann), asksCPR(nobody), asksCPR(dead), asksCPR(exile), asksCPR(poor), `<cvr:CVRnumberIdentifier>` + firm + `</cvr:CVRnumberIdentifier>`,
		`<nkspu:ProductionUnitIdentificationStructure><cvr:CVRnumberIdentifier>` + firm + `</cvr:CVRnumberIdentifier><cvr:ProductionUnitIdentifier>` + plant + `</cvr:ProductionUnitIdentifier></nkspu:ProductionUnitIdentificationStructure>`}
	w.want("the answer", ask("LEVA", asks("7654321", "LON", holders...)), "7045 2100 2100 2100 2100 7045 7045")
	w.want("on record", w.row(`SELECT n, found, agreement, reference FROM lookup WHERE holder_id = `+strings.TrimLeft(ann, "0")), "1 true 7654321 R-1")
	w.want("counted", w.row(`SELECT agreement, requester, month::text, asked, found FROM lookup_count`), "7654321 "+firm+" 2005-08-01 7 3")
	w.want("deliveries", w.row(`SELECT state, count(*) FROM delivery GROUP BY 1 ORDER BY 1`), "refused 6; answered 1")
}
