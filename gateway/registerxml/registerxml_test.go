package registerxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/gateway/registerxml"
)

func read(r io.Reader) (h registerxml.Head, all []registerxml.Item, err error) {
	d := registerxml.NewReader(r, registerxml.Limits{})
	if h, err = d.Head(); err != nil {
		return h, nil, err
	}
	for {
		i, err := d.Next()
		if errors.Is(err, io.EOF) {
			return h, all, nil
		}
		if err != nil {
			return h, all, err
		}
		all = append(all, *i)
	}
}

func write(t interface{ Fatal(...any) }, h registerxml.Head, all []registerxml.Item) []byte {
	var b bytes.Buffer
	w, err := registerxml.NewWriter(&b, h)
	for _, i := range all {
		if err == nil {
			err = w.Item(i)
		}
	}
	if err == nil {
		err = w.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSamples: what is read of a sample is written as it was.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bank-report.xml", "caseworker-request.xml"} {
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		h, all, err := read(bytes.NewReader(want))
		if err != nil || len(all) != 3 {
			t.Fatalf("%s: %d items, %v", name, len(all), err)
		}
		if got := write(t, h, all); !bytes.Equal(got, want) {
			t.Errorf("%s is written as\n%s", name, got)
		}
	}
}

// TestFaults: what the schema does not have is refused with line, path and rule, and a CPR number is not told.
func TestFaults(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/caseworker-request.xml")
	if err != nil {
		t.Fatal(err)
	}
	const item = "CaseworkerRequest/Register[1]"
	for name, c := range map[string]struct{ before, after, want string }{
		"unknown action":    {"<Query>", "<Look>", "line 41"},
		"no caseworker":     {"<By>sagsbehandler 0042</By>", "", item + `: "Why": expected By`},
		"no version":        {"<Expects>0</Expects>", "", `"By": expected`},
		"version":           {"<Expects>0</Expects>", "<Expects>00</Expects>", item + `/Expects: "00": must be a whole number`},
		"sent twice":        {"<Ref>sag 1</Ref>", "<Ref>sag 1</Ref><Ref>sag 1</Ref>", item + `: "Ref": expected Cpr or Cvr or Se or PNumber`},
		"short number":      {"<Cpr>0101701234</Cpr>", "<Cpr>010170123</Cpr>", item + "/Cpr"},
		"number as text":    {"<Cpr>0101701234</Cpr>", "<Cpr>0101701234 </Cpr>", `"010170-xxxx ": must be 10 digits`},
		"empty":             {"<Cvr>12345678</Cvr>", "<Cvr/>", "CaseworkerRequest/Query[3]/Cvr: is empty"},
		"no day":            {"2006-01-01", "2006-02-30", "CaseworkerRequest/Register[2]/To"},
		"attribute":         {"<Query>", `<Query x="1">`, "unknown attribute"},
		"another namespace": {"<Query>", `<Query xmlns="urn:x">`, "in the namespace urn:nks:register:1"},
		"text between":      {"<Query>", "x<Query>", "text between elements"},
		"element in text":   {"sag 3", "<b>sag</b>", "an element within a text"},
		"long text":         {"has moved abroad", strings.Repeat("x", 351), "more than 350 characters"},
		"very long text":    {"has moved abroad", strings.Repeat("x", 5000), "more than 4096 bytes"},
		"line end":          {"has moved abroad", "has\nmoved", "a line end"},
		"entity":            {"<CaseworkerRequest", "<!DOCTYPE x><CaseworkerRequest", "line 2"},
		"cut":               {"</CaseworkerRequest>", "", "CaseworkerRequest"},
		"more behind":       {"</CaseworkerRequest>", "</CaseworkerRequest><a/>", "second root"},
	} {
		text := strings.Replace(string(sample), c.before, c.after, 1)
		_, _, err := read(strings.NewReader(text))
		var fault *nksxml.Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) || fault.Line == 0 || strings.Contains(err.Error(), "0101701234") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err = read(strings.NewReader(`<BankReport xmlns="urn:nks:register:1"><Head><MessageId>a</MessageId><Sender>b</Sender><Bank>c</Bank></Head></BankReport>`))
	if err == nil || !strings.Contains(err.Error(), "expected Register or Closed or Delete") {
		t.Errorf("without items: %v", err)
	}
}

