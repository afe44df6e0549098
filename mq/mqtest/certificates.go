package mqtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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
)

// Authority issues certificates for a test.
type Authority struct {
	// File holds its own certificate.
	File string

	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes one whose files go with the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: t.TempDir()}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	var der []byte
	if der, err = x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key); err != nil {
		t.Fatal(err)
	}
	a.File = a.write("ca.pem", "CERTIFICATE", der, 0o644)
	return a
}

// Pair is a certificate with its key, in files.
type Pair struct {
	Certificate, Key string
	Leaf             *x509.Certificate
}

// Issue makes a certificate of the common name, valid for localhost and 127.0.0.1 as server and as client.
func (a *Authority) Issue(name string) Pair {
	a.t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(12 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	p := Pair{Certificate: a.write(serial.String()+".pem", "CERTIFICATE", der, 0o644), Key: a.write(serial.String()+".key", "PRIVATE KEY", secret, 0o600)}
	if p.Leaf, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	return p
}

func (a *Authority) write(name, kind string, der []byte, mode os.FileMode) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// Client is what a client connects with that trusts the authority and shows the pairs.
func (a *Authority) Client(pairs ...Pair) *tls.Config {
	a.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	for _, p := range pairs {
		pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			a.t.Fatal(err)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	return config
}

// Certificate is its own.
func (a *Authority) Certificate() *x509.Certificate {
	a.t.Helper()
	text, err := os.ReadFile(a.File)
	if err != nil {
		a.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}
