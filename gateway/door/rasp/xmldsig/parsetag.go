package xmldsig

import (
	"bytes"
	"strings"
)

// startTag reads the start of an element, or an empty element.
func (p *parser) startTag() error {
	switch {
	case len(p.open) == 0 && len(p.nodes) > 0:
		return p.refuse(SyntaxBroken)
	case len(p.open) >= p.limits.Depth:
		return p.refuse(TooDeep)
	case len(p.nodes) >= p.limits.Nodes:
		return p.refuse(TooManyNodes)
	}
	p.pos++
	n := node{kind: element, parent: -1, firstAttr: uint32(len(p.attrs))}
	if len(p.open) > 0 {
		n.parent = p.open[len(p.open)-1]
	}
	var err error
	if n.name, n.end, n.prefix, err = p.name(); err != nil {
		return err
	}
	p.open, p.marks = append(p.open, int32(len(p.nodes))), append(p.marks, len(p.undo))
	empty, err := p.attributeList(&n)
	if err != nil {
		return err
	}
	if n.prefix == prefixDeclarations || p.bound[n.prefix] < 0 {
		return p.refuse(NamespaceBroken)
	}
	n.space = p.bound[n.prefix]
	p.nodes = append(p.nodes, n)
	if n.attributes > 0 {
		if err := p.resolve(int32(len(p.nodes) - 1)); err != nil {
			return err
		}
	}
	if empty {
		p.close()
	}
	return nil
}

// name reads a qualified name.
func (p *parser) name() (start, end uint32, prefix int32, err error) {
	from, colon, beyond := p.pos, -1, false
	for p.pos < len(p.src) && classes[p.src[p.pos]]&nameByte != 0 {
		switch b := p.src[p.pos]; {
		case b == ':' && colon < 0:
			colon = p.pos
		case b == ':':
			return 0, 0, 0, p.refuse(NamespaceBroken)
		case b >= 0x80:
			beyond = true
		}
		p.pos++
	}
	local := from
	if colon >= 0 {
		local = colon + 1
		if !isNCName(p.src[from:colon]) {
			return 0, 0, 0, p.refuse(SyntaxBroken)
		}
		if prefix, err = p.prefixNo(p.src[from:colon]); err != nil {
			return 0, 0, 0, err
		}
	}
	if local == p.pos || !startsName(p.src[local]) || beyond && !isNCName(p.src[local:p.pos]) {
		return 0, 0, 0, p.refuse(SyntaxBroken)
	}
	return uint32(from), uint32(p.pos), prefix, nil
}

// startsName reports whether a byte that may stand in a name may start one.
func startsName(b byte) bool { return b >= 'A' || b >= 0x80 }

func (p *parser) prefixNo(name []byte) (int32, error) {
	if no, ok := p.numbers[string(name)]; ok {
		return no, nil
	}
	if len(p.prefixes) >= mostPrefixes {
		return 0, p.refuse(TooManyPrefixes)
	}
	no := int32(len(p.prefixes))
	p.numbers[string(name)] = no
	p.prefixes = append(p.prefixes, string(name))
	p.bound = append(p.bound, -1)
	return no, nil
}

// attributeList reads attributes up to the end of the tag, binds prefixes, and reports whether the element is empty.
func (p *parser) attributeList(n *node) (empty bool, err error) {
	for {
		apart := p.skipWhite()
		switch rest := p.src[p.pos:]; {
		case len(rest) > 0 && rest[0] == '>':
			p.pos++
			return false, nil
		case bytes.HasPrefix(rest, []byte("/>")):
			p.pos += 2
			return true, nil
		case !apart:
			return false, p.refuse(SyntaxBroken)
		}
		if int(n.attributes) >= p.limits.Attributes {
			return false, p.refuse(TooManyAttributes)
		}
		if len(p.attrs) >= p.limits.Nodes {
			return false, p.refuse(TooManyNodes)
		}
		if err := p.attribute(); err != nil {
			return false, err
		}
		n.attributes++
	}
}

