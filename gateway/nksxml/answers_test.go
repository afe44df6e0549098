package nksxml_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nks/gateway/nksxml"
)

var update = flag.Bool("update", false, "write the golden documents")

func clock(s string) time.Time {
	at, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		panic(err)
	}
	return at
}

func answerHeader(number, to, ref string, ean ...string) nksxml.AnswerHeader {
	return nksxml.AnswerHeader{From: []string{"NKS", "5798000016446"}, To: append([]string{to}, ean...), MessageID: number,
		Timestamp: clock("2005-08-11T06:02:03"), RefToMessageID: ref}
}

func general(number, bundle string) nksxml.General {
	return nksxml.General{StatusID: number, Created: clock("2005-08-11T06:02:03"), Authority: "77", GroupID: bundle}
}

func rejected(e2e, reason, text string) nksxml.Status {
	return nksxml.Status{EndToEndID: e2e, Status: nksxml.Rejected, Reason: reason, Text: text}
}

// answers are documents of every kind and shape, by the name of their golden.
func answers() map[string]any {
	person := nksxml.Creditor{IDKind: nksxml.CPR, ID: "1203851238"}
	company := nksxml.Creditor{IDKind: nksxml.CVR, ID: "12345674", Issuer: "CVR"}
	original := nksxml.Original{Amount: 250000, Currency: "DKK", Incomplete: true, Creditor: person}
	with := func(s nksxml.Status, o nksxml.Original) nksxml.Status {
		s.Original = &o
		return s
	}
	unit := original
	unit.Creditor = nksxml.Creditor{IDKind: nksxml.PNR, ID: "1002003004", Issuer: "PNR"}
	complete := nksxml.Original{Amount: 700000, Currency: "DKK"}
	unreadable := answerHeader("NKS KVITTERING0 18", "", "")
	unreadable.To = nil
	return map[string]any{
		"receipt-0.xml": &nksxml.Receipt0{Header: answerHeader("NKS KVITTERING0 17", "LEVB", "B-0009", "5790000123459"),
			Errors: []nksxml.Fault{{Code: "5199", Description: `line 22, column 9: NKSPayment/GrpHdr/CtrlSum: "1,5": not a whole number`}}},
		"receipt-0-unreadable.xml": &nksxml.Receipt0{Header: unreadable,
			Errors: []nksxml.Fault{{Code: "5199", Description: `line 1, column 1: "<" & ">" mangler`}}},
		"receipt-1-accepted.xml": &nksxml.Receipt1{Header: answerHeader("NKS KVITTERING1 17", "LEVA", "B-0001"), Action: nksxml.Accepted},
		"receipt-1-noted.xml":    &nksxml.Receipt1{Header: answerHeader("NKS KVITTERING1 19", "LEVA", "B-0001"), Action: nksxml.Accepted, Note: "På konto 2005-08-12"},
		"receipt-1-rejected.xml": &nksxml.Receipt1{Header: answerHeader("NKS KVITTERING1           18", "LEVA", "B-0001"), Action: nksxml.Rejected,
			Errors: []nksxml.Fault{{Code: "901", Description: "Kontrolsum stemmer ikke"}, {Code: "902", Description: "Antal betalinger stemmer ikke"}}},
		"response-2-accepted.xml": &nksxml.Response2{Header: answerHeader("NKS2C RETURSVAR2 0000000017", "LEVB", "B-0001", "5790000123459"),
			General: general("NKS2C RETURSVAR2 0000000017", "B-0001"), Group: nksxml.GroupStatus{Status: nksxml.Accepted}},
		"response-2-part.xml": &nksxml.Response2{Header: answerHeader("NKS2C RETURSVAR2 0000000018", "LEVA", "B-0001"),
			General: general("NKS2C RETURSVAR2 0000000018", "B-0001"), Group: nksxml.GroupStatus{Status: nksxml.Part},
			Blocks: [][]nksxml.Status{{rejected("LEVA-1", "0009", "MODTAGER KAN IKKE IDENTIFICERES")},
				{{InstrID: "5", EndToEndID: "LEVA <2> & æøå", Status: nksxml.Rejected, Reason: "0025", Text: "INVALID MODTAGER KONTO"},
					rejected("", "9007", "EndToEndId er ugyldigt")}}},
		"response-2-debit.xml": &nksxml.Response2{Header: answerHeader("NKS2C RETURSVAR2 0000000019", "LEVA", "B-0001"),
			General: general("NKS2C RETURSVAR2 0000000019", "B-0001"),
			Group:   nksxml.GroupStatus{Status: nksxml.Rejected, Reason: "0002", Text: "INVALID BETALINGSDATO"}},
		"response-5-part.xml": &nksxml.Response5{Header: answerHeader("NKS2C RETURSVAR5 0000000017", "LEVA", "B-0001"),
			General: general("NKS2C RETURSVAR5 0000000017", "B-0001"), Group: nksxml.GroupStatus{Status: nksxml.Part},
			Blocks: [][]nksxml.Status{{rejected("LEVA-1", "", "BETALING(ER) STANDSET")}}},
		"response-5-all.xml": &nksxml.Response5{Header: answerHeader("NKS2C RETURSVAR5 0000000018", "LEVA", "B-0001"),
			General: general("NKS2C RETURSVAR5 0000000018", "B-0001"),
			Group:   nksxml.GroupStatus{Status: nksxml.Rejected, Text: "BETALING(ER) STANDSET"}},
		"response-7.xml": &nksxml.Response7{General: general("NKS2C RETURSVAR7 0000000017", "B-0001"), Blocks: [][]nksxml.Status{
			{with(rejected("LEVA-1", "RJCT", "Konto findes ikke."), original)},
			{with(nksxml.Status{InstrID: "5", EndToEndID: "LEVA-4", Status: nksxml.Accepted, Text: "Bankcheck anvendes"}, unit), rejected("LEVA-5", "RJCT", "")}}},
		"response-8-grouped.xml": &nksxml.Response8{General: general("NKS2C RETURSVAR8 0000000017", "B-0001"), Blocks: []nksxml.Transfers{{
			Debit: nksxml.Debit{ExecutionDate: nksxml.Date{Year: 2005, Month: 8, Day: 15}, Agreement: "AFT-4711", Account: "30110004567890", Purpose: "Udbetaling uge 33"},
			Transfers: []nksxml.Transfer{
				{InstrID: "1203851238", EndToEndID: "LEVA-1", Status: nksxml.Accepted, Original: nksxml.Original{Amount: 250000, Currency: "DKK", Incomplete: true,
					Creditor: person, Account: nksxml.Account{Kind: nksxml.BBAN, Number: "70450001234567"}}},
				{EndToEndID: "LEVA-2", Status: nksxml.Accepted, Original: nksxml.Original{Amount: 500000, Currency: "DKK", Incomplete: true,
					Creditor: company, Account: nksxml.Account{Kind: nksxml.Proprietary, Number: "81234567"}}},
				{EndToEndID: "LEVA-3", Status: nksxml.Accepted, Original: original},
			}}}},
		"response-8-foreign.xml": foreignTransfers(),
		"response-9.xml": &nksxml.Response9{General: general("NKS2C RETURSVAR9 0000000017", "B-0001"), Blocks: [][]nksxml.Status{
			{with(rejected("LEVA-1", "0001", "DEBITERING AFVIST Dækning mangler"), original)},
			{with(rejected("B31.7", "0001", strings.Repeat("FEJL I LIN NR. 000001 ", 20)), complete)}}},
	}
}

