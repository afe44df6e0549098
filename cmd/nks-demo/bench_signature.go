package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os/exec"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// benchSigned is how many bytes of a bundle the verifiers of signatures are measured on at most.
const benchSigned = 16_000_000

// signatures is a signed message about a bundle, and who verifies it.
type signatures struct {
	message  []byte
	verifier *xmldsig.Verifier
	now      time.Time
	file     string
	trusted  string // file of the signer's certificate
}

// signBundle signs as much of a bundle as there may be, with a key of its own, and writes it for the peer.
func (b *bench) signBundle(document []byte) (*signatures, error) {
	end := []byte("</swift:PmtInf>\n")
	if len(document) > benchSigned {
		at := bytes.LastIndex(document[:benchSigned], end) + len(end)
		document = append(document[:at:at], "</NKSPayment>\n"...)
	}
	s := &signatures{now: time.Now(), file: b.path("signed.xml"), trusted: b.path("signed.pem")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"},
		NotBefore: s.now.Add(-time.Hour), NotAfter: s.now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{certificate}})
	if err != nil {
		return nil, err
	}
	s.verifier = &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: trust}
	outgoing := xmldsig.Outgoing{Body: document}
	for _, name := range []string{"Action", "To", "MessageID"} {
		outgoing.Headers = append(outgoing.Headers, xmldsig.Tag{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: name}, Text: "urn:bench"})
	}
	if s.message, err = (&xmldsig.Signer{Key: key, Certificate: certificate}).Sign(outgoing, s.now); err != nil {
		return nil, err
	}
	if err := writeFile(s.file, s.message); err != nil {
		return nil, err
	}
	return s, writeFile(s.trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (s *signatures) verify() error {
	_, err := s.verifier.Verify(s.message, s.now)
	return err
}

// verifyByXmlsec measures the start of a process, too, which is nothing beside the message.
func (s *signatures) verifyByXmlsec(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "xmlsec1", "--verify", "--pubkey-cert-pem", s.trusted,
		"--id-attr:Id", xmldsig.SOAP+":Body", "--id-attr:Id", xmldsig.Utility+":Timestamp", "--id-attr:Id", xmldsig.Addressing+":Action",
		"--id-attr:Id", xmldsig.Addressing+":To", "--id-attr:Id", xmldsig.Addressing+":MessageID", s.file)
	printed, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%w: %s", err, printed)
	}
	return err
}
