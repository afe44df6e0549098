package edifact

import (
	"errors"
	"io"
	"iter"
	"strconv"

	"nks/edifact/directory"
)

// Validator reads messages and compares them with their structure on the way:
// order of segments, mandatory ones, repetitions of segments and groups, and of
// every data element presence, format, length in characters and code. It needs
// one pass and constant memory. Faults go the way of the [Reader]'s: the first
// one ends the reading, or all are told to ReaderOptions.Faults. Not for
// concurrent use.
//
// A coded value is compared with the code list of the directory, unless the
// composite names another list (1131, 3055), or the message is of a subset
// (0057), whose association has codes of its own; [Schema.WithCodes] says more.
type Validator struct {
	*Reader
	schema *Schema

	plan   *messagePlan
	at     int32   // node of the plan
	counts []int   // by level: occurrences of the item that the level stands at
	placed bool    // the last segment stands where the table has it
	key    planKey // of the last message
	path   []GroupOccurrence
}

// GroupOccurrence is one occurrence of a segment group.
type GroupOccurrence struct {
	Group      int // number of the group: 4 is SG4
	Occurrence int // from 1, in the group around it
}

// NewValidator returns a Validator of what r reads. The schema's directories
// are looked through in their order for version and release of each message. It
// must not be nil: NewSchema() is that of CONTRL and AUTACK alone.
func NewValidator(r *Reader, schema *Schema) *Validator {
	return &Validator{Reader: r, schema: schema}
}

// Spec returns the structure of the present message, nil when the schema does
// not have it: that is a fault, and its segments are then not compared.
func (v *Validator) Spec() *directory.Message {
	if v.plan == nil {
		return nil
	}
	return v.plan.message
}

// Node returns the line of the segment table that the last segment stands for;
// nil when it stands for none.
func (v *Validator) Node() *directory.Node {
	if v.plan == nil || !v.placed {
		return nil
	}
	return v.plan.nodes[v.at].node
}

// Path returns the groups around the last segment, the outermost first. It is
// good until the next call.
func (v *Validator) Path() []GroupOccurrence {
	v.path = v.path[:0]
	if v.plan == nil || !v.placed {
		return v.path
	}
	for level, g := range v.plan.nodes[v.at].groups {
		v.path = append(v.path, GroupOccurrence{g.Group, v.counts[level]})
	}
	return v.path
}

// Segments is [Reader.Segments] with the checks.
func (v *Validator) Segments() iter.Seq2[*Segment, error] {
	return func(yield func(*Segment, error) bool) {
		for {
			s, err := v.Next()
			if errors.Is(err, io.EOF) || !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// Next is [Reader.Next] with the checks.
func (v *Validator) Next() (*Segment, error) {
	if v.err == nil {
		if v.err = v.check(); v.err == nil {
			return &v.seg, nil
		}
	}
	return nil, v.err
}

func (v *Validator) check() error {
	if err := v.Reader.next(); err != nil {
		return err
	}
	s := &v.seg
	if s.Position == 0 {
		v.plan = nil
		return nil
	}
	if s.Position == 1 && s.Tag == "UNH" {
		return v.begin()
	}
	if v.plan == nil {
		return nil
	}
	if err := v.place(s.Tag); err != nil {
		return err
	}
	if !v.placed {
		return v.misplaced()
	}
	if s.Tag == "UNT" {
		return nil
	}
	return v.values(v.plan.nodes[v.at].segment)
}

// misplaced compares the values of a segment that stands where it should not.
func (v *Validator) misplaced() error {
	for i := range v.plan.nodes {
		if n := &v.plan.nodes[i]; n.node.Segment.Tag == v.seg.Tag {
			return v.values(n.segment)
		}
	}
	return nil
}

// begin takes the structure of a message.
func (v *Validator) begin() error {
	m := v.Message()
	key := planKey{m.Type, m.Version, m.Release, v.header.Version >= 4}
	if v.plan == nil || key != v.key {
		v.plan, v.key = v.schema.plan(key), key
	}
	v.at, v.placed = 0, true
	v.counts = append(v.counts[:0], 1)
	if v.plan != nil {
		return nil
	}
	return v.flaw(v.Reader.at(3, 0, RuleMessageType, CodeValueNotSupported, "message type "+strconv.Quote(m.Type+":"+m.Version+":"+m.Release)+" is in none of the directories"))
}

// place finds what the tag is an occurrence of, the innermost group first, and
// moves there.
func (v *Validator) place(tag string) error {
	p := v.plan
	v.placed = false
	id := p.find(tag)
	if id < 0 {
		return v.flaw(v.Reader.at(1, 0, RulePosition, CodeNotSupportedHere, "segment is not part of the message"))
	}
	full := int32(-1)
	for i := p.first[int(v.at)*p.tagged+int(id)]; i >= 0; {
		m := &p.moves[i]
		count := 1
		if m.again {
			count = v.counts[m.level] + 1
		}
		if count <= m.max {
			return v.move(m, count)
		}
		if full < 0 || m.group > 0 {
			full = i
		}
		i = m.more
	}
	if full < 0 {
		return v.flaw(v.Reader.at(1, 0, RulePosition, CodeNotSupportedHere, "segment is not allowed in this position"))
	}
	m := &p.moves[full]
	if m.group == 0 {
		return v.flaw(v.Reader.at(1, 0, RuleSegments, CodeTooManySegments, "segment repeats more often than "+strconv.Itoa(m.max)))
	}
	text := "segment group " + strconv.Itoa(int(m.group)) + " repeats more often than " + strconv.Itoa(m.max)
	if err := v.flaw(v.Reader.at(1, 0, RuleSegmentGroup, CodeTooManyGroups, text)); err != nil {
		return err
	}
	return v.move(m, v.counts[m.level]+1)
}

func (v *Validator) move(m *move, count int) error {
	for _, node := range m.missing {
		text := "mandatory segment " + trigger(node) + " is missing"
		if node.Group > 0 {
			text = "mandatory segment group " + strconv.Itoa(node.Group) + " is missing"
		}
		e := v.Reader.at(0, 0, RuleMissing, CodeMissing, text)
		e.Tag = trigger(node)
		if err := v.flaw(e); err != nil {
			return err
		}
	}
	v.at, v.placed = m.to, true
	v.counts = append(v.counts[:m.level], count)
	for range len(v.plan.nodes[m.to].path) - int(m.level) - 1 {
		v.counts = append(v.counts, 1)
	}
	return nil
}
