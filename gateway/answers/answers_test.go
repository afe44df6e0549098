package answers_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/answers"
	"nks/gateway/nksxml"
)

var update = flag.Bool("update", false, "write the goldens anew")

var made = time.Date(2005, 8, 11, 6, 2, 3, 0, time.FixedZone("CEST", 7200))

func head(kind gateway.AnswerKind, change func(*gateway.Answer)) gateway.Answer {
	a := gateway.Answer{Kind: kind, Number: 42, MadeAt: made, Supplier: "LEVA", OwnName: "NKS", OwnGLN: "5798000016446", MessageRef: "M-1",
		Authority: "77", GroupRef: "G-1"}
	if change != nil {
		change(&a)
	}
	return a
}

// answer is a document with its payments.
type answer struct {
	gateway.Answer
	txs []gateway.AnswerTx
}

func reject(e2e string, code gateway.Code) gateway.AnswerTx {
	return gateway.AnswerTx{EndToEndID: e2e, Status: "RJCT", Code: code, Text: code.Danish()}
}

// paid is a payment of response 8.
func paid(e2e string, holder gateway.Holder, account gateway.Account, block int) gateway.AnswerTx {
	return gateway.AnswerTx{EndToEndID: e2e, Status: "ACPT", Ore: 12345, Holder: holder, Account: account,
		Block: gateway.DebitBlock{ExecutesOn: gateway.Date{Year: 2005, Month: 8, Day: 12 + block}, Agreement: "AFT-1", DebitAccount: "30110004567890",
			DebitText: "Udbetaling uge 33"}}
}

var (
	citizen  = gateway.Holder{Kind: gateway.CPR, ID: "0102031234"}
	company  = gateway.Holder{Kind: gateway.CVR, ID: "12345674"}
	taxUnit  = gateway.Holder{Kind: gateway.SE, ID: "23456785"}
	place    = gateway.Holder{Kind: gateway.PNR, ID: "1003456789"}
	domestic = gateway.Account{Kind: gateway.DomesticBBAN, Number: "70450001234567"}
)

