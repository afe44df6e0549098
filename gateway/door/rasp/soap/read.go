package soap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nks/gateway/door/rasp/xmldsig"
)

// ErrForm is in every error of Read: a header or a control message is not in its form.
var ErrForm = errors.New("message is not in its form")

// mostRanges bounds an acknowledgement.
const mostRanges = 1000

// Read reads what is signed of a message. A body that is none of WS-ReliableMessaging and no fault is a business document.
func Read(v *xmldsig.Message) (Message, error) {
	r := &reader{verified: v}
	m := Message{Action: r.text(addressing("Action")), ID: r.text(addressing("MessageID")), RelatesTo: r.text(addressing("RelatesTo")),
		To: r.text(addressing("To")), ReplyTo: r.address(addressing("ReplyTo")), Document: r.text(oio("MessageIdentifier")),
		Parties: Parties{Sender: r.text(oio("SenderPartyIdentifier")), SenderType: r.text(oio("SenderPartyIdentifierType")),
			Receiver: r.text(oio("ReceiverPartyIdentifier")), ReceiverType: r.text(oio("ReceiverPartyIdentifierType"))},
		Sequence: r.sequence(), Acknowledged: r.acknowledged(), AckRequested: r.asked()}
	r.content(&m.Content)
	return m, r.err
}

// reader reads parts of a message, up to the first that is not in its form.
type reader struct {
	verified *xmldsig.Message
	err      error
}

// fail names the part and what is wrong; what stands in it may be anything, and is not told.
func (r *reader) fail(name xmldsig.Name, rule string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s %s", ErrForm, name.Local, rule)
	}
}

func (r *reader) text(name xmldsig.Name) string {
	e, ok := r.verified.Header(name.Space, name.Local)
	if !ok {
		return ""
	}
	return textOf(e)
}

func textOf(e xmldsig.Element) string { return strings.TrimSpace(e.Text()) }

// address is that of an endpoint reference.
func (r *reader) address(name xmldsig.Name) string {
	e, ok := r.verified.Header(name.Space, name.Local)
	if !ok {
		return ""
	}
	return r.child(name, e, addressing("Address"))
}

// child is the text of the one child of a name, which must be there.
func (r *reader) child(of xmldsig.Name, e xmldsig.Element, name xmldsig.Name) string {
	c, ok := e.Child(name.Space, name.Local)
	text := textOf(c)
	if !ok || text == "" {
		r.fail(of, "must have one "+name.Local+" with a text")
	}
	return text
}

func (r *reader) sequence() *Sequence {
	name := reliable("Sequence")
	e, ok := r.verified.Header(name.Space, name.Local)
	if !ok {
		return nil
	}
	s := &Sequence{ID: r.child(name, e, reliable("Identifier"))}
	var err error
	if s.Number, err = strconv.ParseInt(r.child(name, e, reliable("MessageNumber")), 10, 64); err != nil || s.Number < 1 {
		r.fail(name, "must have a MessageNumber from 1")
	}
	_, s.Last = e.Child(xmldsig.Reliable, "LastMessage")
	return s
}

func (r *reader) acknowledged() *Acknowledged {
	name := reliable("SequenceAcknowledgement")
	e, ok := r.verified.Header(name.Space, name.Local)
	if !ok {
		return nil
	}
	a := &Acknowledged{ID: r.child(name, e, reliable("Identifier"))}
	for _, c := range e.Children() {
		if c.Name() != reliable("AcknowledgementRange") {
			continue
		}
		lower, lok := number(c, "Lower")
		upper, uok := number(c, "Upper")
		if !lok || !uok || lower > upper || len(a.Ranges) == mostRanges {
			r.fail(name, "must have ranges from Lower to Upper, 1000 at most")
			return a
		}
		a.Ranges = append(a.Ranges, Range{lower, upper})
	}
	return a
}

func number(e xmldsig.Element, attribute string) (int64, bool) {
	text, ok := e.Attribute("", attribute)
	n, err := strconv.ParseInt(text, 10, 64)
	return n, ok && err == nil && n >= 0
}

// asked is the sequence of which AckRequested wants to know.
func (r *reader) asked() string {
	name := reliable("AckRequested")
	e, ok := r.verified.Header(name.Space, name.Local)
	if !ok {
		return ""
	}
	return r.child(name, e, reliable("Identifier"))
}

func (r *reader) content(c *Content) {
	b := r.verified.Body
	switch name := b.Name; {
	case b.Empty:
	case name == reliable("CreateSequence"):
		c.Create = r.create(b.Element)
	case name == reliable("CreateSequenceResponse"):
		c.Created = &Created{ID: r.child(name, b.Element, reliable("Identifier"))}
		if accept, ok := b.Element.Child(xmldsig.Reliable, "Accept"); ok {
			c.Created.AcksTo = r.acksTo(accept)
		}
	case name == reliable("TerminateSequence"):
		c.Terminate = r.child(name, b.Element, reliable("Identifier"))
	case name == envelope("Fault"):
		c.Fault = fault(b.Element)
	case name.Space == xmldsig.Reliable || name.Space == xmldsig.SOAP:
		r.fail(envelope("Body"), "holds what is not spoken here")
	default:
		c.Document = b.Bytes()
	}
}

func (r *reader) create(e xmldsig.Element) *Create {
	c := &Create{AcksTo: r.acksTo(e)}
	if offer, ok := e.Child(xmldsig.Reliable, "Offer"); ok {
		c.Offer = r.child(reliable("Offer"), offer, reliable("Identifier"))
	}
	return c
}

func (r *reader) acksTo(of xmldsig.Element) string {
	e, _ := of.Child(xmldsig.Reliable, "AcksTo")
	return r.child(reliable("AcksTo"), e, addressing("Address"))
}

// fault compares local names alone: the usual library writes its subcodes in the namespace of the envelope.
func fault(e xmldsig.Element) *Fault {
	f := &Fault{}
	code, _ := e.Child(xmldsig.SOAP, "Code")
	value, _ := code.Child(xmldsig.SOAP, "Value")
	f.Receiver = localOf(textOf(value)) == "Receiver"
	f.Name = localOf(textOf(value))
	if subcode, ok := code.Child(xmldsig.SOAP, "Subcode"); ok {
		value, _ := subcode.Child(xmldsig.SOAP, "Value")
		f.Name = localOf(textOf(value))
	}
	reason, _ := e.Child(xmldsig.SOAP, "Reason")
	for _, t := range reason.Children() {
		f.Reason = textOf(t)
		break
	}
	return f
}

func localOf(name string) string {
	if _, local, ok := strings.Cut(name, ":"); ok {
		return local
	}
	return name
}
