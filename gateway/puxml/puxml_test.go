package puxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/gateway/nksxml"
	"nks/gateway/puxml"
)

const (
	document = `<p:NemkontoPrivatUdbetalerTransporterRequest xmlns:p="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2007/10/01/" ` +
		`xmlns:cvr="http://rep.oio.dk/cvr.dk/xml/schemas/2005/03/22/" xmlns:cpr="http://rep.oio.dk/cpr.dk/xml/schemas/core/2005/03/18/" xmlns:ean="http://rep.oio.dk/ean/xml/schemas/2005/01/10/">%s%s` +
		`</p:NemkontoPrivatUdbetalerTransporterRequest>`
	header  = `<p:TransporterHeader><p:TransporterAgreementIdentifier>7654321</p:TransporterAgreementIdentifier><p:TransporterSystemIdentifier>LON</p:TransporterSystemIdentifier><p:TransporterGroupIdentifier>G 1</p:TransporterGroupIdentifier></p:TransporterHeader>`
	request = `<p:NemkontoRequest><p:Requester><cvr:CVRnumberIdentifier>12345674</cvr:CVRnumberIdentifier></p:Requester><p:RequesterPaymentReference>R-1</p:RequesterPaymentReference>` +
		`<p:NemkontoAccountHolder>%s</p:NemkontoAccountHolder></p:NemkontoRequest>`
	citizen = `<cpr:PersonCivilRegistrationIdentifier>0101700001</cpr:PersonCivilRegistrationIdentifier>`
)

// read reads a whole document.
func read(doc io.Reader) (h puxml.Header, all []puxml.Request, err error) {
	r := puxml.NewReader(doc)
	if h, err = r.Header(); err != nil {
		return h, nil, err
	}
	for {
		q, err := r.Next()
		if errors.Is(err, io.EOF) {
			return h, all, nil
		}
		if err != nil {
			return h, all, err
		}
		all = append(all, q)
	}
}

func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	one := fmt.Sprintf(request, citizen)
	for name, of := range map[string]struct{ doc, says string }{
		"another root":           {`<x/>`, "expected element NemkontoPrivatUdbetalerTransporterRequest"},
		"no header":              {fmt.Sprintf(document, "", one), "expected element TransporterHeader"},
		"a short agreement":      {fmt.Sprintf(document, strings.Replace(header, "7654321", "765", 1), one), "TransporterAgreementIdentifier: must be 7 digits"},
		"no reference":           {fmt.Sprintf(document, header, strings.Replace(one, "R-1", "", 1)), "RequesterPaymentReference: must not be empty"},
		"a long reference":       {fmt.Sprintf(document, header, strings.Replace(one, "R-1", strings.Repeat("å", 51), 1)), "more than 50 characters"},
		"blanks before a number": {fmt.Sprintf(document, strings.Replace(header, ">G 1<", ">"+strings.Repeat(" ", 5000)+"G 1<", 1), one), "TransporterGroupIdentifier: more than 50 characters"},
		"letters for a number":   {fmt.Sprintf(document, header, strings.Replace(one, "0101700001", "01017O0001", 1)), "must be 10 digits"},
		"two holders":            {fmt.Sprintf(document, header, fmt.Sprintf(request, citizen+citizen)), "is not allowed here"},
		"an element more":        {fmt.Sprintf(document, header, one+"<p:More/>"), "element More is not allowed here"},
		"cut off":                {fmt.Sprintf(document, header, one)[:900], "line 1"},
		"text":                   {fmt.Sprintf(document, header, "text"), "text between elements"},
		"another environment": {fmt.Sprintf(document, strings.Replace(header, "<p:TransporterHeader>", "<p:TransporterHeader><p:VansHeader><p:VansSenderAddress><ean:EAN13Identifier>5790000000012</ean:EAN13Identifier></p:VansSenderAddress>"+
			"<p:VansRecipientAddress><p:VansNemkontoEnvironmentCode>test</p:VansNemkontoEnvironmentCode></p:VansRecipientAddress></p:VansHeader>", 1), one), "must be nkspu"},
	} {
		_, _, err := read(strings.NewReader(of.doc))
		if _, form := errors.AsType[*nksxml.Error](err); !form || !strings.Contains(err.Error(), of.says) || strings.Contains(err.Error(), "01017") {
			t.Errorf("%s: %v, want %q", name, err, of.says)
		}
	}
	if _, _, err := read(strings.NewReader(fmt.Sprintf(document, header, strings.Repeat(one, puxml.MostRequests+1)))); err == nil || !strings.Contains(err.Error(), "more than 10000 requests") {
		t.Errorf("too many: %v", err)
	}
}

