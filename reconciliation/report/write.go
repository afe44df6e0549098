package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

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
		return newBook(w, h)
	case PDF:
		return newPaper(w, h)
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

// book is a workbook of one sheet, whose rows wait in a file of the machine once they are many.
type book struct {
	to     io.Writer
	file   *excelize.File
	stream *excelize.StreamWriter
	head   Head
	money  int
	next   int
}

const sheet = "Sheet1"

func newBook(w io.Writer, h Head) (*book, error) {
	b := &book{to: w, file: excelize.NewFile(), head: h, next: 1}
	at := h.MadeAt.UTC().Format(time.RFC3339)
	err := b.file.SetDocProps(&excelize.DocProperties{Created: at, Modified: at, Creator: "nks", LastModifiedBy: "nks", Title: h.Title})
	if err == nil {
		b.money, err = b.file.NewStyle(&excelize.Style{NumFmt: 4}) // #,##0.00
	}
	if err == nil {
		b.stream, err = b.file.NewStreamWriter(sheet)
	}
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	var headings []any
	for _, text := range h.headings() {
		headings = append(headings, text)
	}
	for _, line := range [][]any{{h.Title}, {h.About}, headings} {
		if err := b.line(line); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *book) line(cells []any) error {
	at, err := excelize.CoordinatesToCellName(1, b.next)
	if err == nil {
		err = b.stream.SetRow(at, cells)
	}
	if err != nil {
		return fmt.Errorf("workbook: row %d: %w", b.next, err)
	}
	b.next++
	return nil
}

// Row implements Writer. An amount is a number with two decimals, exact up to 10¹³ DKK.
func (b *book) Row(r Row) error {
	cells := make([]any, len(r))
	for i, v := range r {
		switch kind := b.head.Columns[i].Kind; kind {
		case Money:
			cells[i] = excelize.Cell{StyleID: b.money, Value: float64(v.(int64)) / 100}
		case Count:
			cells[i] = v
		default:
			cells[i] = b.head.text(kind, v, false)
		}
	}
	return b.line(cells)
}

// End implements Writer.
func (b *book) End() error {
	err := b.stream.Flush()
	if err == nil {
		err = b.file.Write(b.to)
	}
	if cerr := b.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}

// sheetOfPaper is a table on pages.
type sheetOfPaper struct {
	table *paper.Table
	head  Head
}

func newPaper(w io.Writer, h Head) (*sheetOfPaper, error) {
	var columns []paper.Column
	for _, c := range h.Columns {
		if c.Kind == Reference { // it is for a machine
			continue
		}
		columns = append(columns, paper.Column{Heading: h.Language.Heading(c), Right: c.Kind == Count || c.Kind == Money})
	}
	t, err := paper.NewTable(w, paper.Head{Title: h.Title, About: h.About, MadeAt: h.MadeAt, Page: h.Language.page()}, columns)
	return &sheetOfPaper{t, h}, err
}

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
		if kind := p.head.Columns[i].Kind; kind != Reference {
			cells = append(cells, p.head.text(kind, v, true))
		}
	}
	return p.table.Row(cells)
}

// End implements Writer.
func (p *sheetOfPaper) End() error { return p.table.End() }
