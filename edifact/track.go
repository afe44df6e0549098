package edifact

import (
	"errors"
	"io"
	"strconv"
)

// state is where in the envelope a reader stands.
type state uint8

const (
	outside   state = iota // of interchanges
	between                // in an interchange, outside of groups and messages
	inGroup                // outside of messages
	inMessage              // which may stand in a group
	inPackage
)

// envelope is what a [Reader] knows of the headers around a segment.
type envelope struct {
	state    state
	begun    bool // the first interchange has been looked for
	grouped  bool // a group is open
	headed   bool // UNB was there
	header   UNB
	group    UNG
	message  UNH
	object   UNO
	unread   bool // the object of the package comes next
	strayed  bool // the last segment stood outside of a message
	enclosed bool // the package stands in a message
	position int  // of the last segment of the message

	repertoire Repertoire
	multiByte  bool // a character of the repertoire may take several bytes
	messages   int  // since UNB, or since UNG
	groups     int
	loose      int // messages and packages outside of groups
	refs       map[string]struct{}
}

// Interchange returns the header of the present interchange; it stays until the
// next begins. It is never nil, and zero before the first.
func (r *Reader) Interchange() *UNB { return &r.header }

// Group returns the header of the present functional group, nil outside of one.
func (r *Reader) Group() *UNG {
	if !r.grouped {
		return nil
	}
	return &r.group
}

// Message returns the header of the present message. It stays until the next
// begins, behind UNT too: [Segment.Position] reports whether a segment is in a
// message. It is never nil, and zero before the first.
func (r *Reader) Message() *UNH { return &r.message }

// locate fills in the references of the present place.
func (r *Reader) locate(p *Place) {
	p.Interchange = r.header.ControlRef
	if r.grouped {
		p.Group = r.group.Ref
	}
	switch r.state {
	case inMessage:
		p.Message = r.message.Ref
	case inPackage:
		p.Message = r.object.Ref
	}
}

func (r *Reader) resetEnvelope() {
	refs := r.refs
	clear(refs)
	r.envelope = envelope{begun: true, refs: refs}
	r.seg.text = textDecoder{}
}

// at describes a fault of the present segment; element and component count as
// S011 does.
func (r *Reader) at(element, component int, rule Rule, code Code, text string) *ParseError {
	e := r.fault(rule, code, text)
	e.Tag, e.Position, e.Element, e.Component, e.Offset = r.seg.Tag, r.seg.Position, element, component, r.seg.Offset
	if element > 1 {
		e.Offset = r.seg.OffsetOf(element-2, max(component, 1)-1)
	}
	return e
}

// absent describes a segment that should stand before the present one.
func (r *Reader) absent(tag, text string) *ParseError {
	e := r.at(0, 0, RuleTrailer, CodeMissing, text)
	e.Tag = tag
	if tag == "UNT" {
		e.Position = r.position + 1
	}
	return e
}

// tracked follows the envelope and tells of it.
func (r *Reader) tracked(s *Segment) error {
	if err := r.track(s); err != nil || r.o.Envelope == nil {
		return err
	}
	switch s.Tag {
	case "UNB", "UNG", "UNH", "UNO", "UNP", "UNT", "UNE", "UNZ":
		r.o.Envelope(s)
	}
	return nil
}

// track follows the envelope. It is called for service segments, and for others
// that stand outside of a message.
func (r *Reader) track(s *Segment) error {
	s.Position = 0
	strayed := r.strayed
	r.strayed = false
	switch s.Tag {
	case "UNB":
		return r.beginInterchange(s)
	case "UNZ":
		return r.endInterchange()
	case "UNG":
		return r.beginGroup(s)
	case "UNE":
		return r.endGroup()
	case "UNH":
		return r.beginMessage(s)
	case "UNT":
		return r.endMessage(s)
	case "UNO":
		return r.beginPackage(s)
	case "UNP":
		return r.endPackage(s)
	}
	if r.state == inMessage {
		r.position++
		s.Position = r.position
		return nil
	}
	if err := r.needHeader(); err != nil {
		return err
	}
	if r.strayed = true; strayed {
		return nil // the first of a run is told
	}
	return r.flaw(r.at(0, 0, RuleOutside, CodeOutside, "segment outside of a message"))
}

