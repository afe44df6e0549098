// Package soap is the codec of the signed endpoint: what stands in its SOAP 1.2 messages, WS-Addressing 1.0,
// WS-ReliableMessaging of February 2005 and the headers of OIO RASP among it, read from what a signature covers and written to be
// signed.
package soap

import "nks/gateway/door/rasp/xmldsig"

// ContentType is the media type of every message.
const ContentType = "application/soap+xml"

// Anonymous is the address of whoever waits at the other end of the connection.
const Anonymous = xmldsig.Addressing + "/anonymous"

// AnonymousParty is the party of a message of the sequence that is about no document. // OIO RASP, party identifiers
const AnonymousParty = xmldsig.OIO + "anonymous"

// Actions of WS-ReliableMessaging.
const (
	CreateSequence         = xmldsig.Reliable + "/CreateSequence"
	CreateSequenceResponse = xmldsig.Reliable + "/CreateSequenceResponse"
	LastMessage            = xmldsig.Reliable + "/LastMessage"
	AckRequested           = xmldsig.Reliable + "/AckRequested"
	Acknowledgement        = xmldsig.Reliable + "/SequenceAcknowledgement"
	TerminateSequence      = xmldsig.Reliable + "/TerminateSequence"
	addressingFault        = xmldsig.Addressing + "/fault"
)

// Types of party identifiers.
const (
	TypeEAN = "EAN"
	TypeCVR = "DK:CVR"
)
