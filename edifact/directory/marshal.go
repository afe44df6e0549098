package directory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// MarshalText writes the text form that [Parse] reads: every part sorted by its
// code, so that two releases can be compared line by line. It fails where the
// directory cannot be written so, such as for a name with a line break.
func (d *Directory) MarshalText() ([]byte, error) {
	text := []byte("directory " + d.Version)
	for _, s := range []string{d.Release, d.Agency} {
		if s != "" {
			text = append(text, " "+s...)
		}
	}
	text = append(text, '\n')
	for _, e := range sorted(d.Elements) {
		text = fmt.Appendf(text, "element %s %s %s\n", e.Code, e.Format(), e.Name)
		for _, code := range slices.Sorted(maps.Keys(e.Codes)) {
			text = fmt.Appendf(text, " %s %s\n", code, e.Codes[code])
		}
	}
	for _, c := range sorted(d.Composites) {
		text = fmt.Appendf(text, "composite %s %s\n", c.Code, c.Name)
		text = appendPlaces(text, c.Components)
	}
	for _, s := range sorted(d.Segments) {
		text = fmt.Appendf(text, "segment %s %s\n", s.Tag, s.Name)
		text = appendPlaces(text, s.Elements)
	}
	for _, m := range sorted(d.Messages) {
		text = fmt.Appendf(text, "message %s %s\n", m.Type, m.Name)
		text = appendNodes(text, m.Nodes, " ")
	}
	if _, err := Parse(string(text)); err != nil {
		return nil, fmt.Errorf("the directory has no text form: %w", err)
	}
	return text, nil
}

func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	values := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[key])
	}
	return values
}

func appendPlaces(text []byte, places []Place) []byte {
	for _, at := range places {
		code := ""
		switch {
		case at.Element != nil:
			code = at.Element.Code
		case at.Composite != nil:
			code = at.Composite.Code
		}
		text = append(text, " "+code...)
		text = appendUsage(text, at.Mandatory, at.Max)
	}
	return text
}

func appendNodes(text []byte, nodes []Node, indent string) []byte {
	for _, n := range nodes {
		text = append(text, indent...)
		if n.Segment != nil {
			text = append(text, n.Segment.Tag...)
		} else {
			text = strconv.AppendInt(text, int64(n.Group), 10)
		}
		text = appendUsage(text, n.Mandatory, n.Max)
		if n.Segment == nil {
			text = appendNodes(text, n.Nodes, indent+" ")
		}
	}
	return text
}

func appendUsage(text []byte, mandatory bool, limit int) []byte {
	status := byte('C')
	if mandatory {
		status = 'M'
	}
	return append(strconv.AppendInt(append(text, ' ', status), int64(limit), 10), '\n')
}
