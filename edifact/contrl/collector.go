package contrl

import (
	"errors"
	"io"

	"nks/edifact"
	"nks/edifact/directory"
)

// Reasons why an interchange gets no CONTRL.
var (
	// ErrControl: all its messages are CONTRL, which is never answered with CONTRL.
	ErrControl = errors.New("contrl: an interchange of CONTRL is not answered with CONTRL")
	// ErrNoHeader: there is no UNB, so nobody to answer and nothing to name.
	ErrNoHeader = errors.New("contrl: without UNB there is no interchange to answer")
	// ErrHeader: UNB cannot be read, or reference, sender or recipient are missing,
	// too long or of other characters: an answer could not repeat them.
	ErrHeader = errors.New("contrl: UNB does not hold what an answer must repeat")
)

// Answer is what there is to say about an interchange.
type Answer struct {
	// Header is the UNB of the interchange, as far as it could be read. Whether
	// the sender asks for CONTRL is its AckRequest.
	Header edifact.UNB
	// Control is the CONTRL to send; nil where there can be none, and Err says why.
	Control *Control
	Err     error
	// Fault is the first fault of the interchange, also where there is no Control;
	// nil when it has none.
	Fault *edifact.ParseError
}

// Options are what answers should look like. The zero value is good.
type Options struct {
	// Whole rejects the whole interchange when any part of it is rejected.
	Whole bool
	// Entries bounds the groups, messages, segments and data elements that an
	// answer names; zero stands for 100,000. Beyond it faults are no longer told
	// one by one; when not even the messages find room, the whole interchange is
	// rejected.
	Entries int
}

// Envelope is where a [Collector] takes headers from: a [*edifact.Reader], or a
// [*edifact.Validator], by which it also knows composites.
type Envelope interface {
	Interchange() *edifact.UNB
	Group() *edifact.UNG
	Message() *edifact.UNH
}

// Collector makes answers beside a reading. It is told every fault and every
// segment in their order:
//
//	c := contrl.NewCollector(contrl.Options{}, answer)
//	v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{Faults: c.Fault}), schema)
//	var err error
//	for err == nil {
//		var s *edifact.Segment
//		if s, err = v.Next(); err == nil {
//			c.Segment(v, s)
//		}
//	}
//	err = c.End(err)
//
// An answer is complete when the next interchange begins, or the input ends: what
// stands between two interchanges is held against the first of them. Memory is
// bounded by Options.Entries. Not for concurrent use.
type Collector struct {
	o       Options
	done    func(Answer)
	pending []*edifact.ParseError // told since the last segment
	held    []*edifact.ParseError // told before the first interchange
	x       *exchange             // nil before the first interchange
	any     bool                  // there was an interchange
}

// NewCollector returns a Collector that gives every answer to done, which must
// not be nil.
func NewCollector(o Options, done func(Answer)) *Collector {
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	return &Collector{o: o, done: done}
}

const (
	defaultEntries = 100_000
	maxPending     = 128
)

// Fault takes a fault; it is made for ReaderOptions.Faults. One that is forgiven
// rejects nothing.
func (c *Collector) Fault(e *edifact.ParseError) {
	// One segment can have a fault in every byte, of which an answer names a few;
	// what is told of the envelope is few and must not get lost among them.
	switch {
	case e.Forgiven != 0:
	case len(c.pending) < maxPending, e.Rule == edifact.RuleTrailer, e.Rule == edifact.RuleHeader:
		c.pending = append(c.pending, e)
	case e.Element < 2 && len(c.pending) < 2*maxPending:
		c.pending = append(c.pending, e)
	}
}

// Segment takes the segment that src has just read.
func (c *Collector) Segment(src Envelope, s *edifact.Segment) {
	if len(c.pending) == 0 && s.Position > 1 && s.Tag != "UNT" && c.x != nil {
		return // most segments
	}
	faults := c.before(c.pending)
	c.begin(src, s, faults)
	if len(faults) > 0 {
		spec := specOf(src, s)
		for _, e := range faults {
			c.x.place(e, s.Tag, s.Position, spec)
		}
	}
	clear(c.pending)
	c.pending = c.pending[:0]
	if s.Tag != "UNP" || s.Position == 0 {
		c.x.after(s.Tag)
	}
}

// Reject rejects for a reason of the caller's own: an unknown sender, a message
// that is too old. The place counts as [edifact.Place] does and is about the
// last segment taken, or before it: its Tag, of a segment of the envelope, or its
// Position, of a segment in the present message, says which level; without
// either the interchange is rejected. Before the first interchange it does
// nothing.
func (c *Collector) Reject(code edifact.Code, place edifact.Place) {
	if c.x == nil {
		return
	}
	e := &edifact.ParseError{Place: place, Rule: "agreed", Code: code, Text: "not as agreed"}
	if place.Tag == "" && place.Position == 0 {
		c.x.note(e)
		c.x.status.reject(c.x.code(code))
		return
	}
	c.x.place(e, place.Tag, place.Position, nil)
}

