package paper

import (
	"fmt"
	"io"
	"time"

	"github.com/signintech/gopdf"
)

// Letter is one page of A4 for a window envelope: the address stands where the window is, and nothing else does.
type Letter struct {
	Title  string // of the document; it names nobody
	Mark   string // of this letter, in its properties: two letters with different marks have different bytes
	MadeAt time.Time
	// Sender stands above the address in one small line, Address below it in up to six lines.
	Sender  string
	Address []string
	// Date stands at the right, below the window.
	Date    string
	Heading string
	Body    []Paragraph
}

// Paragraph is text of a letter.
type Paragraph struct {
	Text string
	Bold bool // larger, and by itself: what must be found at once
}

// ErrNoRoom is a letter that does not fit: its address into the window, or its text on the page.
var ErrNoRoom = fmt.Errorf("the letter has no room: %d lines of address, and one page", windowLines)

// The measures of DIN 5008 form B and the window of a C5 or DL envelope, in points: the window begins 20 mm from the left and 45 mm from the
// top, and is 85 mm wide; the address stands 5 mm inside it.
const (
	millimetre              = 72 / 25.4
	windowLeft, windowTop   = 20 * millimetre, 45 * millimetre
	windowWidth             = 85 * millimetre
	addressTop              = 50 * millimetre
	windowLines             = 6
	dateTop, headingTop     = 98 * millimetre, 108 * millimetre
	textLeft, textRight     = 25 * millimetre, 190 * millimetre
	textBottom              = 277 * millimetre
	letterSize, letterLine  = 11.0, 15.0
	senderSize, strongSize  = 7.0, 14.0
	a4Across, a4Down        = 595.28, 841.89
	belowHeading, belowText = 24.0, 8.0
)

// page is a letter while it is written.
type page struct {
	pdf *gopdf.GoPdf
	err error
}

// Write writes the letter as PDF whose text can be selected. The same letter gives the same bytes.
func (l Letter) Write(w io.Writer) error {
	if len(l.Address) > windowLines {
		return ErrNoRoom
	}
	p := &page{pdf: &gopdf.GoPdf{}}
	p.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: a4Across, H: a4Down}})
	p.pdf.SetInfo(gopdf.PdfInfo{Title: l.Title, Creator: "nks", Subject: l.Mark, CreationDate: l.MadeAt})
	p.note(addFonts(p.pdf))
	p.pdf.AddPage()
	p.put(regular, senderSize, windowLeft, windowTop, l.Sender)
	for n, line := range l.Address {
		if p.width(regular, letterSize, line) > windowWidth {
			p.note(ErrNoRoom)
		}
		p.put(regular, letterSize, windowLeft, addressTop+float64(n)*letterLine, line)
	}
	p.put(regular, letterSize, textRight-p.width(regular, letterSize, l.Date), dateTop, l.Date)
	p.put(bold, strongSize, textLeft, headingTop, l.Heading)
	p.body(l.Body)
	if p.err != nil {
		return fmt.Errorf("letter: %w", p.err)
	}
	if _, err := p.pdf.WriteTo(w); err != nil {
		return fmt.Errorf("letter: %w", err)
	}
	return nil
}

func (p *page) body(all []Paragraph) {
	y := headingTop + belowHeading
	for _, one := range all {
		font, size := regular, letterSize
		if one.Bold {
			font, size = bold, strongSize
		}
		for _, line := range p.lines(font, size, one.Text) {
			if y+letterLine > textBottom {
				p.note(ErrNoRoom)
				return
			}
			p.put(font, size, textLeft, y, line)
			y += letterLine
		}
		y += belowText
	}
}

// lines breaks a text at its blanks into what fits beside each other.
func (p *page) lines(font string, size float64, text string) []string {
	if p.width(font, size, text) <= textRight-textLeft {
		return []string{text}
	}
	parts, err := p.pdf.SplitTextWithWordWrap(text, textRight-textLeft)
	p.note(err)
	return parts
}

func (p *page) width(font string, size float64, text string) float64 {
	p.note(p.pdf.SetFont(font, "", size))
	if text == "" || p.err != nil {
		return 0
	}
	w, err := p.pdf.MeasureTextWidth(text)
	p.note(err)
	return w
}

func (p *page) put(font string, size, x, y float64, text string) {
	p.note(p.pdf.SetFont(font, "", size))
	if text == "" || p.err != nil {
		return
	}
	p.pdf.SetXY(x, y)
	p.note(p.pdf.Cell(nil, text))
}

// note keeps the first error.
func (p *page) note(err error) {
	if p.err == nil {
		p.err = err
	}
}
