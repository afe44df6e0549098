package edifact

import (
	"slices"

	"nks/edifact/directory"
)

// segmentPlan is a segment as the check of values goes through it.
type segmentPlan struct {
	segment  *directory.Segment
	elements []elementPlan
	needed   int // number of elements up to the last mandatory one
}

type elementPlan struct {
	code       string
	mandatory  bool
	composite  bool
	needed     int  // of a composite: number of components up to the last mandatory one
	simple     bool // nothing behind the first component is mandatory
	max        int  // repetitions
	components []componentPlan
}

type componentPlan struct {
	code      string
	mandatory bool
	kind      directory.Kind
	min, max  int
	plain     bool     // nothing but the length of a value is judged
	codes     *codeSet // nil where any value may stand
	bound     bool     // these codes only: neither agency nor association changes them
	// The components from lister to listers may name another code list than the
	// directory's; lister 0 is none.
	lister, listers int
}

// takes reports whether a value of n bytes is surely well; exact says that every
// byte is a character.
func (c *componentPlan) takes(n int, exact bool) bool {
	return c.plain && n <= c.max && (c.min == 0 || exact && n >= c.min)
}

// codes of the data elements that say whose code list a value is from.
const (
	codeListQualifier = "1131"
	codeListAgency    = "3055"
)

// planSegment compiles a segment. Before version 4 a data element that repeats
// takes that many positions.
func (s *Schema) planSegment(seg *directory.Segment, version int) *segmentPlan {
	p := &segmentPlan{segment: seg}
	for i := range seg.Elements {
		place := &seg.Elements[i]
		e := s.planElement(place)
		if version < 4 {
			for range e.max {
				again := e
				again.max = 1
				p.elements = append(p.elements, again)
				e.mandatory = false
			}
			continue
		}
		p.elements = append(p.elements, e)
	}
	for i := range p.elements {
		if p.elements[i].mandatory {
			p.needed = i + 1
		}
	}
	return p
}

func (s *Schema) planElement(place *directory.Place) elementPlan {
	e := elementPlan{mandatory: place.Mandatory, max: max(place.Max, 1)}
	if place.Composite == nil {
		e.code, e.simple = place.Element.Code, true
		e.components = []componentPlan{s.planComponent(place)}
		return e
	}
	e.code, e.composite, e.simple = place.Composite.Code, true, true
	for i := range place.Composite.Components {
		part := &place.Composite.Components[i]
		for range max(part.Max, 1) {
			e.components = append(e.components, s.planComponent(part))
		}
	}
	for i := range e.components {
		if e.components[i].mandatory {
			e.needed = i + 1
		}
		e.simple = e.simple && (i == 0 || !e.components[i].mandatory)
		e.components[i].lister, e.components[i].listers = listedBy(e.components, i)
	}
	return e
}

// listedBy returns the first and last of the next 1131 and 3055 behind component
// i; of a 1131 itself only the 3055 counts, and a 3055 has none.
func listedBy(components []componentPlan, i int) (from, to int) {
	if components[i].code == codeListAgency {
		return 0, 0
	}
	for j := i + 1; j < len(components); j++ {
		switch code := components[j].code; {
		case code == codeListAgency:
			return j, j
		case code == codeListQualifier && j+1 < len(components) && components[j+1].code == codeListAgency:
			return j, j + 1
		case code == codeListQualifier:
			return j, j
		case components[i].code == codeListQualifier:
			return 0, 0
		}
	}
	return 0, 0
}

func (s *Schema) planComponent(place *directory.Place) componentPlan {
	e := place.Element
	c := componentPlan{code: e.Code, mandatory: place.Mandatory, kind: e.Kind, min: e.Min, max: e.Max}
	rule, agreed := s.codes[e.Code]
	if !agreed {
		rule = s.codes[AllElements]
	}
	switch {
	case rule.Any:
	case rule.Only != nil:
		c.codes, c.bound = newCodeSet(slices.Values(append(slices.Clone(rule.Only), rule.Add...)), len(rule.Only)+len(rule.Add)), true
	case e.Codes != nil:
		c.codes = newCodeSet(func(yield func(string) bool) {
			for code := range e.Codes {
				if !yield(code) {
					return
				}
			}
			for _, code := range rule.Add {
				if !yield(code) {
					return
				}
			}
		}, len(e.Codes)+len(rule.Add))
	}
	c.plain = c.kind == directory.AN && c.codes == nil
	return c
}

// codeSet holds codes of up to eight bytes, each as a number, in a table that is
// at most half full. Longer ones are in a map.
type codeSet struct {
	slots []uint64
	shift uint
	long  map[string]struct{}
}

func newCodeSet(codes func(func(string) bool), n int) *codeSet {
	set := &codeSet{shift: 62}
	for 1<<(64-set.shift) < 2*n {
		set.shift--
	}
	set.slots = make([]uint64, 1<<(64-set.shift))
	for code := range codes {
		if len(code) == 0 {
			continue
		}
		if len(code) > 8 {
			if set.long == nil {
				set.long = map[string]struct{}{}
			}
			set.long[code] = struct{}{}
			continue
		}
		key := packed([]byte(code))
		at := set.slot(key)
		for set.slots[at] != 0 && set.slots[at] != key {
			at = (at + 1) % len(set.slots)
		}
		set.slots[at] = key
	}
	return set
}

func (c *codeSet) slot(key uint64) int { return int(key * 0x9E3779B97F4A7C15 >> c.shift) }

func (c *codeSet) has(code []byte) bool {
	if len(code) > 8 {
		_, has := c.long[string(code)]
		return has
	}
	key := packed(code)
	for at := c.slot(key); c.slots[at] != 0; at = (at + 1) % len(c.slots) {
		if c.slots[at] == key {
			return true
		}
	}
	return false
}

// packed is up to eight bytes as a number that is not 0.
func packed(code []byte) uint64 {
	key := uint64(0)
	for _, c := range code {
		key = key<<8 | uint64(c)
	}
	return key
}
