package xmldsig

import (
	"bytes"
	"io"
	"strings"
)

// canonicaliser writes exclusive canonical forms (Exclusive XML Canonicalization 1.0, without comments) straight from
// the source: what is canonical as it stands is never copied but once, into the buffer before the hash.
type canonicaliser struct {
	*tree
	w         io.Writer
	err       error
	buf       []byte
	scratch   []byte
	rendered  []int32 // prefix -> namespace that the output has bound it to, -1 for none
	undo      []binding
	frames    []frame
	inclusive []int32 // prefixes of a PrefixList
	scope     []int32 // what each of these is bound to here
	scopeUndo []binding
	due       []binding // what the element at hand must bind
	sorted    []*attr
}

// frame is an element that is open in the output.
type frame struct {
	node            int32
	undo, scopeUndo int
}

const bufferSize = 8 << 10

// canonicalise writes the canonical form of an element. inclusive are the prefixes of a PrefixList, the default
// namespace as prefixNone.
func (t *tree) canonicalise(w io.Writer, apex int32, inclusive []int32) error {
	c := &canonicaliser{tree: t, w: w, buf: make([]byte, 0, bufferSize+1024), inclusive: inclusive}
	c.rendered = make([]int32, len(t.prefixes))
	for i := range c.rendered {
		c.rendered[i] = -1
	}
	c.rendered[prefixNone], c.rendered[prefixXML] = spaceNone, spaceXML
	c.enterScope(apex)
	end := t.nodes[apex].after
	for i := apex; i < end && c.err == nil; i++ {
		c.closeUntil(i)
		switch n := &t.nodes[i]; {
		case n.kind == element:
			c.start(i)
		case n.plain:
			c.write(t.src[n.name:n.end])
		default:
			c.scratch = appendDecoded(c.scratch[:0], t.src[n.name:n.end], n.kind == cdata)
			c.escape(c.scratch, specialInText)
		}
	}
	c.closeUntil(end)
	c.flush()
	return c.err
}

// enterScope binds the inclusive prefixes as they are where the apex stands.
func (c *canonicaliser) enterScope(apex int32) {
	c.scope = make([]int32, len(c.inclusive))
	for k, prefix := range c.inclusive {
		c.scope[k] = -1
		if prefix == prefixNone {
			c.scope[k] = spaceNone
		}
	}
	var above []int32
	for i := c.nodes[apex].parent; i >= 0 && len(c.inclusive) > 0; i = c.nodes[i].parent {
		above = append(above, i)
	}
	for k := len(above) - 1; k >= 0; k-- {
		c.declare(above[k])
	}
	c.scopeUndo = c.scopeUndo[:0]
}

// declare takes over what an element declares of the inclusive prefixes.
func (c *canonicaliser) declare(i int32) {
	attrs := c.attributes(i)
	for j := range attrs {
		if attrs[j].space != spaceDeclarations {
			continue
		}
		for k, prefix := range c.inclusive {
			if attrs[j].prefix == prefix {
				c.scopeUndo = append(c.scopeUndo, binding{int32(k), c.scope[k]})
				c.scope[k] = attrs[j].bound
			}
		}
	}
}

// start writes the start of an element.
func (c *canonicaliser) start(i int32) {
	n := &c.nodes[i]
	c.frames = append(c.frames, frame{i, len(c.undo), len(c.scopeUndo)})
	c.due, c.sorted = c.due[:0], c.sorted[:0]
	c.use(n.prefix, n.space)
	if n.attributes > 0 {
		if len(c.inclusive) > 0 {
			c.declare(i)
		}
		c.sortAttributes(i)
	}
	for k, prefix := range c.inclusive {
		if c.scope[k] >= 0 {
			c.use(prefix, c.scope[k])
		}
	}
	c.write(opening)
	c.write(c.src[n.name:n.end])
	for _, b := range c.due {
		c.writeSpace(b)
	}
	for _, a := range c.sorted {
		c.writeAttribute(a)
	}
	c.write(closing)
}

// use makes the output bind a prefix here, unless it has. Bindings are kept in the order of prefixes.
func (c *canonicaliser) use(prefix, space int32) {
	if c.rendered[prefix] == space {
		return
	}
	c.undo = append(c.undo, binding{prefix, c.rendered[prefix]})
	c.rendered[prefix] = space
	at := len(c.due)
	for at > 0 && c.prefixes[c.due[at-1].prefix] > c.prefixes[prefix] {
		at--
	}
	c.due = append(c.due, binding{})
	copy(c.due[at+1:], c.due[at:])
	c.due[at] = binding{prefix, space}
}

