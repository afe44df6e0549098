package xmldsig

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// declaration is the only one that a document may start with.
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"(?i:utf-8)"|'(?i:utf-8)'))?` +
	`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// parser reads a document into a tree, from front to back and once.
type parser struct {
	*tree
	limits   Limits
	pos      int
	open     []int32 // elements
	undo     []binding
	marks    []int   // for each open element, how long undo was before it
	bound    []int32 // prefix -> namespace, -1 for none
	spaceNos map[string]int32
	fence    *fence
}

// binding is what a prefix was bound to before.
type binding struct{ prefix, space int32 }

// parse reads a whole document. src must not be changed afterwards.
func parse(src []byte, limits Limits) (*tree, error) { return parseFenced(src, limits, nil) }

func parseFenced(src []byte, limits Limits, f *fence) (*tree, error) {
	p := &parser{limits: limits.orDefault(), fence: f}
	p.tree = &tree{
		src:      src,
		spaces:   []string{"", XML, declarations, encryption},
		prefixes: []string{"", "xml", "xmlns"},
		numbers:  map[string]int32{"": prefixNone, "xml": prefixXML, "xmlns": prefixDeclarations},
		ids:      map[string]identified{},
		ends:     map[int32]int{},
	}
	if len(src) > p.limits.Bytes {
		return nil, refuse(TooManyBytes, "")
	}
	p.spaceNos = map[string]int32{"": spaceNone, XML: spaceXML, declarations: spaceDeclarations, encryption: spaceEncryption}
	p.bound = []int32{spaceNone, spaceXML, -1}
	if err := p.encoding(); err != nil {
		return nil, err
	}
	const most = 1 << 20 // to begin with: what a message claims by its bytes is not believed without end
	p.nodes = make([]node, 0, min(bytes.Count(src, []byte("<"))+16, most))
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.tree, nil
}

func (p *parser) refuse(reason Reason) error {
	return refuse(reason, "byte "+strconv.Itoa(p.pos))
}

// encoding looks at the document as characters.
func (p *parser) encoding() error {
	if !utf8.Valid(p.src) {
		return refuse(NotUTF8, "")
	}
	for _, noncharacter := range []string{"\uFFFE", "\uFFFF"} {
		if at := bytes.Index(p.src, []byte(noncharacter)); at >= 0 {
			p.pos = at
			return p.refuse(CharacterForbidden)
		}
	}
	if bytes.HasPrefix(p.src, []byte("\uFEFF")) {
		p.pos = len("\uFEFF")
	}
	if !bytes.HasPrefix(p.src[p.pos:], []byte("<?xml")) {
		return nil
	}
	found := declaration.Find(p.src[p.pos:min(len(p.src), p.pos+256)])
	if found == nil {
		return p.refuse(NotUTF8)
	}
	p.pos += len(found)
	return nil
}

// document reads what follows the declaration.
func (p *parser) document() error {
	for p.pos < len(p.src) {
		if !p.fence.holds(p.pos, len(p.open)) {
			return p.refuse(SyntaxBroken)
		}
		var err error
		if p.src[p.pos] == '<' {
			err = p.markup()
		} else {
			err = p.characters()
		}
		if err != nil {
			return err
		}
	}
	if len(p.open) > 0 || len(p.nodes) == 0 {
		return p.refuse(SyntaxBroken)
	}
	return nil
}

// markup reads whatever starts with "<".
func (p *parser) markup() error {
	rest := p.src[p.pos:]
	switch {
	case len(rest) < 2:
		return p.refuse(SyntaxBroken)
	case rest[1] == '/':
		return p.endTag()
	case rest[1] == '?':
		return p.refuse(Instruction)
	case rest[1] != '!':
		return p.startTag()
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return p.section()
	case bytes.HasPrefix(rest, []byte("<!--")):
		return p.refuse(Comment)
	case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
		return p.refuse(DocumentType)
	}
	return p.refuse(SyntaxBroken)
}

