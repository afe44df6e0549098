package paper_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/paper"
	"nks/paper/papertest"
)

var head = paper.Head{Title: "Daglig afstemning", About: "Prøvekøbing Kommune", MadeAt: time.Date(2005, 8, 11, 6, 0, 0, 0, time.UTC), Page: "Side"}

func table(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	p, err := paper.NewTable(&b, head, []paper.Column{{Heading: "Myndighed"}, {Heading: "Beløb DKK", Right: true}})
	for _, r := range rows {
		if err == nil {
			err = p.Row(r)
		}
	}
	if err == nil {
		err = p.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTable_IsText: letters are letters, also the Danish ones, on every page.
func TestTable_IsText(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"Ærø Kommune – Å/s", "1.234.567,89"}, {strings.Repeat("meget lang tekst ", 60), "1,00"}, {strings.Repeat("x", 400), "2,00"}}
	for i := range 300 {
		rows = append(rows, []string{fmt.Sprintf("række %d", i), "0,01"})
	}
	got := papertest.Text(t, table(t, rows...))
	for _, want := range []string{"Daglig afstemning", "Prøvekøbing Kommune", "Myndighed", "Beløb DKK", "Ærø Kommune – Å/s", "1.234.567,89", "række 0", "række 299", "Side 1", "Side 7"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if n := strings.Count(got, "række"); n != 300 {
		t.Errorf("%d rows of 300", n)
	}
}

// TestTable_SameBytes: the same table is the same document.
func TestTable_SameBytes(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"Æ", "1"}, {"漢", "2"}}
	first := table(t, rows...)
	if !bytes.HasPrefix(first, []byte("%PDF-")) {
		t.Fatalf("%.20q", first)
	}
	for range 5 {
		if !bytes.Equal(table(t, rows...), first) {
			t.Fatal("two documents of one table differ")
		}
	}
	table(t) // one without rows is one, too
}

// TestTable_Refuses: what is no row, more than fits, and no columns.
func TestTable_Refuses(t *testing.T) {
	t.Parallel()
	if _, err := paper.NewTable(&bytes.Buffer{}, head, nil); err == nil {
		t.Error("a table without columns")
	}
	p, err := paper.NewTable(&bytes.Buffer{}, head, []paper.Column{{Heading: "A"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Row([]string{"1", "2"}); err == nil {
		t.Error("a row of two cells in one column")
	}
	for range paper.MaxRows {
		if err := p.Row([]string{"1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Row([]string{"1"}); !errors.Is(err, paper.ErrTooLong) {
		t.Errorf("one row more: %v", err)
	}
}