// attribute reads one attribute.
func (p *parser) attribute() error {
	var a attr
	var err error
	if a.name, a.nameEnd, a.prefix, err = p.name(); err != nil {
		return err
	}
	p.skipWhite()
	if p.pos >= len(p.src) || p.src[p.pos] != '=' {
		return p.refuse(SyntaxBroken)
	}
	p.pos++
	p.skipWhite()
	if p.pos >= len(p.src) || p.src[p.pos] != '"' && p.src[p.pos] != '\'' {
		return p.refuse(SyntaxBroken)
	}
	mark := p.src[p.pos]
	p.pos++
	size := bytes.IndexByte(p.src[p.pos:], mark)
	if size < 0 {
		return p.refuse(SyntaxBroken)
	}
	raw := p.src[p.pos : p.pos+size]
	all := classesOf(raw)
	switch {
	case all&forbidden != 0:
		return p.refuse(CharacterForbidden)
	case all&less != 0:
		return p.refuse(SyntaxBroken)
	case all&ampersand != 0:
		if err := p.references(raw); err != nil {
			return err
		}
	}
	a.value, a.valueEnd = uint32(p.pos), uint32(p.pos+size)
	a.plain = all&(ampersand|white|quote) == 0
	p.pos += size + 1
	name := p.src[a.name:a.nameEnd]
	if a.prefix == prefixDeclarations {
		err = p.bindNamed(&a, name[len("xmlns:"):])
	} else if string(name) == "xmlns" {
		err = p.bind(&a, prefixNone)
	}
	p.attrs = append(p.attrs, a)
	return err
}

func (p *parser) bindNamed(a *attr, name []byte) error {
	prefix, err := p.prefixNo(name)
	if err != nil {
		return err
	}
	return p.bind(a, prefix)
}

// bind makes an attribute the declaration that it is (Namespaces in XML 1.0 §3).
func (p *parser) bind(a *attr, prefix int32) error {
	space := p.attrValue(a)
	switch {
	case prefix == prefixDeclarations || (prefix == prefixXML) != (space == XML) || space == declarations:
		return p.refuse(NamespaceBroken)
	case space == "" && prefix != prefixNone:
		return p.refuse(NamespaceBroken)
	case space != "" && !absolute(space):
		return p.refuse(NamespaceBroken) // which canonicalisation must fail upon
	}
	no, ok := p.spaceNos[space]
	if !ok {
		no = int32(len(p.spaces))
		p.spaceNos[space] = no
		p.spaces = append(p.spaces, space)
	}
	p.undo = append(p.undo, binding{prefix, p.bound[prefix]})
	p.bound[prefix] = no
	a.space, a.prefix, a.bound = spaceDeclarations, prefix, no
	return nil
}

// absolute reports whether a name of a namespace is a URI with a scheme (RFC 3986 §2, §3.1).
func absolute(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	for i := range scheme {
		b := scheme[i]
		letter := 'a' <= b|0x20 && b|0x20 <= 'z'
		if !letter && (i == 0 || (b < '0' || b > '9') && b != '+' && b != '-' && b != '.') {
			return false
		}
	}
	return ok && scheme != "" && !strings.ContainsFunc(uri, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r)
	})
}

// resolve gives an element's attributes their namespaces, refuses two of one name, and remembers identifiers.
func (p *parser) resolve(i int32) error {
	attrs := p.attributes(i)
	for k := range attrs {
		a := &attrs[k]
		if a.space != spaceDeclarations && a.prefix != prefixNone {
			if a.space = p.bound[a.prefix]; a.space < 0 {
				return p.refuse(NamespaceBroken)
			}
		}
		for j := range k {
			if p.sameName(a, &attrs[j]) {
				return p.refuse(AttributeTwice)
			}
		}
	}
	for k := range attrs {
		if err := p.identify(i, &attrs[k]); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) sameName(a, b *attr) bool {
	if a.space != b.space {
		return false
	}
	if a.space == spaceDeclarations {
		return a.prefix == b.prefix
	}
	return bytes.Equal(p.attrLocal(a), p.attrLocal(b))
}

// identify remembers an attribute that is an identifier in anybody's eyes; no two may be the same.
func (p *parser) identify(i int32, a *attr) error {
	named := false
	switch local := p.attrLocal(a); {
	case a.space == spaceDeclarations:
		return nil
	case string(local) == "Id" && (a.space == spaceNone || p.spaces[a.space] == Utility):
		named = true
	case a.space == spaceNone && string(local) == "ID", a.space == spaceXML && string(local) == "id":
	default:
		return nil
	}
	id := p.attrValue(a)
	if _, ok := p.ids[id]; ok {
		return p.refuse(IDTwice)
	}
	if len(p.ids) >= p.limits.IDs {
		return p.refuse(TooManyIDs)
	}
	p.ids[id] = identified{i, named}
	return nil
}
