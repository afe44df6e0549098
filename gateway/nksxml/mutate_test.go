package nksxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"nks/gateway/nksxml"
)

// node is an element of a document that is being spoilt.
type node struct {
	name     string // as written, with prefix
	attrs    []xml.Attr
	children []*node
	text     string // of an element without children
	parent   *node
}

func parseTree(t *testing.T, doc []byte) *node {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	root := &node{}
	at := root
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return root.children[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: qname(tok.Name), attrs: tok.Copy().Attr, parent: at}
			at.children = append(at.children, n)
			at = n
		case xml.EndElement:
			at = at.parent
		case xml.CharData:
			at.text += string(tok)
		}
	}
}

func qname(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func (n *node) String() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + qname(a.Name) + `="`)
		_ = xml.EscapeText(b, []byte(a.Value))
		b.WriteString(`"`)
	}
	b.WriteString(">")
	if len(n.children) == 0 {
		_ = xml.EscapeText(b, []byte(n.text))
	}
	for _, c := range n.children {
		b.WriteString("\n")
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

func (n *node) each(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.each(visit)
	}
}

// path is the same for elements of the same place in the schema.
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	return n.parent.path() + "/" + n.name
}

// at is the place of a node among its siblings.
func (n *node) at() int {
	for i, c := range n.parent.children {
		if c == n {
			return i
		}
	}
	return -1
}

func (n *node) replaceWith(nodes ...*node) (undo func()) {
	p, i, was := n.parent, n.at(), n.parent.children
	next := append([]*node{}, was[:i]...)
	next = append(next, nodes...)
	p.children = append(next, was[i+1:]...)
	return func() { p.children = was }
}

// values that spoil some types and not others.
var spoilt = []string{"", " ", "x", "12a", "-5", "+7", "1.5", "1,50", "99999999999999999999", "true", "2", "yes", "TRUE", " 1 ", "\n0\t",
	"2005-02-29", "2005-08-15", "2005-08-15Z", "15-08-2005", "2005-08-15T10:00:00", "2005-08-15T24:00:00", "2005-08-15T10:00:00.5+02:00",
	"2005-08-15 10:00:00", "2005-08-15T10:00", " 2005-08-15 ", "0000-01-01", "DKK", "dkk", "DKKK", "ÆØÅ", "DK", "ACPT", "RJCT", "PART",
	"  Bad   XML ", "\u00a01", "99999999999999999",
	strings.Repeat("a", 36), strings.Repeat("ø", 70), strings.Repeat("a", 71), strings.Repeat("ø", 129), strings.Repeat("ø", 257),
	strings.Repeat("a", 351), strings.Repeat("a", 1025)}

// mutations spoils a document in every way that has a name. Each mutation is well-formed; not all are invalid.
// Elements whose path was met before are left alone.
func mutations(t *testing.T, doc []byte, met map[string]bool) map[string][]byte {
	t.Helper()
	root := parseTree(t, doc)
	out := map[string][]byte{}
	seen := map[string]bool{}
	emit := func(n *node, what string) {
		s := root.String()
		if seen[s] {
			return
		}
		seen[s] = true
		out[fmt.Sprintf("%04d-%s-%s.xml", len(out), strings.ReplaceAll(n.name, ":", "."), what)] = []byte(s)
	}
	root.each(func(n *node) {
		if met[n.path()] {
			return
		}
		met[n.path()] = true
		if n.parent.name != "" {
			spoilPlace(n, emit)
		}
		spoilName(n, emit)
		spoilAttributes(n, emit)
		if len(n.children) == 0 {
			was := n.text
			for i, v := range spoilt {
				n.text = v
				emit(n, fmt.Sprintf("value%d", i))
			}
			n.text = was
		}
	})
	return out
}

func spoilPlace(n *node, emit func(*node, string)) {
	undo := n.replaceWith()
	emit(n, "dropped")
	undo()
	undo = n.replaceWith(n, n)
	emit(n, "twice")
	undo()
	undo = n.replaceWith(n, n, n, n, n, n)
	emit(n, "sixfold")
	undo()
	for _, s := range []string{"swift:Unknown", "Unknown", n.name} {
		undo = n.replaceWith(&node{name: s, text: "1"}, n)
		emit(n, "after-"+strings.ReplaceAll(s, ":", "."))
		undo()
	}
	if i := n.at(); i+1 < len(n.parent.children) {
		next := n.parent.children[i+1]
		n.parent.children[i], n.parent.children[i+1] = next, n
		emit(n, "swapped")
		n.parent.children[i], n.parent.children[i+1] = n, next
	}
	undo = n.replaceWith(n.children...)
	emit(n, "unwrapped")
	undo()
	undo = n.replaceWith(&node{name: n.name, children: []*node{n}})
	emit(n, "wrapped")
	undo()
	if len(n.children) > 0 {
		was := n.children
		n.children = nil
		text := n.text
		n.text = "text"
		emit(n, "emptied")
		n.children, n.text = was, text
	}
}

