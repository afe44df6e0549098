package xmldsig_test

import (
	"crypto"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

func TestVerify_WhatIsSignedIsRead(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]*identity{"RSA": country().rsa, "ECDSA": country().curve} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := requestVerifier().Verify(signed(t, by, request(smallBody)), now)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(m.Body.Bytes()); got != `<p:Payment xmlns:p="urn:test:payment"><p:Amount currency="DKK">100</p:Amount><Text xmlns="urn:test:default">a &amp; b</Text></p:Payment>` {
				t.Errorf("body is %s", got)
			}
			sequence, ok := m.Header(xmldsig.Reliable, "Sequence")
			number, _ := sequence.Child(xmldsig.Reliable, "MessageNumber")
			if !ok || number.Text() != "1" {
				t.Errorf("sequence is %t, number %q", ok, number.Text())
			}
			if m.Signer.CVR != "12345674" || !m.Signer.Leaf.Equal(by.certificate) {
				t.Errorf("signed by %s, CVR %q", m.Signer.Subject, m.Signer.CVR)
			}
		})
	}
}

func TestVerifier_IncompleteTakesNothing(t *testing.T) {
	t.Parallel()
	message := signed(t, country().rsa, request(smallBody))
	for name, v := range map[string]*xmldsig.Verifier{
		"nothing":            {},
		"no policy":          {Trust: country().trust},
		"no trust":           {Policy: xmldsig.RequestPolicy(xmldsig.SHA256)},
		"an unknown profile": {Policy: xmldsig.RequestPolicy(xmldsig.SHA256 + 1), Trust: country().trust},
	} {
		if _, err := v.Verify(message, now); err == nil || reasonOf(err) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerify_ReplayIsOfTheContent(t *testing.T) {
	t.Parallel()
	v := requestVerifier()
	message := string(signed(t, country().curve, request(smallBody)))
	replay := func(message string) [32]byte {
		m, err := v.Verify([]byte(message), now)
		if err != nil {
			t.Fatal(err)
		}
		return m.Replay
	}
	first := replay(message)
	for name, again := range map[string]string{
		"signed anew by a method with chance in it": resigned(message, country().curve.key, crypto.SHA256),
		"written otherwise":                         strings.Replace(message, `<SignedInfo>`, "<SignedInfo\n>", 1),
		"with a header that is not signed":          strings.Replace(message, `</s:Header>`, `<x xmlns="urn:x"/></s:Header>`, 1),
		"in another order":                          inOtherOrder(message),
	} {
		if again == message || replay(again) != first {
			t.Errorf("%s: another replay", name)
		}
	}
	other, err := country().curve.signer().Sign(request(smallBody), now.Add(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if replay(string(other)) == first {
		t.Error("another message has the same replay")
	}
}

// inOtherOrder puts a header behind the others.
func inOtherOrder(message string) string {
	before, header, after := cut(message, "_3")
	return strings.Replace(before+after, "</s:Header>", header+"</s:Header>", 1)
}

func TestVerify_NotUnderstood(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().curve, request(smallBody)))
	message = strings.Replace(message, "</s:Header>", `<x xmlns="urn:x" s:mustUnderstand="true"/><y xmlns="urn:x" s:mustUnderstand="0"/><z xmlns="urn:x"/></s:Header>`, 1)
	m, err := requestVerifier().Verify([]byte(message), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.NotUnderstood) != 1 || m.NotUnderstood[0] != (xmldsig.Name{Space: "urn:x", Local: "x"}) {
		t.Errorf("not understood: %v", m.NotUnderstood)
	}
	for _, name := range []string{"x", "y", "z"} {
		if _, ok := m.Header("urn:x", name); ok {
			t.Errorf("%s is shown, and is not signed", name)
		}
	}
}

func TestElement_ZeroHasNothing(t *testing.T) {
	t.Parallel()
	m, err := requestVerifier().Verify(signed(t, country().curve, request(smallBody)), now)
	if err != nil {
		t.Fatal(err)
	}
	none, ok := m.Header(xmldsig.Reliable, "AckRequested")
	child, found := none.Child(xmldsig.Reliable, "Identifier")
	if _, has := none.Attribute("", "a"); ok || found || has || none.Text() != "" || child.Text() != "" || len(none.Children()) > 0 || none.Name() != (xmldsig.Name{}) {
		t.Errorf("a header that is absent: %+v", none)
	}
	replyTo, _ := m.Header(xmldsig.Addressing, "ReplyTo")
	if replyTo.Text() != "" {
		t.Errorf("text of an element with elements: %q", replyTo.Text())
	}
}

// TestRefusal_SaysNothingOfTheContent: names and values of a message stay out of the error.
func TestRefusal_SaysNothingOfTheContent(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().rsa, request(smallBody)))
	for name, variant := range map[string]string{
		"value of a header":         strings.Replace(message, ">document-1<", ">0101011234<", 1),
		"name of a header":          strings.Replace(message, "</s:Header>", `<o:p0101011234 xmlns:o="`+xmldsig.Security+`"/></s:Header>`, 1),
		"name of one of ours":       strings.Replace(message, "</s:Header>", `<a:p0101011234/></s:Header>`, 1),
		"name in Security":          strings.Replace(message, "<u:Timestamp", `<p0101011234/><u:Timestamp`, 1),
		"name in SignedInfo":        strings.Replace(message, "<Reference ", `<p0101011234/><Reference `, 1),
		"identifier":                strings.Replace(message, "#_2", `#p0101011234`, 1),
		"algorithm":                 strings.Replace(message, "rsa-sha256", `p0101011234`, 1),
		"name in the namespace OIO": strings.Replace(message, "</s:Header>", `<p0101011234 xmlns="`+xmldsig.OIO+`"/></s:Header>`, 1),
	} {
		_, err := requestVerifier().Verify([]byte(variant), now)
		if err == nil || strings.Contains(err.Error(), "0101011234") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVerify_SignatureHasOneForm: the two numbers of ECDSA, each as long as the curve's order, and nothing else.
func TestVerify_SignatureHasOneForm(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().curve, request(smallBody)))
	start := strings.Index(message, "<SignatureValue>") + len("<SignatureValue>")
	value, err := base64.StdEncoding.DecodeString(message[start : start+strings.Index(message[start:], "<")])
	if err != nil || len(value) != 64 {
		t.Fatalf("signature of %d bytes, %v", len(value), err)
	}
	zero := []byte{0}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:32]), new(big.Int).SetBytes(value[32:])})
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string][]byte{
		"a zero between":  slices.Concat(value[:32], zero, value[32:]),
		"a zero in front": slices.Concat(zero, value),
		"a zero behind":   slices.Concat(value, zero),
		"zeros in front":  slices.Concat(zero, value[:32], zero, value[32:]),
		"a byte less":     value[:63],
		"in ASN.1":        der,
		"of zeros":        make([]byte, 64),
		"half":            value[:32],
	} {
		variant := between(message, "<SignatureValue>", "<", base64.StdEncoding.EncodeToString(other))
		if got := reason(t, requestVerifier(), variant); got != xmldsig.SignatureWrong {
			t.Errorf("%s: %q", name, got)
		}
	}
	encoded := base64.StdEncoding.EncodeToString(value) // of its last character but the two "=", four bits count for nothing
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := alphabet[strings.IndexByte(alphabet, encoded[len(encoded)-3])+1:][:1]
	variant := between(message, "<SignatureValue>", "<", encoded[:len(encoded)-3]+last+"==")
	if got := reason(t, requestVerifier(), variant); got != xmldsig.SignatureContent {
		t.Errorf("with bits that count for nothing: %q", got)
	}
}