// sortAttributes puts an element's attributes in order: by namespace, then by local name.
func (c *canonicaliser) sortAttributes(i int32) {
	attrs := c.attributes(i)
	for k := range attrs {
		a := &attrs[k]
		if a.space == spaceDeclarations {
			continue
		}
		if a.prefix != prefixNone {
			c.use(a.prefix, a.space)
		}
		at := len(c.sorted)
		for at > 0 && c.before(a, c.sorted[at-1]) {
			at--
		}
		c.sorted = append(c.sorted, nil)
		copy(c.sorted[at+1:], c.sorted[at:])
		c.sorted[at] = a
	}
}

func (c *canonicaliser) before(a, b *attr) bool {
	if a.space != b.space {
		return c.spaces[a.space] < c.spaces[b.space]
	}
	return bytes.Compare(c.attrLocal(a), c.attrLocal(b)) < 0
}

var opening, closing, endOpening = []byte("<"), []byte(">"), []byte("</")

func (c *canonicaliser) writeSpace(b binding) {
	if b.prefix == prefixNone {
		c.write([]byte(` xmlns="`))
	} else {
		c.write([]byte(` xmlns:` + c.prefixes[b.prefix] + `="`))
	}
	c.escape([]byte(c.spaces[b.space]), specialInValue)
	c.write([]byte(`"`))
}

func (c *canonicaliser) writeAttribute(a *attr) {
	c.write([]byte(" "))
	c.write(c.src[a.name:a.nameEnd])
	c.write([]byte(`="`))
	if raw := c.src[a.value:a.valueEnd]; a.plain {
		c.write(raw)
	} else {
		c.scratch = appendNormal(c.scratch[:0], raw)
		c.escape(c.scratch, specialInValue)
	}
	c.write([]byte(`"`))
}

// closeUntil writes the ends of the elements that end before a node.
func (c *canonicaliser) closeUntil(i int32) {
	for len(c.frames) > 0 {
		f := c.frames[len(c.frames)-1]
		n := &c.nodes[f.node]
		if n.after > i {
			return
		}
		c.write(endOpening)
		c.write(c.src[n.name:n.end])
		c.write(closing)
		for ; len(c.undo) > f.undo; c.undo = c.undo[:len(c.undo)-1] {
			old := c.undo[len(c.undo)-1]
			c.rendered[old.prefix] = old.space
		}
		for ; len(c.scopeUndo) > f.scopeUndo; c.scopeUndo = c.scopeUndo[:len(c.scopeUndo)-1] {
			old := c.scopeUndo[len(c.scopeUndo)-1]
			c.scope[old.prefix] = old.space
		}
		c.frames = c.frames[:len(c.frames)-1]
	}
}

// What has a reference in the canonical form, in text and in the value of an attribute.
const (
	specialInText  = "&<>\r"
	specialInValue = "&<\"\t\n\r"
)

// appendEscaped appends decoded text with references for the characters that are special.
func appendEscaped(dst, decoded []byte, special string) []byte {
	for {
		at := bytes.IndexAny(decoded, special)
		if at < 0 {
			return append(dst, decoded...)
		}
		dst = append(append(dst, decoded[:at]...), escaped(decoded[at])...)
		decoded = decoded[at+1:]
	}
}

func (c *canonicaliser) escape(decoded []byte, special string) {
	c.buf = appendEscaped(c.buf, decoded, special)
	c.write(nil)
}

// escaped is the reference that the canonical form has for a character.
func escaped(b byte) string {
	switch b {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	}
	return "&#xD;"
}

func (c *canonicaliser) write(p []byte) {
	c.buf = append(c.buf, p...)
	if len(c.buf) >= bufferSize {
		c.flush()
	}
}

func (c *canonicaliser) flush() {
	if c.err == nil && len(c.buf) > 0 {
		_, c.err = c.w.Write(c.buf)
	}
	c.buf = c.buf[:0]
}

// prefixList reads the prefixes of an InclusiveNamespaces' PrefixList; those that the document binds nowhere are left
// out. False when there are too many.
func (t *tree) prefixList(list string) ([]int32, bool) {
	names := strings.Fields(list)
	if len(names) > mostListed {
		return nil, false
	}
	var inclusive []int32
	for _, name := range names {
		if name == "#default" {
			inclusive = append(inclusive, prefixNone)
			continue
		}
		if no := t.numbers[name]; no > prefixDeclarations {
			inclusive = append(inclusive, no)
		}
	}
	return inclusive, true
}
