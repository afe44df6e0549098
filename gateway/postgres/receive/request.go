package receive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Request answers the documents of one kind that order no payment.
type Request struct {
	Kind gateway.RequestKind
	// Matches reports by the beginning of a document, at most HeadBytes, whether it is of this kind.
	Matches func(head []byte) bool
	// Answer reads a document, does what it asks and writes the answer, in the caller's transaction. An error that wraps a
	// *RefusedRequest takes back what was done and has the refusal written; after any other the delivery is tried again.
	Answer func(ctx context.Context, x *postgres.Session, d postgres.Delivery, content io.Reader) (RequestHead, error)
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
	Write func(ctx context.Context, x *postgres.Session, d postgres.Delivery) error
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

// request finds what answers a document; nil where it is a bundle, or nothing that is known.
func (s *Store) request(content *bufio.Reader) *Request {
	head, _ := content.Peek(HeadBytes) // what ends early or fails is told by who reads it
	for i := range s.Requests {
		if s.Requests[i].Matches(head) {
			return &s.Requests[i]
		}
	}
	return nil
}

// answer carries a request out.
func (s *Store) answer(ctx context.Context, x *postgres.Session, d postgres.Delivery, r *Request, content io.Reader) error {
	head, err := r.Answer(ctx, x, d, content)
	if err != nil {
		return fmt.Errorf("delivery %d: %s: %w", d.ID, r.Kind, err)
	}
	return s.requestEnds(ctx, x, d, r.Kind, "answered", head)
}

func (s *Store) requestEnds(ctx context.Context, x *postgres.Session, d postgres.Delivery, kind gateway.RequestKind, state string, head RequestHead) error {
	err := x.UpdateOne(ctx, `UPDATE delivery SET state = $2, request = $3, message_id = nullif($4, ''), authority = nullif($5, ''), read_at = $6, `+postgres.NoTrouble+`
		WHERE id = $1 AND state = 'received'`, d.ID, state, kind, head.MessageID, head.Authority, s.Now())
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToCheck, postgres.ToRelease) // which waited for it to be read
	return s.CloseMended(ctx, x, gateway.DeliveryFails, d.ID)
}

// refuseRequest writes why a request was refused; what it had done is taken back.
func (s *Store) refuseRequest(ctx context.Context, d postgres.Delivery, kind gateway.RequestKind, r *RefusedRequest) error {
	return s.Transact(ctx, "refuse request", func(x *postgres.Session) error {
		if err := s.requestEnds(ctx, x, d, kind, "refused", r.Head); err != nil {
			return err
		}
		x.AfterCommit(func() {
			s.Log.Info().Int64("delivery", d.ID).Str("supplier", d.Supplier).Str("request", string(kind)).Msg(r.Error())
		})
		return r.Write(ctx, x, d)
	})
}

// refused finds the refusal that an error wraps.
func refused(err error) (r *RefusedRequest, is bool) {
	is = errors.As(err, &r)
	return r, is
}
