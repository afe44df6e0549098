package xmldsig

import (
	"slices"
	"strings"
)

// Namespaces of a signed SOAP 1.2 message of OIORASP.
const (
	SOAP          = "http://www.w3.org/2003/05/soap-envelope"
	Addressing    = "http://www.w3.org/2005/08/addressing"
	Reliable      = "http://schemas.xmlsoap.org/ws/2005/02/rm"
	OIO           = "http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/"
	Utility       = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	Security      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	XML           = "http://www.w3.org/XML/1998/namespace"
	signature     = "http://www.w3.org/2000/09/xmldsig#"
	encryption    = "http://www.w3.org/2001/04/xmlenc#"
	schemaInst    = "http://www.w3.org/2001/XMLSchema-instance"
	declarations  = "http://www.w3.org/2000/xmlns/"
	security11    = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
	exclusiveC14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
	tokenX509     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	tokenSKI      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier"
	base64Binary  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// Name is the name of an element or of an attribute: its namespace, "" for none, and its local part. Prefixes mean nothing.
type Name struct{ Space, Local string }

// short is a name as a log shows it: the usual prefix of its namespace, and its local name where it is one of the few
// that are known. Others may hold anything that a sender likes.
func (n Name) short() string {
	prefix, known := usualPrefix[n.Space]
	switch {
	case !known:
		return "another element"
	case !slices.Contains(toldNames, n.Local):
		return "another element of " + prefix
	}
	return prefix + ":" + n.Local
}

// toldNames are the local names that logs tell.
var toldNames = strings.Fields(`Envelope Header Body Security BinarySecurityToken SecurityTokenReference Reference KeyIdentifier Timestamp
	Created Expires Signature SignedInfo SignatureValue KeyInfo CanonicalizationMethod SignatureMethod Transforms Transform DigestMethod
	DigestValue X509Data X509IssuerSerial X509IssuerName X509SerialNumber InclusiveNamespaces EncryptedKey EncryptedData EncryptionMethod CipherData CipherValue ReferenceList DataReference Action To From ReplyTo FaultTo MessageID RelatesTo
	Sequence SequenceAcknowledgement AckRequested MessageIdentifier SenderPartyIdentifier SenderPartyIdentifierType
	ReceiverPartyIdentifier ReceiverPartyIdentifierType`)

// usualPrefix is what the writer binds, and what logs say.
var usualPrefix = map[string]string{
	SOAP: "s", Addressing: "a", Reliable: "r", Utility: "u", Security: "o", OIO: "oio", signature: "ds", encryption: "e", exclusiveC14N: "ec",
}
