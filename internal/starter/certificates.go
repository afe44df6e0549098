package starter

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	// certificateLife is how long certificates and the revocation list of a gateway to try are good.
	certificateLife = 2 * 365 * 24 * time.Hour
	// keyBits: RSA, which every program that signs SOAP messages can use as it is. // docs/doors.md, RSA of 2048 bits or more
	keyBits = 2048
)

// authority is the made-up one that issues certificates for the signed endpoint.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	now         time.Time
}

// makeCertificates writes what the signed endpoint needs: a made-up authority with its key, our certificate, the supplier's, and a
// revocation list that names nobody.
func (s *site) makeCertificates() error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	a := &authority{key: key, now: s.Now}
	self := &x509.Certificate{Subject: pkix.Name{CommonName: "The Authority to Try"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	if a.certificate, err = a.sign(self, self, key.Public()); err != nil {
		return err
	}
	if err := s.writeIdentity("rasp_ca", a.certificate, key); err != nil {
		return err
	}
	for _, name := range []string{"rasp", "rasp_" + s.Supplier} {
		if err := s.issue(a, name); err != nil {
			return err
		}
	}
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: a.now.Add(-time.Hour), NextUpdate: a.now.Add(certificateLife)}, a.certificate, key)
	if err != nil {
		return err
	}
	return writeNew(s.path("keys", "rasp_ca.crl"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}), 0o644)
}

// issue gives a name a key and a certificate, good for signing and for TLS on this machine, and writes both.
func (s *site) issue(a *authority, name string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	// By its key identifier a certificate is named in replies.
	id := sha256.Sum256(key.N.Bytes())
	c, err := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, SubjectKeyId: id[:20],
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, a.certificate, key.Public())
	if err != nil {
		return err
	}
	return s.writeIdentity(name, c, key)
}

func (a *authority) sign(template, parent *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, a.now.Add(-time.Hour), a.now.Add(certificateLife)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (s *site) writeIdentity(name string, c *x509.Certificate, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(writeNew(s.path("keys", name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o644),
		writeNew(s.path("keys", name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
}

// writeNew never writes over what is there.
func writeNew(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