// TestWrite_Echoes: whatever was asked comes back as it was, beside what was found.
func TestWrite_Echoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-zæøå<&>"'][A-Za-zæøå0-9 <&>"']{0,20}[A-Za-zæøå]`)
		digits := func(n int) string { return rapid.StringMatching(fmt.Sprintf(`[0-9]{%d}`, n)).Draw(t, "digits") }
		q := puxml.Request{Requester: gateway.Holder{Kind: gateway.CVR, ID: digits(8)}, Reference: text.Draw(t, "reference"), Primary: rapid.OneOf(text, rapid.Just("")).Draw(t, "primary"),
			Holder: gateway.Holder{Kind: rapid.SampledFrom([]gateway.HolderKind{gateway.CPR, gateway.CVR, gateway.SE, gateway.PNR}).Draw(t, "kind")}}
		q.Holder.ID = digits(q.Holder.Kind.Digits())
		if q.Holder.Kind == gateway.SE || q.Holder.Kind == gateway.PNR {
			q.Company = digits(8)
		}
		h := puxml.Header{Agreement: digits(7), System: text.Draw(t, "system"), Group: text.Draw(t, "group")}
		var b bytes.Buffer
		a := puxml.NewWriter(&b)
		a.Header(h)
		a.Response(puxml.Response{Request: q, At: "2005-08-11T02:30:00Z", Domestic: "70450001234567"})
		if err := a.End(); err != nil {
			t.Fatal(err)
		}
		// The echo is a request document but for its frame.
		answer := b.String()
		if err := xml.Unmarshal(b.Bytes(), new(struct{ XMLName xml.Name })); err != nil {
			t.Fatal(err)
		}
		echo := answer[strings.Index(answer, "<nkspu:NemkontoRequest>") : strings.Index(answer, "</nkspu:NemkontoRequest>")+len("</nkspu:NemkontoRequest>")]
		head := answer[strings.Index(answer, "<nkspu:TransporterHeader>") : strings.Index(answer, "</nkspu:TransporterHeader>")+len("</nkspu:TransporterHeader>")]
		doc := answer[:strings.Index(answer, "<nkspu:TransporterHeader>")]
		doc = strings.Replace(doc, "<nkspu:NemkontoPrivatUdbetalerTransporterResponse", "<nkspu:"+puxml.Root, 1) + head + echo + "</nkspu:" + puxml.Root + ">"
		gotHead, got, err := read(strings.NewReader(doc))
		if err != nil || gotHead != h || len(got) != 1 || got[0] != q {
			t.Fatalf("%v: %+v %+v, want %+v %+v", err, gotHead, got, h, q)
		}
		for _, part := range []string{"<itst:BankBranchIdentifier>7045<", "<itst:BankAccountIdentifier>0001234567<"} {
			if !strings.Contains(answer, part) {
				t.Fatalf("no %s in %s", part, answer)
			}
		}
	})
}

// TestRead_Official: the official requests are read.
func TestRead_Official(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../shared/samples/nks-pu/Request*.xml")
	if err != nil || len(files) == 0 {
		t.Skip("the official examples are not here")
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		h, all, err := read(f)
		if err != nil || h.Agreement != "1234567" || len(all) < 4 {
			t.Errorf("%s: %+v, %d requests, %v", filepath.Base(name), h, len(all), err)
		}
		_ = f.Close()
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(document, header, fmt.Sprintf(request, citizen))))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if _, all, err := read(bytes.NewReader(doc)); err == nil {
			for _, q := range all {
				if len(q.Holder.ID) != q.Holder.Kind.Digits() {
					t.Errorf("%+v", q)
				}
			}
		}
	})
}

func BenchmarkReadAndWrite(b *testing.B) {
	doc := fmt.Sprintf(document, header, strings.Repeat(fmt.Sprintf(request, citizen), 10_000))
	for b.Loop() {
		h, all, err := read(strings.NewReader(doc))
		if err != nil {
			b.Fatal(err)
		}
		a := puxml.NewWriter(io.Discard)
		a.Header(h)
		for _, q := range all {
			a.Response(puxml.Response{Request: q, At: "2005-08-11T02:30:00Z", Domestic: "70450001234567"})
		}
		if err := a.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "ids/s")
}
