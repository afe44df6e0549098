package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"nks/edifact"
	"nks/edifact/directory"
)

// Layout is what the values of a segment have to be, in the order in which they
// stand.
type Layout struct {
	Tag    string
	Needed int // values up to the end of the last data element that is mandatory
	Values []Value
}

// Value is a component, or a data element that stands alone.
type Value struct {
	Code      string // of the data element
	Kind      directory.Kind
	Min, Max  int  // characters
	Mandatory bool // where its data element has a value
	Element   int  // from 1, the tag not counted; the same for all repetitions
	Component int  // from 0
	Required  bool // the data element is mandatory
	Again     bool // first component of a further repetition
}

// Output writes segments, or only checks what would be written.
type Output struct {
	W       *edifact.Writer
	Message string // type
	Ref     string // of the message
	Check   bool
	Repeats bool // there is a repetition separator
	Decimal byte
	err     error
}

// Segment writes a segment, or checks it.
func (o *Output) Segment(group int, l *Layout, values ...string) {
	filled := len(values)
	for filled > 0 && values[filled-1] == "" {
		filled--
	}
	if o.Check {
		if o.err == nil {
			o.check(group, l, values, filled)
		}
		return
	}
	values = values[:filled]
	o.W.Segment(l.Tag)
	for i, s := range values {
		v := &l.Values[i]
		if v.Kind == directory.N && o.Decimal != '.' {
			if at := strings.IndexByte(s, '.'); at >= 0 {
				s = s[:at] + string(o.Decimal) + s[at+1:]
			}
		}
		switch {
		case v.Component > 0:
			o.W.Comp(s)
		case v.Again && o.Repeats:
			o.W.Rep(s)
		default:
			o.W.Elem(s)
		}
	}
}

// Segments checks how often a segment stands in its group.
func (o *Output) Segments(group int, tag string, n, least, most int) {
	o.times(group, tag, n, least, most, edifact.RuleSegments)
}

// Groups checks how often a segment group stands, which begins with tag.
func (o *Output) Groups(group int, tag string, n, least, most int) {
	o.times(group, tag, n, least, most, edifact.RuleSegmentGroup)
}

func (o *Output) times(group int, tag string, n, least, most int, rule edifact.Rule) {
	if !o.Check || o.err != nil {
		return
	}
	switch {
	case n < least:
		o.fail(group, tag, nil, edifact.RuleMissing, "is mandatory")
	case n > most:
		o.fail(group, tag, nil, rule, "repeats more often than "+strconv.Itoa(most))
	}
}

// check goes through the data elements up to the last value that is there, and
// the last one that has to be.
func (o *Output) check(group int, l *Layout, values []string, last int) {
	last = max(last, l.Needed)
	for i := 0; i < last; {
		from, filled := i, false
		for ; i < len(values) && (i == from || l.Values[i].Component > 0); i++ {
			filled = filled || values[i] != ""
		}
		first := &l.Values[from]
		if !filled && !first.Required {
			continue
		}
		if !filled && !first.Mandatory {
			o.fail(group, l.Tag, first, edifact.RuleMandatory, "or another component is mandatory")
			return
		}
		for k := from; k < i; k++ {
			v := &l.Values[k]
			if values[k] == "" && !v.Mandatory {
				continue
			}
			if rule, fault := v.fault(values[k]); fault != "" {
				o.fail(group, l.Tag, v, rule, fault)
				return
			}
		}
	}
}

// fault tells what is wrong with a value; "" when nothing is.
func (v *Value) fault(s string) (edifact.Rule, string) {
	if s == "" {
		return edifact.RuleMandatory, "is mandatory"
	}
	n := len(s)
	if v.Kind == directory.N {
		if n = digitsOf(s); n == 0 {
			return edifact.RuleNumber, "is no number with a point as decimal mark"
		}
	} else if n > v.Max || v.Min > 0 {
		n = utf8.RuneCountInString(s)
	}
	switch {
	case n > v.Max:
		return edifact.RuleTooLong, "is longer than " + strconv.Itoa(v.Max)
	case n < v.Min:
		return edifact.RuleTooShort, "is shorter than " + strconv.Itoa(v.Min)
	}
	return "", ""
}

// digitsOf returns how many digits a number has, 0 when it is none.
func digitsOf(s string) int {
	s = strings.TrimPrefix(s, "-")
	digits, mark := 0, -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && mark < 0 && i > 0 && i < len(s)-1:
			mark = i
		default:
			return 0
		}
	}
	return digits
}

func (o *Output) fail(group int, tag string, v *Value, rule edifact.Rule, fault string) {
	e := &edifact.WriteError{Rule: rule}
	e.Message, e.Tag = o.Ref, tag
	where := o.Message
	if group > 0 {
		where += " segment group " + strconv.Itoa(group)
	}
	e.Text = where + ": " + tag
	if v != nil {
		e.Element, e.Component = v.Element+1, v.Component+1
		e.Text += " " + v.Code
	}
	e.Text += " " + fault
	o.err = e
}
