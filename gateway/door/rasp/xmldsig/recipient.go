package xmldsig

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Recipient is whom messages of OIORASP are encrypted for. AES-CBC does not say whether a cipher was altered: whoever may try alterations and
// is told how each fails reads the text. So nothing is decrypted before the signature holds over all that is in the clear, by a certificate that is
// trusted and bound to the profile; whatever then fails is one refusal; and what one signature is over is tried once: after a
// failure all that comes with it is refused unopened. It may be used by many at once, and must be the same for all Verifiers of a key.
type Recipient struct {
	mu    sync.Mutex
	keys  []recipientKey
	spent map[[sha256.Size]byte]time.Time // signatures whose body is being tried, or failed -> until when they are in their time
}

// OwnKey is a key with its certificate.
type OwnKey struct {
	Key         crypto.PrivateKey
	Certificate *x509.Certificate
}

type recipientKey struct {
	key         crypto.Decrypter
	certificate *x509.Certificate
}

// NewRecipient makes it of keys of RSA with their certificates, which messages name by their key identifiers, or by issuer and number.
func NewRecipient(keys ...OwnKey) (*Recipient, error) {
	r := &Recipient{spent: map[[sha256.Size]byte]time.Time{}}
	return r, r.Change(keys...)
}

// Change has messages opened with these keys from now on. Which signatures have had their try stays known, whatever the key was.
func (r *Recipient) Change(keys ...OwnKey) error {
	var all []recipientKey
	for _, own := range keys {
		k, err := newRecipientKey(own)
		if err != nil {
			return fmt.Errorf("recipient: %w", err)
		}
		for _, other := range all {
			switch {
			case samePublic(other.certificate, own.Certificate):
			case len(own.Certificate.SubjectKeyId) > 0 && bytes.Equal(other.certificate.SubjectKeyId, own.Certificate.SubjectKeyId):
				return errors.New("recipient: two keys have one key identifier")
			case namedBy(own.Certificate).names(other.certificate):
				return errors.New("recipient: the certificates of two keys have one issuer and number")
			}
		}
		all = append(all, k)
	}
	if len(all) == 0 {
		return errors.New("recipient: no key")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = all
	return nil
}

func newRecipientKey(own OwnKey) (recipientKey, error) {
	if err := Encryptable(own.Certificate); err != nil {
		return recipientKey{}, err
	}
	decrypter, ok := own.Key.(crypto.Decrypter)
	if !ok {
		return recipientKey{}, errors.New("the key cannot decrypt")
	}
	if public, ok := decrypter.Public().(*rsa.PublicKey); !ok || !public.Equal(own.Certificate.PublicKey) {
		return recipientKey{}, errors.New("the certificate is not the key's")
	}
	return recipientKey{key: decrypter, certificate: own.Certificate}, nil
}

func samePublic(a, b *x509.Certificate) bool {
	public, ok := a.PublicKey.(*rsa.PublicKey)
	return ok && public.Equal(b.PublicKey)
}

// present are the keys of the moment.
func (r *Recipient) present() []recipientKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys
}

// Encryptable says why nothing can be encrypted for a certificate by OIORASP; nil: it can.
func Encryptable(certificate *x509.Certificate) error {
	if err := (method{crypto.SHA1, false}).fits(certificate); err != nil {
		return fmt.Errorf("certificate of %s: RSA of 2048 bits or more is needed: %w", certificate.Subject, err)
	}
	if !nameable(certificate) {
		return fmt.Errorf("certificate of %s: it has no key identifier, and its issuer's name cannot be written", certificate.Subject)
	}
	return nil
}

// mostSpent bounds what is remembered; each needs a signature of somebody who is bound.
const mostSpent = 100_000

// begin takes the one try of a signature; false: it is spent.
func (r *Recipient) begin(replay [sha256.Size]byte, until, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.spent[replay]; ok {
		return false
	}
	if len(r.spent) >= mostSpent {
		for k, end := range r.spent {
			if !now.Before(end) {
				delete(r.spent, k)
			}
		}
	}
	if len(r.spent) >= mostSpent {
		return false
	}
	r.spent[replay] = until
	return true
}

// succeeded gives the try back: the same message may come again.
func (r *Recipient) succeeded(replay [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.spent, replay)
}

// decrypt is the text of a cipher, which has two blocks at least and no part of one. Where the key or the filling is wrong it is some text, of the same
// work, and fine is 0.
func (k recipientKey) decrypt(wrapped, sealed []byte) (text []byte, fine int) {
	secret, unwrapped := make([]byte, keySize), make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails
	got, err := k.key.Decrypt(rand.Reader, wrapped, &rsa.OAEPOptions{Hash: crypto.SHA1})
	copy(unwrapped, got)
	fine = subtle.ConstantTimeEq(int32(len(got)), keySize)
	if err != nil {
		fine = 0
	}
	subtle.ConstantTimeCopy(fine, secret, unwrapped)
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, 0
	}
	text = sealed[aes.BlockSize:]
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(text, text)
	fill := int(text[len(text)-1])
	filled := subtle.ConstantTimeLessOrEq(1, fill) & subtle.ConstantTimeLessOrEq(fill, aes.BlockSize)
	return text[:len(text)-subtle.ConstantTimeSelect(filled, fill, aes.BlockSize)], fine & filled
}
