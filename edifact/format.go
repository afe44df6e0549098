package edifact

// formatCheck compares segments with their data elements.
type formatCheck struct {
	charset Charset
	decimal byte
	message string
	report  func(*Error)
}

func (f *formatCheck) fault(s *Segment, element, component int, code Code, text string) {
	e := &Error{Offset: s.Offset, Position: s.Position, Tag: s.Tag, Element: element, Component: component, Code: code, Text: text}
	if s.Position > 0 {
		e.Message = f.message
	}
	f.report(e)
}

// segment reports every fault of s in elements, components and formats.
func (f *formatCheck) segment(s *Segment, spec []ElementSpec) {
	if s.nested() {
		f.fault(s, 1, 2, CodeNesting, "explicit nesting is not allowed")
	}
	for i := range spec {
		f.element(s, i, &spec[i])
	}
	for i := len(spec); i < s.Len(); i++ {
		if f.filled(s, i, 0) {
			f.fault(s, i+2, 0, CodeTooManyConstituents, "more data elements than the segment has")
			return
		}
	}
}

// filled reports whether a component of data element i from j on has a value.
func (f *formatCheck) filled(s *Segment, i, j int) bool {
	for ; j < s.Components(i); j++ {
		if len(s.Component(i, j)) > 0 {
			return true
		}
	}
	return false
}

func (f *formatCheck) element(s *Segment, i int, spec *ElementSpec) {
	if !f.filled(s, i, 0) {
		if spec.Mandatory {
			f.fault(s, i+2, 0, CodeMissing, "mandatory data element "+spec.Code+" is missing")
		}
		return
	}
	if spec.Components == nil {
		f.value(s, i, 0, 0, spec.Code, spec.Format)
		if f.filled(s, i, 1) {
			f.fault(s, i+2, 0, CodeTooManyConstituents, "data element "+spec.Code+" has components")
		}
		return
	}
	for j := range spec.Components {
		c := &spec.Components[j]
		if len(s.Component(i, j)) > 0 {
			f.value(s, i, j, j+1, c.Code, c.Format)
		} else if c.Mandatory {
			f.fault(s, i+2, j+1, CodeMissing, "mandatory component "+c.Code+" is missing")
		}
	}
	if f.filled(s, i, len(spec.Components)) {
		f.fault(s, i+2, len(spec.Components)+1, CodeTooManyConstituents, "composite "+spec.Code+" has more components than it may")
	}
}

// value checks one value; component is its position for the report, 0 for a
// stand-alone data element.
func (f *formatCheck) value(s *Segment, i, j, component int, code string, format Format) {
	v := s.Component(i, j)
	if len(v) == 0 {
		return
	}
	length := f.charset.Length(v)
	switch format.Kind {
	case N:
		digits, fault, text := number(v, f.decimal)
		if fault != 0 {
			f.fault(s, i+2, component, fault, "data element "+code+" "+text)
			return
		}
		length = digits
	case A:
		for _, c := range v {
			if c >= '0' && c <= '9' {
				f.fault(s, i+2, component, CodeBadType, "data element "+code+" takes no digits")
				return
			}
		}
	}
	if f.charset.Valid(v) >= 0 {
		f.fault(s, i+2, component, CodeBadCharacter, "data element "+code+" has a character outside "+f.charset.String())
	}
	if length > format.Max {
		f.fault(s, i+2, component, CodeTooLong, "data element "+code+" is too long")
	} else if length < format.Min {
		f.fault(s, i+2, component, CodeTooShort, "data element "+code+" is too short")
	}
}

// number checks a numeric value (ISO 9735 §10) and returns its digits: minus
// and decimal mark do not count as length.
func number(v []byte, decimal byte) (digits int, code Code, text string) {
	mark := -1
	for k, c := range v {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' && k == 0:
		case c == decimal:
			if mark >= 0 {
				return 0, CodeBadDecimal, "has two decimal marks"
			}
			if digits == 0 {
				return 0, CodeDigitBeforeDecimal, "has no digit before the decimal mark"
			}
			mark = k
		case c == ',' || c == '.':
			return 0, CodeBadDecimal, "has another decimal mark than the interchange"
		default:
			return 0, CodeBadType, "is not numeric"
		}
	}
	if digits == 0 {
		return 0, CodeBadType, "has no digit"
	}
	if mark == len(v)-1 {
		return 0, CodeBadDecimal, "has no digit after the decimal mark"
	}
	return digits, 0, ""
}