// items makes items of a kind of document.
func items(root string) *rapid.Generator[registerxml.Item] {
	word := rapid.StringMatching(`[A-Za-zæøåÆØÅ<&>"'0-9]([A-Za-zé ø.,-]{0,20}[a-z])?`)
	return rapid.Custom(func(t *rapid.T) registerxml.Item {
		i := registerxml.Item{Ref: word.Draw(t, "ref"), Expects: registerxml.Unsaid}
		kind := rapid.SampledFrom([]gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR}).Draw(t, "kind")
		i.Holder = gateway.HolderOf(kind, rapid.Int64Range(0, 99999999).Draw(t, "number"))
		actions := []registerxml.Action{registerxml.Register, registerxml.Closed, registerxml.Delete}
		if root == registerxml.CaseworkerRequest {
			actions = []registerxml.Action{registerxml.Register, registerxml.Lock, registerxml.Unlock, registerxml.Limit, registerxml.Delete, registerxml.Promote, registerxml.Query}
			i.By, i.Why = word.Draw(t, "by"), word.Draw(t, "why")
		}
		i.Action = rapid.SampledFrom(actions).Draw(t, "action")
		if root == registerxml.BankReport || i.Action == registerxml.Register {
			i.Account = registerxml.Account{Account: gateway.Account{Kind: gateway.IBANAccount, Number: rapid.StringMatching(`[A-Z]{2}[0-9]{5,20}`).Draw(t, "iban")},
				BankName: rapid.OneOf(rapid.Just(""), word).Draw(t, "bank"), HolderAddress: rapid.OneOf(rapid.Just(""), word).Draw(t, "address")}
		}
		day := gateway.Date{Year: 2005, Month: 9, Day: rapid.IntRange(1, 30).Draw(t, "day")}
		if i.Action == registerxml.Closed || i.Action == registerxml.Limit {
			i.To = day
		}
		if root == registerxml.CaseworkerRequest && i.Action != registerxml.Query {
			i.Expects = rapid.Int64Range(0, 1<<62).Draw(t, "expects")
			i.Source = rapid.OneOf(rapid.Just(""), word).Draw(t, "source")
			if rapid.Bool().Draw(t, "specific") {
				i.Authority, i.BenefitType = word.Draw(t, "authority")[:1], word.Draw(t, "benefit")
				i.Authority = strings.ToValidUTF8(i.Authority, "x")
			}
			i.Locked = i.Action == registerxml.Register && rapid.Bool().Draw(t, "locked")
		}
		return i
	})
}

// TestRoundTrip: what is written is read as it was.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := registerxml.Head{Root: rapid.SampledFrom([]string{registerxml.BankReport, registerxml.CaseworkerRequest}).Draw(t, "root"), MessageID: "M", Sender: "S"}
		if h.Bank = "Bank & Co"; h.Root == registerxml.CaseworkerRequest {
			h.Bank, h.Authority = "", "77"
		}
		all := rapid.SliceOfN(items(h.Root), 1, 5).Draw(t, "items")
		text := write(t, h, all)
		gotHead, got, err := read(bytes.NewReader(text))
		if err != nil || gotHead != h || !reflect.DeepEqual(got, all) {
			t.Fatalf("%v\n%s\n%+v\n%+v", err, text, all, got)
		}
	})
}

