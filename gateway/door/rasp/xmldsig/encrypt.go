package xmldsig

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
)

// Algorithms of OIORASP's encryption (XML Encryption Syntax and Processing §5).
const (
	transportOAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	cipherAES256  = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	typeContent   = "http://www.w3.org/2001/04/xmlenc#Content"
	keySize       = 32 // bytes of AES-256
)

const (
	keyID  = "_0" // headers have numbers from 2 on, the body 1
	dataID = "DATA"
)

// encrypt makes the EncryptedKey and the EncryptedData for the content of a body.
func encrypt(content []byte, receiver *x509.Certificate) (key, data []byte, err error) {
	if receiver == nil || !nameable(receiver) {
		return nil, nil, errors.New("encrypt body: no receiver, or its certificate cannot be named")
	}
	public, ok := receiver.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, nil, errors.New("encrypt body: the receiver's key is not of RSA")
	}
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, public, secret, nil)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := seal(content, secret)
	if err != nil {
		return nil, nil, err
	}
	k := &writer{}
	k.add(`<e:EncryptedKey`)
	k.attribute("xmlns:e", encryption)
	k.attribute("Id", keyID)
	k.add(`><e:EncryptionMethod`)
	k.attribute("Algorithm", transportOAEP)
	k.add(`><DigestMethod`)
	k.attribute("xmlns", signature)
	k.attribute("Algorithm", digestSHA1)
	k.add(`/></e:EncryptionMethod><KeyInfo`)
	k.attribute("xmlns", signature)
	k.add(`><o:SecurityTokenReference>`)
	k.reference(receiver)
	k.add(`</o:SecurityTokenReference></KeyInfo>`)
	k.cipherData(wrapped)
	k.add(`<e:ReferenceList><e:DataReference`)
	k.attribute("URI", "#"+dataID)
	k.add(`/></e:ReferenceList></e:EncryptedKey>`)

	d := &writer{buf: make([]byte, 0, base64.StdEncoding.EncodedLen(len(sealed))+1024)}
	d.add(`<e:EncryptedData`)
	d.attribute("xmlns:e", encryption)
	d.attribute("Id", dataID)
	d.attribute("Type", typeContent)
	d.add(`><e:EncryptionMethod`)
	d.attribute("Algorithm", cipherAES256)
	d.add(`/>`)
	d.cipherData(sealed)
	d.add(`</e:EncryptedData>`)
	return k.buf, d.buf, nil
}

func (w *writer) cipherData(value []byte) {
	w.add(`<e:CipherData><e:CipherValue>`)
	w.buf = base64.StdEncoding.AppendEncode(w.buf, value)
	w.add(`</e:CipherValue></e:CipherData>`)
}

// seal encrypts by AES-CBC: what initialises it stands in front, the last byte says how many fill the last block (§5.2).
func seal(content, secret []byte) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	fill := aes.BlockSize - len(content)%aes.BlockSize
	sealed := slices.Concat(make([]byte, aes.BlockSize), content, slices.Repeat([]byte{byte(fill)}, fill))
	_, _ = rand.Read(sealed[:aes.BlockSize]) // never fails
	cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], sealed[aes.BlockSize:])
	return sealed, nil
}
