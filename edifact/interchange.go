package edifact

import (
	"errors"
	"io"
	"strconv"
	"time"
)

// Party is a sender or recipient of an interchange (S002, S003).
type Party struct {
	ID        string // 0004, 0010; an..35
	Qualifier string // 0007; 14 means a GLN
	Internal  string // 0008 or 0014: address for reverse routing, or routing
}

// UNB is the interchange header of ISO 9735 versions 1 to 3.
type UNB struct {
	Charset           Charset // 0001
	Version           int     // 0002
	Sender            Party   // S002
	Recipient         Party   // S003
	Date              string  // 0017 yymmdd; ccyymmdd in version 4
	Time              string  // 0019 hhmm
	ControlRef        string  // 0020
	Password          string  // 0022
	PasswordQualifier string  // 0025
	ApplicationRef    string  // 0026
	Priority          string  // 0029
	AckRequest        bool    // 0031 is 1: the sender asks for CONTRL
	Agreement         string  // 0032
	TestIndicator     string  // 0035: 1 means test; empty production
}

// Test reports whether the interchange is a test.
func (u UNB) Test() bool { return u.TestIndicator != "" && u.TestIndicator != "0" }

// Prepared returns date and time of preparation as wall time in loc. The
// century of a date with two digits of the year is 1950 to 2049.
func (u UNB) Prepared(loc *time.Location) (time.Time, error) {
	layout := "0601021504"
	if len(u.Date) == 8 {
		layout = "200601021504"
	}
	t, err := time.ParseInLocation(layout, u.Date+u.Time, loc)
	if err != nil {
		return time.Time{}, &Error{Tag: "UNB", Element: 5, Code: CodeInvalidValue, Text: "date or time of preparation is none"}
	}
	if len(u.Date) == 6 && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0)
	}
	return t, nil
}

// MessageHeader is a UNH segment.
type MessageHeader struct {
	Ref         string // 0062
	Type        string // 0065, such as PAYMUL
	Version     string // 0052, such as D
	Release     string // 0054, such as 96A
	Agency      string // 0051, such as UN
	Association string // 0057
	AccessRef   string // 0068
}

// Interchange reads interchanges with their envelope: one after the other with
// Begin, the messages of each with Message, the segments of a message with
// Segment. References and counts of the trailers are checked on the way.
type Interchange struct {
	reader *Reader
	report func(*Error)

	state    state
	unb      UNB
	current  MessageHeader
	messages int // since UNB, or since UNG inside a group
	groups   int
	group    string
	inGroup  bool
}

type state uint8

const (
	outside state = iota
	between       // inside an interchange, outside of messages
	inside        // a message
)

// NewInterchange returns an Interchange that reads r within the limits.
func NewInterchange(r io.Reader, limits Limits) *Interchange {
	return &Interchange{reader: NewReader(r, limits)}
}

// Lenient makes trailers that do not agree, and characters of UNB outside the
// repertoire, no errors that end the reading: they are given to report.
func (x *Interchange) Lenient(report func(*Error)) { x.report = report }

// Delimiters returns the service characters of the interchange.
func (x *Interchange) Delimiters() Delimiters { return x.reader.Delimiters() }

// Header returns the UNB that Begin has read.
func (x *Interchange) Header() UNB { return x.unb }

// Text decodes a value in the interchange's repertoire. Characters outside it
// are an [*Error] with the place of the segment s and no more.
func (x *Interchange) Text(s *Segment, i, j int) (string, error) {
	value, err := x.unb.Charset.Decode(s.Component(i, j))
	if err != nil {
		return "", x.at(s, i+2, j+1, CodeBadCharacter, "character outside "+x.unb.Charset.String())
	}
	return value, nil
}

// Begin reads the next UNB, after what was left of the interchange before. It
// returns io.EOF when there is none.
func (x *Interchange) Begin() (UNB, error) {
	for x.state != outside {
		if _, err := x.Message(); err != nil && !errors.Is(err, io.EOF) {
			return UNB{}, err
		}
	}
	s, err := x.reader.Next()
	if err != nil {
		return UNB{}, err
	}
	if s.Tag != "UNB" {
		return UNB{}, x.at(&s, 1, 0, CodeMissing, "interchange does not begin with UNB")
	}
	unb, err := x.parseUNB(&s)
	if err != nil {
		return UNB{}, err
	}
	*x = Interchange{reader: x.reader, report: x.report, state: between, unb: unb}
	return unb, nil
}

