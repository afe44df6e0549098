package autack

import (
	"strconv"

	"nks/edifact"
)

// Read reads the AUTACK whose UNH v has just returned, to its UNT. The validator
// says what is wrong with the segments; what its leniency or its reports pass
// over, and is no AUTACK then, is an error that wraps ErrMalformed.
func Read(v *edifact.Validator) (*Message, error) {
	p, err := Begin(v)
	if err != nil {
		return nil, err
	}
	for {
		s, err := v.Next()
		if err != nil {
			return nil, err
		}
		if m, err := p.Take(s); m != nil || err != nil {
			return m, err
		}
	}
}

// Parser reads an AUTACK beside another reading, which takes the segments from
// the validator. It comes from [Begin].
type Parser struct {
	v       *edifact.Validator
	m       *Message
	repeats bool
}

// Begin begins with the AUTACK whose UNH v has just returned.
func Begin(v *edifact.Validator) (*Parser, error) {
	h := v.Message()
	if h.Type != messageType || v.Node() == nil || v.Node().Segment == nil || v.Node().Segment.Tag != "UNH" {
		return nil, malformed("", "the reader does not stand at the beginning of an AUTACK")
	}
	return &Parser{v: v, m: &Message{UNH: *h}, repeats: v.Interchange().Version >= 4}, nil
}

// Take takes the segment that the validator has just returned. With UNT it
// returns the message. After an error there is nothing more to take.
func (p *Parser) Take(s *edifact.Segment) (*Message, error) {
	if p.v.Node() == nil {
		return nil, malformed("", "segment "+s.Tag+" is out of place")
	}
	if s.Tag == "UNT" {
		return p.m, nil
	}
	return nil, p.m.take(p.v.Path(), &fields{s: s, repeats: p.repeats})
}

// Groups of the message.
const (
	groupCertificate = 2
	groupTrailer     = 4
)

// take adds a segment, which stands where the message has it.
func (m *Message) take(path []edifact.GroupOccurrence, f *fields) error {
	inner := 0
	if len(path) > 0 {
		inner = path[len(path)-1].Group
	}
	// Reported faults let parts be missing that others belong to.
	full := false
	switch f.s.Tag {
	case "USH":
		full = !add(&m.Headers, 99, f.header())
	case "USB":
		m.Response, m.Time = f.text(), f.time()
		m.Sender, m.Recipient = f.party(), f.party()
	case "USX":
		full = !add(&m.Secured, 9999, f.secured())
	case "UST":
		full = !add(&m.Trailers, 99, Trailer{Header: f.text(), Segments: f.count()})
	case "USY":
		x := last(m.Secured)
		full = x == nil || !add(&x.Results, 9, f.result())
	case "USC":
		h := last(m.Headers)
		full = h == nil || !add(&h.Certificates, 2, f.certificate())
	case "USA", "USR":
		full = !m.takeInGroup(inner, f)
	default:
		full = true
	}
	if full {
		return malformed("", "segment "+f.s.Tag+" has no place")
	}
	return nil
}

func (m *Message) takeInGroup(group int, f *fields) bool {
	h, t := last(m.Headers), last(m.Trailers)
	switch {
	case f.s.Tag == "USR" && group == groupTrailer:
		if t == nil || t.Signature != nil {
			return false
		}
		t.Signature = f.values()
	case h == nil:
		return false
	case group == groupCertificate:
		c := last(h.Certificates)
		switch {
		case c == nil:
			return false
		case f.s.Tag == "USA":
			return add(&c.Algorithms, 3, f.algorithm())
		case c.Signature != nil:
			return false
		}
		c.Signature = f.values()
	case f.s.Tag == "USA":
		return add(&h.Algorithms, 3, f.algorithm())
	default:
		return false
	}
	return true
}

// add appends to a list that may have at most max entries.
func add[T any](list *[]T, max int, value T) bool {
	if len(*list) >= max {
		return false
	}
	*list = append(*list, value)
	return true
}

func last[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[len(list)-1]
}

