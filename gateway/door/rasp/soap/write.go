package soap

import (
	"strconv"

	"nks/gateway/door/rasp/xmldsig"
)

// Outgoing is the message, to be signed: headers in the order in which the usual clients write them.
func (m Message) Outgoing() xmldsig.Outgoing {
	var h headers
	m.reliability(&h)
	h.demand(addressing("Action"), m.Action)
	h.add(oio("MessageIdentifier"), m.Document)
	h.add(addressing("MessageID"), m.ID)
	h.add(addressing("RelatesTo"), m.RelatesTo)
	if m.ReplyTo != "" {
		h = append(h, xmldsig.Tag{Name: addressing("ReplyTo"), Children: []xmldsig.Tag{{Name: addressing("Address"), Text: m.ReplyTo}}})
	}
	h.demand(addressing("To"), m.To)
	h.add(oio("SenderPartyIdentifier"), m.Parties.Sender)
	h.add(oio("SenderPartyIdentifierType"), m.Parties.SenderType)
	h.add(oio("ReceiverPartyIdentifier"), m.Parties.Receiver)
	h.add(oio("ReceiverPartyIdentifierType"), m.Parties.ReceiverType)
	return xmldsig.Outgoing{Headers: h, Body: m.Content.Document, Content: m.Content.tag()}
}

func addressing(local string) xmldsig.Name {
	return xmldsig.Name{Space: xmldsig.Addressing, Local: local}
}
func reliable(local string) xmldsig.Name {
	return xmldsig.Name{Space: xmldsig.Reliable, Local: local}
}
func oio(local string) xmldsig.Name      { return xmldsig.Name{Space: xmldsig.OIO, Local: local} }
func envelope(local string) xmldsig.Name { return xmldsig.Name{Space: xmldsig.SOAP, Local: local} }

type headers []xmldsig.Tag

// add appends a header with a text, where there is one.
func (h *headers) add(name xmldsig.Name, text string) {
	if text != "" {
		*h = append(*h, xmldsig.Tag{Name: name, Text: text})
	}
}

// demand is add of a header that must be understood.
func (h *headers) demand(name xmldsig.Name, text string) {
	if text != "" {
		*h = append(*h, xmldsig.Tag{Name: name, Text: text, MustUnderstand: true})
	}
}

func identifier(id string) xmldsig.Tag { return xmldsig.Tag{Name: reliable("Identifier"), Text: id} }

func (m Message) reliability(h *headers) {
	if a := m.Acknowledged; a != nil {
		*h = append(*h, xmldsig.Tag{Name: reliable("SequenceAcknowledgement"), Children: append([]xmldsig.Tag{identifier(a.ID)}, a.ranges()...)})
	}
	if m.AckRequested != "" {
		*h = append(*h, xmldsig.Tag{Name: reliable("AckRequested"), Children: []xmldsig.Tag{identifier(m.AckRequested)}})
	}
	if s := m.Sequence; s != nil {
		t := xmldsig.Tag{Name: reliable("Sequence"), MustUnderstand: true, Children: []xmldsig.Tag{identifier(s.ID),
			{Name: reliable("MessageNumber"), Text: strconv.FormatInt(s.Number, 10)}}}
		if s.Last {
			t.Children = append(t.Children, xmldsig.Tag{Name: reliable("LastMessage")})
		}
		*h = append(*h, t)
	}
}

// ranges of a sequence of which nothing has come are 0 to 0.
func (a *Acknowledged) ranges() []xmldsig.Tag {
	came := a.Ranges
	if len(came) == 0 {
		came = []Range{{}}
	}
	var tags []xmldsig.Tag
	for _, r := range came {
		tags = append(tags, xmldsig.Tag{Name: reliable("AcknowledgementRange"), Attributes: []xmldsig.Attribute{
			{Name: xmldsig.Name{Local: "Lower"}, Value: strconv.FormatInt(r.Lower, 10)},
			{Name: xmldsig.Name{Local: "Upper"}, Value: strconv.FormatInt(r.Upper, 10)}}})
	}
	return tags
}

// tag is the content that is no document; nil: there is none.
func (c Content) tag() *xmldsig.Tag {
	acksTo := func(address string) xmldsig.Tag {
		return xmldsig.Tag{Name: reliable("AcksTo"), Children: []xmldsig.Tag{{Name: addressing("Address"), Text: address}}}
	}
	switch {
	case c.Create != nil:
		t := &xmldsig.Tag{Name: reliable("CreateSequence"), Children: []xmldsig.Tag{acksTo(c.Create.AcksTo)}}
		if c.Create.Offer != "" {
			t.Children = append(t.Children, xmldsig.Tag{Name: reliable("Offer"), Children: []xmldsig.Tag{identifier(c.Create.Offer)}})
		}
		return t
	case c.Created != nil:
		t := &xmldsig.Tag{Name: reliable("CreateSequenceResponse"), Children: []xmldsig.Tag{identifier(c.Created.ID)}}
		if c.Created.AcksTo != "" {
			t.Children = append(t.Children, xmldsig.Tag{Name: reliable("Accept"), Children: []xmldsig.Tag{acksTo(c.Created.AcksTo)}})
		}
		return t
	case c.Terminate != "":
		return &xmldsig.Tag{Name: reliable("TerminateSequence"), Children: []xmldsig.Tag{identifier(c.Terminate)}}
	case c.Fault != nil:
		return c.Fault.tag()
	}
	return nil
}

func (f Fault) tag() *xmldsig.Tag {
	code, subcode := "s:Sender", "s:"+f.Name
	if f.Receiver {
		code = "s:Receiver"
	}
	if f.Reliable() {
		subcode = "r:" + f.Name
	}
	value := func(text string) xmldsig.Tag { return xmldsig.Tag{Name: envelope("Value"), Text: text} }
	codes := []xmldsig.Tag{value(code), {Name: envelope("Subcode"), Children: []xmldsig.Tag{value(subcode)}}}
	if f.Name == MustUnderstand {
		codes = []xmldsig.Tag{value("s:" + MustUnderstand)}
	}
	return &xmldsig.Tag{Name: envelope("Fault"), Children: []xmldsig.Tag{
		{Name: envelope("Code"), Children: codes},
		{Name: envelope("Reason"), Children: []xmldsig.Tag{{Name: envelope("Text"), Text: f.Reason,
			Attributes: []xmldsig.Attribute{{Name: xmldsig.Name{Space: xmldsig.XML, Local: "lang"}, Value: "en"}}}}}}}
}