// TestSchema: what is written is as the schema in docs has it, of every kind, and so is an answer.
func TestSchema(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is needed (libxml2-utils):", err)
	}
	args := []string{"--noout", "--schema", "../../docs/schemas/register-1.xsd"}
	for n, root := range []string{registerxml.BankReport, registerxml.CaseworkerRequest} {
		h := registerxml.Head{Root: root, MessageID: "M", Sender: "S"}
		if h.Bank = "Bank & Co"; root == registerxml.CaseworkerRequest {
			h.Bank, h.Authority = "", "77"
		}
		var all []registerxml.Item
		for seed := range 300 {
			all = append(all, items(root).Example(seed))
		}
		args = append(args, filepath.Join(t.TempDir(), fmt.Sprint(n, ".xml")))
		if err := os.WriteFile(args[len(args)-1], write(t, h, all), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range answersOf() {
		args = append(args, filepath.Join(t.TempDir(), "answer.xml"))
		if err := os.WriteFile(args[len(args)-1], writeAnswer(t, a, outcomesOf()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, found)
	}
}

// answersOf are heads of answers with all that there may be.
func answersOf() []registerxml.Answer {
	at := time.Date(2005, 8, 11, 6, 0, 0, 123456000, time.UTC)
	return []registerxml.Answer{
		{ID: "NKS2C REGISTERSVAR 1", MadeAt: at, To: "LEVA", About: "M-1", Status: gateway.StatusPartly, Repeats: true},
		{ID: "NKS2C REGISTERSVAR 2", MadeAt: at, To: "LEVA", Status: gateway.StatusRejected, Refused: &registerxml.Refusal{Rule: "form", Text: "no", Line: 3, Path: "a/b"}},
	}
}

func outcomesOf() []registerxml.Outcome {
	at := time.Date(2005, 8, 11, 6, 0, 0, 123456000, time.UTC)
	return []registerxml.Outcome{{Item: 1, Ref: "a", State: "refused", Rule: "B39.1", Text: "not <there>"},
		{Item: 2, Ref: "b", State: "in_force", Application: 7, Version: 9, From: at, Holds: []registerxml.Held{
			{Account: registerxml.Account{Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "1234000000xxxx"}}, Version: 9, From: at},
			{Authority: "77", BenefitType: "YD1", Account: registerxml.Account{Account: gateway.Account{Kind: gateway.ForeignAccount, Number: "X1", BIC: "AAAACHZZ"}, Currency: "CHF"},
				Version: 10, Locked: true, Later: true, From: at, To: at.AddDate(1, 0, 0)}}}}
}

func writeAnswer(t *testing.T, head registerxml.Answer, all []registerxml.Outcome) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := registerxml.NewAnswerWriter(&b, head)
	for _, o := range all {
		if err == nil {
			err = w.Outcome(o)
		}
	}
	if err == nil {
		err = w.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAnswer: an answer is read as it was written, with all that there may be.
func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, head := range answersOf() {
		want := outcomesOf()
		r := registerxml.NewAnswerReader(bytes.NewReader(writeAnswer(t, head, want)))
		got, err := r.Head()
		if err != nil || !reflect.DeepEqual(got, head) {
			t.Fatalf("head %+v, %v", got, err)
		}
		for _, o := range want {
			if got, err := r.Next(); err != nil || !reflect.DeepEqual(got, o) {
				t.Errorf("%v\n%+v\n%+v", err, got, o)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("the end: %v", err)
		}
	}
}

// endless is a report of very many items; what was read of it is forgotten.
type endless struct {
	rest string
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.n++
		e.rest = fmt.Sprintf("<Delete><Ref>%d</Ref><Cvr>12345678</Cvr><Account><Domestic>12340000000001</Domestic></Account></Delete>\n", e.n)
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestLimits: a document has so many items and so many bytes.
func TestLimits(t *testing.T) {
	t.Parallel()
	const head = `<BankReport xmlns="urn:nks:register:1"><Head><MessageId>a</MessageId><Sender>b</Sender><Bank>c</Bank></Head>`
	for limit, c := range map[string]registerxml.Limits{"more than 10000 items": {}, "50000": {Bytes: 50_000}, "more than 100000 items": {Items: 100_000}} {
		d := registerxml.NewReader(&endless{rest: head}, c)
		_, err := d.Head()
		for err == nil {
			_, err = d.Next()
		}
		if !strings.Contains(err.Error(), limit) {
			t.Errorf("%s: %v", limit, err)
		}
	}
}

// FuzzReader: no document breaks the reader, and what it reads can be written and is read again.
func FuzzReader(f *testing.F) {
	for _, name := range []string{"bank-report.xml", "caseworker-request.xml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, all, err := read(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, items, err := read(bytes.NewReader(write(t, h, all)))
		if err != nil || again != h || !reflect.DeepEqual(items, all) {
			t.Errorf("%v\n%+v\n%+v", err, all, items)
		}
	})
}
