package gen

import (
	"fmt"
	"strings"

	"nks/edifact/directory"
)

// segmentFile writes the segments, their composites and their layouts.
func (g *generator) segmentFile() error {
	g.header("nks/edifact/banking/internal/wire", "nks/edifact/directory")
	for _, s := range g.sorted() {
		g.segmentType(s)
		g.decoder(s)
		g.writer(s)
	}
	for _, s := range g.sorted() {
		for i := range s.fields {
			if err := g.compositeType(&s.fields[i]); err != nil {
				return err
			}
		}
	}
	g.numbers()
	return g.close("segments.go")
}

func (g *generator) segmentType(s *segment) {
	name := strings.ToLower(s.Name)
	g.p("// %s is the segment %s.", s.Tag, name)
	g.p("type %s struct {", s.Tag)
	for i := range s.fields {
		f := &s.fields[i]
		if f.flat {
			g.components(f)
			continue
		}
		g.field(f, f.mandatory)
	}
	g.p("}\n")
	g.p("// IsZero reports whether the segment has no value: it is not there, unless it is mandatory.")
	g.p("func (s *%s) IsZero() bool { return *s == %s{} }\n", s.Tag, s.Tag)
}

// components writes the components of a composite as fields.
func (g *generator) components(f *field) {
	for i := range f.parts {
		g.field(&f.parts[i], f.parts[i].mandatory)
	}
}

func (g *generator) field(f *field, mandatory bool) {
	typ := f.typ
	count := f.count
	if f.alone {
		count = f.parts[0].count
	}
	if count > 1 {
		typ = fmt.Sprintf("[%d]%s", count, typ)
	}
	g.p("%s %s // %s", f.name, typ, f.about(mandatory))
}

// about is the comment behind a field.
func (f *field) about(mandatory bool) string {
	text := ""
	switch {
	case f.composite != nil && f.alone:
		e := f.parts[0].element
		text = f.composite.Code + ": " + e.Code + " " + e.Format() + ", " + lower(e.Name)
	case f.composite != nil:
		text = f.composite.Code + " " + lower(f.composite.Name)
	default:
		text = f.element.Code + " " + f.element.Format() + ", " + lower(f.element.Name)
	}
	if f.element != nil && f.element.Kind == directory.N {
		text += "; the decimal mark is a point"
	}
	if mandatory {
		text += "; mandatory"
	}
	return text
}

// compositeType writes the type of a composite that is one.
func (g *generator) compositeType(f *field) error {
	if f.composite == nil || f.alone || f.flat {
		return nil
	}
	if f.typ == "" {
		return fmt.Errorf("%s has no name", f.composite.Code)
	}
	if code, seen := g.types[f.typ]; seen {
		if code != f.composite.Code {
			return fmt.Errorf("%s and %s are both called %s", code, f.composite.Code, f.typ)
		}
		return nil
	}
	g.types[f.typ] = f.composite.Code
	g.p("// %s is the composite %s, %s.", f.typ, f.composite.Code, lower(f.composite.Name))
	g.p("type %s struct {", f.typ)
	g.components(f)
	g.p("}\n")
	return nil
}

// slots returns the Go expressions behind the values of one occurrence of f.
func (f *field) slots(base string) []string {
	switch {
	case f.element != nil:
		return array(base, f.count)
	case f.alone:
		return array(base, f.parts[0].count)
	}
	var list []string
	for i := range f.parts {
		list = append(list, f.parts[i].slots(base+"."+f.parts[i].name)...)
	}
	return list
}

func array(base string, count int) []string {
	if count <= 1 {
		return []string{base}
	}
	var list []string
	for i := range count {
		list = append(list, fmt.Sprintf("%s[%d]", base, i))
	}
	return list
}

// occurrence is one position of a segment with its values.
type occurrence struct {
	f     *field
	again bool
	slots []string
}