// documents is every kind of answer, as the flow gives it.
func documents() map[string]answer {
	vans := func(a *gateway.Answer) { a.SenderEAN = "5790000000012" }
	all := map[string]answer{
		"receipt-0": {head(gateway.Receipt0, func(a *gateway.Answer) {
			a.Status, a.Code, a.Text = "Bad XML", gateway.CodeBadXML, `line 3, column 7: NKSPayment/GrpHdr: element <GrpIdX> is "astray" & wrong`
		}), nil},
		"receipt-0-unknown": {head(gateway.Receipt0, func(a *gateway.Answer) {
			a.Supplier, a.MessageRef, a.Status, a.Code, a.Text = "", "", "Bad XML", gateway.CodeBadXML, "line 1, column 1: no XML"
		}), nil},
		"receipt-1-accepted": {head(gateway.Receipt1, func(a *gateway.Answer) { a.Status = "ACPT" }), nil},
		"receipt-1-foretold": {head(gateway.Receipt1, func(a *gateway.Answer) {
			a.Status, a.Foretold = "ACPT", gateway.Foretelling{}.And(gateway.Date{Year: 2005, Month: 8, Day: 15}).And(gateway.Date{Year: 2005, Month: 8, Day: 12})
		}), nil},
		"receipt-1-vans":       {head(gateway.Receipt1, func(a *gateway.Answer) { a.Status = "ACPT"; vans(a) }), nil},
		"response-2-accepted":  {head(gateway.Response2, func(a *gateway.Answer) { a.Status = "ACPT"; vans(a) }), nil},
		"response-2-debit":     {head(gateway.Response2, func(a *gateway.Answer) { a.Status, a.Code = "RJCT", gateway.CodeExecutionDate }), nil},
		"response-5":           {head(gateway.Response5, func(a *gateway.Answer) { a.Status = "PART" }), []gateway.AnswerTx{{EndToEndID: "A-1", Status: "RJCT"}}},
		"response-8-slip":      {head(gateway.Response8, nil), []gateway.AnswerTx{slip()}},
		"response-8-cheque":    {head(gateway.Response8, nil), []gateway.AnswerTx{paid("A-1", citizen, gateway.Account{Kind: gateway.ChequeAccount}, 0)}},
		"response-8-foreign":   {head(gateway.Response8, nil), foreign()},
		"response-9-long-text": {head(gateway.Response9, nil), []gateway.AnswerTx{{EndToEndID: "A-1", Status: "RJCT", Code: gateway.CodeBankReject, Text: strings.Repeat("ø", 2000), Ore: 1}}},
	}
	for _, c := range gateway.Codes() {
		if c.Level == gateway.LevelBundle {
			all["receipt-1-"+string(c.Code)] = answer{head(gateway.Receipt1, func(a *gateway.Answer) {
				a.Status, a.Code, a.Text = "RJCT", c.Code, c.Danish
			}), nil}
		}
	}
	var part []gateway.AnswerTx
	for _, c := range gateway.Codes() {
		if c.Level == gateway.LevelDebit || c.Level == gateway.LevelPayment {
			part = append(part, reject("E2E "+string(c.Code), c.Code))
		}
	}
	part[0].InstrID = "I-1"
	// The id of a payment that was refused for its id.
	part = append(part, reject(" løn <1> ", gateway.CodeEndToEndID), reject("", gateway.CodeEndToEndID))
	all["response-2-part"] = answer{head(gateway.Response2, func(a *gateway.Answer) { a.Status = "PART" }), part}

	var returned, refused []gateway.AnswerTx
	for i, h := range []gateway.Holder{citizen, company, taxUnit, place, {}} {
		t := gateway.AnswerTx{EndToEndID: "A-" + string(rune('1'+i)), Status: "RJCT", Code: gateway.CodeNoAccount, Text: gateway.TextNoAccountReturned, Ore: 100, Holder: h}
		refused = append(refused, gateway.AnswerTx{EndToEndID: t.EndToEndID, InstrID: "I", Status: "RJCT", Code: gateway.CodeBankReject, Text: "Konto spærret", Ore: 100,
			Holder: h, Complete: true, TransferCurrency: "EUR", Account: domestic, Detail: gateway.Detail{Name: "N"}})
		if i == 1 {
			t.Status, t.Code, t.Text = "ACPT", "", gateway.TextChequeUsed
		}
		returned = append(returned, t)
	}
	all["response-7"] = answer{head(gateway.Response7, nil), returned}
	all["response-9"] = answer{head(gateway.Response9, nil), refused}

	listed := []gateway.AnswerTx{paid("A-1", citizen, domestic, 0), paid("A-2", company, domestic, 0), paid("A-3", taxUnit, domestic, 1), paid("A-4", place, domestic, 1)}
	listed[3].InstrID = "I-4"
	all["response-8-grouped"] = answer{head(gateway.Response8, func(a *gateway.Answer) { a.Grouped = true }), listed}
	all["response-8-ungrouped"] = answer{head(gateway.Response8, nil), listed}
	return all
}

func slip() gateway.AnswerTx {
	t := paid("A-1", company, gateway.Account{Kind: gateway.SlipCreditor, Number: "85551234"}, 0)
	t.Complete, t.Detail, t.Block.DebitText = true, gateway.Detail{CardType: "71", SlipReference: "000014560057664"}, ""
	return t
}

func foreign() []gateway.AnswerTx {
	iban := paid("A-1", gateway.Holder{}, gateway.Account{Kind: gateway.IBANAccount, Number: "CH9300762011623852957", BIC: "AAAACHZZXXX"}, 0)
	iban.TransferCurrency, iban.Complete = "CHF", true
	iban.Detail = gateway.Detail{Name: "Muster AG", AddressLines: []string{"Bahnhofstrasse 1", "", "c/o Zürcher"}, PostCode: "8001", Town: "Zürich", Country: "CH",
		BankName: "Musterbank", BankAddressLines: []string{"Zürich"}, BankCountry: "CH"}
	german := paid("A-2", citizen, gateway.Account{Kind: gateway.ForeignAccount, Number: "0532013000", BankCode: "37040044"}, 0)
	german.Detail = gateway.Detail{Name: "Max Muster", GermanBankCode: true}
	other := paid("A-3", citizen, gateway.Account{Kind: gateway.ForeignAccount, Number: "12-34-56", BIC: "AAAAGB22", BankCode: "SC123456"}, 0)
	return []gateway.AnswerTx{iban, german, other}
}

