package nksxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"nks/gateway/nksxml"
)

func document(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustRead(t *testing.T, doc []byte) *bundle {
	t.Helper()
	b, err := readPayments(bytes.NewReader(doc), nksxml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOwnPaymentsLoseNothing(t *testing.T) {
	t.Parallel()
	for name, doc := range documents(t, testdata) {
		if strings.HasPrefix(name, "payment-") && !strings.Contains(name, "latin1") {
			assertNothingLost(t, doc)
		}
	}
}

func TestHeaderIsRead(t *testing.T) {
	t.Parallel()
	h := mustRead(t, document(t, "payment-incomplete-grouped.xml")).Header
	at := nksxml.DateTime{Time: time.Date(2005, 8, 11, 4, 15, 0, 0, time.UTC)}
	want := nksxml.Header{From: []string{"LEVA"}, To: []string{"NKS", "5798000016446"}, MessageID: "B-0001", Timestamp: at, MessageLine: 8, GroupLine: 21, GroupID: "B-0001",
		Created: at, Authstn: "1", CtrlSum: 1650010, NbOfTxs: 5, Grouped: true, Authority: "77",
		Instruction: &nksxml.Instruction{Code: "NOCDTRACCT", Info: "RETUR"}}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("%+v\nwant\n%+v", h, want)
	}
}

func TestTimesAreReadWithAndWithoutZone(t *testing.T) {
	t.Parallel()
	copenhagen := time.FixedZone("CEST", 2*3600)
	for name, want := range map[string]string{
		"payment-incomplete-grouped.xml": "2005-08-11T04:15:00+02:00",    // none
		"payment-slips.xml":              "2005-08-11T04:16:00+02:00",    // offset
		"payment-complete-vans.xml":      "2005-08-11T06:17:00.25+02:00", // Z
	} {
		h := mustRead(t, document(t, name)).Header
		if got := h.Timestamp.In(copenhagen).Format(time.RFC3339Nano); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestPaymentsAreRead(t *testing.T) {
	t.Parallel()
	day := nksxml.Date{Year: 2005, Month: 8, Day: 15}
	incomplete := mustRead(t, document(t, "payment-incomplete-grouped.xml"))
	wantBlocks := []nksxml.Block{{Seq: 1, Line: 41, ExecutionDate: day, Method: "TRF", Agreement: "AFT-4711", DebitAccount: "30110004567890", Purpose: "Udbetaling uge 33"}}
	if !reflect.DeepEqual(incomplete.Blocks, wantBlocks) {
		t.Errorf("%+v", incomplete.Blocks)
	}
	want := nksxml.Payment{Seq: 5, Line: 134, InstrID: "5", EndToEndID: "LEVA-5", Amount: 200000, Currency: "DKK", Incomplete: true, BenefitType: "NKSABC",
		Creditor: nksxml.Creditor{Name: "Ærlig & Sønner", IDKind: nksxml.CPR, ID: "0507611230",
			Address: nksxml.Address{Lines: []string{"Åvej 3", "2. tv."}, PostCode: "8000", Town: "Aarhus C", Country: "DK"}}}
	if got := incomplete.Payments[4]; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	var ids []string
	for _, p := range incomplete.Payments {
		ids = append(ids, fmt.Sprintf("%d/%s", p.Creditor.IDKind, p.Creditor.ID))
	}
	if got := strings.Join(ids, " "); got != "1/1203851238 2/12345674 4/23456785 3/1002003004 1/0507611230" {
		t.Errorf("recipients: %s", got)
	}
	if got := incomplete.Payments[3].InstrForFirstAgent; got != "Kode 17" {
		t.Errorf("instruction %q", got)
	}
}

func TestForeignPaymentsAreRead(t *testing.T) {
	t.Parallel()
	b := mustRead(t, document(t, "payment-complete-vans.xml"))
	if len(b.Blocks) != 7 || len(b.Payments) != 7 || b.Header.Grouped || b.Blocks[2].Instrument != "UBB" {
		t.Fatalf("%+v", b.Blocks)
	}
	want := nksxml.Payment{Seq: 1, Line: b.Payments[3].Line, EndToEndID: "B31.4", Amount: 400000, Currency: "DKK", TransferCurrency: "EUR",
		Creditor: nksxml.Creditor{Name: "Max Muster", IDKind: nksxml.CPR, ID: "1203851238",
			Address: nksxml.Address{Lines: []string{"c/o Beispiel", "Hauptstr. 4", "Hinterhaus"}, PostCode: "10115", Town: "Berlin", Country: "DE"}},
		Account: nksxml.Account{Kind: nksxml.BBAN, Number: "0532013000"},
		Agent: nksxml.Agent{Present: true, BIC: "AAAADEBBXXX", DEBLZ: "37040044", Name: "Beispielbank",
			Address: nksxml.Address{Lines: []string{"Domplatz 1"}, Country: "DE"}},
		ChargeBearer: "BEN", InstrForFinalAgent: "STRAKS", InstrForFirstAgent: "K9", BenefitType: "NKSABC"}
	if got := b.Payments[3]; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	if p := b.Payments[4]; p.Agent.BankCode != "FW021000089" || p.Creditor.IDKind != nksxml.NoID {
		t.Errorf("%+v", p)
	}
	wantRemittance := []nksxml.Remittance{{Kind: nksxml.DocumentRef, Value: "F-2005-2"}, {Kind: nksxml.Unstructured, Value: "Se venligst faktura"}}
	if got := b.Payments[1].Remittance; !reflect.DeepEqual(got, wantRemittance) {
		t.Errorf("%+v", got)
	}
}

func TestSlipsAreRead(t *testing.T) {
	t.Parallel()
	b := mustRead(t, document(t, "payment-slips.xml"))
	var got []string
	for _, p := range b.Payments {
		last := p.Remittance[len(p.Remittance)-1]
		if last.Kind != nksxml.CreditorRef || p.Account.Kind != nksxml.Proprietary {
			t.Errorf("%+v", p)
		}
		got = append(got, last.Value)
	}
	if s := strings.Join(got, " "); s != "01+ 04+1234567812345670 15+1234567812345670 71+123456781234562 73+ 75+1234567812345670" {
		t.Error(s)
	}
}

// The same vocabulary under other prefixes, in ISO 8859-1, with CDATA, references and comments inside values.
func TestOtherSpellingsMeanTheSame(t *testing.T) {
	t.Parallel()
	b := mustRead(t, document(t, "payment-latin1-prefixes.xml"))
	p := b.Payments[0]
	if b.Header.From[0] != "LEVC" || b.Blocks[0].Purpose != "Løn & <tillæg>" || p.EndToEndID != "LøN <1>" || p.Currency != "DKK" || p.Amount != 150000 || b.Header.CtrlSum != 150000 {
		t.Errorf("%+v", b)
	}
}

func TestReadingDoesNotDependOnPortions(t *testing.T) {
	t.Parallel()
	for name, doc := range documents(t, testdata) {
		if !strings.HasPrefix(name, "payment-") {
			continue
		}
		whole := mustRead(t, doc)
		slow, err := readPayments(iotest.OneByteReader(bytes.NewReader(doc)), nksxml.Limits{})
		if err != nil || !reflect.DeepEqual(whole, slow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeptStringsStay(t *testing.T) {
	t.Parallel()
	r := nksxml.NewReader(bytes.NewReader(bigBundle(t, 1000, true)), nksxml.Limits{})
	var ids []string
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.EndToEndID+p.Creditor.ID)
	}
	for i, id := range ids {
		if id != ids[i%5] {
			t.Fatalf("payment %d has become %s", i, id)
		}
	}
}

func TestFaultsAreReportedWithPlaceValueAndRule(t *testing.T) {
	t.Parallel()
	doc := string(document(t, "payment-complete-vans.xml"))
	incomplete := string(document(t, "payment-incomplete-grouped.xml"))
	for _, c := range []struct{ doc, old, new, want string }{
		{doc, `<swift:Amt Ccy="DKK">300000<`, `<swift:Amt Ccy="DKK">3000,00<`,
			`line 154, column 21: NKSPayment/PmtInf[3]/PmtTx[1]/Amt/EqvtAmt/Amt: "3000,00": not a whole number`},
		{doc, "<swift:CcyOfTrf>CHF</swift:CcyOfTrf>", "",
			`line 156, column 17: NKSPayment/PmtInf[3]/PmtTx[1]/Amt/EqvtAmt: missing: CcyOfTrf`},
		{incomplete, "<swift:NbOfTxs>5<", "<swift:NbOfTxs>five<", `line 26, column 9: NKSPayment/GrpHdr/NbOfTxs: "five": not a number of 1 to 15 digits`},
		{incomplete, "<swift:GrpHdr>", "<swift:GrpHdr swift:x='1'>", `line 21, column 5: NKSPayment/GrpHdr: "swift:x": unknown attribute`},
		{incomplete, "<swift:SclSctyNb>1203851238<", "<swift:SclSctyNb>1203851238" + strings.Repeat("-1", 40) + "<",
			`line 68, column 21: NKSPayment/PmtInf[1]/PmtTx[1]/Cdtr/PrvtId/SclSctyNb: "120385-xxxx-1-1-1-1-1-1-1-1-1-1-1-1-1-1…": longer than 70 characters`},
		{incomplete, "<swift:BenefitType>", "1203851238<swift:BenefitType>", `line 72, column 13: NKSPayment/PmtInf[1]/PmtTx[1]: "120385-xxxx": text between elements`},
		{incomplete, "<swift:Purp>", "<swift:Text/><swift:Purp>", `line 60, column 13: NKSPayment/PmtInf[1]/PmtTx[1]: element Text is not allowed here; allowed: Purp or Amt`},
		{incomplete, "<swift:Purp>", "<Purp/><swift:Purp>", `line 60, column 13: NKSPayment/PmtInf[1]/PmtTx[1]: element Purp is in the wrong namespace; allowed: Purp or Amt`},
		{incomplete, "</NKSPayment>", "<swift:PmtInf/></NKSPayment>", ""},
		{incomplete, "</swift:PmtId>", "</swift:PmtIf>", `line 59, column 13: NKSPayment/PmtInf[1]/PmtTx[1]/PmtId: "swift:PmtIf": end tag does not match start tag swift:PmtId`},
	} {
		spoilt := strings.Replace(c.doc, c.old, c.new, 1)
		if spoilt == c.doc {
			t.Fatalf("%q is not in the document", c.old)
		}
		_, err := readPayments(strings.NewReader(spoilt), nksxml.Limits{})
		var fault *nksxml.Error
		if !errors.As(err, &fault) || c.want != "" && err.Error() != c.want {
			t.Errorf("%s:\n%v\nwant\n%s", c.new, err, c.want)
		}
		if strings.Contains(fmt.Sprint(err), "1203851238") || strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("%v", err)
		}
	}
}

func TestErrorsStay(t *testing.T) {
	t.Parallel()
	doc := bytes.Replace(document(t, "payment-incomplete-grouped.xml"), []byte(">LEVA-3<"), []byte("><x/><"), 1)
	r := nksxml.NewReader(bytes.NewReader(doc), nksxml.Limits{})
	for range 2 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	_, first := r.Next()
	_, second := r.Next()
	_, header := r.Header()
	if first == nil || first != second || first != header {
		t.Errorf("%v, %v, %v", first, second, header)
	}
}

func TestPartialHeaderIsWhatWasReadable(t *testing.T) {
	t.Parallel()
	doc := string(document(t, "payment-complete-vans.xml"))
	for _, c := range []struct {
		name, old, new string
		from           string
		message, group string
	}{
		{"nothing", "<?xml", "<!DOCTYPE x>", "[]", "", ""},
		{"second party", ">5790000123459</ebms:PartyId>", "></ebms:PartyId>", "[LEVB]", "", ""},
		{"timestamp", "2005-08-11T04:17:00.250Z", "then", "[LEVB 5790000123459]", "5790000123459~31", ""},
		{"control sum", "<swift:CtrlSum>", "<swift:CtrlSum>x", "[LEVB 5790000123459]", "5790000123459~31", "5790000123459~31"},
		{"payment", ">B31.2<", "><x/><", "[LEVB 5790000123459]", "5790000123459~31", "5790000123459~31"},
		{"cut", "</NKSPayment>", "", "[LEVB 5790000123459]", "5790000123459~31", "5790000123459~31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := nksxml.NewReader(strings.NewReader(strings.Replace(doc, c.old, c.new, 1)), nksxml.Limits{})
			var err error
			for err == nil {
				_, err = r.Next()
			}
			if errors.Is(err, io.EOF) {
				t.Fatal("read to its end")
			}
			h := r.Partial()
			if fmt.Sprint(h.From) != c.from || h.MessageID != c.message || h.GroupID != c.group {
				t.Errorf("%+v after %v", h, err)
			}
		})
	}
}

func TestReaderKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	doc := document(t, "payment-incomplete-grouped.xml")
	for name, c := range map[string]struct {
		limits nksxml.Limits
		spoil  func([]byte) []byte
		rule   string
	}{
		"size":  {nksxml.Limits{Bytes: 4000}, func(b []byte) []byte { return b }, "document larger than 4000 bytes"},
		"depth": {nksxml.Limits{Depth: 5}, func(b []byte) []byte { return b }, "elements nested deeper than 5"},
		"text": {nksxml.Limits{}, func(b []byte) []byte {
			return bytes.Replace(b, []byte(">LEVA-1<"), []byte(">"+strings.Repeat("x", 17<<10)+"<"), 1)
		}, "text longer than 16384 bytes"},
		"blanks": {nksxml.Limits{}, func(b []byte) []byte {
			return bytes.Replace(b, []byte(">LEVA-1<"), []byte(">"+strings.Repeat(" ", 1<<20)+"<"), 1)
		}, "text longer than 16384 bytes"},
	} {
		_, err := readPayments(bytes.NewReader(c.spoil(bytes.Clone(doc))), c.limits)
		var fault *nksxml.Error
		if !errors.As(err, &fault) || fault.Rule != c.rule || fault.WellFormed {
			t.Errorf("%s: %v", name, err)
		}
	}
	wide := bytes.ReplaceAll(doc, []byte("\n"), []byte(strings.Repeat("\n", 5000)))
	if _, err := readPayments(bytes.NewReader(wide), nksxml.Limits{}); err != nil {
		t.Errorf("much space between elements: %v", err)
	}
}

// repeated is a bundle that never ends.
type repeated struct {
	head, body *bytes.Reader
}

func (r *repeated) Read(p []byte) (int, error) {
	if n, _ := r.head.Read(p); n > 0 {
		return n, nil
	}
	n, err := r.body.Read(p)
	if errors.Is(err, io.EOF) {
		_, err = r.body.Seek(0, io.SeekStart)
	}
	return n, err
}

// It runs alone: it measures the memory of the whole process.
func TestMemoryDoesNotGrowWithTheDocument(t *testing.T) {
	doc := document(t, "payment-incomplete-grouped.xml")
	first, last := bytes.Index(doc, []byte("<swift:PmtTx>")), bytes.LastIndex(doc, []byte("</swift:PmtTx>"))+len("</swift:PmtTx>")
	r := nksxml.NewReader(&repeated{bytes.NewReader(doc[:first]), bytes.NewReader(doc[first:last])}, nksxml.Limits{})
	heap := func(payments int) uint64 {
		for range payments {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap(1000)
	if after := heap(100000); after > before+64<<10 {
		t.Errorf("%d bytes more after 100,000 payments", after-before)
	}
}
