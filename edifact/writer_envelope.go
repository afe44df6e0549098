package edifact

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// Begin writes the header of an interchange, and UNA before it where that is
// asked for or needed. Version 0 stands for 3.
func (w *Writer) Begin(u UNB) {
	if w.err != nil {
		return
	}
	if u.Version == 0 {
		u.Version = 3
	}
	if w.state != outside {
		w.tag = "UNB"
		w.refuse(RuleTrailer, "the interchange before has not ended")
		return
	}
	if u.Version < 1 || u.Version > 4 {
		w.tag = "UNB"
		w.refuse(RuleSyntax, "syntax version must be one of 1 to 4")
		return
	}
	w.tag, w.unb, w.state = "", u, between
	w.members, w.groups, w.loose = 0, 0, 0
	clear(w.refs)
	if w.setUp(u); w.err != nil {
		return
	}
	w.headerUNB(&u)
}

// End writes the trailer of the interchange with its count, flushes, and
// returns the first error of all. Another interchange may begin after it.
func (w *Writer) End() error {
	w.closeSegment()
	count := w.loose
	if w.groups > 0 {
		count = w.groups
	}
	if w.may("UNZ", w.state == between, "interchange ends inside a group or message, or has not begun") {
		if count == 0 {
			w.refuse(RuleEmpty, "interchange holds no message, package or group")
		}
		w.trailer("UNZ", count, w.unb.ControlRef)
		w.state = outside
	}
	w.endLastLine()
	return w.err
}

// Group begins a functional group.
func (w *Writer) Group(g UNG) {
	w.closeSegment()
	if !w.may("UNG", w.state == between, "group inside a group or message, or outside of an interchange") {
		return
	}
	if w.loose > 0 {
		w.refuse(RuleGroups, "functional group among messages")
		return
	}
	w.groups++
	w.group, w.grouped, w.members, w.state = g, true, 0, inGroup
	w.headerUNG(&g)
}

// EndGroup writes the trailer of the functional group with its count.
func (w *Writer) EndGroup() {
	w.closeSegment()
	if !w.may("UNE", w.state == inGroup, "no group to end here") {
		return
	}
	if w.members == 0 {
		w.refuse(RuleEmpty, "functional group holds no message")
	}
	w.trailer("UNE", w.members, w.group.Ref)
	w.grouped, w.state = false, between
}

// Message begins a message.
func (w *Writer) Message(h UNH) {
	if !w.member("UNH", h.Ref) {
		return
	}
	if w.grouped && w.unb.Version < 4 && h.Type != w.group.Type {
		w.refuse(RuleGroupType, "message is of another type than its group")
		return
	}
	w.state, w.position, w.message = inMessage, 1, h.Ref
	w.headerUNH(&h)
}

// EndMessage writes the trailer of the message with its count.
func (w *Writer) EndMessage() {
	w.closeSegment()
	if !w.may("UNT", w.state == inMessage, "no message to end here") {
		return
	}
	w.position++
	w.trailer("UNT", w.position, w.message)
	w.leave()
}

// Package writes a package: an object of another format, read from object and
// as many bytes long as u says. Only syntax version 4 has packages.
func (w *Writer) Package(u UNO, object io.Reader) {
	if !w.member("UNO", u.Ref) {
		return
	}
	if w.unb.Version < 4 || w.o.Wrap == Wrap80 || u.Length < 0 {
		w.refuse(RulePackage, "packages need syntax version 4, no wrapping at a column, and a length")
		return
	}
	w.state, w.message = inPackage, u.Ref
	wrapping := w.o.Wrap
	w.o.Wrap = WrapNone
	w.headerUNO(&u)
	w.o.Wrap = wrapping
	w.copyObject(object, u.Length)
	w.header("UNP", []string{strconv.FormatInt(u.Length, 10)}, []string{u.Ref})
	w.leave()
}

// may refuses a segment of the envelope in the wrong place.
func (w *Writer) may(tag string, right bool, text string) bool {
	if w.err != nil {
		return false
	}
	if w.tag = tag; !right {
		w.refuse(RuleOutside, text)
	}
	return right
}

// member counts a message or package and refuses it in the wrong place.
func (w *Writer) member(tag, ref string) bool {
	w.closeSegment()
	if !w.may(tag, w.state == between || w.state == inGroup, "message inside a message, or outside of an interchange") {
		return false
	}
	w.members++
	if !w.grouped {
		w.loose++
		if w.groups > 0 {
			w.refuse(RuleGroups, "message outside of the functional groups")
			return false
		}
	}
	if w.refs == nil {
		w.refs = map[string]struct{}{}
	}
	if _, seen := w.refs[ref]; seen {
		w.refuse(RuleDuplicate, "reference was used before in this interchange")
		return false
	}
	if len(w.refs) < w.limits.References && len(ref) <= maxReference {
		w.refs[ref] = struct{}{}
	}
	return true
}

func (w *Writer) leave() {
	w.state, w.message, w.position = between, "", 0
	if w.grouped {
		w.state = inGroup
	}
}

// setUp takes over service characters and repertoire and writes UNA.
func (w *Writer) setUp(u UNB) {
	w.set = w.o.Repertoire
	if w.set == 0 {
		w.set = u.Repertoire
	}
	if w.set == 0 {
		w.set = min(UNOC, lastRepertoire[u.Version])
	}
	if w.set > lastRepertoire[u.Version] {
		w.refuse(RuleSyntax, w.set.String()+" is no repertoire of syntax version "+strconv.Itoa(u.Version))
		return
	}
	w.chars = w.set.charset()
	if w.marks = w.o.Delimiters; w.marks == (Delimiters{}) {
		w.marks = DefaultDelimiters
	}
	switch d := &w.marks; {
	case u.Version != 4:
		d.Repetition = 0
	case d.Repetition == 0:
		if d.Repetition = defaultRepetition; !d.repeats() {
			d.Repetition = 0
		}
	}
	d := w.marks
	if !d.usable() || !d.counts() || d.isService('-') || d.Repetition != 0 && !d.repeats() || d.isService(d.Decimal) || w.set == UNOX && d.isService(escape) {
		w.refuse(RuleUNA, "unusable service characters")
		return
	}
	w.classify()
	if w.o.UNA || !w.marks.known(u.Version) {
		una := w.marks.una()
		w.buf = append(w.buf, una[:8]...)
		w.endLine(una[8])
	}
}

// known reports whether a reader finds out the service characters without UNA.
func (d Delimiters) known(version int) bool {
	usual, levelB := DefaultDelimiters, LevelBDelimiters
	if version == 4 {
		usual.Repetition, levelB.Repetition = defaultRepetition, defaultRepetition
	}
	return d == usual || d == levelB
}

func (d Delimiters) isService(c byte) bool {
	return c == d.Component || c == d.Element || c == d.Release && c != 0 || c == d.Repetition && c != 0 || c == d.End
}

func (w *Writer) classify() {
	for i := range w.class {
		b := byte(i)
		switch {
		case i >= utf8.RuneSelf || !w.set.Has(rune(b)):
			w.class[b] = valueOther
		case w.marks.isService(b):
			w.class[b] = valueService
		default:
			w.class[b] = valuePlain
		}
	}
}

func (w *Writer) trailer(tag string, count int, ref string) {
	w.header(tag, []string{strconv.Itoa(count)}, []string{ref})
}
