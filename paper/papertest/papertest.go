// Package papertest reads what can be selected in a document, for tests.
package papertest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ledongthuc/pdf"
)

// Text is the text of a document, page by page, a line for each row of it.
func Text(t testing.TB, document []byte) string {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for n := 1; n <= r.NumPage(); n++ {
		rows, err := r.Page(n).GetTextByRow()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for i, word := range row.Content {
				if i > 0 {
					all.WriteString(" | ")
				}
				all.WriteString(word.S)
			}
			all.WriteString("\n")
		}
	}
	return all.String()
}
