package paper_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

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

// TestBook: what stands at the right is a number, so that a spreadsheet can add it up, and nothing of it is lost.
func TestBook(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	book, err := paper.NewBook(&b, head, []paper.Column{{Heading: "Myndighed"}, {Heading: "Antal", Right: true}, {Heading: "Beløb", Right: true, Amount: true}})
	for _, row := range [][]string{{"Ærø", "3", "99999999999.99"}, {"=1+1", "0", "-0.01"}} {
		if err == nil {
			err = book.Row(row)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Row([]string{"A", "many", "1"}); err == nil {
		t.Error("a number that is none")
	}
	if err := book.End(); err != nil {
		t.Fatal(err)
	}
	read, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := read.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	if got := fmt.Sprint(rows); err != nil || got != "[[Daglig afstemning] [Prøvekøbing Kommune] [Myndighed Antal Beløb] [Ærø 3 99999999999.99] [=1+1 0 -0.01]]" {
		t.Errorf("%s, %v", got, err)
	}
	if text, err := read.GetCellValue("Sheet1", "C4"); err != nil || text != "99,999,999,999.99" {
		t.Errorf("an amount is shown as %s, %v", text, err)
	}
	if formula, err := read.GetCellFormula("Sheet1", "A5"); err != nil || formula != "" {
		t.Errorf("a text became the formula %q, %v", formula, err)
	}
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
