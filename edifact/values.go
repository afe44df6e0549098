package edifact

import (
	"bytes"

	"nks/edifact/directory"
)

// values compares the data elements of the present segment with its plan.
func (r *Reader) values(p *segmentPlan) error {
	s := &r.seg
	exact := !s.escaped && !r.multiByte
	at := 1
	if s.nested() {
		_, at = s.bounds(0)
		if err := r.flaw(r.at(1, 2, RuleNesting, CodeNesting, "explicit nesting is not allowed")); err != nil {
			return err
		}
	}
	for i := range p.elements {
		if at >= s.count {
			if i < p.needed {
				return r.absentElements(p, i)
			}
			return nil
		}
		e := &p.elements[i]
		if end, from := s.ends[at], s.ends[at-1].at()+1; e.simple && end&endsComponent == 0 {
			n := end.at() - from
			if n == 0 && !e.mandatory || n > 0 && e.components[0].takes(n, exact) {
				at++
				continue
			}
		}
		next, err := r.element(e, i, at)
		if err != nil {
			return err
		}
		at = next
	}
	return r.surplus(at, len(p.elements)+2, RuleElements, "more data elements than the segment has")
}

// absentElements tells of mandatory elements behind the end of the segment.
func (r *Reader) absentElements(p *segmentPlan, from int) error {
	for i := from; i < p.needed; i++ {
		if p.elements[i].mandatory {
			if err := r.missingValue(i+2, 0, "data element "+p.elements[i].code); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Reader) missingValue(element, component int, what string) error {
	return r.flaw(r.at(element, component, RuleMandatory, CodeMissing, "mandatory "+what+" is missing"), EmptyMandatory)
}

// surplus tells of values from mark at on, in a place that has no data element.
func (r *Reader) surplus(at, element int, rule Rule, text string) error {
	s := &r.seg
	for ; at < s.count; at++ {
		if s.ends[at].at() > s.ends[at-1].at()+1 {
			return r.flaw(r.at(element, 0, rule, CodeTooManyConstituents, text))
		}
		if s.ends[at].ending() == endsElement {
			element++
		}
	}
	return nil
}

// element compares data element i, whose first component ends at mark at, and
// returns the first mark behind it.
func (r *Reader) element(p *elementPlan, i, at int) (int, error) {
	s := &r.seg
	exact := !s.escaped && !r.multiByte
	filled := false
	repetition := 0
	for {
		first := at
		some := false
		for j := 0; ; j++ {
			from := s.ends[at-1].at() + 1
			end := s.ends[at]
			if end.at() > from {
				some = true
				if j >= len(p.components) || !p.components[j].takes(end.at()-from, exact) {
					if err := r.component(p, i, j, at, repetition); err != nil {
						return 0, err
					}
				}
			}
			at++
			if k := end.ending(); k != endsComponent {
				filled = filled || some
				if some && p.needed > 0 {
					if err := r.emptyComponents(p, i, first, at, repetition); err != nil {
						return 0, err
					}
				}
				if k == endsRepetition {
					break
				}
				if !filled && p.mandatory {
					return at, r.missingValue(i+2, 0, "data element "+p.code)
				}
				return at, nil
			}
		}
		if repetition++; repetition == p.max {
			e := r.at(i+2, 0, RuleRepetitions, CodeTooManySegments, "data element "+p.code+" repeats more often than it may")
			e.Repetition = repetition + 1
			if err := r.flaw(e); err != nil {
				return 0, err
			}
		}
	}
}

// emptyComponents tells of mandatory components without a value in a composite
// that has some.
func (r *Reader) emptyComponents(p *elementPlan, i, first, behind, repetition int) error {
	s := &r.seg
	for j := range p.components[:p.needed] {
		c := &p.components[j]
		if !c.mandatory {
			continue
		}
		if at := first + j; at < behind && s.ends[at].at() > s.ends[at-1].at()+1 {
			continue
		}
		e := r.at(i+2, j+1, RuleMandatory, CodeMissing, "mandatory component "+c.code+" of "+p.code+" is missing")
		e.Repetition = r.reported(repetition)
		if err := r.flaw(e, EmptyMandatory); err != nil {
			return err
		}
	}
	return nil
}

// told is the number of a repetition as a place has it.
func (r *Reader) reported(repetition int) int {
	if r.header.Version < 4 {
		return 0
	}
	return repetition + 1
}

// component compares the value that mark at ends.
func (r *Reader) component(p *elementPlan, i, j, at, repetition int) error {
	if j >= len(p.components) {
		if j > len(p.components) {
			return nil // told once, unless the one before was empty
		}
		text := "data element " + p.code + " has components"
		if p.composite {
			text = "composite " + p.code + " has more components than it may"
		}
		return r.flaw(r.at(i+2, j+1, RuleComponents, CodeTooManyConstituents, text))
	}
	c := &p.components[j]
	v := r.seg.value(at)
	length := len(v)
	if c.kind != directory.AN {
		n, err := r.typed(p, c, i, j, v)
		if err != nil || n < 0 {
			return err
		}
		length = n
	} else if r.multiByte {
		length = r.repertoire.Length(v)
	}
	switch {
	case length > c.max:
		return r.valueFault(p, i, j, repetition, RuleTooLong, CodeTooLong, "data element "+c.code+" is too long")
	case length < c.min:
		return r.valueFault(p, i, j, repetition, RuleTooShort, CodeTooShort, "data element "+c.code+" is too short")
	case c.codes != nil && !c.codes.has(v) && r.judged(c, at, j):
		return r.valueFault(p, i, j, repetition, RuleCode, CodeInvalidValue, "value is no code of data element "+c.code)
	}
	return nil
}

// judged reports whether the code list in force is that of the directory, or
// agreed: the composite may name another one, and so may the association that
// the message's subset belongs to.
func (r *Reader) judged(c *componentPlan, at, j int) bool {
	if c.bound {
		return true
	}
	if r.message.Association != "" {
		return false
	}
	s := &r.seg
	for k := j + 1; c.lister > 0 && k <= c.listers; k++ {
		mark := at + k - j
		if mark >= s.count || s.ends[mark-1].ending() != endsComponent {
			break
		}
		if k >= c.lister && s.ends[mark].at() > s.ends[mark-1].at()+1 {
			return false
		}
	}
	return true
}

func (r *Reader) valueFault(p *elementPlan, i, j, repetition int, rule Rule, code Code, text string) error {
	component := 0
	if p.composite {
		component = j + 1
	}
	e := r.at(i+2, component, rule, code, text)
	e.Repetition = r.reported(repetition)
	switch r.seg.Tag {
	case "UNB", "UNG", "UNH":
		return r.flaw(e, HeaderValues)
	case "UNT", "UNE", "UNZ":
		if i == 0 {
			return r.flaw(e, WrongCounts)
		}
		return r.flaw(e, HeaderValues)
	}
	return r.flaw(e)
}

// typed checks an alphabetic or numeric value and returns its length as the
// format counts it, or -1 after a fault.
func (r *Reader) typed(p *elementPlan, c *componentPlan, i, j int, v []byte) (int, error) {
	if c.kind == directory.A {
		if bytes.ContainsAny(v, "0123456789") {
			return -1, r.valueFault(p, i, j, 0, RuleType, CodeBadType, "data element "+c.code+" takes no digits")
		}
		return r.repertoire.Length(v), nil
	}
	mark, other := r.decimals()
	digits, rule, code, text := number(v, mark, other)
	if rule != "" {
		return -1, r.valueFault(p, i, j, 0, rule, code, "data element "+c.code+" "+text)
	}
	return digits, nil
}

// decimals returns the decimal marks allowed: that of UNA, or both.
func (r *Reader) decimals() (a, b byte) {
	if r.advised && r.header.Version < 4 {
		return r.marks.Decimal, r.marks.Decimal
	}
	return ',', '.'
}

// number checks a numeric value (ISO 9735 §10) and returns its digits: minus
// and decimal mark do not count as length.
func number(v []byte, mark, other byte) (digits int, rule Rule, code Code, text string) {
	at := -1
	for k, c := range v {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' && k == 0:
		case c == mark || c == other:
			if at >= 0 {
				return 0, RuleNumber, CodeBadDecimal, "has two decimal marks"
			}
			if digits == 0 {
				return 0, RuleNumber, CodeDigitBeforeDecimal, "has no digit before the decimal mark"
			}
			at = k
		case c == ',' || c == '.':
			return 0, RuleNumber, CodeBadDecimal, "has another decimal mark than the interchange"
		default:
			return 0, RuleType, CodeBadType, "is not numeric"
		}
	}
	if digits == 0 {
		return 0, RuleType, CodeBadType, "has no digit"
	}
	if at == len(v)-1 {
		return 0, RuleNumber, CodeBadDecimal, "has no digit after the decimal mark"
	}
	return digits, "", 0, ""
}
