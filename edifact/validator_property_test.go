package edifact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

// messageMaker writes messages that a directory allows, by its tables and
// nothing of the validator's.
type messageMaker struct {
	t        *rapid.T
	b        strings.Builder
	segments int
	left     int // optional things that may still be written
}

func (m *messageMaker) often(max int, mandatory bool) int {
	least := 0
	if mandatory {
		least = 1
	}
	if m.left <= 0 || !rapid.Bool().Draw(m.t, "more") {
		return least
	}
	m.left--
	return rapid.IntRange(least, min(max, 3)).Draw(m.t, "times")
}

func (m *messageMaker) nodes(nodes []directory.Node) {
	for i := range nodes {
		n := &nodes[i]
		if n.Segment != nil && (n.Segment.Tag == "UNH" || n.Segment.Tag == "UNT") {
			continue
		}
		for range m.often(n.Max, n.Mandatory) {
			if n.Segment == nil {
				m.nodes(n.Nodes)
			} else {
				m.segment(n.Segment)
			}
		}
	}
}

func (m *messageMaker) segment(s *directory.Segment) {
	m.segments++
	if s.Tag == "UNS" {
		s = directory.Service(3).Segments["UNS"]
	}
	m.b.WriteString(s.Tag)
	for _, p := range s.Elements {
		m.b.WriteByte('+')
		full := p.Mandatory || rapid.IntRange(0, 3).Draw(m.t, "full") == 0
		switch {
		case !full:
		case p.Composite == nil:
			m.value(p.Element)
		default:
			for i, c := range p.Composite.Components {
				if i > 0 {
					m.b.WriteByte(':')
				}
				if c.Mandatory || p.Mandatory && i == 0 || rapid.IntRange(0, 3).Draw(m.t, "component") == 0 {
					m.value(c.Element)
				}
			}
		}
	}
	m.b.WriteByte('\'')
}

func (m *messageMaker) value(e *directory.Element) {
	if len(e.Codes) > 0 {
		codes := make([]string, 0, len(e.Codes))
		for code := range e.Codes {
			codes = append(codes, code)
		}
		slices.Sort(codes)
		m.b.WriteString(rapid.SampledFrom(codes).Draw(m.t, "code"))
		return
	}
	length := rapid.IntRange(max(e.Min, 1), max(e.Min, min(e.Max, 9))).Draw(m.t, "length")
	if rapid.IntRange(0, 9).Draw(m.t, "longest") == 0 && e.Max <= 70 {
		length = e.Max
	}
	m.b.WriteString(strings.Repeat(map[directory.Kind]string{directory.AN: "X", directory.A: "A", directory.N: "7"}[e.Kind], length))
}

// TestWhatADirectoryAllows: no message that is made by the tables of a
// directory has a fault, and one that lacks a mandatory segment has.
func TestWhatADirectoryAllows(t *testing.T) {
	t.Parallel()
	for _, d := range []*directory.Directory{d96a.Directory(), d01b.Directory()} {
		schema := edifact.NewSchema(d)
		for _, kind := range []string{"PAYMUL", "BANSTA", "DEBMUL", "CREMUL", "FINSTA", "ORDERS", "INVOIC", "DESADV", "APERAK", "IFTMIN"} {
			message := d.Messages[kind]
			t.Run(d.Release+" "+kind, func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) {
					m := &messageMaker{t: t, left: 40}
					m.nodes(message.Nodes)
					text := fmt.Sprintf("UNA:+.? 'UNB+UNOC:3+A+B+050811:0605+1'UNH+1+%s:%s:%s:UN'%sUNT+%d+1'UNZ+1+1'", kind, d.Version, d.Release, m.b.String(), m.segments+2)
					r := edifact.NewReader(strings.NewReader(text), edifact.ReaderOptions{})
					for _, err := range edifact.NewValidator(r, schema).Segments() {
						if err != nil {
							t.Fatalf("%v in\n%s", err, text)
						}
					}
				})
			})
		}
	}
}
