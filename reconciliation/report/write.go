package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"nks/gateway"
	"nks/paper"
)

// Format is how a report is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"  // UTF-8, fields parted by semicolons
	XLSX Format = "xlsx" // amounts as numbers
	PDF  Format = "pdf"
)

// Formats is all of them.
func Formats() []Format { return []Format{CSV, XLSX, PDF} }

// Writer writes a report row by row. What it writes depends on nothing but what it is given.
type Writer interface {
	Row(Row) error
	// End finishes the document; without it the document is none.
	End() error
}

// Head stands above the rows.
type Head struct {
	Title    string
	About    string // the day or months, and as of when
	MadeAt   time.Time
	Columns  []Column
	Language Language
}

// NewWriter begins a document.
func NewWriter(w io.Writer, f Format, h Head) (Writer, error) {
	switch f {
	case CSV:
		c := &csvWriter{w: csv.NewWriter(w), head: h}
		c.w.Comma, c.w.UseCRLF = ';', true
		return c, c.w.Write(h.headings())
	case XLSX:
		b, err := paper.NewBook(w, h.paper(), h.columns(true))
		return &book{b, h}, err
	case PDF:
		t, err := paper.NewTable(w, h.paper(), h.columns(false))
		return &sheetOfPaper{t, h}, err
	}
	return nil, fmt.Errorf("format %q: must be one of %v", f, Formats())
}

func (h Head) headings() []string {
	all := make([]string, len(h.Columns))
	for i, c := range h.Columns {
		all[i] = h.Language.Heading(c)
	}
	return all
}

// text is a value as people read it; grouped: thousands stand apart.
func (h Head) text(k Kind, value any, grouped bool) string {
	switch v := value.(type) {
	case int64:
		if k == Money {
			return h.Language.kroner(v, grouped)
		}
		return strconv.FormatInt(v, 10)
	case gateway.Date:
		if v.IsZero() {
			return ""
		}
		return v.String()
	case time.Time:
		return v.In(h.MadeAt.Location()).Format("2006-01-02 15:04")
	case string:
		if k == Word {
			return h.Language.Word(v)
		}
		return v
	}
	return fmt.Sprint(value)
}

// kroner writes øre: 1.234.567,89 in Danish, 1,234,567.89 in English.
func (l Language) kroner(ore int64, grouped bool) string {
	thousand, point := ",", "."
	if l == Danish {
		thousand, point = ".", ","
	}
	sign := ""
	if ore < 0 {
		sign, ore = "-", -ore
	}
	whole := strconv.FormatInt(ore/100, 10)
	if grouped {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + thousand + whole[i:]
		}
	}
	return fmt.Sprintf("%s%s%s%02d", sign, whole, point, ore%100)
}

type csvWriter struct {
	w    *csv.Writer
	head Head
}

// Row implements Writer.
func (c *csvWriter) Row(r Row) error {
	cells := make([]string, len(r))
	for i, v := range r {
		cells[i] = harmless(c.head.text(c.head.Columns[i].Kind, v, false))
	}
	return c.w.Write(cells)
}

// harmless keeps a text that others have written from being a formula where a spreadsheet opens it. A number may be negative.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if strings.Trim(cell, "-0123456789.,") == "" {
		return cell
	}
	return "'" + cell
}

// End implements Writer.
func (c *csvWriter) End() error {
	c.w.Flush()
	return c.w.Error()
}

// book is a workbook: amounts are numbers, written with a point.
type book struct {
	*paper.Book
	head Head
}

// Row implements Writer.
func (b *book) Row(r Row) error {
	cells := make([]string, len(r))
	for i, v := range r {
		if kind := b.head.Columns[i].Kind; kind == Money {
			cells[i] = English.kroner(v.(int64), false)
		} else {
			cells[i] = b.head.text(kind, v, false)
		}
	}
	return b.Book.Row(cells)
}

// sheetOfPaper is a table on pages.
type sheetOfPaper struct {
	table *paper.Table
	head  Head
}

// paper is the head as a document has it.
func (h Head) paper() paper.Head {
	return paper.Head{Title: h.Title, About: h.About, MadeAt: h.MadeAt, Page: h.Language.page()}
}

// columns are those of a document; references are for machines alone.
func (h Head) columns(references bool) []paper.Column {
	var all []paper.Column
	for _, c := range h.Columns {
		if references || !c.Kind.forMachines() {
			all = append(all, paper.Column{Heading: h.Language.Heading(c), Right: c.Kind == Count || c.Kind == Money, Amount: c.Kind == Money})
		}
	}
	return all
}

func (k Kind) forMachines() bool { return k == Reference || k == Facts }

func (l Language) page() string {
	if l == Danish {
		return "Side"
	}
	return "Page"
}

// Row implements Writer.
func (p *sheetOfPaper) Row(r Row) error {
	var cells []string
	for i, v := range r {
		if kind := p.head.Columns[i].Kind; !kind.forMachines() {
			cells = append(cells, p.head.text(kind, v, true))
		}
	}
	return p.table.Row(cells)
}

// End implements Writer.
func (p *sheetOfPaper) End() error { return p.table.End() }
