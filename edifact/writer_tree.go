package edifact

import (
	"bytes"

	"nks/edifact/directory"
)

// translate is Copy for a segment whose numbers have another decimal mark.
func (w *Writer) translate(s *TreeSegment, decimal byte) {
	places := s.Node.Segment.Elements
	w.Segment(s.Tag)
	for v := range s.Values() {
		if w.numeric(places, v.Element, v.Component) {
			v.Bytes = bytes.ReplaceAll(v.Bytes, []byte{decimal}, []byte{w.marks.Decimal})
		}
		switch text := w.read(s.Segment, v.Bytes); {
		case v.Component > 0:
			w.Comp(text)
		case v.Repetition > 0:
			w.Rep(text)
		default:
			w.Elem(text)
		}
	}
}

// numeric reports whether component j of data element i is a number.
func (w *Writer) numeric(places []directory.Place, i, j int) bool {
	p := placeAt(places, i, w.marks.Repetition == 0)
	if p != nil && p.Composite != nil {
		p = placeAt(p.Composite.Components, j, true)
	}
	return p != nil && p.Element != nil && p.Element.Kind == directory.N
}

// placeAt returns the place of position i. Where repetitions have positions of
// their own, each place takes as many as it may repeat.
func placeAt(places []directory.Place, i int, positions bool) *directory.Place {
	for k := range places {
		n := 1
		if positions {
			n = max(places[k].Max, 1)
		}
		if i -= n; i < 0 {
			return &places[k]
		}
	}
	return nil
}

// Tree writes a message as it was read, but with the decimal mark of this Writer
// where the tree tells what is a number. Its header is t.UNH; UNH and UNT in the
// groups are left out.
func (w *Writer) Tree(t *Tree) error {
	w.Message(t.UNH)
	for _, s := range t.Root.All() {
		switch {
		case s.Tag == "UNH" || s.Tag == "UNT":
		case s.Node != nil && t.Decimal != w.marks.Decimal && !s.nested():
			w.translate(s, t.Decimal)
		default:
			w.Copy(s.Segment)
		}
	}
	w.EndMessage()
	return w.Err()
}
