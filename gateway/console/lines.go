package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// linesView is the page of lines: who is connected, and who is not.
type linesView struct {
	At      time.Time // business time
	Allowed bool
	Lines   []view.Line
	Late    int
	Bad     int // also those that are within their limit
	Picture *linesPicture
	Queues  []view.Line // those of them that messages wait in
}

func (s *Console) linesPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.linesOf(r)
	if err != nil {
		return err
	}
	refresh := refreshSeconds
	if r.URL.Query().Has("still") {
		refresh = 0
	}
	return s.render(w, r, http.StatusOK, "lines", "lines.title", refresh, v)
}

// liveLines is what a browser with script puts in place of what it has.
func (s *Console) liveLines(w http.ResponseWriter, r *http.Request) error {
	v, err := s.linesOf(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "lines-live", "lines.title", 0, v)
}

func (s *Console) linesOf(r *http.Request) (*linesView, error) {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	who, _, err := s.viewerOf(ctx, r)
	if err != nil {
		return nil, err
	}
	v := &linesView{At: s.Now(), Allowed: who.Operations()}
	if !v.Allowed {
		return v, nil
	}
	if v.Lines, err = s.View.Lines(ctx, who, v.At); err != nil {
		return nil, err
	}
	v.Late = view.LateLines(v.Lines)
	for _, l := range v.Lines {
		if l.Is.State.Bad() {
			v.Bad++
		}
		if len(l.Places) > 0 {
			v.Queues = append(v.Queues, l)
		}
	}
	v.Picture = drawLines(v.Lines)
	return v, nil
}

// linesPicture is the gateway between its doors and its banks: a wire to each that is whole, broken, or not there.
type linesPicture struct {
	Width, Height int
	Middle        lineBox
	Boxes         []lineBox
}

// lineBox is one end of a line, and its wire to the gateway.
type lineBox struct {
	X, Y, W, H int
	Line       *view.Line // nil: the gateway, or several
	Others     int        // lines that have no box of their own
	State      gateway.LinkState
	Wire       string
	MarkX      int
}

// Middle lines of the box.
func (b lineBox) TextX() int { return b.X + 16 }
func (b lineBox) NameY() int { return b.Y + 25 }
func (b lineBox) WordY() int { return b.Y + 46 }
func (b lineBox) MarkY() int { return b.Y + b.H/2 }

const (
	linesWidth   = 980
	lineBoxWidth = 330
	lineBoxH     = 60
	lineBoxGap   = 14
	mostBoxes    = 10 // on each side
)

// drawLines lays the picture out: doors and queues on the left, banks on the right, the worst first where there is no room for all.
func drawLines(all []view.Line) *linesPicture {
	p := &linesPicture{Width: linesWidth}
	var sides [2][]lineBox
	for i := range all {
		side := 0
		if all[i].Kind == gateway.LinkBank {
			side = 1
		}
		sides[side] = append(sides[side], lineBox{Line: &all[i], State: all[i].Is.State, W: lineBoxWidth, H: lineBoxH})
	}
	for i, boxes := range sides {
		sides[i] = fewer(boxes)
		p.Height = max(p.Height, len(sides[i])*(lineBoxH+lineBoxGap)-lineBoxGap+2*pictureTop)
	}
	p.Height = max(p.Height, 2*lineBoxH)
	p.Middle = lineBox{X: linesWidth/2 - 50, Y: p.Height/2 - 35, W: 100, H: 70}
	for side, boxes := range sides {
		y := (p.Height - len(boxes)*(lineBoxH+lineBoxGap) + lineBoxGap) / 2
		for _, b := range boxes {
			b.X, b.Y = side*(linesWidth-lineBoxWidth), y
			from, to := b.X+b.W, p.Middle.X
			if side == 1 {
				from, to = b.X, p.Middle.X+p.Middle.W
			}
			b.Wire, b.MarkX = curve(from, b.MarkY(), to, p.Height/2), from+(to-from)/4
			p.Boxes = append(p.Boxes, b)
			y += lineBoxH + lineBoxGap
		}
	}
	return p
}

// fewer keeps as many boxes as there is room for, and one that stands for the others.
func fewer(boxes []lineBox) []lineBox {
	if len(boxes) <= mostBoxes {
		return boxes
	}
	slices.SortStableFunc(boxes, func(a, b lineBox) int { return cmp.Compare(badness(a.State), badness(b.State)) })
	rest := boxes[mostBoxes-1:]
	return append(boxes[:mostBoxes-1:mostBoxes-1], lineBox{Others: len(rest), State: rest[0].State, W: lineBoxWidth, H: lineBoxH})
}

func badness(s gateway.LinkState) int {
	return slices.Index([]gateway.LinkState{gateway.LinkDown, gateway.LinkUnknown, gateway.LinkUp, gateway.LinkClosed}, s)
}

// LineState is how a line is, in a language.
func LineState(l Language, s gateway.LinkState) string { return say(l, "line."+string(s)) }

// LineName is what a line leads to, in a language.
func LineName(l Language, kind gateway.LinkKind, name string) string {
	if text, ok := spoken[l]["line."+string(kind)+"."+name]; ok {
		return text
	}
	return say(l, "line."+string(kind)) + " " + name
}

// Place is what a place of a data supplier's queues is called, in a language.
func Place(l Language, place gateway.QueuePlace) string { return say(l, "place."+string(place)) }

// LineTrouble is why a line is not up, in a language; "" where nothing is to be told.
func LineTrouble(l Language, why gateway.LinkTrouble) string {
	if why == gateway.TroubleNone {
		return ""
	}
	return say(l, "trouble."+string(why))
}
