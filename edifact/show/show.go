// Package show makes EDIFACT readable: segments with their groups, and every
// value with the name of its data element and what its code means.
package show

import (
	"errors"
	"io"
	"strconv"

	"nks/edifact"
	"nks/edifact/directory"
)

// Options are how an input is shown.
type Options struct {
	// Directories give structures, names and codes. Segments of a message whose
	// structure none of them has are named as in the first that has the segment.
	Directories []*directory.Directory
	Codes       edifact.Codes      // agreed beside those of the directories
	Allowed     edifact.Leniency   // departures that are not told
	Repertoire  edifact.Repertoire // taken instead of that which UNB names
	Message     string             // the reference of the only message to show; "": all, and the envelope
	Mask        bool               // hide whatever looks like a Danish CPR number
	Width       int                // columns of text; 0: 100
}

// Value is one value of a segment. Places count as CONTRL does: the tag is
// element 1, all else is from 1.
type Value struct {
	Element    int    `json:"element"`
	Repetition int    `json:"repetition"`
	Component  int    `json:"component"`
	Code       string `json:"code"` // of the data element, such as 2005; "" when it is not known
	Name       string `json:"name"`
	Value      string `json:"value"`
	Meaning    string `json:"meaning"` // of a coded value; "" when the directory has none
}

// Group is an occurrence of a segment group.
type Group struct {
	Group      int `json:"group"`
	Occurrence int `json:"occurrence"`
}

// Segment is a segment with all that is known of it.
type Segment struct {
	Interchange string   `json:"interchange"`
	Group       string   `json:"group"`
	Message     string   `json:"message"`
	Type        string   `json:"type"` // of the message, as in PAYMUL:D:96A:UN
	Position    int      `json:"position"`
	Offset      int64    `json:"offset"`
	Tag         string   `json:"tag"`
	Name        string   `json:"name"`
	Groups      []Group  `json:"groups"` // around it, the outermost first
	Values      []Value  `json:"values"` // those that are not empty
	Faults      []string `json:"faults"` // found in the segment, or between it and the one before

	title     string // of the message, where its structure is known
	structure bool
	misplaced bool // no line of the structure stands for the segment
}

// Each reads an input and gives out one segment after the other. What departs
// from the rules stands with the segments; a fault that ends the reading is
// returned, as are errors of the input and of give. Memory does not depend on
// the size of the input.
func Each(in io.Reader, o Options, give func(*Segment) error) error {
	v := &viewer{o: o}
	v.Validator = edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{
		Lenient: edifact.Everything, Repertoire: o.Repertoire, Faults: v.fault, Forgiven: v.fault,
		Limits: edifact.Limits{Total: 1 << 62},
	}), edifact.NewSchema(o.Directories...).WithCodes(o.Codes))
	for {
		s, err := v.Next()
		if errors.Is(err, io.EOF) && len(v.faults) > 0 {
			return v.give(&Segment{Tag: endOfInput, Groups: []Group{}, Values: []Value{}}, give)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := v.give(v.view(s), give); err != nil {
			return err
		}
	}
}

// endOfInput is the tag under which what is missing at the end is told.
const endOfInput = ""

type viewer struct {
	*edifact.Validator
	o      Options
	faults []string
	inside bool // of a message, its UNT included
}

func (v *viewer) fault(e *edifact.ParseError) {
	const most = 100 // of a segment
	if e.Forgiven != 0 && v.o.Allowed&e.Forgiven == e.Forgiven || e.Rule == edifact.RuleMessageType || len(v.faults) >= most {
		return
	}
	where := ""
	if e.Element > 1 {
		where = strconv.Itoa(e.Element) + ":" + strconv.Itoa(max(e.Component, 1)) + " "
	}
	text := v.clean(where + string(e.Rule) + ": " + e.Text)
	if n := len(v.faults); n == 0 || v.faults[n-1] != text {
		v.faults = append(v.faults, text)
	}
}

// give passes a segment on unless it is of another message than asked for.
func (v *viewer) give(s *Segment, give func(*Segment) error) error {
	s.Faults = append([]string{}, v.faults...)
	v.faults = v.faults[:0]
	if v.o.Message != "" && (!v.inside || v.Message().Ref != v.o.Message) {
		return nil
	}
	return give(s)
}

func (v *viewer) view(s *edifact.Segment) *Segment {
	v.inside = s.Position > 0
	view := &Segment{
		Interchange: v.clean(v.Interchange().ControlRef), Position: s.Position, Offset: s.Offset, Tag: s.Tag,
		Groups: []Group{}, Values: []Value{},
	}
	if g := v.Group(); g != nil {
		view.Group = v.clean(g.Ref)
	}
	if v.inside {
		m := v.Message()
		view.Message, view.Type = v.clean(m.Ref), v.clean(m.Type+":"+m.Version+":"+m.Release+":"+m.Agency)
		if spec := v.Spec(); spec != nil {
			view.title, view.structure, view.misplaced = spec.Name, true, v.Node() == nil
		}
		for _, g := range v.Path() {
			view.Groups = append(view.Groups, Group{g.Group, g.Occurrence})
		}
	}
	spec := v.spec(s.Tag)
	if spec != nil {
		view.Name = spec.Name
	}
	for value := range s.Values() {
		if len(value.Bytes) == 0 {
			continue
		}
		shown := Value{Element: value.Element + 2, Repetition: value.Repetition + 1, Component: value.Component + 1}
		text := s.Decode(value.Bytes)
		if e := element(spec, value.Element, value.Component); e != nil {
			shown.Code, shown.Name, shown.Meaning = e.Code, e.Name, e.Codes[text]
		}
		shown.Value = v.clean(text)
		view.Values = append(view.Values, shown)
	}
	return view
}

// spec is what the directory says of the present segment.
func (v *viewer) spec(tag string) *directory.Segment {
	version := min(max(v.Interchange().Version, 1), 4)
	if s := directory.Service(version).Segments[tag]; s != nil {
		return s
	}
	if node := v.Node(); node != nil && node.Segment != nil {
		return node.Segment
	}
	for _, d := range v.o.Directories {
		if s := d.Segments[tag]; s != nil {
			return s
		}
	}
	return nil
}

// element is the data element at a place, both counted from 0; nil where the
// segment has none.
func element(s *directory.Segment, i, j int) *directory.Element {
	if s == nil || i >= len(s.Elements) {
		return nil
	}
	place := s.Elements[i]
	switch {
	case place.Composite == nil && j == 0:
		return place.Element
	case place.Composite != nil && j < len(place.Composite.Components):
		return place.Composite.Components[j].Element
	default:
		return nil
	}
}
