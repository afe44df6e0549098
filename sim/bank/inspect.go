package bank

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"nks/edifact"
)

// Limits of what is read. An interchange beyond them is refused, not read on.
const (
	maxFile     = 64 << 20
	maxMessages = 10_000
	maxOrders   = 500_000
)

// codeType is 0085: message version or release not supported.
const codeType edifact.Code = 3

// interchange is what one file said. Its orders are kept while it is taken in and dropped when they are journalled.
type interchange struct {
	kind      string // PAYMUL, FINCAN or CONTRL, as the first message says
	control   string
	sender    party
	recipient party
	agreement string
	test      string
	asks      bool
	messages  []message
	orders    int
	flaw      *flaw // of the interchange as a whole
	readable  bool  // UNB could be read, so that CONTRL can name the interchange
}

// message is one UNH..UNT with everything of it that could be read.
type message struct {
	messageFacts
	lines   []line
	answers []verdictOn
	asked   []recalled
}

// line is one LIN.
type line struct {
	lineLine
	orders []orderLine
}

// inspector walks through an interchange. The first flaw of a message rejects that message and the walk goes on behind
// it; a flaw of the envelope or of the syntax rejects everything and ends the walk.
type inspector struct {
	reader *edifact.Validator
	faults []*edifact.ParseError // of the last segment
	got    interchange
	refs   map[string]bool // UNH references
	proof  proof
}

// inspect reads an interchange to its end. The error is that of the reader r; what is wrong with the text is in the
// interchange. Where there are keys, every message must be signed by one of them.
func inspect(r io.Reader, wrapped bool, by seal) (interchange, error) {
	lenient := edifact.LineBreaks | edifact.Padding
	if wrapped {
		lenient |= edifact.WrappedLines
	}
	p := inspector{refs: map[string]bool{}, proof: proof{keys: by.keys}}
	p.reader = edifact.NewValidator(p.proof.reader(r, edifact.ReaderOptions{
		Limits:  edifact.Limits{Segment: 16 << 10, Elements: 64, Components: 32, Total: maxFile},
		Lenient: lenient,
		Faults:  func(e *edifact.ParseError) { p.faults = append(p.faults, e) },
	}), schema())
	err := p.walk()
	var text *edifact.ParseError
	if errors.As(err, &text) {
		p.got.flaw = flawOf(text)
		return p.got, nil
	}
	var f *flaw
	if errors.As(err, &f) {
		p.got.flaw = f
		return p.got, nil
	}
	return p.got, err
}

func (f *flaw) Error() string { return f.What }

func flawOf(e *edifact.ParseError) *flaw {
	code := int(e.Code)
	if code == 0 {
		code = int(edifact.CodeUnspecified)
	}
	f := &flaw{Code: code, Segment: e.Position, Element: e.Element, Component: e.Component, What: e.Text}
	if strings.HasPrefix(e.Tag, "UN") {
		f.Tag = e.Tag
	}
	return f
}

// wrong makes a flaw at a segment; element and component count as in CONTRL (0 leaves them out).
func wrong(s *edifact.Segment, element, component int, code edifact.Code, format string, values ...any) *flaw {
	f := &flaw{Code: int(code), Segment: s.Position, Element: element, Component: component, What: fmt.Sprintf(format, values...)}
	if strings.HasPrefix(s.Tag, "UN") {
		f.Tag = s.Tag
	}
	return f
}

// missing is a segment that is not there at all.
func missing(tag string) *flaw {
	return &flaw{Code: int(edifact.CodeMissing), Tag: tag, What: tag + " is missing"}
}

// next is the next segment. A fault that is not that of a message is its error.
func (p *inspector) next(wanted string) (*edifact.Segment, error) {
	p.faults = p.faults[:0]
	s, err := p.reader.Next()
	for _, e := range p.faults {
		if e.Message == "" && e.Position == 0 {
			return s, e
		}
	}
	if errors.Is(err, io.EOF) {
		return s, missing(wanted)
	}
	return s, err
}

func (p *inspector) walk() error {
	s, err := p.next("UNB")
	if s == nil || s.Tag != "UNB" {
		if err == nil {
			err = missing("UNB")
		}
		return err
	}
	if flawed := p.header(s); flawed != nil || err != nil {
		return errors.Join(flawed, err)
	}
	for {
		if s, err = p.next("UNZ"); err != nil {
			return err
		}
		switch s.Tag {
		case "UNH":
			if err := p.message(s); err != nil {
				return err
			}
		case "UNZ":
			if err := p.end(); err != nil {
				return err
			}
			return p.proof.judge()
		default:
			return wrong(s, 0, 0, edifact.CodeOutside, "%s between messages", s.Tag)
		}
	}
}

// end is what follows UNZ: nothing.
func (p *inspector) end() error {
	switch next, err := p.reader.Next(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return wrong(next, 0, 0, edifact.CodeOutside, "%s after UNZ", next.Tag)
	}
}

