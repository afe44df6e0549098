package contrl

import (
	"unicode/utf8"

	"nks/edifact"
)

// spelling is what an interchange can say of another one: the lengths of the
// data elements that CONTRL repeats, and the characters they may hold.
type spelling struct {
	version    int
	repertoire edifact.Repertoire // 0: any
}

// speller is that of an answer to the interchange with the header u.
func speller(u *edifact.UNB) spelling { return spelling{u.Version, answering(u)} }

// answering is the repertoire of an answer: that of the interchange, as far as
// its syntax version has it.
func answering(u *edifact.UNB) edifact.Repertoire {
	set, last := u.Repertoire, edifact.UNOF
	switch u.Version {
	case 1, 2:
		last = edifact.UNOB
	case 4:
		last = edifact.UNOY
	}
	if set == 0 || set > last {
		set = min(edifact.UNOC, last)
	}
	return set
}

// some reports whether s can stand in a mandatory element of up to length
// characters.
func (p spelling) some(s string, length int) bool { return s != "" && p.any(s, length) }

// any is the same for a conditional element.
func (p spelling) any(s string, length int) bool {
	if utf8.RuneCountInString(s) > length {
		return false
	}
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == utf8.RuneError || p.repertoire != 0 && !p.repertoire.Has(r) {
			return false
		}
	}
	return true
}

// interchange reports whether UCI can name the interchange.
func (p spelling) interchange(c *Control) bool {
	internal, sub := 14, 0
	if p.version == 4 {
		internal, sub = 35, 35
	}
	party := func(q edifact.Party) bool {
		return p.some(q.ID, 35) && p.any(q.Qualifier, 4) && p.any(q.Internal, internal) && p.any(q.Sub, sub)
	}
	return p.some(c.ControlRef, 14) && party(c.Sender) && party(c.Recipient)
}

// group reports whether UCF can name the group; version 4 does without the
// parties where the group does.
func (p spelling) group(g *Group) bool {
	party := func(q edifact.Party) bool {
		if p.version == 4 && q.ID == "" {
			return q == edifact.Party{}
		}
		return p.some(q.ID, 35) && p.any(q.Qualifier, 4) && q.Internal == "" && q.Sub == ""
	}
	return p.some(g.Ref, 14) && party(g.Sender) && party(g.Recipient)
}

// message reports whether UCM can name the message or package.
func (p spelling) message(m *Message) bool {
	agency, more := 2, 0
	if p.version == 4 {
		agency, more = 3, 6
	}
	h, o := &m.Header, &m.Package
	if o.Ref != "" {
		return p.version == 4 && *h == edifact.UNH{} && p.some(o.Ref, 35) && p.some(o.IDQualifier, 3) && p.some(o.ID, 35)
	}
	return *o == Package{} && p.some(h.Ref, 14) && p.some(h.Type, 6) && p.some(h.Version, 3) && p.some(h.Release, 3) &&
		p.some(h.Agency, agency) && p.any(h.Association, 6) && p.any(h.CodeList, more) && p.any(h.Function, more)
}