func (s *segment) occurrences() []occurrence {
	var list []occurrence
	for i := range s.fields {
		f := &s.fields[i]
		base := "s." + f.name
		if f.flat {
			base = "s"
		}
		if f.element != nil || f.count == 1 {
			bases := []string{base}
			if f.element != nil {
				bases = array(base, f.count)
			}
			for k, b := range bases {
				slots := []string{b}
				if f.element == nil {
					slots = f.slots(b)
				}
				list = append(list, occurrence{f, k > 0 && f.repeats, slots})
			}
			continue
		}
		for k := range f.count {
			list = append(list, occurrence{f, k > 0 && f.repeats, f.slots(fmt.Sprintf("%s[%d]", base, k))})
		}
	}
	return list
}

// decoder writes the method that reads a segment into a struct that is zero.
func (g *generator) decoder(s *segment) {
	g.p("func (s *%s) decode(c *wire.Cursor) {", s.Tag)
	var calls []string
	for _, o := range s.occurrences() {
		method := "Elem"
		if o.again {
			method = "Again"
		}
		calls = append(calls, fmt.Sprintf("c.%s(&%s)", method, strings.Join(o.slots, ", &")))
	}
	g.p("_ = %s", strings.Join(calls, " &&\n"))
	g.p("c.Next()")
	g.p("}\n")
}

// writer writes the layout of a segment, and the method that gives its values.
func (g *generator) writer(s *segment) {
	g.p("func (s *%s) write(o *wire.Output, group int) {", s.Tag)
	g.p("o.Segment(group, &layout%s,", s.Tag)
	for _, o := range s.occurrences() {
		g.p("%s,", strings.Join(o.slots, ", "))
	}
	g.p(")")
	g.p("}\n")
	occurrences := s.occurrences()
	g.p("var layout%s = wire.Layout{Tag: %q, Needed: %d, Values: []wire.Value{", s.Tag, s.Tag, needed(occurrences))
	element := 0
	for k, o := range occurrences {
		if !o.again {
			element++
		}
		component := 0
		required := required(occurrences, k)
		add := func(e *directory.Element, mandatory bool) {
			g.p("{Code: %q, Kind: directory.%s, Min: %d, Max: %d, Mandatory: %t, Element: %d, Component: %d, Required: %t, Again: %t},",
				e.Code, strings.ToUpper(e.Kind.String()), e.Min, e.Max, mandatory, element, component, required, o.again && component == 0)
			component++
		}
		if o.f.element != nil {
			add(o.f.element, true)
			continue
		}
		for i := range o.f.parts {
			part := &o.f.parts[i]
			for n := range part.count {
				add(part.element, part.mandatory && (n == 0 || part.all))
			}
		}
	}
	g.p("}}\n")
}

// required reports whether occurrence k is mandatory: of a data element that
// repeats the first is.
func required(list []occurrence, k int) bool {
	f := list[k].f
	return f.mandatory && (k == 0 || list[k-1].f != f || f.all && !f.repeats)
}

// needed counts the values up to the end of the last mandatory occurrence.
func needed(list []occurrence) int {
	values, last := 0, 0
	for k := range list {
		values += len(list[k].slots)
		if required(list, k) {
			last = values
		}
	}
	return last
}

// numbers writes the places of numeric values by tag.
func (g *generator) numbers() {
	g.p("// numbersOf tells the numeric values of a segment.")
	g.p("func numbersOf(tag string) []wire.NumberAt {")
	g.p("switch tag {")
	for _, s := range g.sorted() {
		var list []string
		for k, o := range s.occurrences() {
			component := 0
			for _, e := range o.elements() {
				if e.Kind == directory.N {
					list = append(list, fmt.Sprintf("{Element: %d, Component: %d}", k, component))
				}
				component++
			}
		}
		if len(list) > 0 {
			g.p("case %q:", s.Tag)
			g.p("return numbers%s", s.Tag)
			defer g.p("var numbers%s = []wire.NumberAt{%s}\n", s.Tag, strings.Join(list, ", "))
		}
	}
	g.p("}")
	g.p("return nil")
	g.p("}\n")
}

// elements returns the data elements of an occurrence in their order.
func (o *occurrence) elements() []*directory.Element {
	if o.f.element != nil {
		return []*directory.Element{o.f.element}
	}
	var list []*directory.Element
	for i := range o.f.parts {
		for range o.f.parts[i].count {
			list = append(list, o.f.parts[i].element)
		}
	}
	return list
}
