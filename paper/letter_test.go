package paper_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/ledongthuc/pdf"

	"nks/paper"
)

// TestLetter_Window: the address begins 20 mm from the left and 50 mm from the top of an A4 page, and nothing else stands in the window.
func TestLetter_Window(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := paper.Letter{Title: "T", Sender: "sender", Address: []string{"Name", "Street", "Town"}, Date: "1 May", Heading: "heading", Body: []paper.Paragraph{{Text: "body"}}}
	if err := l.Write(&b); err != nil {
		t.Fatal(err)
	}
	r, err := pdf.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	const millimetre, down = 72 / 25.4, 841.89
	inWindow := ""
	for _, c := range r.Page(1).Content().Text {
		x, top := c.X/millimetre, (down-c.Y)/millimetre
		if x >= 19 && x <= 105 && top >= 45 && top <= 90 && c.S >= "A" && c.S <= "z" {
			inWindow += c.S
		}
		if c.S == "N" && (math.Abs(x-20) > 1 || top < 48 || top > 56) {
			t.Errorf("the address begins at %.1f mm from the left, %.1f from the top", x, top)
		}
	}
	if inWindow != "senderNameStreetTown" {
		t.Errorf("in the window stands %q", inWindow)
	}
}