// Message reads to the next UNH, passing over what was left of the message
// before. It returns io.EOF after the UNZ that ends the interchange.
func (x *Interchange) Message() (MessageHeader, error) {
	for x.state == inside {
		if _, err := x.Segment(); err != nil && !errors.Is(err, io.EOF) {
			return MessageHeader{}, err
		}
	}
	for x.state == between {
		s, err := x.read()
		if err != nil {
			return MessageHeader{}, err
		}
		switch s.Tag {
		case "UNH":
			return x.beginMessage(&s)
		case "UNG":
			err = x.beginGroup(&s)
		case "UNE":
			err = x.endGroup(&s)
		case "UNZ":
			err = x.end(&s)
		case "UNB":
			err = x.at(&s, 1, 0, CodeMissing, "UNZ of the interchange before is missing")
		default:
			err = x.at(&s, 1, 0, CodeOutside, "segment outside of a message")
		}
		if err != nil {
			return MessageHeader{}, err
		}
	}
	return MessageHeader{}, io.EOF
}

// Segment returns the next segment of the message, UNH and UNT not among them.
// It returns io.EOF after UNT; after a fault of UNT itself Message can go on
// with the next message. The segment is good until the next call.
func (x *Interchange) Segment() (Segment, error) {
	if x.state != inside {
		return Segment{}, io.EOF
	}
	s, err := x.read()
	if err != nil {
		return Segment{}, err
	}
	switch s.Tag {
	case "UNT":
		x.state = between
		if err := x.endMessage(&s); err != nil {
			return Segment{}, err
		}
		return Segment{}, io.EOF
	case "UNA", "UNB", "UNH", "UNG", "UNE", "UNZ":
		e := x.at(&s, 1, 0, CodeMissing, "UNT is missing before this segment")
		e.Message = x.current.Ref
		return Segment{}, e
	}
	return s, nil
}

// read is Reader.Next where the interchange must go on.
func (x *Interchange) read() (Segment, error) {
	s, err := x.reader.Next()
	if errors.Is(err, io.EOF) {
		tag, text := "UNZ", "input ends before UNZ"
		if x.state == inside {
			tag, text = "UNT", "input ends before UNT"
		}
		e := x.reader.fault(0, CodeMissing, text)
		e.Tag = tag
		return s, e
	}
	return s, err
}

func (x *Interchange) beginMessage(s *Segment) (MessageHeader, error) {
	if !x.inGroup && x.groups > 0 {
		return MessageHeader{}, x.at(s, 1, 0, CodeGroupsMixed, "message outside of the functional groups")
	}
	if e := x.checkService(s); e != nil {
		return MessageHeader{}, e
	}
	text := func(i, j int) string { return x.unb.Charset.decode(s.Component(i, j)) }
	x.current = MessageHeader{
		Ref: text(0, 0), Type: text(1, 0), Version: text(1, 1), Release: text(1, 2),
		Agency: text(1, 3), Association: text(1, 4), AccessRef: text(2, 0),
	}
	x.messages++
	x.state = inside
	return x.current, nil
}

func (x *Interchange) endMessage(s *Segment) error {
	if e := x.checkService(s); e != nil {
		return e
	}
	if err := x.compareCount(s, 0, s.Position, "UNT counts other segments than there are"); err != nil {
		return err
	}
	return x.compareRef(s, 1, x.current.Ref, "UNT has another reference than UNH")
}

func (x *Interchange) beginGroup(s *Segment) error {
	if x.inGroup || x.groups == 0 && x.messages > 0 {
		return x.at(s, 1, 0, CodeGroupsMixed, "functional group among messages")
	}
	x.inGroup, x.messages = true, 0
	x.groups++
	x.group = x.unb.Charset.decode(s.Element(4))
	return nil
}