// fields goes through the data elements of a segment. Before version 4 one that
// repeats takes that many positions.
type fields struct {
	s       *edifact.Segment
	repeats bool
	at      int
}

// part is one repetition of a data element.
type part struct {
	s       *edifact.Segment
	element int
	rep     int
}

func (p part) text(component int) string {
	return p.s.Decode(p.s.Repeated(p.element, p.rep, component))
}

func (p part) code(value int) Code { return Code{p.text(value), p.text(value + 1)} }

func (f *fields) next() part {
	f.at++
	return part{f.s, f.at - 1, 0}
}

func (f *fields) text() string { return f.next().text(0) }

// count reads a number; it is -1 for what is none.
func (f *fields) count() int {
	n, err := strconv.Atoi(f.text())
	if err != nil {
		return -1
	}
	return n
}

// repeated reads up to max repetitions, without the empty ones at the end.
func repeated[T comparable](f *fields, max int, read func(part) T) []T {
	var list []T
	var none T
	filled := 0
	count := max
	if f.repeats {
		count = min(max, f.s.Repetitions(f.at))
	}
	for k := range count {
		p := part{f.s, f.at + k, 0}
		if f.repeats {
			p = part{f.s, f.at, k}
		}
		list = append(list, read(p))
		if list[k] != none {
			filled = k + 1
		}
	}
	f.at += max
	if f.repeats {
		f.at += 1 - max
	}
	if filled == 0 {
		return nil
	}
	return list[:filled]
}

func (f *fields) header() Header {
	return Header{
		Service: f.text(), Ref: f.text(), Scope: f.text(), Response: f.text(),
		Filter: Filter(f.text()), Encoding: f.text(), Role: f.text(),
		Parties: repeated(f, 2, readParty), Sequence: f.text(), Time: f.time(),
	}
}

func (f *fields) certificate() Certificate {
	return Certificate{
		Ref: f.text(), Parties: repeated(f, 2, readParty), Syntax: f.text(),
		Filter: Filter(f.text()), Encoding: f.text(), Level: f.text(),
		ServiceCharacters: repeated(f, 5, readParameter), Times: repeated(f, 4, readTime),
		Status: f.text(), Revocation: f.text(),
	}
}

func (f *fields) algorithm() Algorithm {
	p := f.next()
	return Algorithm{
		Use: p.text(0), Mode: p.code(1), Code: p.code(3), Padding: p.code(5),
		Parameters: repeated(f, 9, readParameter),
	}
}

func (f *fields) secured() Secured {
	ref := Reference{Interchange: f.text(), Sender: f.party(), Recipient: f.party(), Group: f.text(), GroupSender: f.party(), GroupRecipient: f.party()}
	ref.Message.Ref = f.text()
	p := f.next()
	m := &ref.Message
	for j, field := range []*string{&m.Type, &m.Version, &m.Release, &m.Agency, &m.Association, &m.CodeList, &m.Function} {
		*field = p.text(j)
	}
	ref.Package = f.text()
	return Secured{Reference: ref, Time: f.time()}
}

func (f *fields) result() Result {
	return Result{Header: f.text(), Values: repeated(f, 2, readValue), Error: f.text()}
}

func (f *fields) values() []Value { return repeated(f, 2, readValue) }

func (f *fields) time() Time { return readTime(f.next()) }

func (f *fields) party() edifact.Party {
	p := f.next()
	return edifact.Party{ID: p.text(0), Qualifier: p.text(1), Internal: p.text(2), Sub: p.text(3)}
}

func readTime(p part) Time { return Time{p.text(0), p.text(1), p.text(2), p.text(3)} }

func readParameter(p part) Parameter { return Parameter{p.text(0), p.text(1)} }

func readValue(p part) Value { return Value{p.text(0), p.text(1)} }

func readParty(p part) Party {
	return Party{
		Qualifier: p.text(0), KeyName: p.text(1), ID: p.text(2), List: p.text(3), Agency: p.text(4),
		Names: [3]string{p.text(5), p.text(6), p.text(7)},
	}
}
