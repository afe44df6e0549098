package xmldsig

import (
	"bytes"
	"crypto/x509"
	"time"
)

// signer is the certificate that a KeyInfo leads to, and that is trusted now. KeyInfo is no more than a hint: who may
// send what is for the caller to judge by the certificate.
func (e *envelope) signer(keyInfo int32, p Policy, trust *Trust, now time.Time) (*x509.Certificate, error) {
	if err := e.bare(keyInfo, KeyInfoContent); err != nil {
		return nil, err
	}
	inside, err := e.sequence(keyInfo, KeyInfoContent, Name{Security, "SecurityTokenReference"})
	if err != nil {
		return nil, err
	}
	str := inside[0]
	if kind, ok := e.attribute(str, security11, "TokenType"); ok && kind != tokenX509 {
		return nil, refuse(KeyInfoContent, "o:SecurityTokenReference")
	}
	inside, strict := e.children(str)
	if !strict || len(inside) != 1 {
		return nil, refuse(KeyInfoContent, "o:SecurityTokenReference")
	}
	switch e.nameOf(inside[0]) {
	case Name{Security, "Reference"}:
		return e.sentCertificate(inside[0], trust, now)
	case Name{Security, "KeyIdentifier"}:
		if p.known && e.token < 0 {
			wanted, err := e.keyIdentifier(inside[0])
			if err != nil {
				return nil, err
			}
			return trust.knownAs(func(c *x509.Certificate) bool { return len(wanted) > 0 && bytes.Equal(c.SubjectKeyId, wanted) }, now)
		}
	case Name{signature, "X509Data"}:
		if p.known && e.token < 0 {
			wanted, err := e.issuerSerial(inside[0])
			if err != nil {
				return nil, err
			}
			return trust.issued(wanted, now)
		}
	}
	return nil, refuse(KeyInfoContent, "o:SecurityTokenReference")
}

// sentCertificate is the one of the BinarySecurityToken.
func (e *envelope) sentCertificate(reference int32, trust *Trust, now time.Time) (*x509.Certificate, error) {
	const place = "o:Reference"
	if err := e.bare(reference, KeyInfoContent, "URI", "ValueType"); err != nil {
		return nil, err
	}
	if content, plain := e.text(reference); !plain || content != "" {
		return nil, refuse(KeyInfoContent, place)
	}
	target, err := e.resolve(reference, place)
	if err != nil {
		return nil, err
	}
	kind, given := e.attribute(reference, "", "ValueType")
	if e.token < 0 || target != e.token || given && kind != tokenX509 {
		return nil, refuse(KeyInfoContent, place)
	}
	if err := e.bare(e.token, TokenContent, "ValueType", "EncodingType"); err != nil {
		return nil, err
	}
	if kind, _ := e.attribute(e.token, "", "ValueType"); kind != tokenX509 || !e.encodedAsBase64(e.token) {
		return nil, refuse(TokenContent, "o:BinarySecurityToken")
	}
	der, err := e.base64(e.token, TokenContent)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, refuse(CertificateUnparsed, "o:BinarySecurityToken")
	}
	return leaf, trust.check(leaf, now)
}

// knownAs is a certificate that is known and fits. After a renewal with the same key there may be two: one that is trusted now will do.
func (t *Trust) knownAs(fits func(*x509.Certificate) bool, now time.Time) (*x509.Certificate, error) {
	failure := refuse(CertificateUnknown, "o:SecurityTokenReference")
	for _, leaf := range t.known {
		if !fits(leaf) {
			continue
		}
		if failure = t.check(leaf, now); failure == nil {
			return leaf, nil
		}
	}
	return nil, failure
}

// issued is the one certificate that is known by its issuer and number. An authority numbers each once: of two that differ nobody knows which is meant.
func (t *Trust) issued(wanted issuerSerial, now time.Time) (*x509.Certificate, error) {
	var found *x509.Certificate
	for _, c := range t.known {
		if !wanted.names(c) || found != nil && found.Equal(c) {
			continue
		}
		if found != nil {
			return nil, refuse(CertificateUnknown, "ds:X509IssuerSerial")
		}
		found = c
	}
	return t.knownAs(func(c *x509.Certificate) bool { return c == found }, now)
}

// keyIdentifier are the bytes of a KeyIdentifier.
func (t *tree) keyIdentifier(i int32) ([]byte, error) {
	if err := t.bare(i, KeyInfoContent, "ValueType", "EncodingType"); err != nil {
		return nil, err
	}
	if kind, _ := t.attribute(i, "", "ValueType"); kind != tokenSKI || !t.encodedAsBase64(i) {
		return nil, refuse(KeyInfoContent, "o:KeyIdentifier")
	}
	return t.base64(i, KeyInfoContent)
}

func (t *tree) encodedAsBase64(i int32) bool {
	encoding, given := t.attribute(i, "", "EncodingType")
	return !given || encoding == base64Binary
}
