package rasp

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// call is one request.
type call struct {
	server  *Server
	held    *holding
	plain   bool   // it came without TLS
	address string // where the message came, which it must be meant for
	size    int64
	party   Party // zero: not known
	in      bool  // counted in

	verified *xmldsig.Message
	asked    soap.Message

	// For the log.
	what string
	err  error
}

func (c *call) done() {
	if c.in {
		c.server.leave(c.party.Name)
	}
}

// answer is the reply; nil: there is none, and where too much is in hand errBusy.
func (c *call) answer(ctx context.Context, message []byte) *soap.Message {
	began := c.server.Now()
	verified, err := c.server.Verifier().Verify(message, began)
	if err != nil {
		if r := (*xmldsig.Refusal)(nil); errors.As(err, &r) && r.Reason == xmldsig.BodyUnopened {
			gateway.Pause(ctx, levelTime-c.server.Now().Sub(began)%levelTime)
		}
		return c.unverified(err)
	}
	c.verified = verified
	if c.asked, err = soap.Read(verified); err != nil {
		return c.refuse(err, soap.Fault{Name: soap.SchemaValidation, Reason: err.Error()})
	}
	if len(verified.NotUnderstood) > 0 {
		return c.refuse(errNotUnderstood, soap.Fault{Name: soap.MustUnderstand, Reason: "a header that must be understood is not"})
	}
	if c.plain && verified.Profile != xmldsig.OIORASP {
		return c.refuse(errPlain, soap.Fault{Name: soap.NotAuthorized, Reason: "messages of the certificate come over TLS"})
	}
	c.party, err = c.server.Parties.Party(ctx, verified.Signer)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return c.refuse(err, soap.Fault{Name: soap.NotAuthorized, Reason: "the certificate is bound to nobody who may send"})
	case err != nil:
		return c.fail(err)
	}
	if !c.server.enter(c.party.Name) {
		c.what, c.err = EventFailed, errBusy
		return nil
	}
	c.in = true
	if !c.held.becomes(c.party.Name) {
		c.what, c.err = EventFailed, errBusy
		return nil
	}
	if f := c.fits(); f != nil {
		return c.refuse(f, *f)
	}
	return c.dispatch(ctx)
}

// levelTime is of what the time is a multiple after which a body that could not be opened is refused: by how long that took, somebody could
// tell how far it was read.
const levelTime = 250 * time.Millisecond

var errPlain = errors.New("over plain HTTP, from who is not bound to oiorasp")

var errNotUnderstood = errors.New("a header is not understood")

// unverified says one thing for everything that is wrong with a signature, and nothing of what it is.
func (c *call) unverified(err error) *soap.Message {
	switch {
	case errors.Is(err, xmldsig.ErrRevocationUnknown):
		return c.failing(err, soap.Fault{Receiver: true, Name: soap.InternalSystemFailure,
			Reason: "whether the certificate is revoked cannot be known at this moment, try again later"})
	case errors.Is(err, xmldsig.ErrTooLarge):
		return c.refuse(err, soap.Fault{Name: soap.SchemaValidation, Reason: "the message is larger, deeper or of more parts than is taken"})
	case errors.Is(err, xmldsig.ErrUnsupported):
		return c.refuse(err, soap.Fault{Name: soap.SignatureNotValid,
			Reason: "profile not supported: messages are signed with SHA-256 or better, and not encrypted, over TLS; those of a certificate that is bound to oiorasp are signed with SHA-1 and encrypted"})
	}
	return c.refuse(err, soap.Fault{Name: soap.SignatureNotValid,
		Reason: "the message is not signed as it must be, by a certificate that is trusted here, within its time"})
}

// refuse answers with a fault by which the sequence ends at the sender, if there is one.
func (c *call) refuse(err error, f soap.Fault) *soap.Message {
	c.what, c.err = EventRefused, err
	return c.faulted(f)
}

// failing is refuse of what is our own trouble.
func (c *call) failing(err error, f soap.Fault) *soap.Message {
	c.what, c.err = EventFailed, err
	return c.faulted(f)
}

// fail is a failure of ours: the same may come again.
func (c *call) fail(err error) *soap.Message { return c.failing(err, ourTrouble(err)) }

func ourTrouble(err error) soap.Fault {
	f := soap.Fault{Receiver: true, Name: soap.InternalSystemFailure, Reason: "internal failure, try again later"}
	if errors.Is(err, gateway.ErrTransient) {
		f.Name, f.Reason = soap.MessagePersistency, "not possible at the moment, try again later"
	}
	return f
}

func (c *call) faulted(f soap.Fault) *soap.Message {
	m := c.replying(f.Action())
	m.Content.Fault = &f
	return m
}

// replying begins a reply. Where the message could not be believed nothing of it comes back.
func (c *call) replying(action string) *soap.Message {
	return &soap.Message{Action: action, RelatesTo: c.asked.ID, To: soap.Anonymous, Parties: c.asked.Parties.Swapped()}
}