// needHeader tells once that an interchange did not begin with UNB.
func (r *Reader) needHeader() error {
	if r.state != outside {
		return nil
	}
	e := r.at(0, 0, RuleHeader, CodeMissing, "interchange does not begin with UNB")
	e.Tag = "UNB"
	if err := r.flaw(e, MissingInterchange); err != nil {
		return err
	}
	r.state = between
	r.header.Version = 3
	return r.setRepertoire(r.o.Repertoire)
}

// closeMessage tells of a message or package that the present segment cannot
// stand in.
func (r *Reader) closeMessage() error {
	var err error
	switch r.state {
	case inMessage:
		err = r.flaw(r.absent("UNT", "UNT is missing at the end of the message"))
	case inPackage:
		err = r.flaw(r.absent("UNP", "UNP is missing at the end of the package"))
	default:
		return nil
	}
	r.leave()
	if err == nil && r.state == inMessage {
		return r.closeMessage()
	}
	return err
}

// leave goes back to where the message or package stood.
func (r *Reader) leave() {
	if r.enclosed {
		r.enclosed, r.state = false, inMessage
		return
	}
	r.position = 0
	r.state = between
	if r.grouped {
		r.state = inGroup
	}
}

func (r *Reader) closeGroup() error {
	if err := r.closeMessage(); err != nil || !r.grouped {
		return err
	}
	err := r.flaw(r.absent("UNE", "UNE is missing at the end of the group"))
	r.grouped, r.state = false, between
	return err
}

// truncated tells what is missing where the input ends inside an interchange.
func (r *Reader) truncated() error {
	r.seg.Offset, r.seg.Position, r.seg.count, r.seg.indexed = r.Offset(), 0, 0, false
	if err := r.closeGroup(); err != nil {
		return err
	}
	if r.headed {
		if err := r.flaw(r.absent("UNZ", "input ends before UNZ")); err != nil {
			return err
		}
	}
	r.state = outside
	return io.EOF
}

func (r *Reader) beginInterchange(s *Segment) error {
	if r.state != outside {
		if err := r.closeGroup(); err != nil {
			return err
		}
		if r.headed {
			if err := r.flaw(r.absent("UNZ", "UNZ is missing before the next interchange")); err != nil {
				return err
			}
		}
		r.resetEnvelope()
	}
	r.state, r.headed = between, true
	return r.parseUNB(s)
}

func (r *Reader) endInterchange() error {
	if r.state == outside {
		return r.flaw(r.at(0, 0, RuleHeader, CodeMissing, "UNZ without UNB"))
	}
	if err := r.closeGroup(); err != nil {
		return err
	}
	count := r.loose
	if r.groups > 0 {
		count = r.groups
	}
	if count == 0 {
		if err := r.flaw(r.at(0, 0, RuleEmpty, CodeEmpty, "interchange holds no message, package or group")); err != nil {
			return err
		}
	}
	err := r.compare(count, r.header.ControlRef, "UNZ", "messages or groups", "UNB")
	r.state = outside
	return err
}

func (r *Reader) beginGroup(s *Segment) error {
	if err := r.needHeader(); err != nil {
		return err
	}
	if err := r.closeGroup(); err != nil {
		return err
	}
	if r.loose > 0 {
		if err := r.flaw(r.at(0, 0, RuleGroups, CodeGroupsMixed, "functional group among messages")); err != nil {
			return err
		}
	}
	r.groups++
	r.grouped, r.messages, r.state = true, 0, inGroup
	r.group = UNG{
		Type:   s.Text(0, 0),
		Sender: Party{ID: s.Text(1, 0), Qualifier: s.Text(1, 1)}, Recipient: Party{ID: s.Text(2, 0), Qualifier: s.Text(2, 1)},
		Date: s.Text(3, 0), Time: s.Text(3, 1), Ref: s.Text(4, 0), Agency: s.Text(5, 0),
		Version: s.Text(6, 0), Release: s.Text(6, 1), Association: s.Text(6, 2), Password: s.Text(7, 0),
	}
	return r.checkService()
}

