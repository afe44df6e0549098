package autack_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/edifact/autack"
)

// keyFiles writes keys of all kinds and returns what their directory is.
func keyFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	signer, public := loadKey(t, keyFile)
	key := signer.(*rsa.PrivateKey)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	weak, _ := pem.Decode(must(os.ReadFile("testdata/test-key-1024.pem")))
	weakKey, err := x509.ParsePKCS8PrivateKey(weak.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"pkcs8":         {Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))},
		"pkcs1":         {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
		"ec":            {Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(ec))},
		"encrypted":     {Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")},
		"encrypted1":    {Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")},
		"broken":        {Type: "PRIVATE KEY", Bytes: []byte("secret, but no key")},
		"weak":          weak,
		"pkix":          {Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(public))},
		"pkcs1 public":  {Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(public)},
		"certificate":   {Type: "CERTIFICATE", Bytes: must(x509.CreateCertificate(rand.Reader, certificate, certificate, public, key))},
		"ec public":     {Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&ec.PublicKey))},
		"weak public":   {Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&weakKey.(*rsa.PrivateKey).PublicKey))},
		"broken public": {Type: "CERTIFICATE", Bytes: []byte("no certificate")},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"text": "secret", "long": strings.Repeat("secret\n", 20_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestKeysFromFiles(t *testing.T) {
	t.Parallel()
	dir := keyFiles(t)
	_, public := loadKey(t, keyFile)
	for name, want := range map[string]error{
		"pkcs8": nil, "pkcs1": nil, "ec": autack.ErrKey, "encrypted": autack.ErrKey, "encrypted1": autack.ErrKey, "broken": autack.ErrKey,
		"weak": autack.ErrKey, "pkix": autack.ErrKey, "text": autack.ErrKey, "long": autack.ErrKey, "absent": fs.ErrNotExist,
	} {
		key, err := autack.LoadSigner(filepath.Join(dir, name))
		if !errors.Is(err, want) || (key == nil) != (want != nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: private key %v: %v, want %v", name, key != nil, err, want)
		}
		if err == nil && !public.Equal(key.Public()) {
			t.Errorf("%s: another key", name)
		}
	}
	for name, want := range map[string]error{
		"pkix": nil, "pkcs1 public": nil, "certificate": nil, "ec public": autack.ErrKey, "weak public": autack.ErrKey, "broken public": autack.ErrKey,
		"pkcs8": autack.ErrKey, "text": autack.ErrKey, "long": autack.ErrKey, "absent": fs.ErrNotExist,
	} {
		key, err := autack.LoadPublicKey(filepath.Join(dir, name))
		if !errors.Is(err, want) || (key == nil) != (want != nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: public key %v: %v, want %v", name, key != nil, err, want)
		}
		if err == nil && !public.Equal(key) {
			t.Errorf("%s: another key", name)
		}
	}
}

// device is a crypto.Signer that is no *rsa.PrivateKey.
type device struct {
	*rsa.PrivateKey
	broken error
	wrong  bool
}

func (d device) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	b, err := d.PrivateKey.Sign(r, digest, o)
	if d.wrong {
		b[0] ^= 1
	}
	return b, errors.Join(d.broken, err)
}

func TestSignFaults(t *testing.T) {
	t.Parallel()
	d, _ := mustRead(t, interchange3)
	signer, _ := loadKey(t, keyFile)
	key := signer.(*rsa.PrivateKey)
	long, _ := loadKey(t, "testdata/test-key-4096.pem")
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	messages := of(d, autack.LevelMessage)
	broken := errors.New("device is off")
	for name, test := range map[string]struct {
		digests []autack.Digest
		key     crypto.Signer
		o       autack.SignOptions
		want    error
	}{
		"a device":          {digests: messages, key: device{PrivateKey: key}},
		"longest value":     {digests: messages, key: long},
		"nothing":           {key: key, want: autack.ErrNotFound},
		"no key":            {digests: messages, want: autack.ErrKey},
		"another kind":      {digests: messages, key: ec, want: autack.ErrKey},
		"broken device":     {digests: messages, key: device{PrivateKey: key, broken: broken}, want: broken},
		"wrong device":      {digests: messages, key: device{PrivateKey: key, wrong: true}, want: autack.ErrKey},
		"value too long":    {digests: messages, key: key, o: autack.SignOptions{MaxValue: 511}, want: autack.ErrLimit},
		"value in base 64":  {digests: messages, key: key, o: autack.SignOptions{MaxValue: 344, Filter: autack.Base64}},
		"filter":            {digests: messages, key: key, o: autack.SignOptions{Filter: "5"}, want: autack.ErrUnsupported},
		"padding":           {digests: messages, key: key, o: autack.SignOptions{Padding: 9}, want: autack.ErrUnsupported},
		"service":           {digests: messages, key: key, o: autack.SignOptions{Service: "1"}, want: autack.ErrUnsupported},
		"scope":             {digests: messages, key: key, o: autack.SignOptions{Scope: "1"}, want: autack.ErrUnsupported},
		"scope of messages": {digests: d.All(), key: key, o: autack.SignOptions{Scope: "6"}, want: autack.ErrUnsupported},
		"twice":             {digests: append(messages, messages[0]), key: key, want: autack.ErrAmbiguous},
		"too many":          {digests: make([]autack.Digest, 10_000), key: key, want: autack.ErrLimit},
	} {
		m, err := autack.Sign(test.digests, test.key, test.o)
		if !errors.Is(err, test.want) || (m == nil) != (test.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
