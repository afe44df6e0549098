package sftp

import (
	"fmt"

	"golang.org/x/crypto/ssh"
)

// The lists are explicit because the library's defaults still offer SHA-1.
// chacha20-poly1305 is left out on purpose: OpenSSH clients prefer it, and
// without strict key exchange on the other side it is open to Terrapin
// (CVE-2023-48795); every client has AES.

func modernKeyExchanges() []string {
	return []string{
		ssh.KeyExchangeMLKEM768X25519,
		ssh.KeyExchangeCurve25519,
		ssh.KeyExchangeECDHP256,
		ssh.KeyExchangeECDHP384,
		ssh.KeyExchangeECDHP521,
		ssh.KeyExchangeDH16SHA512,
	}
}

func serverAlgorithms() ssh.Config {
	return ssh.Config{
		KeyExchanges: append(modernKeyExchanges(), ssh.KeyExchangeDH14SHA256),
		Ciphers: []string{
			ssh.CipherAES128GCM, ssh.CipherAES256GCM,
			ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR,
		},
		MACs: []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM, ssh.HMACSHA256, ssh.HMACSHA512},
	}
}

func clientAlgorithms(old bool) ssh.Config {
	c := ssh.Config{
		KeyExchanges: modernKeyExchanges(),
		Ciphers:      []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM},
		MACs:         []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM},
	}
	if old {
		c.KeyExchanges = append(c.KeyExchanges, ssh.KeyExchangeDH14SHA256)
		c.Ciphers = append(c.Ciphers, ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR)
		c.MACs = append(c.MACs, ssh.HMACSHA256, ssh.HMACSHA512)
	}
	return c
}

func loginAlgorithms() []string {
	return []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
	}
}

// signatures are the algorithms by which a key of this type may sign.
func signatures(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// modern keeps a signer from signing with SHA-1, which an RSA key would
// otherwise offer.
func modern(key ssh.Signer) (ssh.Signer, error) {
	if key == nil {
		return nil, fmt.Errorf("sftp: a key is missing")
	}
	if err := checkKey(key.PublicKey()); err != nil {
		return nil, err
	}
	a, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return key, nil
	}
	return ssh.NewSignerWithAlgorithms(a, signatures(key.PublicKey().Type()))
}
