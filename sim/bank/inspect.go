package bank

import (
	"errors"
	"fmt"
	"io"
	"strconv"
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
	kind      string // PAYMUL or CONTRL, as the first message says
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
}

// line is one LIN.
type line struct {
	lineLine
	orders []orderLine
}

// inspector walks through an interchange. The first flaw of a message rejects that message and the walk goes on behind
// it; a flaw of the envelope or of the syntax rejects everything and ends the walk.
type inspector struct {
	reader  *edifact.Reader
	charset edifact.Charset
	decimal byte
	got     interchange
	refs    map[string]bool // UNH references
}

// inspect reads an interchange to its end. The error is that of the reader r; what is wrong with the text is in the
// interchange.
func inspect(r io.Reader, wrapped bool) (interchange, error) {
	breaks := edifact.BreaksBetween
	if wrapped {
		breaks = edifact.BreaksAnywhere
	}
	limits := edifact.Limits{Segment: 16 << 10, Elements: 64, Components: 32, Total: maxFile, Breaks: breaks}
	p := inspector{reader: edifact.NewReader(r, limits), refs: map[string]bool{}}
	err := p.walk()
	var text *edifact.Error
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

func flawOf(e *edifact.Error) *flaw {
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

func (p *inspector) next(wanted string) (edifact.Segment, error) {
	s, err := p.reader.Next()
	if errors.Is(err, io.EOF) {
		return s, missing(wanted)
	}
	return s, err
}

func (p *inspector) walk() error {
	s, err := p.next("UNB")
	if err != nil {
		return err
	}
	p.decimal = p.reader.Delimiters().Decimal
	if err := p.header(&s); err != nil {
		return err
	}
	for {
		if s, err = p.next("UNZ"); err != nil {
			return err
		}
		switch s.Tag {
		case "UNH":
			if err := p.message(&s); err != nil {
				return err
			}
		case "UNZ":
			return p.trailer(&s)
		default:
			return wrong(&s, 0, 0, edifact.CodeOutside, "%s between messages", s.Tag)
		}
	}
}

// header reads UNB: S001, S002, S003, S004, 0020, S005, 0026, 0029, 0031, 0032, 0035.
func (p *inspector) header(s *edifact.Segment) error {
	if s.Tag != "UNB" {
		return missing("UNB")
	}
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
	if p.charset, _ = edifact.ParseCharset(set); !oneOf(set, "UNOA UNOB UNOC") {
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

func (p *inspector) trailer(s *edifact.Segment) error {
	switch {
	case text(s, 0, 0) != strconv.Itoa(len(p.got.messages)):
		return wrong(s, 2, 0, edifact.CodeCountMismatch, "UNZ says another number of messages than the %d there are", len(p.got.messages))
	case text(s, 1, 0) != p.got.control:
		return wrong(s, 3, 0, edifact.CodeReferenceMismatch, "UNZ has another reference than UNB")
	case len(p.got.messages) == 0:
		return wrong(s, 0, 0, edifact.CodeEmpty, "the interchange is empty")
	}
	next, err := p.reader.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	return wrong(&next, 0, 0, edifact.CodeOutside, "%s after UNZ", next.Tag)
}

// message reads from UNH to UNT. The returned error is one of the interchange.
func (p *inspector) message(unh *edifact.Segment) error {
	if len(p.got.messages) == maxMessages {
		return wrong(unh, 0, 0, edifact.CodeTooManyGroups, "more than %d messages", maxMessages)
	}
	m := message{messageFacts: messageFacts{Ref: text(unh, 0, 0), Type: joined(unh, 1, ":")}}
	kind, _, _ := strings.Cut(m.Type, ":")
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
	err := p.segments(&m, unh, body)
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
		return &paymul{to: m, decimal: p.decimal, all: &p.got.orders}
	case kind == "CONTRL":
		return &contrl{to: m}
	}
	return nil
}

func headerOf(unh *edifact.Segment) edifact.MessageHeader {
	return edifact.MessageHeader{Ref: text(unh, 0, 0), Type: text(unh, 1, 0), Version: text(unh, 1, 1), Release: text(unh, 1, 2)}
}

func (m *message) fail(f *flaw) {
	if m.Flaw == nil && f != nil {
		m.Flaw = f
	}
}

func (p *inspector) segments(m *message, unh *edifact.Segment, body reading) error {
	checks := structureOf(headerOf(unh), p.charset, p.decimal)
	for count := 2; ; count++ {
		s, err := p.next("UNT")
		if err != nil {
			return err
		}
		switch s.Tag {
		case "UNB", "UNZ", "UNH", "UNG", "UNE":
			return wrong(&s, 0, 0, edifact.CodeOutside, "%s inside a message", s.Tag)
		}
		if s.Tag != "UNT" {
			m.fail(checks.segment(&s))
			if body != nil {
				m.fail(body.segment(&s))
			}
			continue
		}
		m.fail(checks.end())
		if body != nil {
			m.fail(body.end(&s))
		}
		switch {
		case text(&s, 0, 0) != strconv.Itoa(count):
			m.fail(wrong(&s, 2, 0, edifact.CodeCountMismatch, "UNT says another number of segments than the %d there are", count))
		case text(&s, 1, 0) != m.Ref:
			m.fail(wrong(&s, 3, 0, edifact.CodeReferenceMismatch, "UNT has another reference than UNH"))
		}
		return nil
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
