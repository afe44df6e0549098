package xmldsig_test

import (
	"testing"

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
