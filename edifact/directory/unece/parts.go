package unece

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nks/edifact/directory"
)

// elements reads the element directory, but for the codes.
func (b *builder) elements(f *file) error {
	list, err := entries(f)
	if err != nil {
		return err
	}
	for _, e := range list {
		format := ""
		for at := 0; at < len(e.body); {
			kind, text, end := e.paragraph(at)
			switch kind {
			case "Desc", "Note":
			case "Repr":
				format = text
			default:
				return f.fail(e.body[at], "neither description, format nor note")
			}
			at = end
		}
		el := &directory.Element{Code: e.code, Name: e.name}
		if el.Kind, el.Min, el.Max, err = directory.ParseFormat(format); err != nil {
			return f.fail(e.head, "element %s: %v", e.code, err)
		}
		if b.dir.Elements[e.code] != nil {
			return f.fail(e.head, "element %s stands twice", e.code)
		}
		b.dir.Elements[e.code] = el
	}
	return nil
}

// composites reads the composite directory.
func (b *builder) composites(f *file) error {
	list, err := entries(f)
	if err != nil {
		return err
	}
	for _, e := range list {
		uses, notes, err := e.table()
		if err != nil {
			return err
		}
		c := &directory.Composite{Code: e.code, Name: e.name}
		for _, u := range uses {
			if !u.top {
				return f.fail(u.line, "component without position")
			}
			place, err := b.place(f, u)
			if err != nil {
				return err
			}
			if place.Element == nil {
				return f.fail(u.line, "composite %s in a composite", u.code)
			}
			c.Components = append(c.Components, place)
		}
		if b.dir.Composites[e.code] != nil {
			return f.fail(e.head, "composite %s stands twice", e.code)
		}
		b.dir.Composites[e.code] = c
		if err := b.repeats(&e, notes); err != nil {
			return err
		}
	}
	return nil
}

// segments reads the segment directory. What it says of the components of a
// composite must be what the composite directory says.
func (b *builder) segments(f *file) error {
	list, err := entries(f)
	if err != nil {
		return err
	}
	for _, e := range list {
		uses, notes, err := e.table()
		if err != nil {
			return err
		}
		s := &directory.Segment{Tag: e.code, Name: e.name}
		var open *directory.Composite
		var components []use
		for _, u := range uses {
			if !u.top {
				components = append(components, u)
				continue
			}
			if err := b.agree(f, u.line, open, components); err != nil {
				return err
			}
			place, err := b.place(f, u)
			if err != nil {
				return err
			}
			open, components = place.Composite, nil
			s.Elements = append(s.Elements, place)
		}
		if err := b.agree(f, e.head, open, components); err != nil {
			return err
		}
		if b.dir.Segments[e.code] != nil {
			return f.fail(e.head, "segment %s stands twice", e.code)
		}
		b.dir.Segments[e.code] = s
		if err := b.repeats(&e, notes); err != nil {
			return err
		}
	}
	return nil
}

// table reads the body of a segment or composite: texts around one table.
func (e *entry) table() (uses []use, notes []string, err error) {
	for at := 0; at < len(e.body); {
		kind, text, end := e.paragraph(at)
		switch kind {
		case "Note":
			notes = append(notes, text)
		case "":
			if uses, end, err = e.more(uses, at); err != nil {
				return nil, nil, err
			}
		}
		at = end
	}
	if len(uses) == 0 {
		return nil, nil, e.file.fail(e.head, "%s holds nothing", e.code)
	}
	return uses, notes, nil
}

func (e *entry) more(uses []use, at int) ([]use, int, error) {
	list, end, err := e.uses(at)
	if err != nil {
		return nil, 0, err
	}
	if end == at {
		return nil, 0, e.file.fail(e.body[at], "not understood: %q", e.file.lines[e.body[at]])
	}
	return append(uses, list...), end, nil
}

// place looks up what a row of a table uses.
func (b *builder) place(f *file, u use) (directory.Place, error) {
	place := directory.Place{Mandatory: u.mandatory, Max: u.max}
	if c := b.dir.Composites[u.code]; c != nil {
		place.Composite = c
		if u.format != "" {
			return place, f.fail(u.line, "composite %s has the format %s", u.code, u.format)
		}
		b.named(f, u, c.Name)
		return place, nil
	}
	place.Element = b.dir.Elements[u.code]
	if place.Element == nil {
		return place, f.fail(u.line, "%s is not in the directory", u.code)
	}
	if format := place.Element.Format(); format != u.format {
		return place, f.fail(u.line, "element %s is %s, not %q", u.code, format, u.format)
	}
	b.named(f, u, place.Element.Name)
	return place, nil
}

