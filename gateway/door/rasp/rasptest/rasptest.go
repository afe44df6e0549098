// Package rasptest makes certificates for tests of the signed endpoint.
package rasptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// Authority issues certificates.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// Identity is a key with its certificate.
type Identity struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// NewAuthority makes an authority.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	key := newKey(t)
	return &Authority{Certificate: sign(t, template, template, key.Public(), key), key: key}
}

// Issue gives an identity a certificate, good for signing and for TLS on this machine. cvr is the company number of the subject;
// empty: it has none.
func (a *Authority) Issue(t testing.TB, name, cvr string) Identity {
	t.Helper()
	return a.issue(t, name, subjectSerial(cvr), newKey(t))
}

// IssueFor is Issue with the serialNumber of the subject.
func (a *Authority) IssueFor(t testing.TB, name, serial string) Identity {
	t.Helper()
	return a.issue(t, name, serial, newKey(t))
}

func subjectSerial(cvr string) string {
	if cvr == "" {
		return ""
	}
	return "CVR:" + cvr + "-FID:1"
}

// IssueRSA is Issue with an RSA key, for who writes signatures by elliptic curves in a form of its own.
func (a *Authority) IssueRSA(t testing.TB, name, cvr string) Identity {
	t.Helper()
	return a.issue(t, name, subjectSerial(cvr), newRSAKey(t))
}

// IssueUntil is IssueRSA of what is good for the day that ends then.
func (a *Authority) IssueUntil(t testing.TB, name string, end time.Time) Identity {
	t.Helper()
	key := newRSAKey(t)
	template := endEntity(t, name, "")
	template.NotBefore, template.NotAfter = end.AddDate(0, 0, -1), end
	return Identity{Certificate: sign(t, template, a.Certificate, key.Public(), a.key), Key: key}
}

func (a *Authority) issue(t testing.TB, name, subject string, key crypto.Signer) Identity {
	t.Helper()
	return Identity{Certificate: sign(t, endEntity(t, name, subject), a.Certificate, key.Public(), a.key), Key: key}
}

func endEntity(t testing.TB, name, subject string) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, SubjectKeyId: serial(t).Bytes()}
	template.Subject.SerialNumber = subject
	return template
}

func newRSAKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	t.Helper()
	template.SerialNumber = serial(t)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Trust believes what the authority has issued; known may be named by their key identifiers.
func (a *Authority) Trust(t testing.TB, known ...*x509.Certificate) *xmldsig.Trust {
	t.Helper()
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{a.Certificate}, Known: known})
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// Pool is the authority for TLS.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// TLS is the identity for TLS.
func (i Identity) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.Certificate.Raw}, PrivateKey: i.Key}
}

// Files writes the certificate and the key in PEM.
func (i Identity) Files(t testing.TB, dir, name string) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.Key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, name+".crt", "CERTIFICATE", i.Certificate.Raw), write(t, dir, name+".key", "PRIVATE KEY", der)
}

// File writes the authority's certificate in PEM.
func (a *Authority) File(t testing.TB, dir, name string) string {
	t.Helper()
	return write(t, dir, name+".crt", "CERTIFICATE", a.Certificate.Raw)
}

// List writes a revocation list in PEM that names certificates.
func (a *Authority) List(t testing.TB, dir, name string, revoked ...Identity) string {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, r := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: r.Certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.Certificate, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, name, "X509 CRL", der)
}

func write(t testing.TB, dir, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