func (x *Interchange) endGroup(s *Segment) error {
	if !x.inGroup {
		return x.at(s, 1, 0, CodeOutside, "UNE without UNG")
	}
	x.inGroup = false
	if err := x.compareCount(s, 0, x.messages, "UNE counts other messages than there are"); err != nil {
		return err
	}
	return x.compareRef(s, 1, x.group, "UNE has another reference than UNG")
}

func (x *Interchange) end(s *Segment) error {
	if x.inGroup {
		return x.at(s, 1, 0, CodeMissing, "UNE is missing before UNZ")
	}
	x.state = outside
	if e := x.checkService(s); e != nil {
		return e
	}
	count := x.messages
	if x.groups > 0 {
		count = x.groups
	}
	if err := x.compareCount(s, 0, count, "UNZ counts other messages or groups than there are"); err != nil {
		return err
	}
	return x.compareRef(s, 1, x.unb.ControlRef, "UNZ has another reference than UNB")
}

// compareCount compares data element i with what was counted.
func (x *Interchange) compareCount(s *Segment, i, counted int, text string) error {
	stated, err := strconv.Atoi(string(s.Element(i)))
	if err == nil && stated == counted {
		return nil
	}
	return x.mismatch(x.at(s, i+2, 0, CodeCountMismatch, text+": "+strconv.Itoa(counted)))
}

func (x *Interchange) compareRef(s *Segment, i int, ref, text string) error {
	if x.unb.Charset.decode(s.Element(i)) == ref {
		return nil
	}
	return x.mismatch(x.at(s, i+2, 0, CodeReferenceMismatch, text))
}

// mismatch reports a fault after which reading can go on.
func (x *Interchange) mismatch(e *Error) error {
	if x.report != nil {
		x.report(e)
		return nil
	}
	return e
}

// at describes a fault of segment s; element and component count as S011 does.
func (x *Interchange) at(s *Segment, element, component int, code Code, text string) *Error {
	e := &Error{Offset: s.Offset, Position: s.Position, Tag: s.Tag, Element: element, Component: component, Code: code, Text: text}
	if s.Position > 0 {
		e.Message = x.current.Ref
	}
	return e
}

func (x *Interchange) parseUNB(s *Segment) (UNB, error) {
	name := string(s.Component(0, 0))
	set, ok := ParseCharset(name)
	if !ok {
		return UNB{}, x.at(s, 2, 1, CodeSyntaxNotSupported, "character set is none of UNOA, UNOB, UNOC, UNOW")
	}
	x.unb = UNB{Charset: set, Version: 3}
	if v := s.Component(0, 1); len(v) == 1 && v[0] >= '1' && v[0] <= '4' {
		x.unb.Version = int(v[0] - '0')
	} else {
		return UNB{}, x.at(s, 2, 2, CodeSyntaxNotSupported, "syntax version is none of 1 to 4")
	}
	if e := x.checkService(s); e != nil {
		return UNB{}, e
	}
	text := func(i, j int) string { return set.decode(s.Component(i, j)) }
	u := UNB{
		Charset: set, Version: x.unb.Version,
		Sender:    Party{text(1, 0), text(1, 1), text(1, 2)},
		Recipient: Party{text(2, 0), text(2, 1), text(2, 2)},
		Date:      text(3, 0), Time: text(3, 1), ControlRef: text(4, 0),
		Password: text(5, 0), PasswordQualifier: text(5, 1), ApplicationRef: text(6, 0),
		Priority: text(7, 0), AckRequest: text(8, 0) == "1", Agreement: text(9, 0), TestIndicator: text(10, 0),
	}
	return u, nil
}

// checkService checks the format of a service segment of versions 1 to 3; the
// wider ones of version 4 are taken as they come.
func (x *Interchange) checkService(s *Segment) error {
	if x.unb.Version == 4 {
		return nil
	}
	f := formatCheck{charset: x.unb.Charset, decimal: x.reader.marks.Decimal, message: x.current.Ref}
	var first *Error
	f.report = func(e *Error) {
		if first == nil {
			first = e
		}
	}
	f.segment(s, segmentsService3[s.Tag])
	if first == nil {
		return nil
	}
	return x.mismatch(first)
}
