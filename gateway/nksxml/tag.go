package nksxml

import (
	"bytes"
	"fmt"
)

// Attr is an attribute of a start element.
type Attr struct {
	Name  []byte // as written, with its prefix
	Value []byte // normalised: references expanded, white space as blanks. XML 1.0 §3.3.3
	URI   string // namespace; empty without prefix
	colon int
}

// Local is the attribute's name without its prefix.
func (a *Attr) Local() []byte { return a.Name[a.colon+1:] }

// longTag takes a start tag with attributes or with a name not met before in this scope.
func (t *Tokenizer) longTag() error {
	in := t.in
	for {
		size := tagSize(in.buf[in.pos:in.end])
		if size > 0 {
			return t.parseTag(in.buf[in.pos : in.pos+size])
		}
		if !in.more() {
			// What is there may be broken in itself: that tells more than its missing end.
			if err := t.parseTag(in.buf[in.pos:in.end]); err != nil && !in.full() && in.fail == nil {
				return err
			}
			return in.missing("a start tag")
		}
	}
}

// tagSize finds the end of a start tag; 0 when it is not in b.
func tagSize(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '>', '<':
			return i + 1
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], b[i])
			if n < 0 {
				return 0
			}
			i += n + 1
		}
	}
	return 0
}

// parseTag reads a whole start tag.
func (t *Tokenizer) parseTag(tag []byte) error {
	in := t.in
	start := in.pos
	fail := func(i int, value []byte, rule string) error { return in.errorAt(start+i, show(value), rule) }

	n := nameLength(tag[1:])
	if n == 0 {
		return fail(0, nil, "\"<\" begins no name")
	}
	if n > t.lim.Name {
		return fail(1, tag[1:1+n], fmt.Sprintf("name longer than %d bytes", t.lim.Name))
	}
	name, i := tag[1:1+n], 1+n
	before := len(t.spaces)
	t.scratch = t.scratch[:0]
	seen := 0
	for {
		from := i
		for i < len(tag) && isSpace(tag[i]) {
			i++
		}
		if i == len(tag) {
			return fail(i-1, nil, "start tag is not finished")
		}
		if tag[i] == '>' {
			i++
			break
		}
		if tag[i] == '/' {
			if i+1 >= len(tag) || tag[i+1] != '>' {
				return fail(i, nil, "\"/\" within a start tag")
			}
			t.empty = true
			i += 2
			break
		}
		if i == from {
			return fail(i, nil, "white space is missing before an attribute")
		}
		if seen++; seen > t.lim.Attributes {
			return fail(i, nil, fmt.Sprintf("more than %d attributes", t.lim.Attributes))
		}
		size, rule := t.attribute(tag[i:])
		if rule != "" {
			return fail(i, tag[i:i+min(size, maxShown)], rule)
		}
		i += size
	}
	in.pos += i
	return t.resolve(name, before, fail)
}

// attribute reads one attribute, returns its size, and the rule it breaks.
func (t *Tokenizer) attribute(b []byte) (int, string) {
	n := nameLength(b)
	if n == 0 {
		return 0, "an attribute's name is missing"
	}
	if n > t.lim.Name {
		return n, fmt.Sprintf("name longer than %d bytes", t.lim.Name)
	}
	i := n
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i == len(b) || b[i] != '=' {
		return n, "an attribute has no value"
	}
	for i++; i < len(b) && isSpace(b[i]); {
		i++
	}
	if i == len(b) || b[i] != '"' && b[i] != '\'' {
		return n, "an attribute's value is not quoted"
	}
	size := bytes.IndexByte(b[i+1:], b[i])
	if size < 0 {
		return n, "an attribute's value is not finished"
	}
	value, rule := t.attributeValue(b[i+1 : i+1+size])
	if rule != "" {
		return n, rule
	}
	t.attrs = append(t.attrs, Attr{Name: b[:n], Value: value})
	return i + size + 2, ""
}

// attributeValue normalises a value. XML 1.0 §3.3.3.
func (t *Tokenizer) attributeValue(raw []byte) ([]byte, string) {
	if !bytes.ContainsAny(raw, "&<\n\t") {
		return raw, ""
	}
	from := len(t.scratch)
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case '<':
			return nil, "\"<\" in an attribute's value"
		case '\n', '\t':
			t.scratch = append(t.scratch, ' ')
			i++
		case '&':
			var size int
			var rule string
			if t.scratch, size, rule = reference(t.scratch, raw[i:]); rule != "" {
				return nil, rule
			}
			i += size
		default:
			t.scratch = append(t.scratch, c)
			i++
		}
	}
	return t.scratch[from:len(t.scratch):len(t.scratch)], ""
}

// resolve puts the tag's namespace declarations in force, resolves its names, and opens the element.
func (t *Tokenizer) resolve(name []byte, before int, fail func(int, []byte, string) error) error {
	kept := t.attrs[:0]
	for i := range t.attrs {
		a := t.attrs[i]
		for j := range t.attrs[:i] {
			if string(t.attrs[j].Name) == string(a.Name) {
				return fail(0, a.Name, "attribute stands twice")
			}
		}
		colon, ok := splitName(a.Name)
		if !ok {
			return fail(0, a.Name, "not a qualified name")
		}
		a.colon = colon
		t.attrs[i] = a
	}
	for _, a := range t.attrs {
		rule := ""
		switch {
		case string(a.Name) == "xmlns":
			rule = t.declare(nil, a.Value)
		case a.colon > 0 && string(a.Name[:a.colon]) == "xmlns":
			rule = t.declare(a.Local(), a.Value)
		}
		if rule != "" {
			return fail(0, a.Name, rule)
		}
	}
	for _, a := range t.attrs {
		if string(a.Name) == "xmlns" || a.colon > 0 && string(a.Name[:a.colon]) == "xmlns" {
			continue
		}
		if a.colon > 0 {
			uri, ok := t.lookup(a.Name[:a.colon])
			if !ok {
				return fail(0, a.Name, "prefix is not declared")
			}
			a.URI = uri
			for _, b := range kept {
				if b.URI == uri && string(b.Local()) == string(a.Local()) {
					return fail(0, a.Name, "attribute stands twice")
				}
			}
		}
		kept = append(kept, a)
	}
	t.attrs = kept
	return t.resolveElement(name, before, fail)
}

func (t *Tokenizer) resolveElement(name []byte, before int, fail func(int, []byte, string) error) error {
	colon, ok := splitName(name)
	if !ok {
		return fail(0, name, "not a qualified name")
	}
	prefix := name[:max(colon, 0)]
	if string(prefix) == "xmlns" {
		return fail(0, name, "prefix xmlns on an element")
	}
	uri, ok := t.lookup(prefix)
	if !ok {
		return fail(0, name, "prefix is not declared")
	}
	sym := t.symbols[qualified{uri, string(name[colon+1:])}]
	t.remember(name, colon, uri, sym)
	return t.openElement(name, colon, uri, sym, before)
}
