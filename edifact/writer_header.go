package edifact

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"nks/edifact/directory"
)

// header writes a segment of the envelope, each data element with all its
// components, and holds it against the service directory.
func (w *Writer) header(tag string, elements ...[]string) {
	if w.err != nil {
		return
	}
	w.begin(tag)
	w.service = true
	spec := directory.Service(w.unb.Version).Segments[tag]
	for i, values := range elements {
		var place directory.Place
		if i < len(spec.Elements) {
			place = spec.Elements[i]
		}
		needed := place.Mandatory || slices.ContainsFunc(values, func(s string) bool { return s != "" })
		for j, value := range values {
			if j == 0 {
				w.nextElement()
			} else {
				w.nextComponent()
			}
			element, mandatory := component(place, j)
			if w.headerValue(element, mandatory && needed, value); w.err != nil {
				return
			}
		}
	}
	w.service = false
	w.closeSegment()
}

// component returns component j of a data element, nil when it has none.
func component(place directory.Place, j int) (element *directory.Element, mandatory bool) {
	switch {
	case place.Composite != nil && j < len(place.Composite.Components):
		c := place.Composite.Components[j]
		return c.Element, c.Mandatory
	case place.Composite == nil && j == 0:
		return place.Element, place.Mandatory
	default:
		return nil, false
	}
}

func (w *Writer) headerValue(element *directory.Element, mandatory bool, value string) {
	n := utf8.RuneCountInString(value)
	switch {
	case n == 0:
		if mandatory {
			w.refuse(RuleMandatory, "data element "+element.Code+" is mandatory")
		}
	case element == nil:
		w.refuse(RuleElements, "syntax version "+strconv.Itoa(w.unb.Version)+" does not have this data element")
	case n > element.Max:
		w.refuse(RuleTooLong, "data element "+element.Code+" takes "+strconv.Itoa(element.Max)+" characters")
	case n < element.Min:
		w.refuse(RuleTooShort, "data element "+element.Code+" takes no less than "+strconv.Itoa(element.Min)+" characters")
	case element.Kind != directory.AN && !allOf(element.Kind, value):
		w.refuse(RuleType, "data element "+element.Code+" is of another type of characters")
	case !coded(element, value):
		w.refuse(RuleCode, "value is no code of data element "+element.Code)
	default:
		w.value(value)
	}
}

// coded reports whether a value is in the code list, where there is one.
// Repertoire and syntax version are judged beforehand.
func coded(element *directory.Element, value string) bool {
	_, listed := element.Codes[value]
	return listed || element.Codes == nil || element.Code == "0001" || element.Code == "0002"
}

// allOf reports whether a value has no digits, for A, or nothing else, for N.
func allOf(kind directory.Kind, value string) bool {
	for _, c := range value {
		if (c >= '0' && c <= '9') != (kind == directory.N) {
			return false
		}
	}
	return true
}

func (w *Writer) headerUNB(u *UNB) {
	ack := ""
	if u.AckRequest {
		ack = "1"
	}
	w.header("UNB",
		[]string{w.set.String(), strconv.Itoa(u.Version), u.ServiceList, u.Encoding, u.SyntaxRelease},
		[]string{u.Sender.ID, u.Sender.Qualifier, u.Sender.Internal, u.Sender.Sub},
		[]string{u.Recipient.ID, u.Recipient.Qualifier, u.Recipient.Internal, u.Recipient.Sub},
		[]string{u.Date, u.Time},
		[]string{u.ControlRef},
		[]string{u.Password, u.PasswordQualifier},
		[]string{u.ApplicationRef},
		[]string{u.Priority},
		[]string{ack},
		[]string{u.Agreement},
		[]string{u.TestIndicator})
}

func (w *Writer) headerUNG(g *UNG) {
	w.header("UNG",
		[]string{g.Type},
		[]string{g.Sender.ID, g.Sender.Qualifier},
		[]string{g.Recipient.ID, g.Recipient.Qualifier},
		[]string{g.Date, g.Time},
		[]string{g.Ref},
		[]string{g.Agency},
		[]string{g.Version, g.Release, g.Association},
		[]string{g.Password})
}

func (w *Writer) headerUNH(h *UNH) {
	w.header("UNH",
		[]string{h.Ref},
		[]string{h.Type, h.Version, h.Release, h.Agency, h.Association, h.CodeList, h.Function},
		[]string{h.AccessRef},
		[]string{h.Sequence, h.FirstOrLast})
}

func (w *Writer) headerUNO(u *UNO) {
	w.header("UNO",
		[]string{u.Ref},
		[]string{u.IDQualifier, u.ID},
		[]string{u.TypeQualifier, u.Type, u.TypeName, u.Agency},
		[]string{strconv.FormatInt(u.Length, 10)})
}
