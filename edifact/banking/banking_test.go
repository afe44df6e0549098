package banking_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d96a"
)

// danish is the directory with what Danish banks agree beside it.
var danish = edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{
	"1001": {Any: true}, "1153": {Any: true}, "4383": {Any: true}, "4435": {Any: true}, "4461": {Any: true},
	"5025": {Any: true}, "6069": {Any: true}, "7365": {Any: true}, "3035": {Any: true}, "4451": {Any: true}, "4487": {Any: true},
	"1227": {Any: true}, "5189": {Any: true}, "1245": {Any: true},
})

func ourFiles(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.edi")
	if err != nil || len(names) < 6 {
		t.Fatalf("found %d files, error %v", len(names), err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".edi")] = bytes.ReplaceAll(text, []byte("\n"), nil)
	}
	return files
}

func validator(in io.Reader) *edifact.Validator {
	return edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{}), danish)
}

// copyItems writes the interchange that v reads again, from its items.
func copyItems(v *edifact.Validator) ([]byte, error) {
	var out bytes.Buffer
	var w *edifact.Writer
	var bw *banking.Writer
	for item, err := range banking.NewReader(v, banking.Options{}).Items() {
		if err != nil {
			return nil, err
		}
		if w == nil {
			w = edifact.NewWriter(&out, edifact.WriterOptions{UNA: true, Delimiters: v.Delimiters()})
			w.Begin(*v.Interchange())
			bw = banking.NewWriter(w)
		}
		if err := bw.Write(item); err != nil {
			return nil, err
		}
	}
	if w == nil {
		return nil, errors.New("no message")
	}
	if err := w.End(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func TestCopyIsTheSame(t *testing.T) {
	t.Parallel()
	for name, text := range ourFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := copyItems(validator(bytes.NewReader(text)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, text) {
				t.Errorf("copy is\n%s\nof\n%s", got, text)
			}
		})
	}
}