// named notes a name that is not the one in the directory of its kind.
func (b *builder) named(f *file, u use, name string) {
	if !strings.EqualFold(squeeze(u.name), squeeze(name)) {
		b.note(f, u.line, "%s is called %q, not %q", u.code, name, u.name)
	}
}

// squeeze drops spaces: long names are broken at different places.
func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

// agree compares the components under a composite with the composite.
func (b *builder) agree(f *file, line int, c *directory.Composite, components []use) error {
	if c == nil {
		if len(components) > 0 {
			return f.fail(line, "components under a simple element")
		}
		return nil
	}
	if len(c.Components) != len(components) {
		return f.fail(line, "%s has %d components, not %d", c.Code, len(c.Components), len(components))
	}
	for i, u := range components {
		place, err := b.place(f, u)
		if err != nil {
			return err
		}
		if place.Element != c.Components[i].Element || place.Mandatory != c.Components[i].Mandatory {
			return f.fail(u.line, "component %d of %s is another in the composite directory", i+1, c.Code)
		}
	}
	return nil
}

// indexed is a line of an index.
var indexed = regexp.MustCompile(`^[*+#|X -]{2,6}([A-Z]{3}|[CE]\d{3}) +(\S.*)$`)

// index takes the names of segments and composites from an index, where they
// are the same names but for capitals.
func (b *builder) index(f *file) error {
	start := slices.IndexFunc(f.lines, func(line string) bool {
		return slices.Equal(strings.Fields(line), []string{"Tag", "Name"})
	})
	if start < 0 {
		return f.fail(0, "no index")
	}
	for i, line := range f.lines[start+1:] {
		if line == "" {
			continue
		}
		m := indexed.FindStringSubmatch(line)
		if m == nil {
			return f.fail(start+1+i, "not understood: %q", line)
		}
		var name *string
		if s := b.dir.Segments[m[1]]; s != nil {
			name = &s.Name
		} else if c := b.dir.Composites[m[1]]; c != nil {
			name = &c.Name
		} else {
			b.note(f, start+1+i, "%s is not in the directory", m[1])
			continue
		}
		if strings.EqualFold(squeeze(*name), squeeze(m[2])) {
			*name = m[2]
		} else {
			b.note(f, start+1+i, "%s is called %q, not %q", m[1], *name, m[2])
		}
	}
	return nil
}

// occurs finds what the notes of ARR and C770 say, which no table does: how
// often C770 stands in the segment, and 9424 in the composite.
var occurs = regexp.MustCompile(`The (?:composite|component) ([CE]?\d{3,4}) - [^-]* - occurs ([\d,]+) times in the (segment|composite)`)

// repeats takes repetitions out of notes. A note that speaks of them in another
// way is not understood.
func (b *builder) repeats(e *entry, notes []string) error {
	for _, note := range notes {
		found := occurs.FindAllStringSubmatch(note, -1)
		if len(found) != strings.Count(note, "occurs") {
			return e.file.fail(e.head, "a note on repetitions: %q", note)
		}
		for _, m := range found {
			n, err := strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
			if err != nil || n == 0 {
				return e.file.fail(e.head, "a note on repetitions: %q", note)
			}
			if !b.repeat(e.code, m[1], m[3] == "segment", n) {
				return e.file.fail(e.head, "a note on %s, which is not there", m[1])
			}
		}
	}
	return nil
}

// repeat sets the occurrences of code in a segment or composite. The notes stand
// at both: what a note says of the other was or will be read there.
func (b *builder) repeat(owner, code string, inSegment bool, n int) bool {
	s, c := b.dir.Segments[owner], b.dir.Composites[owner]
	if inSegment && s == nil || !inSegment && c == nil {
		return true
	}
	var places []directory.Place
	if inSegment {
		places = s.Elements
	} else {
		places = c.Components
	}
	for i := range places {
		if places[i].Element != nil && places[i].Element.Code == code ||
			places[i].Composite != nil && places[i].Composite.Code == code {
			places[i].Max = n
			return true
		}
	}
	return false
}