func (r *Reader) endGroup() error {
	if err := r.closeMessage(); err != nil {
		return err
	}
	if !r.grouped {
		return r.flaw(r.at(0, 0, RuleOutside, CodeOutside, "UNE without UNG"))
	}
	if r.messages == 0 {
		if err := r.flaw(r.at(0, 0, RuleEmpty, CodeEmpty, "functional group holds no message")); err != nil {
			return err
		}
	}
	err := r.compare(r.messages, r.group.Ref, "UNE", "messages", "UNG")
	r.grouped, r.state = false, between
	return err
}

func (r *Reader) beginMessage(s *Segment) error {
	if err := r.needHeader(); err != nil {
		return err
	}
	if err := r.closeMessage(); err != nil {
		return err
	}
	m := &r.message
	keep := func(field *string, i, j int) {
		if value := s.Component(i, j); string(value) != *field {
			*field = s.Decode(value)
		}
	}
	for j, field := range []*string{&m.Type, &m.Version, &m.Release, &m.Agency, &m.Association, &m.CodeList, &m.Function} {
		keep(field, 1, j)
	}
	keep(&m.Ref, 0, 0)
	keep(&m.AccessRef, 2, 0)
	keep(&m.Sequence, 3, 0)
	keep(&m.FirstOrLast, 3, 1)
	r.state, r.position, s.Position = inMessage, 1, 1
	if err := r.member(m.Ref, m.Type); err != nil {
		return err
	}
	return r.checkService()
}

// member counts a message or package and checks that it may stand here.
func (r *Reader) member(ref, kind string) error {
	if !r.enclosed {
		r.messages++
	}
	switch {
	case r.enclosed:
	case r.grouped:
		if kind != "" && r.header.Version < 4 && r.group.Type != "" && r.group.Type != kind {
			if err := r.flaw(r.at(3, 1, RuleGroupType, CodeMixedTypes, "message is of another type than its group")); err != nil {
				return err
			}
		}
	default:
		if r.loose++; r.groups > 0 {
			if err := r.flaw(r.at(0, 0, RuleGroups, CodeGroupsMixed, "message outside of the functional groups")); err != nil {
				return err
			}
		}
	}
	if r.refs == nil {
		r.refs = map[string]struct{}{}
	}
	if _, seen := r.refs[ref]; seen && ref != "" {
		return r.flaw(r.at(2, 0, RuleDuplicate, CodeDuplicate, "reference was used before in this interchange"))
	}
	if len(r.refs) < r.o.Limits.References && len(ref) <= maxReference {
		r.refs[ref] = struct{}{}
	}
	return nil
}

// maxReference is the longest reference of a message (0062, 0800) in any
// version; longer ones are faults already and not kept.
const maxReference = 35

func (r *Reader) endMessage(s *Segment) error {
	if r.state == inPackage && r.enclosed {
		if err := r.flaw(r.absent("UNP", "UNP is missing at the end of the package")); err != nil {
			return err
		}
		r.leave()
	}
	if r.state != inMessage {
		return r.flaw(r.at(0, 0, RuleOutside, CodeOutside, "UNT without UNH"))
	}
	r.position++
	s.Position = r.position
	err := r.compare(r.position, r.message.Ref, "UNT", "segments", "UNH")
	r.leave()
	return err
}