// header reads UNB: S001, S002, S003, S004, 0020, S005, 0026, 0029, 0031, 0032, 0035.
func (p *inspector) header(s *edifact.Segment) error {
	g := &p.got
	g.control = text(s, 4, 0)
	g.sender = party{text(s, 1, 0), text(s, 1, 1)}
	g.recipient = party{text(s, 2, 0), text(s, 2, 1)}
	g.readable = g.control != "" && len(g.control) <= 14 && g.sender.ID != "" && g.recipient.ID != ""
	g.asks = text(s, 8, 0) == "1"
	g.agreement = text(s, 9, 0)
	g.test = text(s, 10, 0)
	switch {
	case g.control == "":
		return wrong(s, 6, 0, edifact.CodeMissing, "UNB: 0020 is missing")
	case len(g.control) > 14:
		return wrong(s, 6, 0, edifact.CodeTooLong, "UNB: 0020 is longer than 14")
	case g.sender.ID == "":
		return wrong(s, 3, 1, edifact.CodeMissing, "UNB: 0004 is missing")
	case g.recipient.ID == "":
		return wrong(s, 4, 1, edifact.CodeMissing, "UNB: 0010 is missing")
	}
	set := text(s, 0, 0)
	if !oneOf(set, "UNOA UNOB UNOC") {
		return wrong(s, 2, 1, edifact.CodeSyntaxNotSupported, "UNB: character set is not supported")
	}
	if v := text(s, 0, 1); !oneOf(v, "1 2 3") {
		return wrong(s, 2, 2, edifact.CodeSyntaxNotSupported, "UNB: syntax version is not supported")
	}
	if !digits(text(s, 3, 0), 6) || !digits(text(s, 3, 1), 4) {
		return wrong(s, 5, 0, edifact.CodeInvalidValue, "UNB: date and time are not yymmdd and hhmm")
	}
	if g.test != "" && g.test != "1" {
		return wrong(s, 12, 0, edifact.CodeInvalidValue, "UNB: 0035 is not 1")
	}
	return nil
}

// message reads from UNH to UNT. The returned error is one of the interchange.
func (p *inspector) message(unh *edifact.Segment) error {
	if len(p.got.messages) == maxMessages {
		return wrong(unh, 0, 0, edifact.CodeTooManyGroups, "more than %d messages", maxMessages)
	}
	m := message{messageFacts: messageFacts{Ref: text(unh, 0, 0), Type: joined(unh, 1, ":")}}
	kind, _, _ := strings.Cut(m.Type, ":")
	if kind == "AUTACK" && p.proof.keys != nil {
		return p.autack(unh)
	}
	if len(p.got.messages) == 0 {
		p.got.kind = kind
	}
	body := p.body(&m, kind)
	switch {
	case m.Ref == "":
		m.fail(wrong(unh, 2, 0, edifact.CodeMissing, "UNH: 0062 is missing"))
	case p.refs[m.Ref]:
		m.fail(wrong(unh, 2, 0, edifact.CodeInvalidValue, "UNH: reference stands in the interchange before"))
	case body == nil:
		m.fail(wrong(unh, 3, 0, codeType, "message type is not supported"))
	}
	p.refs[m.Ref] = true
	err := p.segments(&m, body)
	m.count()
	p.got.messages = append(p.got.messages, m)
	return err
}

// count is also right for a message that breaks off: what could be read of it is journalled.
func (m *message) count() {
	m.Lines = len(m.lines)
	for i := range m.lines {
		l := &m.lines[i]
		l.Orders = len(l.orders)
		m.Orders += l.Orders
	}
}

// reading is what understands the segments of one message type.
type reading interface {
	segment(s *edifact.Segment) *flaw
	end(unt *edifact.Segment) *flaw
}

func (p *inspector) body(m *message, kind string) reading {
	switch {
	case kind != p.got.kind:
		return nil
	case m.Type == "PAYMUL:D:96A:UN":
		return &paymul{to: m, decimal: p.reader.Delimiters().Decimal, all: &p.got.orders}
	case m.Type == "FINCAN:D:96A:UN":
		return &fincan{to: m}
	case kind == "CONTRL":
		return &contrl{to: m}
	}
	return nil
}

func (m *message) fail(f *flaw) {
	if m.Flaw == nil && f != nil {
		m.Flaw = f
	}
}

// tell takes the faults that the reading of the last segment found.
func (p *inspector) tell(m *message) {
	for _, e := range p.faults {
		if e.Rule != edifact.RuleMessageType { // what is supported is decided here
			m.fail(flawOf(e))
		}
	}
}

func (p *inspector) segments(m *message, body reading) error {
	p.tell(m)
	for {
		s, err := p.next("UNT")
		if err != nil {
			return err
		}
		p.tell(m)
		switch s.Tag {
		case "UNB", "UNZ", "UNH", "UNG", "UNE":
			return wrong(s, 0, 0, edifact.CodeOutside, "%s inside a message", s.Tag)
		case "UNT":
			if body != nil {
				m.fail(body.end(s))
			}
			return nil
		}
		if body != nil {
			m.fail(body.segment(s))
		}
	}
}

// text is a component as UTF-8; element 0 is the first after the tag.
func text(s *edifact.Segment, element, component int) string {
	return latin1(s.Component(element, component))
}

// joined is a composite as one string.
func joined(s *edifact.Segment, element int, by string) string {
	parts := make([]string, s.Components(element))
	for i := range parts {
		parts[i] = text(s, element, i)
	}
	return strings.Join(parts, by)
}

func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// latin1 decodes ISO 8859-1 (UNOC).
func latin1(b []byte) string {
	for _, c := range b {
		if c >= 0x80 {
			r := make([]rune, len(b))
			for i, c := range b {
				r[i] = rune(c)
			}
			return string(r)
		}
	}
	return string(b)
}
