package directory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of the text form, well above what UNECE has published.
const (
	maxDepth  = 32        // group in group
	maxLength = 1_000_000 // characters of an element
	maxRepeat = 9_999_999 // occurrences of a segment, group or element
)

// ParseError says what is wrong in the text of a directory, and where.
type ParseError struct {
	Line int // from 1
	Rule string
}

// Error tells line and rule.
func (e *ParseError) Error() string {
	return "directory: line " + strconv.Itoa(e.Line) + ": " + e.Rule
}

// Parse reads the text form of a directory, which [Directory.MarshalText]
// writes: lines in this order, all names in the rest of the line.
//
//	directory D 96A UN            version, release, agency
//	element 5025 an..3 Monetary amount type qualifier
//	 9 Amount due/amount payable  a code of this element
//	composite C516 Monetary amount
//	 5025 M1                      a component: status, repetitions
//	segment MOA Monetary amount
//	 C516 M1
//	message PAYMUL Multiple payment order message
//	 UNH M1                       a segment of the table: status, occurrences
//	 1 C2                         a segment group
//	  RFF M1                      its trigger
//
// What a line refers to stands above it, but for service segments in the
// messages of a user directory: those have a tag and no more, see
// [Segment.Service]. The strings of the directory are parts of text. An error
// is a *ParseError.
func Parse(text string) (*Directory, error) {
	p := parser{rest: text}
	p.reserve(text)
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.dir, nil
}

type parser struct {
	dir      *Directory
	rest     string
	line     int  // number of the line that next gave last
	rank     int  // of the last section: elements come before composites and so on
	services bool // whether the service segments are the directory's own

	// Slabs: a directory has tens of thousands of parts and lives as long as
	// the program, so that each kind is one allocation.
	elements   []Element
	composites []Composite
	segments   []Segment
	messages   []Message
	places     []Place
	nodes      []Node
	outside    map[string]*Segment // service segments that messages name
}

// reserve counts the lines of each kind, so that the slabs never grow: pointers
// into them are handed out.
func (p *parser) reserve(text string) {
	var elements, composites, segments, messages, places, nodes int
	var section byte
	for line := range strings.Lines(text) {
		if line[0] != ' ' {
			section = line[0]
		}
		switch {
		case line[0] == ' ' && (section == 'c' || section == 's'):
			places++
		case line[0] == ' ' && section == 'm':
			nodes++
		case line[0] == 'e':
			elements++
		case line[0] == 'c':
			composites++
		case line[0] == 's':
			segments++
		case line[0] == 'm':
			messages++
		}
	}
	p.elements = make([]Element, 0, elements)
	p.composites = make([]Composite, 0, composites)
	p.segments = make([]Segment, 0, segments)
	p.messages = make([]Message, 0, messages)
	p.places = make([]Place, 0, places)
	p.nodes = make([]Node, 0, nodes)
	p.outside = map[string]*Segment{}
	p.dir = &Directory{
		Messages:   make(map[string]*Message, messages),
		Segments:   make(map[string]*Segment, segments),
		Composites: make(map[string]*Composite, composites),
		Elements:   make(map[string]*Element, elements),
	}
}

func (p *parser) fail(format string, args ...any) error {
	return &ParseError{Line: p.line, Rule: fmt.Sprintf(format, args...)}
}

// next takes the next line.
func (p *parser) next() string {
	p.line++
	line, rest, _ := strings.Cut(p.rest, "\n")
	p.rest = rest
	return line
}

// indent tells how far the next line is indented; -1 at the end of the text.
func (p *parser) indent() int {
	if p.rest == "" {
		return -1
	}
	n := 0
	for n < len(p.rest) && p.rest[n] == ' ' {
		n++
	}
	return n
}

