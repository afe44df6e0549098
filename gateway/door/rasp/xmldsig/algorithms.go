package xmldsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"hash"
	"math/big"
)

// digestMethod makes the hash of a digest.
type digestMethod func() hash.Hash

// suite is what a profile signs by.
type suite struct {
	methods map[string]method
	digests map[string]digestMethod
	refused map[string]Reason // what other profiles sign by
}

// suites are those of the profiles. What is in one is in no other.
var suites = map[Profile]suite{
	SHA256:  {methods, digests, legacy},
	OIORASP: {map[string]method{methodSHA1: {crypto.SHA1, false}}, map[string]digestMethod{digestSHA1: sha1.New}, others(methods, digests)},
}

func others(methods map[string]method, digests map[string]digestMethod) map[string]Reason {
	all := map[string]Reason{}
	for uri := range methods {
		all[uri] = AlgorithmOther
	}
	for uri := range digests {
		all[uri] = AlgorithmOther
	}
	return all
}

// digests are those of SHA256.
var digests = map[string]digestMethod{
	"http://www.w3.org/2001/04/xmlenc#sha256":       sha256.New,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": sha512.New384,
	"http://www.w3.org/2001/04/xmlenc#sha512":       sha512.New,
}

// method is how SignedInfo is signed.
type method struct {
	hash  crypto.Hash
	curve bool // ECDSA, else RSASSA-PKCS1-v1_5
}

// methods are those of SHA256 (RFC 9231).
var methods = map[string]method{
	methodRSA: {crypto.SHA256, false},
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": {crypto.SHA384, false},
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": {crypto.SHA512, false},
	methodECDSA: {crypto.SHA256, true},
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": {crypto.SHA384, true},
}

const (
	methodRSA    = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	methodECDSA  = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	digestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	methodSHA1   = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	digestSHA1   = "http://www.w3.org/2000/09/xmldsig#sha1"
)

// legacy are those of OIORASP, and others as weak: refused by name.
var legacy = map[string]Reason{
	digestSHA1: AlgorithmLegacy,
	methodSHA1: AlgorithmLegacy,
	"http://www.w3.org/2000/09/xmldsig#dsa-sha1":           AlgorithmLegacy,
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1":    AlgorithmLegacy,
	"http://www.w3.org/2001/04/xmldsig-more#md5":           AlgorithmLegacy,
	"http://www.w3.org/2001/04/xmldsig-more#rsa-md5":       AlgorithmLegacy,
	"http://www.w3.org/2001/04/xmlenc#ripemd160":           AlgorithmLegacy,
	"http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160": AlgorithmLegacy,
}

// fits reports whether a certificate's key is one for the method, and long enough.
func (m method) fits(leaf *x509.Certificate) error {
	const shortest = 2048 // bits of RSA; NIST SP 800-131A
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if m.curve {
			return refuse(KeyOfOtherType, "")
		}
		if key.N.BitLen() < shortest {
			return refuse(KeyTooShort, "")
		}
		return nil
	case *ecdsa.PublicKey:
		if !m.curve {
			return refuse(KeyOfOtherType, "")
		}
		if key.Params().BitSize < 256 {
			return refuse(KeyTooShort, "")
		}
		return nil
	}
	return refuse(KeyOfOtherType, "")
}

// verify checks a signature over a hash.
func (m method) verify(leaf *x509.Certificate, hashed, value []byte) bool {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, m.hash, hashed, value) == nil
	case *ecdsa.PublicKey:
		// The two numbers, each as long as the curve's order (RFC 9231 §2.3.6).
		size := curveSize(leaf)
		if len(value) != 2*size {
			return false
		}
		return ecdsa.Verify(key, hashed, new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:]))
	}
	return false
}

// curveSize is how many bytes a number of the certificate's curve has; 0 for another kind of key.
func curveSize(leaf *x509.Certificate) int {
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return 0
	}
	return (key.Params().BitSize + 7) / 8
}
