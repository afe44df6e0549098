package nksxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"nks/gateway/nksxml"
)

// testOfficial runs a test on every official document.
func testOfficial(t *testing.T, test func(t *testing.T, kind string, doc []byte)) {
	t.Helper()
	for name, doc := range documents(t, officialSamples(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kindOf(t, doc), doc)
		})
	}
}

func TestOfficialSamplesAreReadCompletely(t *testing.T) {
	t.Parallel()
	testOfficial(t, func(t *testing.T, kind string, doc []byte) {
		if kind != "NKSPayment" {
			if _, err := nksxml.ReadAnswer(bytes.NewReader(doc), nksxml.Limits{}); err != nil {
				t.Fatal(err)
			}
			return
		}
		b, err := readPayments(bytes.NewReader(doc), nksxml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, p := range b.Payments {
			sum += p.Amount
		}
		if sum != b.Header.CtrlSum || int64(len(b.Payments)) != b.Header.NbOfTxs {
			t.Errorf("%d payments of %d, header says %d of %d", len(b.Payments), sum, b.Header.NbOfTxs, b.Header.CtrlSum)
		}
	})
}

// Every character of an official payment document must come out of the reader somewhere.
func TestOfficialPaymentsLoseNothing(t *testing.T) {
	t.Parallel()
	testOfficial(t, func(t *testing.T, kind string, doc []byte) {
		if kind != "NKSPayment" {
			t.Skip("answers are compared as a whole")
		}
		assertNothingLost(t, doc)
	})
}

func TestOfficialSamplesAreValid(t *testing.T) {
	t.Parallel()
	testOfficial(t, func(t *testing.T, kind string, doc []byte) {
		accepted, complaints := xmllint(t, kind, map[string][]byte{"doc.xml": doc})
		if !accepted["doc.xml"] {
			t.Error(complaints["doc.xml"])
		}
	})
}

func TestOfficialAnswersAreWrittenAgain(t *testing.T) {
	t.Parallel()
	testOfficial(t, func(t *testing.T, kind string, doc []byte) {
		if kind == "NKSPayment" {
			t.Skip("not written")
		}
		assertWrittenAgain(t, kind, doc)
	})
}

// assertWrittenAgain reads an answer, writes it, and demands the same document and the same values.
func assertWrittenAgain(t *testing.T, kind string, doc []byte) {
	t.Helper()
	first, err := nksxml.ReadAnswer(bytes.NewReader(doc), nksxml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := nksxml.Write(&out, first); err != nil {
		t.Fatal(err)
	}
	second, err := nksxml.ReadAnswer(bytes.NewReader(out.Bytes()), nksxml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("read again:\n%+v\nwas\n%+v", second, first)
	}
	if was, is := canonical(t, doc), canonical(t, out.Bytes()); was != is {
		t.Errorf("written:\n%s\nwas\n%s", is, was)
	}
	accepted, complaints := xmllint(t, kind, map[string][]byte{"out.xml": out.Bytes()})
	if !accepted["out.xml"] {
		t.Error(complaints["out.xml"])
	}
}

// canonical is a document without what carries no meaning: comments, prefixes, white space between elements and in lists of
// locations, ways to write an empty element.
func canonical(t *testing.T, doc []byte) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	var b, text strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			text.Reset()
			b.WriteString("<" + tok.Name.Space + " " + tok.Name.Local)
			for _, a := range tok.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					continue
				}
				b.WriteString(" " + a.Name.Space + " " + a.Name.Local + "=" + strings.Join(strings.Fields(a.Value), " "))
			}
			b.WriteString(">\n")
		case xml.EndElement:
			if s := text.String(); strings.TrimSpace(s) != "" {
				b.WriteString(s + "\n")
			}
			text.Reset()
			b.WriteString("</" + tok.Name.Local + ">\n")
		case xml.CharData:
			text.Write(tok)
		}
	}
}

// assertNothingLost compares the values of the document's elements with those that the reader gives.
func assertNothingLost(t *testing.T, doc []byte) {
	t.Helper()
	b, err := readPayments(bytes.NewReader(doc), nksxml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	var collect func(v reflect.Value)
	collect = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			found = append(found, v.String())
		case reflect.Int64:
			found = append(found, reflect.ValueOf(v.Int()).String())
		case reflect.Struct:
			if d, ok := v.Interface().(nksxml.Date); ok {
				found = append(found, d.String())
				return
			}
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					collect(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				collect(v.Index(i))
			}
		case reflect.Pointer:
			if !v.IsNil() {
				collect(v.Elem())
			}
		}
	}
	collect(reflect.ValueOf(b).Elem())
	count := map[string]int{}
	for _, s := range found {
		count[s]++
	}
	for _, leaf := range leaves(t, doc) {
		switch leaf.name {
		case "Timestamp", "CreDtTm", "Grpg", "IncompletePaymentIndicator", "CtrlSum", "NbOfTxs", "InstdAmt", "Amt", "Issr":
			continue // typed; tested by their values
		}
		if count[leaf.value]--; count[leaf.value] < 0 {
			t.Errorf("%s %q is not in what was read", leaf.name, leaf.value)
		}
	}
}

type leaf struct{ name, value string }

// leaves is every simple element of a document.
func leaves(t *testing.T, doc []byte) (list []leaf) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	var text strings.Builder
	simple := false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			text.Reset()
			simple = true
		case xml.EndElement:
			if simple {
				list = append(list, leaf{tok.Name.Local, text.String()})
			}
			simple = false
		case xml.CharData:
			text.Write(tok)
		}
	}
}
