package xmldsig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// now is when everything here happens.
var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// identity is a key with a certificate for it, and who has issued it.
type identity struct {
	key         crypto.Signer
	certificate *x509.Certificate
	authority   *identity
}

// rsaKeys are made once: that takes a while.
var rsaKeys = sync.OnceValue(func() map[int]*rsa.PrivateKey {
	keys := map[int]*rsa.PrivateKey{}
	for _, bits := range []int{1024, 2048} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		keys[bits] = key
	}
	return keys
})

func curveKey(curve elliptic.Curve) crypto.Signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// serials number certificates.
var serials = func() func() *big.Int {
	var mu sync.Mutex
	next := int64(1000)
	return func() *big.Int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return big.NewInt(next)
	}
}()

// issue makes an identity; authority nil makes a root. change may alter the template.
func issue(authority *identity, key crypto.Signer, change func(*x509.Certificate)) *identity {
	template := &x509.Certificate{
		SerialNumber: serials(),
		Subject: pkix.Name{CommonName: "test", Country: []string{"DK"}, ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "CVR:12345674-FID:11"},
		}},
		NotBefore:    now.AddDate(-1, 0, 0),
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		SubjectKeyId: []byte{1, 2, 3, byte(len("ski"))},
	}
	if authority == nil {
		template.Subject = pkix.Name{CommonName: "test root " + template.SerialNumber.String()}
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		template.SubjectKeyId = nil
	}
	if change != nil {
		change(template)
	}
	parent, parentKey := template, key
	if authority != nil {
		parent, parentKey = authority.certificate, authority.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &identity{key, certificate, authority}
}

// parties are a root, and signers under it.
type parties struct {
	root, rsa, curve *identity
	trust            *xmldsig.Trust
}

var country = sync.OnceValue(func() *parties {
	p := &parties{root: issue(nil, curveKey(elliptic.P256()), nil)}
	p.rsa = issue(p.root, rsaKeys()[2048], nil)
	p.curve = issue(p.root, curveKey(elliptic.P256()), func(c *x509.Certificate) { c.SubjectKeyId = []byte{9, 9} })
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{
		Roots: []*x509.Certificate{p.root.certificate},
		Known: []*x509.Certificate{p.rsa.certificate, p.curve.certificate},
	})
	if err != nil {
		panic(err)
	}
	p.trust = trust
	return p
})

func (i *identity) signer() *xmldsig.Signer {
	return &xmldsig.Signer{Key: i.key, Certificate: i.certificate}
}

func requestVerifier() *xmldsig.Verifier {
	return &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: country().trust, Skew: time.Minute}
}

func replyVerifier() *xmldsig.Verifier {
	return &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.SHA256), Trust: country().trust, Skew: time.Minute}
}

const action = xmldsig.OIO + "NKSPaymentOrderInterface/SubmitNKSPaymentOrderRequest"

// request is a whole business request.
func request(body string) xmldsig.Outgoing {
	return xmldsig.Outgoing{Body: []byte(body), Headers: []xmldsig.Tag{
		{Name: xmldsig.Name{Space: xmldsig.Reliable, Local: "Sequence"}, MustUnderstand: true, Children: []xmldsig.Tag{
			{Name: xmldsig.Name{Space: xmldsig.Reliable, Local: "Identifier"}, Text: "urn:uuid:sequence"},
			{Name: xmldsig.Name{Space: xmldsig.Reliable, Local: "MessageNumber"}, Text: "1"},
		}},
		{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "Action"}, MustUnderstand: true, Text: action},
		{Name: xmldsig.Name{Space: xmldsig.OIO, Local: "MessageIdentifier"}, Text: "document-1"},
		{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "MessageID"}, Text: "urn:uuid:message"},
		{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "ReplyTo"}, Children: []xmldsig.Tag{
			{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "Address"}, Text: "http://www.w3.org/2005/08/addressing/anonymous"},
		}},
		{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "To"}, MustUnderstand: true, Text: "http://gateway.example/rasp"},
		{Name: xmldsig.Name{Space: xmldsig.OIO, Local: "SenderPartyIdentifier"}, Text: "5790000123459"},
		{Name: xmldsig.Name{Space: xmldsig.OIO, Local: "SenderPartyIdentifierType"}, Text: "EAN"},
		{Name: xmldsig.Name{Space: xmldsig.OIO, Local: "ReceiverPartyIdentifier"}, Text: "5798000016446"},
		{Name: xmldsig.Name{Space: xmldsig.OIO, Local: "ReceiverPartyIdentifierType"}, Text: "EAN"},
	}}
}

const smallBody = `<p:Payment xmlns:p="urn:test:payment" xmlns="urn:test:default"><p:Amount currency="DKK">100</p:Amount><Text>a &amp; b</Text></p:Payment>`

// signed is a signed request.
func signed(t testing.TB, by *identity, m xmldsig.Outgoing) []byte {
	t.Helper()
	message, err := by.signer().Sign(m, now)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// unnameable is an authority whose name is not read alike by all: what it issues can be named by a key identifier alone.
func unnameable() *identity {
	return issue(nil, curveKey(elliptic.P256()), func(c *x509.Certificate) {
		c.Subject = pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: `back\slash`}}}
	})
}

// noIdentifier leaves a certificate without a key identifier, which an authority of the library would otherwise be given.
func noIdentifier(c *x509.Certificate) { c.SubjectKeyId = nil }

func pemOf(i *identity) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw})
}

// peakKilobytes is the most memory that a process has had.
func peakKilobytes(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss
}
