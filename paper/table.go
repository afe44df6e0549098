// Package paper writes tables as people read them. On pages: PDF whose text can be selected and searched, in a font that has the
// Danish letters and goes with the program; or as a workbook. The same table gives the same bytes. It knows no payments.
package paper

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Column is one of a table's.
type Column struct {
	Heading string
	Right   bool // its cells stand at the right: numbers
	Amount  bool // they have two decimals
}

// Head stands above a table.
type Head struct {
	Title  string
	About  string // below it; may be empty
	MadeAt time.Time
	Page   string // the word before page numbers
}

// ErrTooLong is more than fits into one document: pages are in memory until it is written.
var ErrTooLong = fmt.Errorf("more than %d rows: too many for paper", MaxRows)

// MaxRows bounds the rows of a table.
const MaxRows = 50_000

// A4 across, in points.
const (
	pageWidth, pageHeight = 841.89, 595.28
	margin                = 36.0
	size, leading         = 8.0, 11.0
	apart                 = 8.0 // between columns
	regular, bold         = "regular", "bold"
	// measured is how many rows are looked at before columns get their widths.
	measured = 200
)

// Table is a document that grows row by row.
type Table struct {
	to      io.Writer
	pdf     *gopdf.GoPdf
	head    Head
	columns []Column
	widths  []float64
	early   [][]string // rows that wait for the widths
	rows    int
	y       float64
	err     error
}

// NewTable begins a document.
func NewTable(w io.Writer, head Head, columns []Column) (*Table, error) {
	if len(columns) == 0 {
		return nil, errors.New("table without columns")
	}
	t := &Table{to: w, pdf: &gopdf.GoPdf{}, head: head, columns: columns}
	t.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	t.pdf.SetInfo(gopdf.PdfInfo{Title: head.Title, Creator: "nks", CreationDate: head.MadeAt})
	if err := addFonts(t.pdf); err != nil {
		return nil, err
	}
	return t, nil
}

// addFonts gives a document its two fonts.
func addFonts(pdf *gopdf.GoPdf) error {
	for _, font := range []struct {
		name string
		data []byte
	}{{regular, goregular.TTF}, {bold, gobold.TTF}} {
		err := pdf.AddTTFFontDataWithOption(font.name, font.data, gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return '?' }})
		if err != nil {
			return fmt.Errorf("font %s: %w", font.name, err)
		}
	}
	return nil
}

// Row adds a row, of as many cells as there are columns. A long cell takes several lines.
func (t *Table) Row(cells []string) error {
	switch {
	case t.err != nil:
		return t.err
	case len(cells) != len(t.columns):
		return fmt.Errorf("row of %d cells in a table of %d columns", len(cells), len(t.columns))
	case t.rows >= MaxRows:
		return ErrTooLong
	}
	t.rows++
	if t.widths == nil {
		if t.early = append(t.early, cells); len(t.early) < measured {
			return nil
		}
		t.flush()
		return t.err
	}
	t.line(regular, cells)
	return t.err
}

// End writes the document.
func (t *Table) End() error {
	if t.widths == nil {
		t.flush()
	}
	if t.err != nil {
		return t.err
	}
	if _, err := t.pdf.WriteTo(t.to); err != nil {
		return fmt.Errorf("paper: %w", err)
	}
	return nil
}

// flush gives the columns their widths, by what is in them so far, and writes that.
func (t *Table) flush() {
	t.widths = make([]float64, len(t.columns))
	headings := make([]string, len(t.columns))
	for i, c := range t.columns {
		headings[i] = c.Heading
	}
	t.measure(bold, headings)
	for _, cells := range t.early {
		t.measure(regular, cells)
	}
	fit(t.widths, pageWidth-2*margin-apart*float64(len(t.columns)-1))
	t.page()
	for _, cells := range t.early {
		t.line(regular, cells)
	}
	t.early = nil
}

// fit shrinks columns that are wider than their share of the room to what the others leave.
func fit(widths []float64, room float64) {
	wide := make([]int, len(widths))
	for i := range wide {
		wide[i] = i
	}
	for {
		share := room / float64(max(len(wide), 1))
		still := wide[:0:0]
		for _, i := range wide {
			if widths[i] > share {
				still = append(still, i)
			} else {
				room -= widths[i]
			}
		}
		if len(still) == len(wide) {
			for _, i := range still {
				widths[i] = share
			}
			return
		}
		wide = still
	}
}

func (t *Table) measure(font string, cells []string) {
	t.font(font)
	for i, cell := range cells {
		w, err := t.pdf.MeasureTextWidth(cell)
		t.note(err)
		t.widths[i] = max(t.widths[i], w+1)
	}
}

// page begins one, with the title and the headings.
func (t *Table) page() {
	t.pdf.AddPage()
	t.y = margin
	number := t.head.Page + " " + strconv.Itoa(t.pdf.GetNumberOfPages())
	t.font(bold)
	t.put(margin, t.head.Title)
	t.font(regular)
	w, err := t.pdf.MeasureTextWidth(number)
	t.note(err)
	t.put(pageWidth-margin-w, number)
	t.y += leading
	if t.head.About != "" {
		t.put(margin, t.head.About)
		t.y += leading
	}
	t.y += leading / 2
	headings := make([]string, len(t.columns))
	for i, c := range t.columns {
		headings[i] = c.Heading
	}
	t.cells(bold, headings)
	t.pdf.SetLineWidth(0.5)
	t.pdf.Line(margin, t.y, pageWidth-margin, t.y)
	t.y += leading / 3
}

// line writes a row, on a new page where it has no room.
func (t *Table) line(font string, cells []string) {
	t.font(font)
	if t.y+leading*float64(t.height(cells)) > pageHeight-margin {
		t.page()
	}
	t.cells(font, cells)
}

// height is how many lines a row takes.
func (t *Table) height(cells []string) int {
	n := 1
	for i, cell := range cells {
		n = max(n, len(t.split(cell, t.widths[i])))
	}
	return n
}

func (t *Table) cells(font string, cells []string) {
	t.font(font)
	x, top, lines := margin, t.y, 1
	for i, cell := range cells {
		parts := t.split(cell, t.widths[i])
		lines = max(lines, len(parts))
		for n, part := range parts {
			t.y = top + leading*float64(n)
			at := x
			if t.columns[i].Right {
				w, err := t.pdf.MeasureTextWidth(part)
				t.note(err)
				at = x + t.widths[i] - w
			}
			t.put(at, part)
		}
		x += t.widths[i] + apart
	}
	t.y = top + leading*float64(lines)
}

// split breaks a text into what fits beside each other: at blanks, else anywhere.
func (t *Table) split(text string, width float64) []string {
	w, err := t.pdf.MeasureTextWidth(text)
	t.note(err)
	if w <= width || text == "" {
		return []string{text}
	}
	parts, err := t.pdf.SplitTextWithWordWrap(text, width)
	if err != nil {
		parts, err = t.pdf.SplitText(text, width)
	}
	t.note(err)
	return parts
}

func (t *Table) font(name string) { t.note(t.pdf.SetFont(name, "", size)) }

func (t *Table) put(x float64, text string) {
	if text == "" || t.err != nil {
		return
	}
	t.pdf.SetXY(x, t.y)
	t.note(t.pdf.Cell(nil, text))
}

// note keeps the first error.
func (t *Table) note(err error) {
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("paper: %w", err)
	}
}