func foreignTransfers() *nksxml.Response8 {
	debit := nksxml.Debit{ExecutionDate: nksxml.Date{Year: 2005, Month: 8, Day: 15}, Agreement: "AFT-4712", Account: "53010000123456"}
	address := nksxml.Address{Lines: []string{"Hauptstr. 4", "Hinterhaus"}, PostCode: "10115", Town: "Berlin", Country: "DE"}
	transfer := func(e2e string, account nksxml.Account, agent nksxml.Agent) nksxml.Transfers {
		agent.Present = true
		return nksxml.Transfers{Debit: debit, Transfers: []nksxml.Transfer{{EndToEndID: e2e, Status: nksxml.Accepted, Original: nksxml.Original{
			Amount: 400010, Currency: "DKK", TransferCurrency: "EUR", Account: account, Agent: agent,
			Creditor: nksxml.Creditor{Name: "Max Muster", Address: address, IDKind: nksxml.SE, ID: "23456785"}}}}}
	}
	iban := nksxml.Account{Kind: nksxml.IBAN, Number: "DE89370400440532013000"}
	bban := nksxml.Account{Kind: nksxml.BBAN, Number: "0532013000"}
	return &nksxml.Response8{General: general("NKS2C RETURSVAR8 0000000018", "5790000123459~31"), Blocks: []nksxml.Transfers{
		transfer("B31.3", iban, nksxml.Agent{BIC: "AAAADEBBXXX", Name: "Beispielbank", Address: nksxml.Address{Lines: []string{"Domplatz 1"}, Country: "DE"}}),
		transfer("B31.4", bban, nksxml.Agent{BIC: "AAAADEBBXXX", DEBLZ: "37040044"}),
		transfer("B31.5", bban, nksxml.Agent{BankCode: "FW021000089", Name: "First Bank"}),
		transfer("B31.6", iban, nksxml.Agent{}),
	}}
}

func TestAnswersAreWrittenAsTheirGoldens(t *testing.T) {
	t.Parallel()
	for name, doc := range answers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := nksxml.Write(&out, doc); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join(testdata, name)
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("written:\n%s", out.String())
			}
			got, err := nksxml.ReadAnswer(bytes.NewReader(want), nksxml.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if dump(got) != dump(doc) {
				t.Errorf("read:\n%+v\nwant\n%+v", got, doc)
			}
		})
	}
}

// dump tells a value so that nil and empty lists are alike.
func dump(doc any) string {
	var b strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				b.WriteString("nil ")
				return
			}
			walk(v.Elem())
		case reflect.Slice:
			b.WriteString("[")
			for i := range v.Len() {
				walk(v.Index(i))
			}
			b.WriteString("]")
		case reflect.Struct:
			if at, ok := v.Interface().(time.Time); ok {
				b.WriteString(at.String())
				return
			}
			b.WriteString(v.Type().Name() + "{")
			for i := range v.NumField() {
				walk(v.Field(i))
			}
			b.WriteString("}")
		default:
			fmt.Fprintf(&b, "%#v ", v.Interface())
		}
	}
	walk(reflect.ValueOf(doc))
	return b.String()
}

func TestGoldenDocumentsAreValid(t *testing.T) {
	t.Parallel()
	byKind := map[string]map[string][]byte{}
	for name, doc := range documents(t, testdata) {
		kind := kindOf(t, doc)
		if byKind[kind] == nil {
			byKind[kind] = map[string][]byte{}
		}
		byKind[kind][name] = doc
	}
	for kind, docs := range byKind {
		accepted, complaints := xmllint(t, kind, docs)
		for name := range docs {
			if !accepted[name] {
				t.Errorf("%s: %s", name, complaints[name])
			}
		}
	}
	if len(byKind) != len(kinds) {
		t.Errorf("documents of %d kinds, want %d", len(byKind), len(kinds))
	}
}