// characters reads text up to the next "<".
func (p *parser) characters() error {
	raw := p.src[p.pos:]
	if end := bytes.IndexByte(raw, '<'); end >= 0 {
		raw = raw[:end]
	}
	if len(p.open) == 0 {
		if len(bytes.Trim(raw, " \t\r\n")) > 0 {
			return p.refuse(SyntaxBroken)
		}
		p.pos += len(raw)
		return nil
	}
	all := classesOf(raw)
	if all&forbidden != 0 {
		return p.refuse(CharacterForbidden)
	}
	if all&ampersand != 0 {
		if err := p.references(raw); err != nil {
			return err
		}
	}
	if all&greater != 0 && bytes.Contains(raw, []byte("]]>")) {
		return p.refuse(SyntaxBroken)
	}
	return p.addText(raw, node{kind: text, plain: all&(ampersand|greater|carriage) == 0})
}

// section reads a CDATA section.
func (p *parser) section() error {
	if len(p.open) == 0 {
		return p.refuse(SyntaxBroken)
	}
	p.pos += len("<![CDATA[")
	end := bytes.Index(p.src[p.pos:], []byte("]]>"))
	if end < 0 {
		return p.refuse(SyntaxBroken)
	}
	raw := p.src[p.pos : p.pos+end]
	all := classesOf(raw)
	if all&forbidden != 0 {
		return p.refuse(CharacterForbidden)
	}
	if err := p.addText(raw, node{kind: cdata, plain: all&(ampersand|greater|less|carriage) == 0}); err != nil {
		return err
	}
	p.pos += len("]]>")
	return nil
}

func (p *parser) addText(raw []byte, n node) error {
	if len(p.nodes) >= p.limits.Nodes {
		return p.refuse(TooManyNodes)
	}
	n.name, n.end = uint32(p.pos), uint32(p.pos+len(raw))
	n.parent = p.open[len(p.open)-1]
	n.after = int32(len(p.nodes)) + 1
	p.nodes = append(p.nodes, n)
	p.pos += len(raw)
	return nil
}

// references looks at every reference in raw.
func (p *parser) references(raw []byte) error {
	for {
		at := bytes.IndexByte(raw, '&')
		if at < 0 {
			return nil
		}
		_, size := reference(raw[at:])
		if size == 0 {
			return p.refuse(EntityUnknown)
		}
		raw = raw[at+size:]
	}
}

// endTag reads the end of the innermost open element.
func (p *parser) endTag() error {
	if len(p.open) == 0 {
		return p.refuse(SyntaxBroken)
	}
	last := len(p.open) - 1
	n := &p.nodes[p.open[last]]
	name := p.src[n.name:n.end]
	rest := p.src[p.pos+2:]
	if !bytes.HasPrefix(rest, name) {
		return p.refuse(SyntaxBroken)
	}
	p.pos += 2 + len(name)
	p.skipWhite()
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		return p.refuse(SyntaxBroken)
	}
	p.pos++
	p.close()
	return nil
}

// close ends the innermost open element.
func (p *parser) close() {
	last := len(p.open) - 1
	p.nodes[p.open[last]].after = int32(len(p.nodes))
	if p.nodes[p.open[last]].space == spaceEncryption && len(p.ends) < mostEncryption {
		p.ends[p.open[last]] = p.pos
	}
	for len(p.undo) > p.marks[last] {
		old := p.undo[len(p.undo)-1]
		p.bound[old.prefix] = old.space
		p.undo = p.undo[:len(p.undo)-1]
	}
	p.open, p.marks = p.open[:last], p.marks[:last]
}

// skipWhite passes white space and reports whether there was any.
func (p *parser) skipWhite() bool {
	start := p.pos
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || classes[p.src[p.pos]]&white != 0) {
		p.pos++
	}
	return p.pos > start
}
