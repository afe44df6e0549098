package rasp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// ErrSequenceOver means that the peer does not go on with the sequence: another one is to be opened, in which the same message comes
// again under its MessageID.
var ErrSequenceOver = errors.New("the sequence is over at the peer")

// ErrPeerRefuses means that the peer does not want the message, and will not when it comes again.
var ErrPeerRefuses = errors.New("the peer refuses the message")

// Source sends messages to one peer's endpoint, in reliable sequences. What fails may be sent again.
type Source struct {
	Endpoint string // URL
	HTTP     *http.Client
	Signer   func() *xmldsig.Signer // of the moment; sends its certificate with each message
	Verifier func() *xmldsig.Verifier
	// Peer reports whether the certificate that has signed a reply is the peer's.
	Peer    func(xmldsig.Certificate) bool
	Parties soap.Parties
	Now     func() time.Time // the machine's clock
}

// largestReply bounds a reply: it holds no document.
const largestReply = 1 << 20

// Open opens a sequence, and gives the peer's identifier of it.
func (s *Source) Open(ctx context.Context, messageID, offered string) (string, error) {
	reply, err := s.exchange(ctx, soap.Message{Action: soap.CreateSequence, ID: messageID,
		Content: soap.Content{Create: &soap.Create{AcksTo: soap.Anonymous, Offer: offered}}})
	if err != nil {
		return "", fmt.Errorf("open a sequence: %w", err)
	}
	if reply == nil || reply.Content.Created == nil || reply.Content.Created.ID == "" {
		return "", errors.New("open a sequence: the peer gives none")
	}
	return reply.Content.Created.ID, nil
}

// Document is what Send brings.
type Document struct {
	MessageID string
	Name      string // its sender's own
	Type      soap.DocumentType
	Body      []byte // one element, with or without an XML declaration
}

// Send brings a document as a message of a sequence. nil: the peer has acknowledged it.
func (s *Source) Send(ctx context.Context, sequence string, number int64, d Document) error {
	return s.acknowledged(ctx, soap.Message{Action: d.Type.Request, ID: d.MessageID, Document: d.Name,
		Sequence: &soap.Sequence{ID: sequence, Number: number}, Content: soap.Content{Document: d.Body}})
}

// End says that the message of a number is the last one, and ends the sequence.
func (s *Source) End(ctx context.Context, sequence string, number int64, messageID func() string) error {
	err := s.acknowledged(ctx, soap.Message{Action: soap.LastMessage, ID: messageID(), Sequence: &soap.Sequence{ID: sequence, Number: number, Last: true}})
	if err != nil {
		return fmt.Errorf("end a sequence: %w", err)
	}
	if _, err := s.exchange(ctx, soap.Message{Action: soap.TerminateSequence, ID: messageID(), Content: soap.Content{Terminate: sequence}}); err != nil {
		return fmt.Errorf("end a sequence: %w", err)
	}
	return nil
}

// acknowledged sends a message of a sequence; nil when the peer's reply acknowledges it and is no fault.
func (s *Source) acknowledged(ctx context.Context, m soap.Message) error {
	reply, err := s.exchange(ctx, m)
	switch {
	case err != nil:
		return err
	case reply == nil || reply.Acknowledged == nil || reply.Acknowledged.ID != m.Sequence.ID || !reply.Acknowledged.Holds(m.Sequence.Number):
		return errors.New("the peer has not acknowledged the message")
	case reply.Acknowledged.Highest() > m.Sequence.Number: // nothing that it acknowledges can be relied on
		return errors.New("the peer acknowledges what was never sent")
	}
	return nil
}

// exchange sends a message and gives the reply, believed; nil where there is none.
func (s *Source) exchange(ctx context.Context, m soap.Message) (*soap.Message, error) {
	m.To, m.ReplyTo, m.Parties = s.Endpoint, soap.Anonymous, s.Parties
	signed, err := s.Signer().Sign(m.Outgoing(), s.Now())
	if err != nil {
		return nil, err
	}
	body, status, err := s.post(ctx, m.Action, signed)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 && status == http.StatusAccepted {
		return nil, nil
	}
	verified, err := s.Verifier().Verify(body, s.Now())
	if err != nil {
		return nil, unbelieved(body, status, err)
	}
	if !s.Peer(verified.Signer) {
		return nil, fmt.Errorf("reply with HTTP status %d: %w: another certificate than the peer's", status, xmldsig.ErrUntrusted)
	}
	reply, err := soap.Read(verified)
	if err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	if reply.RelatesTo != m.ID {
		return nil, errors.New("reply: it is to another message")
	}
	return &reply, faulted(reply.Content.Fault)
}

// unbelieved is the error of a reply that is not believed. A fault to a message that was not is not signed: that it is one is told, and no
// more than that.
func unbelieved(reply []byte, status int, err error) error {
	claim, peeked := xmldsig.Peek(reply, xmldsig.Limits{Bytes: largestReply})
	if peeked == nil && claim.FaultCode != "" {
		return fmt.Errorf("reply with HTTP status %d: a fault that is not signed, %.60q %.60q: %w", status, claim.FaultCode, claim.FaultSubcode, err)
	}
	return fmt.Errorf("reply with HTTP status %d: %w", status, err)
}

// faulted is what a fault means to who has sent.
func faulted(f *soap.Fault) error {
	switch {
	case f == nil:
		return nil
	case f.Reliable():
		return fmt.Errorf("%w: %w", ErrSequenceOver, f)
	case !f.Receiver:
		return fmt.Errorf("%w: %w", ErrPeerRefuses, f)
	}
	return f
}

func (s *Source) post(ctx context.Context, action string, message []byte) (body []byte, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, bytes.NewReader(message))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Content-Type", contentType(action))
	reply, err := s.HTTP.Do(r)
	if err != nil {
		return nil, 0, err
	}
	body, err = io.ReadAll(io.LimitReader(reply.Body, largestReply+1))
	if err := errors.Join(err, reply.Body.Close()); err != nil {
		return nil, reply.StatusCode, err
	}
	media, _, err := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	if len(body) > 0 && (err != nil || media != soap.ContentType || len(body) > largestReply) || len(body) == 0 && reply.StatusCode != http.StatusAccepted {
		return nil, reply.StatusCode, fmt.Errorf("the endpoint replies with HTTP status %d and no message", reply.StatusCode)
	}
	return body, reply.StatusCode, nil
}

func contentType(action string) string {
	return mime.FormatMediaType(soap.ContentType, map[string]string{"charset": "utf-8", "action": action})
}

// StableID is a MessageID that is made of who sends and of what is sent, so that it is the same however often that is.
func StableID(sender, what string) string {
	sum := sha256.Sum256([]byte("nks " + sender + " " + what))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562 §5.8
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
