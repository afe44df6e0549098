// Package drawntest draws random banking messages for the tests of the generated
// packages.
package drawntest

import (
	"bytes"
	"fmt"
	"strings"

	"nks/edifact"
	"nks/edifact/directory"
	"pgregory.net/rapid"
)

// AnyCode is the schema of a directory with no code compared.
func AnyCode(d *directory.Directory) *edifact.Schema {
	codes := edifact.Codes{}
	for code, e := range d.Elements {
		if e.Codes != nil {
			codes[code] = edifact.CodeRule{Any: true}
		}
	}
	return edifact.NewSchema(d).WithCodes(codes)
}

// drawn writes random messages as a directory allows them.
type drawn struct {
	t *rapid.T
	w *edifact.Writer

	version int // of the syntax
}

func (d *drawn) chance(label string, oneIn int) bool {
	return rapid.IntRange(0, oneIn-1).Draw(d.t, label) == 0
}

func (d *drawn) nodes(nodes []directory.Node) {
	for i := range nodes {
		n := &nodes[i]
		if n.Segment != nil && n.Segment.Service() {
			continue
		}
		times := 0
		if n.Mandatory {
			times = 1
		}
		if d.chance("more", 2) {
			times = min(n.Max, rapid.IntRange(1, 2).Draw(d.t, "times"))
		}
		for range times {
			if n.Segment == nil {
				d.nodes(n.Nodes)
			} else {
				d.segment(n.Segment)
			}
		}
	}
}

func (d *drawn) segment(s *directory.Segment) {
	type element struct {
		values []string
		again  bool
	}
	var elements []element
	filled := false
	for i := range s.Elements {
		p := &s.Elements[i]
		for k := range p.Max {
			values := d.element(p, p.Mandatory && k == 0)
			some := strings.Join(values, "") != ""
			filled = filled || some
			elements = append(elements, element{values, k > 0})
			if !some && d.version >= 4 {
				break // repetitions have no gaps
			}
		}
	}
	if !filled { // a conditional segment without a value is left out
		elements[0].values = d.element(&s.Elements[0], true)
	}
	d.w.Segment(s.Tag)
	for _, e := range elements {
		if e.again && d.version >= 4 {
			d.w.Rep(e.values[0])
		} else {
			d.w.Elem(e.values[0])
		}
		for _, c := range e.values[1:] {
			d.w.Comp(c)
		}
	}
}

func (d *drawn) element(p *directory.Place, mandatory bool) []string {
	if p.Composite == nil {
		if mandatory || d.chance("element", 3) {
			return []string{d.value(p.Element)}
		}
		return []string{""}
	}
	values := make([]string, len(p.Composite.Components))
	if !mandatory && !d.chance("composite", 3) {
		return values
	}
	filled := false
	for i := range p.Composite.Components {
		c := &p.Composite.Components[i]
		if c.Mandatory || d.chance("component", 3) {
			values[i], filled = d.value(c.Element), true
		}
	}
	if !filled {
		values[len(values)-1] = d.value(p.Composite.Components[len(values)-1].Element)
	}
	return values
}

func (d *drawn) value(e *directory.Element) string {
	if e.Kind == directory.N {
		whole := fmt.Sprint(rapid.IntRange(0, 9).Draw(d.t, "number"))
		if e.Max > 2 && d.chance("decimals", 2) {
			whole += "," + strings.Repeat("5", min(e.Max-1, 2))
		}
		if d.chance("negative", 3) {
			whole = "-" + whole
		}
		return whole
	}
	letters := []rune("A?'+:*1 Øz,.ÿ")
	if e.Kind == directory.A {
		letters = []rune("ABZ")
	}
	n := rapid.IntRange(max(e.Min, 1), min(e.Max, 6)).Draw(d.t, "length")
	if d.chance("longest", 20) {
		n = e.Max
	}
	text := []rune(strings.Repeat("x", n))
	for i := range min(n, 6) {
		text[i] = letters[rapid.IntRange(0, len(letters)-1).Draw(d.t, "letter")]
	}
	if text[n-1] == ' ' {
		text[n-1] = 'A'
	}
	return string(text)
}

// Interchange returns one to three random messages, as a strict reader takes
// them and a writer would write them.
func Interchange(t *rapid.T, dir *directory.Directory) []byte {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, edifact.WriterOptions{UNA: true})
	u := edifact.UNB{
		Version: rapid.IntRange(3, 4).Draw(t, "version"), Repertoire: edifact.UNOC,
		Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "050811", Time: "0605", ControlRef: "1",
	}
	if u.Version == 4 {
		u.Date = "20050811"
	}
	w.Begin(u)
	for i := range rapid.IntRange(1, 3).Draw(t, "messages") {
		typ := rapid.SampledFrom([]string{"PAYMUL", "BANSTA", "DEBMUL", "CREMUL", "FINSTA", "FINCAN"}).Draw(t, "type")
		w.Message(edifact.UNH{Ref: fmt.Sprint(i), Type: typ, Version: dir.Version, Release: dir.Release, Agency: dir.Agency})
		(&drawn{t, w, u.Version}).nodes(dir.Messages[typ].Nodes)
		w.EndMessage()
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
