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
			return e.knownCertificate(inside[0], trust, now)
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

// knownCertificate is the one with the key identifier. After a renewal with the same key there are two: one that is
// trusted now will do.
func (e *envelope) knownCertificate(identifier int32, trust *Trust, now time.Time) (*x509.Certificate, error) {
	wanted, err := e.keyIdentifier(identifier)
	if err != nil {
		return nil, err
	}
	failure := refuse(CertificateUnknown, "o:KeyIdentifier")
	for _, leaf := range trust.known {
		if !bytes.Equal(leaf.SubjectKeyId, wanted) {
			continue
		}
		if failure = trust.check(leaf, now); failure == nil {
			return leaf, nil
		}
	}
	return nil, failure
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
