package xmldsig

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Signer signs messages with RSA-SHA256 or ECDSA-SHA256, as its key is, or by OIORASP. It may be used by many at once if the key may.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	// ByKeyIdentifier names the certificate by its key identifier, or by issuer and number where it has none, as replies do, instead of sending
	// it, as requests do.
	ByKeyIdentifier bool
	Lifetime        time.Duration // 0 = 5 minutes
	Profile         Profile       // 0 = SHA256
	// Receiver is whom bodies are encrypted for, by OIORASP alone.
	Receiver *x509.Certificate
}

const (
	timestampID = "TS"
	tokenID     = "X509"
)

// Sign writes a message with its Security header: a Timestamp, the certificate or its key identifier, and a signature
// over the body, the timestamp and every header. now is when it is created.
func (s *Signer) Sign(m Outgoing, now time.Time) ([]byte, error) {
	how, err := s.method()
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	w := &writer{ids: true}
	var at int // where the signature stands
	err = w.envelope(m, func() { at = s.security(w, now) })
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	t, err := w.parse(m)
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	signatureText, err := s.signatureOver(t, w.signed, how)
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	if s.Profile != OIORASP {
		return slices.Concat(w.buf[:at], signatureText, w.buf[at:]), nil
	}
	key, data, err := encrypt(w.buf[w.bodyFrom:w.bodyTo], s.Receiver)
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	return slices.Concat(w.buf[:at], key, signatureText, w.buf[at:w.bodyFrom], data, w.buf[w.bodyTo:]), nil
}

// Able says why the signer can sign nothing; nil: it can.
func (s *Signer) Able() error {
	_, err := s.method()
	return err
}

// method is what the key can do, when the certificate is its own.
func (s *Signer) method() (string, error) {
	public, ok := s.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(s.Key.Public()) {
		return "", errors.New("the certificate is not the key's")
	}
	if s.ByKeyIdentifier && !nameable(s.Certificate) {
		return "", errors.New("the certificate has no key identifier, and its issuer's name cannot be written")
	}
	if s.Profile == OIORASP {
		return methodSHA1, suites[OIORASP].methods[methodSHA1].fits(s.Certificate)
	}
	uri := methodRSA
	if methods[uri].fits(s.Certificate) != nil {
		uri = methodECDSA
	}
	return uri, methods[uri].fits(s.Certificate)
}

// security writes the Security header, and returns where the signature is to stand in it.
func (s *Signer) security(w *writer, now time.Time) int {
	const milliseconds = "2006-01-02T15:04:05.000Z"
	lifetime := s.Lifetime
	if lifetime == 0 {
		lifetime = defaultWindow
	}
	now = now.UTC().Truncate(time.Millisecond)
	w.add(`<o:Security`)
	w.attribute("xmlns:o", Security)
	w.attribute("s:mustUnderstand", "1")
	w.add(`><u:Timestamp`)
	w.attribute("u:Id", w.part(timestampID))
	w.add(`><u:Created>` + now.Format(milliseconds) + `</u:Created><u:Expires>` + now.Add(lifetime).Format(milliseconds) + `</u:Expires></u:Timestamp>`)
	if !s.ByKeyIdentifier {
		w.add(`<o:BinarySecurityToken`)
		w.attribute("u:Id", tokenID)
		w.attribute("EncodingType", base64Binary)
		w.attribute("ValueType", tokenX509)
		w.add(`>` + base64.StdEncoding.EncodeToString(s.Certificate.Raw) + `</o:BinarySecurityToken>`)
	}
	at := len(w.buf)
	w.add(`</o:Security>`)
	return at
}

// signatureOver makes the ds:Signature over the parts with these identifiers.
func (s *Signer) signatureOver(t *tree, ids []string, uri string) ([]byte, error) {
	w, by, digest := &writer{}, suites[SHA256], digestSHA256
	if s.Profile == OIORASP {
		by, digest = suites[OIORASP], digestSHA1
	}
	w.add(`<Signature`)
	w.attribute("xmlns", signature)
	w.add(`><SignedInfo>`)
	w.algorithm("CanonicalizationMethod", exclusiveC14N)
	w.algorithm("SignatureMethod", uri)
	for _, id := range ids {
		h := by.digests[digest]()
		if err := t.canonicalise(h, t.ids[id].node, nil); err != nil {
			return nil, err
		}
		w.add(`<Reference`)
		w.attribute("URI", "#"+id)
		w.add(`><Transforms>`)
		w.algorithm("Transform", exclusiveC14N)
		w.add(`</Transforms>`)
		w.algorithm("DigestMethod", digest)
		w.add(`<DigestValue>` + base64.StdEncoding.EncodeToString(h.Sum(nil)) + `</DigestValue></Reference>`)
	}
	w.add(`</SignedInfo>`)
	// It uses the namespace of the Signature alone, so it has the same canonical form here as in the message.
	info, err := parse(append(slices.Clone(w.buf), `</Signature>`...), Limits{})
	if err != nil {
		return nil, err
	}
	hash := by.methods[uri].hash
	h := hash.New()
	if err := info.canonicalise(h, 1, nil); err != nil {
		return nil, err
	}
	value, err := s.Key.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, err
	}
	if by.methods[uri].curve {
		if value, err = s.fixedLength(value); err != nil {
			return nil, err
		}
	}
	w.add(`<SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</SignatureValue><KeyInfo><o:SecurityTokenReference>`)
	if s.ByKeyIdentifier {
		w.reference(s.Certificate)
	} else {
		w.add(`<o:Reference`)
		w.attribute("ValueType", tokenX509)
		w.attribute("URI", "#"+tokenID)
		w.add(`/>`)
	}
	w.add(`</o:SecurityTokenReference></KeyInfo></Signature>`)
	return w.buf, nil
}

func (w *writer) keyIdentifier(of *x509.Certificate) {
	w.add(`<o:KeyIdentifier`)
	w.attribute("ValueType", tokenSKI)
	w.attribute("EncodingType", base64Binary)
	w.add(`>` + base64.StdEncoding.EncodeToString(of.SubjectKeyId) + `</o:KeyIdentifier>`)
}

func (w *writer) algorithm(name, uri string) {
	w.add("<" + name)
	w.attribute("Algorithm", uri)
	w.add("/>")
}

// fixedLength turns a signature of ECDSA from ASN.1 into two numbers as long as the curve's order (RFC 9231 §2.3.6).
func (s *Signer) fixedLength(der []byte) ([]byte, error) {
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &pair); err != nil || len(rest) > 0 {
		return nil, errors.New("the key made no signature of ECDSA")
	}
	size := curveSize(s.Certificate)
	return slices.Concat(pair.R.FillBytes(make([]byte, size)), pair.S.FillBytes(make([]byte, size))), nil
}
