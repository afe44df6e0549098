package autack

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"strconv"
)

// MinKeyBits is how long an RSA key must be.
const MinKeyBits = 2048

// maxKeyBits keeps a key from costing too much time.
const maxKeyBits = 16384

// maxKeyFile is how long a file with a key may be.
const maxKeyFile = 64 << 10

// Keys finds the public key of a name; nil when it has none. A key that it
// returns is trusted with what is verified: give [Verify] the keys of those who
// may sign it, and no others.
type Keys func(name string) *rsa.PublicKey

// OneKey takes one key for whatever name, and for none.
func OneKey(key *rsa.PublicKey) Keys {
	return func(string) *rsa.PublicKey { return key }
}

// KeyPool finds keys by their names: those of certificates (0536) and of keys
// (0538). Key "" is that of a message that names none.
func KeyPool(pool map[string]*rsa.PublicKey) Keys {
	return func(name string) *rsa.PublicKey { return pool[name] }
}

// LoadSigner reads an RSA private key from a PEM file: PKCS #8 or PKCS #1, not
// encrypted. Errors about the key wrap ErrKey and hold nothing of the file.
func LoadSigner(path string) (crypto.Signer, error) {
	block, err := loadPEM(path)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, keyError(path, "the key is encrypted")
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, keyError(path, "the key is encrypted")
	default:
		return nil, keyError(path, "PEM block holds no private key")
	}
	if err != nil { // it may say something of the key
		return nil, keyError(path, "private key cannot be parsed")
	}
	signer, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, keyError(path, "the key is not an RSA key")
	}
	if fault := unfit(&signer.PublicKey); fault != "" {
		return nil, keyError(path, fault)
	}
	return signer, nil
}

// LoadPublicKey reads an RSA public key from a PEM file: PKIX, PKCS #1, or the
// key of a certificate, whose validity and issuer are not checked. Errors about
// the key wrap ErrKey.
func LoadPublicKey(path string) (*rsa.PublicKey, error) {
	block, err := loadPEM(path)
	if err != nil {
		return nil, err
	}
	return publicKey(path, block)
}

// ParsePublicKey reads what LoadPublicKey takes from its text. Errors name it as
// what.
func ParsePublicKey(what string, text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, keyError(what, "there is no PEM block")
	}
	return publicKey(what, block)
}

// Fingerprint names a public key: SHA-256 of its PKIX form.
func Fingerprint(key *rsa.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, &Error{Text: "public key has no PKIX form", Err: ErrKey}
	}
	sum := sha256.Sum256(der)
	return sum[:], nil
}

func publicKey(path string, block *pem.Block) (_ *rsa.PublicKey, err error) {
	var key any
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	default:
		return nil, keyError(path, "PEM block holds no public key")
	}
	if err != nil {
		return nil, keyError(path, "public key cannot be parsed")
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, keyError(path, "the key is not an RSA key")
	}
	if fault := unfit(public); fault != "" {
		return nil, keyError(path, fault)
	}
	return public, nil
}

func loadPEM(path string) (_ *pem.Block, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeyFile {
		return nil, keyError(path, "file is too long for a key")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, keyError(path, "file holds no PEM block")
	}
	return block, nil
}

func keyError(path, text string) error {
	return &Error{Text: path + ": " + text, Err: ErrKey}
}

// unfit says why an RSA key cannot be used, "" when it can.
func unfit(key *rsa.PublicKey) string {
	switch {
	case key == nil || key.N == nil:
		return "there is no RSA key"
	case key.N.BitLen() < MinKeyBits:
		return "RSA key has " + strconv.Itoa(key.N.BitLen()) + " bits, less than " + strconv.Itoa(MinKeyBits)
	case key.N.BitLen() > maxKeyBits:
		return "RSA key has more than " + strconv.Itoa(maxKeyBits) + " bits"
	}
	return ""
}
