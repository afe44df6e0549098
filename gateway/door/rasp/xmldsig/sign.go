package xmldsig

import (
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// Signer signs messages with RSA-SHA256 or ECDSA-SHA256, as its key is.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	// ByKeyIdentifier names the certificate by its key identifier, as replies do, instead of sending it, as requests do.
	ByKeyIdentifier bool
	Lifetime        time.Duration // 0 = 5 minutes
}

// Outgoing is a message to be written. Its Security header is not given but made.
type Outgoing struct {
	Headers []Tag  // in order
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

// Sign writes a message with its Security header: a Timestamp, the certificate or its key identifier, and a signature
// over the body, the timestamp and every header. now is when it is created.
func (s *Signer) Sign(m Outgoing, now time.Time) ([]byte, error) {
	return nil, errors.New("not written yet")
}

// Compose writes a message without a Security header: a fault about one that is not to be trusted.
func Compose(m Outgoing) ([]byte, error) {
	return nil, errors.New("not written yet")
}
