package xmldsig

import (
	"bytes"
	"fmt"
	"strconv"
)

// Outgoing is a message to be written. Its Security header is not given but made.
type Outgoing struct {
	Headers []Tag  // in order; of the namespaces of addressing, reliable messaging and OIO
	Body    []byte // one element in UTF-8, with or without an XML declaration; empty for an empty body
	Content *Tag   // or the element built: a control message, a fault
}

// Tag is an element to be written. The namespaces of SOAP, addressing and reliable messaging have the prefixes s, a and
// r, which text may use (a fault's code s:Sender); any other is declared on its element without a prefix.
type Tag struct {
	Name           Name
	MustUnderstand bool
	Attributes     []Attribute // without a namespace, or xml:lang
	Text           string
	Children       []Tag
}

// Attribute is an attribute to be written.
type Attribute struct {
	Name  Name
	Value string
}

// Compose writes a message without a Security header: a fault about one that is not to be trusted.
func Compose(m Outgoing) ([]byte, error) {
	w := &writer{}
	if err := w.envelope(m, func() {}); err != nil {
		return nil, fmt.Errorf("compose message: %w", err)
	}
	if _, err := w.parse(m); err != nil {
		return nil, fmt.Errorf("compose message: %w", err)
	}
	return w.buf, nil
}

// writer writes a message as it goes on the wire.
type writer struct {
	buf    []byte
	prefix map[string]string
	ids    bool // parts are given identifiers
	signed []string
	// bodyFrom and bodyTo are where the content of the body stands.
	bodyFrom, bodyTo int
}

const bodyID = "_1"

// envelope writes the whole message; security is called where the Security header stands.
func (w *writer) envelope(m Outgoing, security func()) error {
	if len(m.Body) > 0 && m.Content != nil {
		return fmt.Errorf("a body is given twice")
	}
	w.prefix = map[string]string{}
	w.add(`<s:Envelope`)
	for _, space := range []string{SOAP, Reliable, Addressing, Utility} {
		w.prefix[space] = usualPrefix[space]
		w.attribute("xmlns:"+usualPrefix[space], space)
	}
	w.add(`><s:Header>`)
	for i, h := range m.Headers {
		if !signedSpace(h.Name.Space) {
			return fmt.Errorf("header %s is none that is signed", h.Name.short())
		}
		w.tag(h, "", w.part("_"+strconv.Itoa(i+2)))
	}
	security()
	w.add(`</s:Header><s:Body`)
	if id := w.part(bodyID); id != "" {
		w.attribute("u:Id", id)
	}
	w.add(`>`)
	w.bodyFrom = len(w.buf)
	if m.Content != nil {
		w.tag(*m.Content, "", "")
	}
	body, err := withoutDeclaration(m.Body)
	if err != nil {
		return err
	}
	w.buf = append(w.buf, body...)
	w.bodyTo = len(w.buf)
	w.add(`</s:Body></s:Envelope>`)
	return nil
}

// part notes that an element is to be signed, and returns the identifier that it gets; "" when nothing is signed.
func (w *writer) part(id string) string {
	if !w.ids {
		return ""
	}
	w.signed = append(w.signed, id)
	return id
}

// parse reads back what was written, so that nothing goes out that could not be read, and the body is inside the body.
func (w *writer) parse(m Outgoing) (*tree, error) {
	t, err := parse(w.buf, Limits{})
	if err != nil {
		return nil, err
	}
	parts, err := t.sequence(0, EnvelopeContent, Name{SOAP, "Header"}, Name{SOAP, "Body"})
	if err != nil {
		return nil, err
	}
	headers, _ := t.children(parts[0])
	inside, strict := t.children(parts[1])
	wanted := len(m.Headers)
	if w.ids {
		wanted++
	}
	if len(headers) != wanted || !strict || len(inside) > 1 || len(inside) == 0 && (len(m.Body) > 0 || m.Content != nil) {
		return nil, refuse(BodyContent, "s:Body")
	}
	return t, nil
}

// tag writes an element; outer is the namespace without a prefix where it stands, id its identifier.
func (w *writer) tag(g Tag, outer, id string) {
	name, inner := g.Name.Local, g.Name.Space
	if prefix := w.prefix[g.Name.Space]; prefix != "" {
		name, inner = prefix+":"+name, outer
	}
	w.add("<" + name)
	if inner != outer {
		w.attribute("xmlns", inner)
	}
	if g.MustUnderstand {
		w.attribute("s:mustUnderstand", "1")
	}
	if id != "" {
		w.attribute("u:Id", id)
	}
	for _, a := range g.Attributes {
		if a.Name.Space == XML {
			w.attribute("xml:"+a.Name.Local, a.Value)
		} else {
			w.attribute(a.Name.Local, a.Value)
		}
	}
	if g.Text == "" && len(g.Children) == 0 {
		w.add("/>")
		return
	}
	w.add(">")
	w.buf = appendEscaped(w.buf, []byte(g.Text), specialInText)
	for _, child := range g.Children {
		w.tag(child, inner, "")
	}
	w.add("</" + name + ">")
}

func (w *writer) attribute(name, value string) {
	w.add(" " + name + `="`)
	w.buf = appendEscaped(w.buf, []byte(value), specialInValue)
	w.add(`"`)
}

func (w *writer) add(s string) { w.buf = append(w.buf, s...) }

// withoutDeclaration is a document's element alone.
func withoutDeclaration(document []byte) ([]byte, error) {
	p := &parser{tree: &tree{src: document}}
	if err := p.encoding(); err != nil {
		return nil, err
	}
	return bytes.Trim(document[p.pos:], " \t\r\n"), nil
}