// End takes the end of the input: the error that ended the reading, io.EOF or
// nil. It gives the last answer. A fault of the input that ended the reading
// rejects the interchange, of which nobody knows the rest; any other error is
// returned and is no fault of the sender, so there is no answer for the
// interchange that it broke off.
func (c *Collector) End(err error) error {
	var fatal *edifact.ParseError
	switch {
	case err == nil || errors.Is(err, io.EOF):
	case errors.As(err, &fatal):
		c.pending = append(c.pending, fatal)
	default:
		if c.x != nil && !c.x.ended {
			c.x = nil
		}
		c.finish()
		return err
	}
	for _, e := range c.before(c.pending) {
		c.placeAtEnd(e)
	}
	c.pending = nil
	if c.x == nil && (!c.any || len(c.held) > 0) {
		c.open(&exchange{err: ErrNoHeader})
	}
	if c.x != nil && !c.x.ended {
		c.x.breakOff(fatal)
	}
	c.finish()
	return nil
}

// before takes the faults that are about what stands before the present segment,
// and returns the others.
func (c *Collector) before(faults []*edifact.ParseError) []*edifact.ParseError {
	if len(faults) == 0 {
		return nil
	}
	for _, e := range faults {
		if e.Rule == edifact.RuleTrailer && c.x != nil {
			c.x.noTrailer(e)
		}
	}
	rest := make([]*edifact.ParseError, 0, len(faults))
	for _, e := range faults {
		between := e.Rule == edifact.RuleLineBreak || e.Rule == edifact.RulePadding || e.Rule == edifact.RulePreamble
		switch {
		case e.Rule == edifact.RuleTrailer:
		case e.Tag != "" || e.Position != 0 || !between:
			rest = append(rest, e)
		case c.x == nil:
			c.held = append(c.held, e)
		case c.x.member != nil && c.x.member.open:
			rest = append(rest, e)
		default:
			c.x.note(e)
			c.x.outer().reject(c.x.code(e.Code))
		}
	}
	return rest
}

// begin follows the headers: it opens what the segment opens.
func (c *Collector) begin(src Envelope, s *edifact.Segment, faults []*edifact.ParseError) {
	headless := c.x == nil || c.x.ended
	for _, e := range faults {
		headless = headless || e.Rule == edifact.RuleHeader
	}
	switch {
	case s.Tag == "UNB":
		c.open(&exchange{header: *src.Interchange()})
	case headless:
		c.open(&exchange{err: ErrNoHeader})
	}
	switch s.Tag {
	case "UNG":
		c.x.beginGroup(src.Group())
	case "UNH":
		h := src.Message()
		c.x.beginMember(&member{Message: Message{Header: edifact.UNH{
			Ref: h.Ref, Type: h.Type, Version: h.Version, Release: h.Release, Agency: h.Agency, Association: h.Association,
			CodeList: h.CodeList, Function: h.Function,
		}}})
	case "UNO":
		if s.Position > 0 {
			return // in a message, whose segment it is
		}
		c.x.beginMember(&member{object: true, Message: Message{
			Package: Package{Ref: s.Text(0, 0), IDQualifier: s.Text(1, 0), ID: s.Text(1, 1)},
		}})
	}
}

func (c *Collector) open(x *exchange) {
	c.finish()
	x.limit, x.version = c.o.Entries, min(max(x.header.Version, 3), 4)
	c.x, c.any = x, true
	for _, e := range c.held {
		x.note(e)
		x.status.reject(x.code(e.Code))
	}
	c.held = nil
}

// placeAtEnd places a fault at a segment that was never read.
func (c *Collector) placeAtEnd(e *edifact.ParseError) {
	header := e.Tag == "UNA" || e.Tag == "UNB"
	if c.x == nil || c.x.ended || header && c.x.err == nil {
		err := ErrNoHeader
		if header {
			err = ErrHeader
		}
		c.open(&exchange{err: err})
	}
	switch {
	case cutOff(e):
		c.x.note(e)
	case e.Tag == "UNG", e.Tag == "UNH", e.Tag == "UNO":
		c.x.note(e)
		c.x.outer().reject(c.x.code(e.Code))
	default:
		c.x.place(e, e.Tag, e.Position, nil)
	}
}

// finish gives the answer about the present interchange.
func (c *Collector) finish() {
	x := c.x
	if x == nil {
		return
	}
	c.x = nil
	x.closeGroup()
	a := Answer{Header: x.header, Fault: x.first, Err: x.err}
	if a.Err == nil && x.members > 0 && x.members == x.controls {
		a.Err = ErrControl
	}
	if a.Err == nil {
		a.Control, a.Err = x.control(c.o.Whole)
	}
	c.done(a)
}

// specOf returns the table of a segment, nil when it is not known.
func specOf(src Envelope, s *edifact.Segment) *directory.Segment {
	if service := directory.Service(src.Interchange().Version); service != nil && service.Segments[s.Tag] != nil {
		return service.Segments[s.Tag]
	}
	if v, ok := src.(interface{ Node() *directory.Node }); ok {
		if n := v.Node(); n != nil {
			return n.Segment
		}
	}
	return nil
}
