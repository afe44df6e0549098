package nksxml_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"nks/gateway/nksxml"
)

func seed(f *testing.F, prefixes ...string) {
	f.Helper()
	for name, doc := range documents(f, testdata) {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				f.Add(doc)
			}
		}
	}
}

// checkFault demands of every error on bytes in memory that it is a fault with a place, told on one line.
func checkFault(t *testing.T, err error) {
	t.Helper()
	var fault *nksxml.Error
	if err == nil {
		return
	}
	if !errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1 || fault.Rule == "" {
		t.Fatalf("%v", err)
	}
	if len([]rune(fault.Value)) > 40 || strings.ContainsAny(err.Error(), "\n\r") {
		t.Fatalf("%q", err.Error())
	}
}

// Whatever the bytes: no panic, errors have a place, and the portions in which the bytes come make no difference.
func FuzzReader(f *testing.F) {
	seed(f, "payment-")
	f.Fuzz(func(t *testing.T, doc []byte) {
		whole, err := readPayments(bytes.NewReader(doc), nksxml.Limits{})
		checkFault(t, err)
		slow, slowErr := readPayments(iotest.OneByteReader(bytes.NewReader(doc)), nksxml.Limits{})
		if dump(whole) != dump(slow) || (err == nil) != (slowErr == nil) || err != nil && err.Error() != slowErr.Error() {
			t.Fatalf("at once: %v, byte by byte: %v", err, slowErr)
		}
	})
}

// An answer that can be read can be written, unless it contradicts itself, and then means the same.
func FuzzAnswers(f *testing.F) {
	seed(f, "receipt-", "response-")
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := nksxml.ReadAnswer(bytes.NewReader(doc), nksxml.Limits{})
		checkFault(t, err)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := nksxml.Write(&out, first); err != nil {
			if r, ok := first.(*nksxml.Receipt1); ok && (r.Action == nksxml.Rejected) != (len(r.Errors) > 0) {
				return
			}
			t.Fatal(err)
		}
		second, err := nksxml.ReadAnswer(&out, nksxml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		// Address lines without text, and clocks finer than a second, are not written.
		var again bytes.Buffer
		if err := nksxml.Write(&again, second); err != nil {
			t.Fatal(err)
		}
		third, err := nksxml.ReadAnswer(&again, nksxml.Limits{})
		if err != nil || dump(second) != dump(third) {
			t.Fatalf("%v\n%s\n%s", err, dump(second), dump(third))
		}
	})
}

func FuzzTokenizer(f *testing.F) {
	for i := range 50 {
		f.Add(genDocument.Example(i))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := events(bytes.NewReader(doc))
		checkFault(t, err)
		if err != nil {
			return
		}
		// encoding/xml takes the white space of attributes as it is and refuses some XML, like versions other than 1.0.
		want, err := standardEvents(bytes.NewReader(doc))
		if err != nil || strings.Join(got, "\n") == strings.Join(want, "\n") {
			return
		}
		if !bytes.ContainsAny(doc, "\n\r\t") {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