// TestRefusal_IsOfAClass: what a caller does follows from the sentinel.
func TestRefusal_IsOfAClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class   error
		reasons []xmldsig.Reason
	}{
		{xmldsig.ErrTooLarge, []xmldsig.Reason{xmldsig.TooManyBytes, xmldsig.TooDeep, xmldsig.TooManyReferences}},
		{xmldsig.ErrMalformed, []xmldsig.Reason{xmldsig.SyntaxBroken, xmldsig.DocumentType, xmldsig.ElementTwice, xmldsig.TransformForbidden}},
		{xmldsig.ErrUnsupported, []xmldsig.Reason{xmldsig.Encrypted, xmldsig.AlgorithmLegacy}},
		{xmldsig.ErrInvalid, []xmldsig.Reason{xmldsig.DigestWrong, xmldsig.SignatureWrong, xmldsig.ReferenceMissing, xmldsig.ReferenceTarget}},
		{xmldsig.ErrExpired, []xmldsig.Reason{xmldsig.NoLongerValid, xmldsig.NotYetValid, xmldsig.TimestampOrder}},
		{xmldsig.ErrUntrusted, []xmldsig.Reason{xmldsig.IssuerUnknown, xmldsig.CertificateRevoked, xmldsig.CertificateTime}},
		{xmldsig.ErrRevocationUnknown, []xmldsig.Reason{xmldsig.ListMissing, xmldsig.ListStale}},
	} {
		for _, r := range c.reasons {
			refusal := error(&xmldsig.Refusal{Reason: r, Place: "here"})
			if !errors.Is(refusal, c.class) || !strings.Contains(refusal.Error(), string(r)+" at here") {
				t.Errorf("%s: %v is not %v", r, refusal, c.class)
			}
		}
	}
}
