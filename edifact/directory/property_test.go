package directory_test

import (
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact/directory"
)

// TestAnyDirectoryIsReadAsItWasWritten makes directories with all that the text
// form has.
func TestAnyDirectoryIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyDirectory(t)
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got, err := directory.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read otherwise than written:\n%s", text)
		}
	})
}

func anyDirectory(t *rapid.T) *directory.Directory {
	d := &directory.Directory{
		Version: "D", Release: "96A", Agency: "UN",
		Messages:   map[string]*directory.Message{},
		Segments:   map[string]*directory.Segment{},
		Composites: map[string]*directory.Composite{},
		Elements:   map[string]*directory.Element{},
	}
	name := rapid.StringMatching(`[A-Za-z(][ -~æø]{0,20}[a-z.)]`)
	var elements []*directory.Element
	for i := range rapid.IntRange(1, 5).Draw(t, "elements") {
		e := &directory.Element{
			Code: strconv.Itoa(1000 + i), Name: name.Draw(t, "name"),
			Kind: rapid.SampledFrom([]directory.Kind{directory.AN, directory.A, directory.N}).Draw(t, "kind"),
			Max:  rapid.IntRange(1, 1000).Draw(t, "longest"),
		}
		if rapid.Bool().Draw(t, "fixed") {
			e.Min = e.Max
		}
		if list := rapid.MapOfN(rapid.StringMatching(`[A-Z0-9]{1,3}`), name, 0, 4).Draw(t, "codes"); len(list) > 0 {
			e.Codes = list
		}
		elements = append(elements, e)
		d.Elements[e.Code] = e
	}
	usage := func() (bool, int) { return rapid.Bool().Draw(t, "mandatory"), rapid.IntRange(1, 99999).Draw(t, "max") }
	element := func() directory.Place {
		at := directory.Place{Element: rapid.SampledFrom(elements).Draw(t, "element")}
		at.Mandatory, at.Max = usage()
		return at
	}
	c := &directory.Composite{Code: "C001", Name: name.Draw(t, "name"), Components: []directory.Place{element(), element()}}
	d.Composites[c.Code] = c
	var segments []*directory.Segment
	for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
		s := &directory.Segment{Tag: "AB" + strconv.Itoa(i), Name: name.Draw(t, "name")}
		s.Elements = []directory.Place{element(), {Composite: c, Mandatory: true, Max: 2}}
		segments = append(segments, s)
		d.Segments[s.Tag] = s
	}
	group := 0
	var nodes func(depth int) []directory.Node
	nodes = func(depth int) []directory.Node {
		var list []directory.Node
		for i := range rapid.IntRange(1, 4).Draw(t, "nodes") {
			n := directory.Node{}
			n.Mandatory, n.Max = usage()
			if i > 0 && depth < 4 && rapid.Bool().Draw(t, "group") {
				group++
				n.Group = group
				n.Nodes = nodes(depth + 1)
			} else {
				n.Segment = rapid.SampledFrom(segments).Draw(t, "segment")
			}
			list = append(list, n)
		}
		return list
	}
	d.Messages["MSG"] = &directory.Message{Type: "MSG", Name: name.Draw(t, "name"), Nodes: nodes(0)}
	return d
}