func render(w io.Writer, a answer) error {
	enc, err := answers.New(w, a.Answer)
	if err != nil {
		return err
	}
	for _, tx := range a.txs {
		if err := enc.Tx(tx); err != nil {
			return err
		}
	}
	return enc.End()
}

// TestNew_Goldens: each kind of answer, byte by byte, the same however often it is written.
func TestNew_Goldens(t *testing.T) {
	t.Parallel()
	for name, a := range documents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second bytes.Buffer
			if err := errors.Join(render(&first, a), render(&second, a)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("written twice, and not alike")
			}
			path := filepath.Join("testdata", name+".xml")
			if *update {
				if err := os.WriteFile(path, first.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), want) {
				t.Errorf("written:\n%s\nwant:\n%s", first.Bytes(), want)
			}
			if _, err := nksxml.ReadAnswer(bytes.NewReader(first.Bytes()), nksxml.Limits{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNew_Schema holds every answer against its schema.
func TestNew_Schema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bySchema := map[string][]string{}
	for name, a := range documents() {
		var b bytes.Buffer
		if err := render(&b, a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join(dir, name+".xml")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		kind := "NKSReceipt"
		if a.Kind > gateway.Receipt1 {
			kind = "NKSResponse"
		}
		kind += string(rune('0' + a.Kind))
		bySchema[kind] = append(bySchema[kind], path)
	}
	for kind, files := range bySchema {
		args := append([]string{"--nonet", "--noout", "--schema", filepath.Join("..", "..", "testdata", "schema", "NKS_"+kind+".xsd")}, files...)
		if out, err := exec.Command("xmllint", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
	}
}

// TestNew_Refuses what no document can say.
func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{
		"a kind that is none":            {head(3, nil), nil},
		"a receipt with payments":        {head(gateway.Receipt1, func(a *gateway.Answer) { a.Status = "ACPT" }), []gateway.AnswerTx{{EndToEndID: "A"}}},
		"a reject without a reason":      {head(gateway.Receipt1, func(a *gateway.Answer) { a.Status = "RJCT" }), nil},
		"an unknown status":              {head(gateway.Response2, func(a *gateway.Answer) { a.Status = "OK" }), nil},
		"response 7 without a payment":   {head(gateway.Response7, nil), nil},
		"response 8 without a payment":   {head(gateway.Response8, nil), nil},
		"response 9 without a payment":   {head(gateway.Response9, nil), nil},
		"a payment with unknown status":  {head(gateway.Response7, nil), []gateway.AnswerTx{{EndToEndID: "A", Status: "PART", Ore: 1}}},
		"no bundle that it is about":     {head(gateway.Response8, func(a *gateway.Answer) { a.GroupRef = "" }), []gateway.AnswerTx{paid("A", citizen, domestic, 0)}},
		"a character that XML has not":   {head(gateway.Response9, nil), []gateway.AnswerTx{{EndToEndID: "A", Status: "RJCT", Text: "\x01", Ore: 1}}},
		"nobody to tell, but a response": {head(gateway.Response2, func(a *gateway.Answer) { a.Supplier, a.Status = "", "ACPT" }), nil},
	} {
		if err := render(io.Discard, a); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

var errFull = errors.New("no space")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestNew_TellsOfAWriterThatFails: an answer that is not all there must not count.
func TestNew_TellsOfAWriterThatFails(t *testing.T) {
	t.Parallel()
	for name, a := range documents() {
		if err := render(full{}, a); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