func (p *parser) run() error {
	if err := p.header(p.next()); err != nil {
		return err
	}
	for p.rest != "" {
		if err := p.section(p.next()); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) header(line string) error {
	fields := strings.Split(line, " ")
	if fields[0] != "directory" || len(fields) < 2 || len(fields) > 4 {
		return p.fail("a directory begins with: directory VERSION RELEASE AGENCY")
	}
	for _, f := range fields {
		if !isCode(f) {
			return p.fail("a directory begins with: directory VERSION RELEASE AGENCY")
		}
	}
	fields = append(fields[1:], "", "")
	p.dir.Version, p.dir.Release, p.dir.Agency = fields[0], fields[1], fields[2]
	p.services = p.dir.Release == ""
	return nil
}

func (p *parser) section(line string) error {
	kind, rest, _ := strings.Cut(line, " ")
	rank := slices.Index([]string{"element", "composite", "segment", "message"}, kind)
	if rank < 0 {
		return p.fail("a line begins with element, composite, segment, message, or a space")
	}
	if rank < p.rank {
		return p.fail("%s stands too late: elements, composites, segments, messages is the order", kind)
	}
	p.rank = rank
	switch kind {
	case "element":
		return p.element(rest)
	case "composite":
		return p.composite(rest)
	case "segment":
		return p.segment(rest)
	default:
		return p.message(rest)
	}
}

// split takes the first word of what is left of a line; a name follows it.
func (p *parser) split(line, what string) (word, name string, err error) {
	word, name, _ = strings.Cut(line, " ")
	if !isCode(word) || !isName(name) {
		return "", "", p.fail("%s needs a code and a name", what)
	}
	return word, name, nil
}

func (p *parser) element(line string) error {
	code, rest, err := p.split(line, "an element")
	if err != nil {
		return err
	}
	format, name, err := p.split(rest, "an element's format")
	if err != nil {
		return err
	}
	if p.dir.Elements[code] != nil {
		return p.fail("element %s stands twice", code)
	}
	e := Element{Code: code, Name: name}
	if e.Kind, e.Min, e.Max, err = ParseFormat(format); err != nil {
		return p.fail("element %s: %v", code, err)
	}
	if e.Codes, err = p.codes(); err != nil {
		return err
	}
	p.elements = append(p.elements, e)
	p.dir.Elements[code] = &p.elements[len(p.elements)-1]
	return nil
}

// codes reads the code list of an element; nil when there is none.
func (p *parser) codes() (map[string]string, error) {
	n, at := 0, p.rest
	for strings.HasPrefix(at, " ") {
		n++
		end := strings.IndexByte(at, '\n')
		at = at[end+1:]
		if end < 0 {
			break
		}
	}
	if n == 0 {
		return nil, nil
	}
	list := make(map[string]string, n)
	for range n {
		code, name, err := p.split(p.next()[1:], "a code list entry")
		if err != nil {
			return nil, err
		}
		if _, dup := list[code]; dup {
			return nil, p.fail("code %s stands twice", code)
		}
		list[code] = name
	}
	return list, nil
}

func (p *parser) composite(line string) error {
	code, name, err := p.split(line, "a composite")
	if err != nil {
		return err
	}
	if p.dir.Composites[code] != nil || p.dir.Elements[code] != nil {
		return p.fail("composite %s stands twice", code)
	}
	places, err := p.placesOf(code)
	if err != nil {
		return err
	}
	for _, at := range places {
		if at.Element == nil {
			return p.fail("composite %s holds a composite", code)
		}
	}
	p.composites = append(p.composites, Composite{Code: code, Name: name, Components: places})
	p.dir.Composites[code] = &p.composites[len(p.composites)-1]
	return nil
}

func (p *parser) segment(line string) error {
	tag, name, err := p.split(line, "a segment")
	if err != nil {
		return err
	}
	if p.dir.Segments[tag] != nil {
		return p.fail("segment %s stands twice", tag)
	}
	if !isTag(tag) {
		return p.fail("a segment's tag is three capital letters or digits")
	}
	places, err := p.placesOf(tag)
	if err != nil {
		return err
	}
	p.segments = append(p.segments, Segment{Tag: tag, Name: name, Elements: places})
	p.dir.Segments[tag] = &p.segments[len(p.segments)-1]
	return nil
}

// placesOf reads the indented lines of a composite or segment.
func (p *parser) placesOf(owner string) ([]Place, error) {
	first := len(p.places)
	for p.indent() == 1 {
		code, usage, _ := strings.Cut(p.next()[1:], " ")
		at := Place{Element: p.dir.Elements[code], Composite: p.dir.Composites[code]}
		if at.Element == nil && at.Composite == nil {
			return nil, p.fail("%s uses %s, which is not above", owner, shown(code))
		}
		var err error
		if at.Mandatory, at.Max, err = p.usage(usage); err != nil {
			return nil, err
		}
		p.places = append(p.places, at)
	}
	if len(p.places) == first {
		return nil, p.fail("%s holds nothing", owner)
	}
	return p.places[first:len(p.places):len(p.places)], nil
}

// usage reads a status and a number of occurrences, such as C99.
func (p *parser) usage(s string) (mandatory bool, limit int, err error) {
	if len(s) < 2 || s[0] != 'M' && s[0] != 'C' {
		return false, 0, p.fail("a usage is M or C and a number")
	}
	limit, ok := number(s[1:], maxRepeat)
	if !ok || limit == 0 {
		return false, 0, p.fail("a usage is M or C and a number from 1 to %d", maxRepeat)
	}
	return s[0] == 'M', limit, nil
}

func (p *parser) message(line string) error {
	typ, name, err := p.split(line, "a message")
	if err != nil {
		return err
	}
	if p.dir.Messages[typ] != nil {
		return p.fail("message %s stands twice", typ)
	}
	nodes, err := p.nodesAt(1)
	if err != nil {
		return err
	}
	p.messages = append(p.messages, Message{Type: typ, Name: name, Nodes: nodes})
	p.dir.Messages[typ] = &p.messages[len(p.messages)-1]
	return nil
}

// nodesAt reads the lines of a message or group that are indented by depth,
// with what is in their groups.
func (p *parser) nodesAt(depth int) ([]Node, error) {
	if depth > maxDepth {
		return nil, p.fail("groups are nested more than %d deep", maxDepth)
	}
	n := p.siblings(depth)
	if n == 0 {
		p.line++
		return nil, p.fail("a message or group holds nothing")
	}
	first := len(p.nodes)
	p.nodes = p.nodes[:first+n]
	nodes := p.nodes[first : first+n : first+n]
	for i := range nodes {
		if err := p.node(&nodes[i], depth); err != nil {
			return nil, err
		}
	}
	if p.indent() > depth {
		p.line++
		return nil, p.fail("a segment holds nothing, and the line is indented under one")
	}
	if depth > 1 && nodes[0].Segment == nil {
		return nil, p.fail("a group begins with a segment, its trigger")
	}
	return nodes, nil
}

// siblings counts the lines that are indented by depth up to one indented less.
func (p *parser) siblings(depth int) int {
	n := 0
	for line := range strings.Lines(p.rest) {
		at := len(line) - len(strings.TrimLeft(line, " "))
		if at < depth {
			break
		}
		if at == depth {
			n++
		}
	}
	return n
}

func (p *parser) node(n *Node, depth int) error {
	if p.indent() != depth {
		p.line++
		return p.fail("the line is indented by %d, not %d", p.indent(), depth)
	}
	word, usage, _ := strings.Cut(p.next()[depth:], " ")
	var err error
	if n.Mandatory, n.Max, err = p.usage(usage); err != nil {
		return err
	}
	if group, ok := number(word, maxRepeat); ok && group > 0 {
		n.Group = group
		n.Nodes, err = p.nodesAt(depth + 1)
		return err
	}
	if n.Segment = p.lookup(word); n.Segment == nil {
		return p.fail("the message uses segment %s, which is not above", shown(word))
	}
	return nil
}

// lookup finds a segment of a message. Service segments belong to a syntax
// version and not to a user directory, which has but their tags.
func (p *parser) lookup(tag string) *Segment {
	if s := p.dir.Segments[tag]; s != nil {
		return s
	}
	if p.services || !isTag(tag) || tag[0] != 'U' {
		return nil
	}
	s := p.outside[tag]
	if s == nil {
		s = &Segment{Tag: tag}
		p.outside[tag] = s
	}
	return s
}