func spoilName(n *node, emit func(*node, string)) {
	was := n.name
	prefix, local, found := strings.Cut(was, ":")
	if !found {
		prefix, local = "", was
	}
	n.name = was + "x"
	emit(n, "renamed")
	n.name = local
	emit(n, "unprefixed")
	for _, p := range []string{"nks", "ebms", "swift"} {
		if p != prefix {
			n.name = p + ":" + local
			n.attrs = append(n.attrs, xml.Attr{Name: xml.Name{Space: "xmlns", Local: p}, Value: "urn:other"})
			emit(n, "other-namespace-"+p)
			n.attrs = n.attrs[:len(n.attrs)-1]
		}
	}
	n.name = was
}

func spoilAttributes(n *node, emit func(*node, string)) {
	was := n.attrs
	for i, a := range was {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		n.attrs = append(append([]xml.Attr{}, was[:i]...), was[i+1:]...)
		emit(n, "without-"+a.Name.Local)
		for j, v := range []string{"", "x", "Error", "Warning", "2.0", " DKK ", "D K", "ÆØÅ", strings.Repeat("x", 71)} {
			n.attrs = append(append([]xml.Attr{}, was[:i]...), xml.Attr{Name: a.Name, Value: v})
			n.attrs = append(n.attrs, was[i+1:]...)
			emit(n, fmt.Sprintf("%s-value%d", a.Name.Local, j))
		}
	}
	for _, name := range []string{"Ccy", "xml:lang", "unknown"} {
		if len(was) > 0 && name == was[0].Name.Local {
			continue
		}
		n.attrs = append(append([]xml.Attr{}, was...), attr(name, "en"))
		emit(n, "with-"+strings.ReplaceAll(name, ":", "."))
	}
	n.attrs = was
}

func attr(name, value string) xml.Attr {
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		prefix, local = "", name
	}
	return xml.Attr{Name: xml.Name{Space: prefix, Local: local}, Value: value}
}

// The reader and the schema accept and refuse the same documents.
func TestMutationsAreJudgedAsBySchema(t *testing.T) {
	t.Parallel()
	byKind := map[string]map[string][]byte{}
	for name, doc := range documents(t, testdata) {
		kind := kindOf(t, doc)
		if byKind[kind] == nil {
			byKind[kind] = map[string][]byte{}
		}
		byKind[kind][name] = doc
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			refused := 0
			met := map[string]bool{}
			for _, name := range slices.Sorted(maps.Keys(byKind[kind])) {
				if strings.Contains(name, "latin1") {
					continue // the tree of this test is written in UTF-8
				}
				refused += assertAgreement(t, kind, name, mutations(t, byKind[kind][name], met))
			}
			t.Logf("%d mutations refused", refused)
			if refused < 30 {
				t.Errorf("only %d mutations refused", refused)
			}
		})
	}
}

func assertAgreement(t *testing.T, kind, name string, docs map[string][]byte) (refused int) {
	t.Helper()
	accepted, complaints := xmllint(t, kind, docs)
	for mutation, doc := range docs {
		err := readWhole(kind, bytes.NewReader(doc), nksxml.Limits{})
		var fault *nksxml.Error
		if err != nil && (!errors.As(err, &fault) || fault.Line == 0 || fault.Rule == "") {
			t.Errorf("%s: %s: error without its place: %v", name, mutation, err)
		} else if err != nil && fault.WellFormed != wellFormed(complaints[mutation]) {
			t.Errorf("%s: %s: well-formed %v: %v; schema: %s", name, mutation, fault.WellFormed, err, complaints[mutation])
		}
		if (err == nil) != accepted[mutation] {
			t.Errorf("%s: %s: read: %v; schema: accepted %v, %s", name, mutation, err, accepted[mutation], complaints[mutation])
		}
		if err != nil {
			refused++
		}
	}
	return refused
}

// wellFormed reports whether xmllint found nothing wrong but the schema's rules broken.
func wellFormed(complaints string) bool {
	return !strings.Contains(complaints, " parser error :") && !strings.Contains(complaints, " namespace error :")
}