// fits is what is wrong with whom the message says that it is from and to; nil: nothing. It lets nobody in: the certificate does.
func (c *call) fits() *soap.Fault {
	m, p := c.asked, c.asked.Parties
	if m.To != c.address {
		return &soap.Fault{Name: soap.NotAuthorized, Reason: "the message is meant for another address"}
	}
	if !usableID(m.ID) {
		return &soap.Fault{Name: soap.MissingHeader, Reason: "MessageID must have 1 to 200 printable ASCII characters"}
	}
	control := m.Content.Document == nil
	if !control && (m.Document == "" || p.Sender == "" || p.Receiver == "") {
		return &soap.Fault{Name: soap.MissingHeader, Reason: "MessageIdentifier, SenderPartyIdentifier and ReceiverPartyIdentifier must be there"}
	}
	if c.server.AnyParties || control && (p.Sender == "" || p.Sender == soap.AnonymousParty) {
		return nil
	}
	byCompany := p.SenderType == soap.TypeCVR && p.Sender != "" && p.Sender == c.verified.Signer.CVR
	if !byCompany && p.Sender != c.party.Name && !slices.Contains(c.party.Identifiers, p.Sender) {
		return &soap.Fault{Name: soap.NotAuthorized, Reason: "SenderPartyIdentifier is not one of the signer's"}
	}
	if p.Receiver != "" && p.Receiver != soap.AnonymousParty && !slices.Contains(c.server.Own, p.Receiver) {
		return &soap.Fault{Name: soap.NotAuthorized, Reason: "ReceiverPartyIdentifier is not ours"}
	}
	return nil
}

func usableID(id string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	return id != "" && len(id) <= 200 && !slices.ContainsFunc([]rune(id), odd)
}

// dispatch does what the action says.
func (c *call) dispatch(ctx context.Context) *soap.Message {
	switch m := c.asked; m.Action {
	case soap.CreateSequence:
		return c.create(ctx)
	case soap.TerminateSequence:
		return c.terminate(ctx)
	case soap.AckRequested:
		return c.acknowledge(ctx)
	case soap.Acknowledgement: // of our replies: what was not heard is asked for again by its request
		return nil
	default:
		if m.Sequence != nil {
			return c.sequenced(ctx)
		}
		return c.alone(ctx)
	}
}

// alone takes a business document that is in no sequence.
func (c *call) alone(ctx context.Context) *soap.Message {
	document, f := c.documentType()
	if f == nil {
		f = c.take(ctx)
	}
	if f != nil {
		return c.faulted(*f)
	}
	return c.replying(document.Reply)
}

// documentType is what the message brings, if it is taken here.
func (c *call) documentType() (soap.DocumentType, *soap.Fault) {
	m := c.asked
	document, ok := soap.ByRequest(c.server.Types, m.Action)
	if !ok || m.Content.Document == nil || c.verified.Body.Name != document.Root {
		c.what, c.err = EventRefused, errUnknownDocument
		return document, &soap.Fault{Name: soap.UnknownDocumentType, Reason: "there is no document of a type that is taken here, under its own action"}
	}
	return document, nil
}

var errUnknownDocument = errors.New("no document that is taken here")

// take has the document committed. A fault that is the receiver's is not final: the same may come again.
func (c *call) take(ctx context.Context) *soap.Fault {
	m := c.asked
	err := c.server.Intake.Take(ctx, door.Arrival{Door: door.Signed, Party: c.party.Name, Key: m.ID, Name: m.Document, Sent: c.verified.Timestamp.Created,
		Evidence: Evidence(c.verified.Signer), Size: int64(len(m.Content.Document)), Content: bytes.NewReader(m.Content.Document)})
	c.what, c.err, c.size = EventDelivered, err, int64(len(m.Content.Document))
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && !errors.Is(err, gateway.ErrTransient) && errors.Is(err, gateway.ErrConflict):
		c.what = EventRefused
		return &soap.Fault{Name: soap.MessagePersistency, Reason: ReasonConflict}
	case ctx.Err() == nil && !errors.Is(err, gateway.ErrTransient) && errors.Is(err, gateway.ErrRefused):
		c.what = EventRefused
		return &soap.Fault{Name: soap.SchemaValidation, Reason: ReasonTooLarge}
	}
	c.what = EventFailed
	f := ourTrouble(err)
	return &f
}

// Evidence is what is kept with a delivery of who has signed it: the SHA-256 of the certificate.
func Evidence(c xmldsig.Certificate) string {
	return "x509 sha256 " + hex.EncodeToString(c.Fingerprint[:])
}

// Reasons of faults by which a document is refused for good.
const (
	ReasonConflict = "a message of this MessageID with another document was already received"
	ReasonTooLarge = "the document is too large"
)