// compare compares count and reference of a trailer with what was counted and
// with the reference of its header.
func (r *Reader) compare(counted int, ref, trailer, what, header string) error {
	s := &r.seg
	if err := r.checkService(); err != nil {
		return err
	}
	if stated, err := strconv.Atoi(string(s.Element(0))); err == nil && stated != counted {
		e := r.at(2, 0, RuleCount, CodeCountMismatch, trailer+" counts "+strconv.Itoa(stated)+" "+what+", there are "+strconv.Itoa(counted))
		if err := r.flaw(e, WrongCounts); err != nil {
			return err
		}
	}
	if value := s.Element(1); differ(s, value, ref) {
		return r.flaw(r.at(3, 0, RuleReference, CodeReferenceMismatch, trailer+" has another reference than "+header), WrongReferences)
	}
	return nil
}

// differ compares the reference of a trailer with that of its header. One that
// is missing is a fault of its own.
func differ(s *Segment, value []byte, ref string) bool {
	return len(value) > 0 && ref != "" && string(value) != ref && s.Decode(value) != ref
}

func (r *Reader) beginPackage(s *Segment) error {
	if err := r.needHeader(); err != nil {
		return err
	}
	if r.state == inMessage {
		// Interchanges of the Danish health service are built like this.
		r.position++
		s.Position, r.enclosed = r.position, true
		if err := r.flaw(r.at(1, 0, RulePosition, CodeNotSupportedHere, "package inside a message")); err != nil {
			return err
		}
	} else if err := r.closeMessage(); err != nil {
		return err
	}
	length, err := strconv.ParseInt(string(s.Component(3, 0)), 10, 64)
	if err != nil || length < 0 {
		return r.at(5, 1, RulePackage, CodeInvalidValue, "length of the object (0810) is no number: the object cannot be skipped")
	}
	r.state, r.unread = inPackage, true
	r.object = UNO{
		Ref: s.Text(0, 0), IDQualifier: s.Text(1, 0), ID: s.Text(1, 1), TypeQualifier: s.Text(2, 0),
		Type: s.Text(2, 1), TypeName: s.Text(2, 2), Agency: s.Text(2, 3), Length: length,
	}
	if err := r.member(r.object.Ref, ""); err != nil {
		return err
	}
	return r.checkService()
}

func (r *Reader) endPackage(s *Segment) error {
	if r.state != inPackage {
		return r.flaw(r.at(0, 0, RuleOutside, CodeOutside, "UNP without UNO"))
	}
	if r.enclosed {
		r.position++
		s.Position = r.position
	}
	if err := r.checkService(); err != nil {
		return err
	}
	if stated, err := strconv.ParseInt(string(s.Element(0)), 10, 64); err == nil && stated != r.object.Length {
		if err := r.flaw(r.at(2, 0, RulePackage, CodeCountMismatch, "UNP has another length of the object than UNO"), WrongCounts); err != nil {
			return err
		}
	}
	var err error
	if differ(s, s.Element(1), r.object.Ref) {
		err = r.flaw(r.at(3, 0, RuleReference, CodeReferenceMismatch, "UNP has another reference than UNO"), WrongReferences)
	}
	r.leave()
	return err
}

// objectReader reads the object of a package.
type objectReader struct {
	r    *Reader
	left int64
}

func (o *objectReader) Read(p []byte) (int, error) {
	r := o.r
	if o.left == 0 {
		return 0, io.EOF
	}
	if r.start == r.end {
		if err := r.fill(); errors.Is(err, io.EOF) {
			return 0, r.fault(RulePackage, CodeMissing, "input ends inside the object of a package")
		} else if err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(int64(len(p)), o.left)], r.buf[r.start:r.end])
	r.start += n
	o.left -= int64(n)
	return n, nil
}

// skipObject passes the object of a package on, or over.
func (r *Reader) skipObject() error {
	o := &objectReader{r, r.object.Length}
	r.unread = false
	if r.o.Object != nil {
		if err := r.o.Object(r.object, o); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, o)
	return err
}
