package console

import (
	"cmp"
	"fmt"
	"slices"

	"nks/gateway/view"
)

// picture is the flow as a drawing: boxes in five columns, joined by bands as wide as what passes through them.
type picture struct {
	Width, Height int
	Boxes         []box
	Bands         []band
}

// box is one station.
type box struct {
	X, Y, W, H int
	Class      string
	Label      string // said as it is
	Key        string // or the key of a text
	Sum        view.Sum
	Note       string // key of a second line
	NoteSum    view.Sum
}

// Middle lines of the box.
func (b box) TextX() int  { return b.X + 14 }
func (b box) LabelY() int { return b.Y + 22 }
func (b box) CountY() int { return b.Y + 42 }
func (b box) MoneyY() int { return b.Y + 60 }
func (b box) NoteY() int  { return b.Y + 80 }

// band is a connection of two boxes.
type band struct {
	Path  string
	Width int
	Class string
}

const (
	pictureWidth = 1180
	boxWidth     = 196
	boxHeight    = 72
	boxNoted     = 92
	boxGap       = 16
	columnStep   = 246
	mostInColumn = 6
	pictureTop   = 12
)

// draw lays out the flow.
func draw(o *view.Overview) *picture {
	p := &picture{Width: pictureWidth}
	largest := slices.Clone(o.Authorities)
	slices.SortStableFunc(largest, func(a, b view.Tally) int { return cmp.Compare(b.All.Payments, a.All.Payments) })
	left := column(0, "authority", largest)
	banks := column(3*columnStep, "bank", o.Banks)
	for i := range banks {
		banks[i].H = boxNoted
		banks[i].Note = "picture.withbank"
	}
	var outcomes []box
	for _, s := range []view.State{view.Executed, view.Cheque, view.Returned} {
		outcomes = append(outcomes, box{X: 4 * columnStep, W: boxWidth, H: boxHeight, Class: string(s), Key: "state." + string(s), Sum: o.All.State(s)})
	}
	for _, s := range []view.State{view.Disputed, view.CameBack, view.Settled} {
		if sum := o.All.State(s); sum.Payments > 0 {
			outcomes = append(outcomes, box{X: 4 * columnStep, W: boxWidth, H: boxHeight, Class: string(s), Key: "state." + string(s), Sum: sum})
		}
	}
	arrived := box{X: columnStep, W: boxWidth, H: boxNoted, Class: "checked", Key: "picture.received", Sum: o.All.All, Note: "picture.unread", NoteSum: o.All.State(view.Unread)}
	refused := box{X: columnStep, W: boxWidth, H: boxHeight, Class: string(view.Rejected), Key: "state.rejected", Sum: o.All.State(view.Rejected)}
	waits := []box{
		{X: 2 * columnStep, W: boxWidth, H: boxHeight, Class: string(view.Waiting), Key: "state.waiting", Sum: o.All.State(view.Waiting)},
		{X: 2 * columnStep, W: boxWidth, H: boxHeight, Class: string(view.Frozen), Key: "state.frozen", Sum: o.All.State(view.Frozen)},
	}
	for _, s := range []view.State{view.Unknown, view.Held, view.Void} {
		if sum := o.All.State(s); sum.Payments > 0 {
			waits = append(waits, box{X: 2 * columnStep, W: boxWidth, H: boxHeight, Class: string(s), Key: "state." + string(s), Sum: sum})
		}
	}
	middle := []box{arrived, refused}
	columns := [][]box{left, middle, waits, banks, outcomes}
	for _, c := range columns {
		p.Height = max(p.Height, heightOf(c)+2*pictureTop)
	}
	for _, c := range columns {
		stack(c, p.Height)
	}
	p.join(o, columns)
	for _, c := range columns {
		p.Boxes = append(p.Boxes, c...)
	}
	return p
}

// column makes boxes of the largest, and one of all the others.
func column(x int, class string, list []view.Tally) []box {
	var boxes []box
	for i, t := range list {
		if i == mostInColumn-1 && len(list) > mostInColumn {
			rest := box{X: x, W: boxWidth, H: boxHeight, Class: class, Key: "picture.others"}
			for _, t := range list[i:] {
				rest.Sum = rest.Sum.Plus(passed(class, t))
			}
			return append(boxes, rest)
		}
		label := t.Name
		if class == "authority" && t.Name == "" {
			label = t.Key
		}
		boxes = append(boxes, box{X: x, W: boxWidth, H: boxHeight, Class: class, Label: label, Sum: passed(class, t), NoteSum: t.State(view.WithBank)})
	}
	return boxes
}

// passed is what came to a box: a bank centre has nothing of what still waits or was rejected.
func passed(class string, t view.Tally) view.Sum {
	if class != "bank" {
		return t.All
	}
	var sum view.Sum
	for _, s := range []view.State{view.Frozen, view.Void, view.Unknown, view.WithBank, view.Executed, view.Cheque, view.Returned, view.Disputed, view.CameBack,
		view.Settled} {
		sum = sum.Plus(t.State(s))
	}
	return sum
}

func heightOf(c []box) int {
	h := -boxGap
	for _, b := range c {
		h += b.H + boxGap
	}
	return h
}

// stack puts the boxes of a column one under the other, in the middle of the picture.
func stack(c []box, height int) {
	y := (height - heightOf(c)) / 2
	for i := range c {
		c[i].Y = y
		y += c[i].H + boxGap
	}
}

func (p *picture) join(o *view.Overview, columns [][]box) {
	left, middle, waits, banks, outcomes := columns[0], columns[1], columns[2], columns[3], columns[4]
	all := max(o.All.All.Payments, 1)
	for _, b := range left {
		p.band(b, middle[0], b.Sum.Payments, all, "")
	}
	p.down(middle[0], middle[1])
	for i := range waits[1:] {
		p.down(waits[i], waits[i+1])
	}
	accepted := o.All.All.Payments - o.All.State(view.Rejected).Payments - o.All.State(view.Unread).Payments
	p.band(middle[0], waits[0], accepted, all, "")
	for _, b := range banks {
		p.band(waits[0], b, b.Sum.Payments, all, "")
		for _, out := range outcomes {
			for _, t := range o.Banks {
				if t.Name == b.Label {
					p.band(b, out, t.State(view.State(out.Class)).Payments, all, out.Class)
				}
			}
		}
	}
}

// down joins a box with the one below it, unless nothing is there.
func (p *picture) down(from, to box) {
	if to.Sum.Payments > 0 {
		p.Bands = append(p.Bands, band{Width: 6, Class: to.Class, Path: fmt.Sprintf("M%d %dV%d", from.X+from.W/2, from.Y+from.H, to.Y)})
	}
}

// band joins two boxes, unless nothing passes.
func (p *picture) band(from, to box, payments, of int64, class string) {
	if payments <= 0 {
		return
	}
	x1, y1, x2, y2 := from.X+from.W, from.Y+from.H/2, to.X, to.Y+to.H/2
	p.Bands = append(p.Bands, band{Width: 2 + int(18*payments/of), Class: class, Path: curve(x1, y1, x2, y2)})
}

// curve leads from one point to another, level at both ends.
func curve(x1, y1, x2, y2 int) string {
	bend := (x2 - x1) / 2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
}
