package xmldsig

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// tree is a parsed document: nodes in document order that point into the source. Nothing is copied and nothing is
// changed after parsing, so what is hashed is what is read.
type tree struct {
	src      []byte
	nodes    []node
	attrs    []attr
	spaces   []string // namespaces by number; 0 is none
	prefixes []string // prefixes by number; 0 is none
	numbers  map[string]int32
	ids      map[string]identified
	ends     map[int32]int // where elements of encryption end in the source, of the first few
}

type kind uint8

const (
	element kind = iota
	text
	cdata
)

// node is an element, or a run of text. It is kept small: a body of 16 MB has a million.
type node struct {
	name, end  uint32 // the qualified name of an element; the raw text
	parent     int32  // -1 at the root
	after      int32  // the first node that is not inside: its next sibling, or what follows its parent
	firstAttr  uint32
	space      int32
	prefix     int32
	attributes uint8
	kind       kind
	plain      bool // raw text that is canonical as it stands
}

// attr is an attribute, or the declaration of a namespace.
type attr struct {
	name, nameEnd   uint32
	value, valueEnd uint32
	space           int32 // of a declaration: spaceDeclarations
	prefix          int32 // of a declaration: the prefix that it binds
	bound           int32 // of a declaration: the namespace
	plain           bool
}

// identified is who bears an identifier.
type identified struct {
	node  int32
	named bool // as u:Id, or as Id: what a reference may name (WSS SOAP Message Security §4)
}

const (
	spaceNone int32 = iota
	spaceXML
	spaceDeclarations
	spaceEncryption
)

const (
	prefixNone int32 = iota
	prefixXML
	prefixDeclarations
)

func (t *tree) space(i int32) string { return t.spaces[t.nodes[i].space] }

func (t *tree) local(i int32) []byte {
	n := &t.nodes[i]
	return t.src[n.name+t.skip(n.prefix) : n.end]
}

// skip is how far the local name stands behind the start of a qualified one.
func (t *tree) skip(prefix int32) uint32 {
	if prefix == prefixNone {
		return 0
	}
	return uint32(len(t.prefixes[prefix])) + 1
}

// is reports whether a node is an element of that name.
func (t *tree) is(i int32, space, local string) bool {
	return t.nodes[i].kind == element && t.space(i) == space && string(t.local(i)) == local
}

func (t *tree) nameOf(i int32) Name { return Name{t.space(i), string(t.local(i))} }

func (t *tree) attributes(i int32) []attr {
	n := &t.nodes[i]
	return t.attrs[n.firstAttr : n.firstAttr+uint32(n.attributes)]
}

func (t *tree) attrLocal(a *attr) []byte { return t.src[a.name+t.skip(a.prefix) : a.nameEnd] }

// attribute is the value of an attribute that is no declaration.
func (t *tree) attribute(i int32, space, local string) (string, bool) {
	attrs := t.attributes(i)
	for k := range attrs {
		a := &attrs[k]
		if a.space != spaceDeclarations && t.spaces[a.space] == space && string(t.attrLocal(a)) == local {
			return t.attrValue(a), true
		}
	}
	return "", false
}

func (t *tree) attrValue(a *attr) string {
	raw := t.src[a.value:a.valueEnd]
	if a.plain {
		return string(raw)
	}
	return string(appendNormal(nil, raw))
}

// children are the elements directly inside an element; strict says that nothing but white space stands between them.
func (t *tree) children(i int32) (elements []int32, strict bool) {
	strict = true
	for c := i + 1; c < t.nodes[i].after; c = t.nodes[c].after {
		if t.nodes[c].kind == element {
			elements = append(elements, c)
		} else if !t.blank(c) {
			strict = false
		}
	}
	return elements, strict
}

// blank reports whether a run of text is white space, written as such: not as references, and not as CDATA.
func (t *tree) blank(i int32) bool {
	n := &t.nodes[i]
	return n.kind == text && len(bytes.Trim(t.src[n.name:n.end], " \t\r\n")) == 0
}

// text is the character data directly inside an element; false when it has elements as well.
func (t *tree) text(i int32) (string, bool) {
	var b strings.Builder
	for c := i + 1; c < t.nodes[i].after; c = t.nodes[c].after {
		n := &t.nodes[c]
		raw := t.src[n.name:n.end]
		switch {
		case n.kind == element:
			return "", false
		case n.plain:
			b.Write(raw)
		default:
			b.Write(appendDecoded(nil, raw, n.kind == cdata))
		}
	}
	return b.String(), true
}

// appendDecoded appends character data as it is meant: line ends are one character, references what they stand for.
func appendDecoded(dst, raw []byte, literal bool) []byte {
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b == '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			dst = append(dst, '\n')
		case b == '&' && !literal:
			r, size := reference(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size - 1
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// appendNormal appends an attribute's value as it is meant: white space that is written as such is a space (XML 1.0 §3.3.3).
func appendNormal(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; b {
		case '\r', '\n', '\t':
			if b == '\r' && i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			dst = append(dst, ' ')
		case '&':
			r, size := reference(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size - 1
		default:
			dst = append(dst, b)
		}
	}
	return dst
}
