package xmldsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"time"
)

// Message is what is signed of a message that Verify has taken, and nothing else.
type Message struct {
	Body      Body
	Signer    Certificate
	Profile   Profile // that the signer is bound to, and the message is in
	Timestamp Timestamp
	// EncryptedFor is the certificate of the Recipient's key that the body was encrypted for; nil: it was not encrypted.
	EncryptedFor *x509.Certificate
	// Replay is the SHA-256 of the canonical SignedInfo: the same for the same signed message however it is written.
	// Whoever refuses replays keeps it until Timestamp.Until.
	Replay [sha256.Size]byte
	// NotUnderstood are headers that demand to be understood and are none of those that are signed.
	NotUnderstood []Name

	tree    *tree
	headers map[Name]int32
}

// Header is a signed header, false when there is none of that name.
func (m *Message) Header(space, local string) (Element, bool) {
	node, ok := m.headers[Name{space, local}]
	if !ok {
		return Element{}, false
	}
	return Element{m.tree, node}, true
}

// Timestamp is the signed time of a message.
type Timestamp struct {
	Created, Expires time.Time // as the sender says
	Until            time.Time // from then on the message is refused as expired, whatever the sender says
}

// Certificate is the signer's.
type Certificate struct {
	Leaf        *x509.Certificate
	Subject     string            // RFC 2253
	CVR         string            // the company number of the subject, eight digits; "" when it has none
	Fingerprint [sha256.Size]byte // of the whole certificate
	// SubjectSerial is the serialNumber of the subject, which the authority keeps over renewals; "" when there is none, or more than one.
	SubjectSerial string
}

// Body is the signed body: empty, or the one element that it holds.
type Body struct {
	Empty    bool
	Name     Name    // of the element
	Element  Element // the element
	prefixes []int32 // of the PrefixList that the body is signed with
}

// Bytes is the element as a document of its own, in the canonical form that is signed: UTF-8 without a declaration.
// Nothing when the body is empty.
func (b Body) Bytes() []byte {
	var buf bytes.Buffer
	_, _ = b.WriteTo(&buf) // a buffer takes all
	return buf.Bytes()
}

// WriteTo writes what Bytes returns.
func (b Body) WriteTo(w io.Writer) (int64, error) {
	if b.Empty {
		return 0, nil
	}
	counted := &counter{w: w}
	err := b.Element.tree.canonicalise(counted, b.Element.node, b.prefixes)
	return counted.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Element is an element of a signed part. The zero Element is none, and has nothing.
type Element struct {
	tree *tree
	node int32
}

// Name is the element's name.
func (e Element) Name() Name {
	if e.tree == nil {
		return Name{}
	}
	return e.tree.nameOf(e.node)
}

// Text is the element's character data; "" when it has elements inside, since that is no text.
func (e Element) Text() string {
	if e.tree == nil {
		return ""
	}
	s, _ := e.tree.text(e.node)
	return s
}

// Attribute is the value of an attribute, false when there is none of that name. An attribute without a prefix has no
// namespace.
func (e Element) Attribute(space, local string) (string, bool) {
	if e.tree == nil {
		return "", false
	}
	return e.tree.attribute(e.node, space, local)
}

// Children are the elements directly inside, in order.
func (e Element) Children() []Element {
	if e.tree == nil {
		return nil
	}
	nodes, _ := e.tree.children(e.node)
	elements := make([]Element, len(nodes))
	for i, n := range nodes {
		elements[i] = Element{e.tree, n}
	}
	return elements
}

// Child is the one element of that name directly inside; false when there is none, or more than one.
func (e Element) Child(space, local string) (Element, bool) {
	var found Element
	for _, c := range e.Children() {
		if !e.tree.is(c.node, space, local) {
			continue
		}
		if found.tree != nil {
			return Element{}, false
		}
		found = c
	}
	return found, found.tree != nil
}
