package postgres

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"

	"nks/gateway"
)

// Request answers the documents of one kind that order no payment.
type Request struct {
	Kind gateway.RequestKind
	// Matches reports by the beginning of a document, at most HeadBytes, whether it is of this kind.
	Matches func(head []byte) bool
	// Answer reads a document, does what it asks and writes the answer, in the caller's transaction. An error that wraps a
	// *RefusedRequest takes back what was done and has the refusal written; after any other the delivery is tried again.
	Answer func(ctx context.Context, x *Session, d Delivery, content io.Reader) (RequestHead, error)
}

// RequestHead is what a request says of itself.
type RequestHead struct {
	MessageID string // by its sender's own count; may be empty
	Authority string // on whose behalf; may be empty
}

// RefusedRequest is why a document is not taken as a whole.
type RefusedRequest struct {
	Head RequestHead
	Why  string // one line, without personal data, for the log
	// Write writes the answer that says so.
	Write func(ctx context.Context, x *Session, d Delivery) error
}

// Error implements error.
func (r *RefusedRequest) Error() string { return "request refused: " + r.Why }

// HeadBytes is how much of a document its kind is told by.
const HeadBytes = 16 << 10

// RootOf finds the root element in the beginning of an XML document; the zero Name where there is none.
func RootOf(head []byte) xml.Name {
	d := xml.NewDecoder(bytes.NewReader(head))
	for {
		t, err := d.Token()
		if err != nil {
			return xml.Name{}
		}
		if e, is := t.(xml.StartElement); is {
			return e.Name
		}
	}
}
