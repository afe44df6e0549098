package app

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nks/conf"
	"nks/edifact/autack"
	"nks/gateway"
	"nks/gateway/door/rasp/xmldsig"
)

// certificate is what is in a file of certificates, each with its name.
func (i *Inventory) certificate(kind gateway.KeyKind, usedBy string, paths ...string) (all []gateway.Key) {
	for _, path := range paths {
		if sum, ok := conf.Fingerprint(path); ok { // bound by its fingerprint alone
			all = append(all, gateway.Key{Kind: kind, Name: "by fingerprint", UsedBy: usedBy, Fingerprint: "sha256:" + hex.EncodeToString(sum[:])})
			continue
		}
		if path == "" {
			continue
		}
		found, err := certificates([]string{path})
		if err == nil && len(found) == 0 {
			err = errors.New("there is no certificate in it")
		}
		if err != nil {
			all = append(all, i.file(kind, filepath.Base(path), usedBy, "", err))
		}
		for _, c := range found {
			all = append(all, i.expiring(i.file(kind, filepath.Base(path), usedBy, certificatePrint(c), nil), c.NotAfter))
		}
	}
	return all
}

func (i *Inventory) expiring(k gateway.Key, end time.Time) gateway.Key {
	k.NotAfter = end
	return k
}

func certificatePrint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// doors is the certificates of the doors that speak TLS, and the lists of revoked ones.
func (i *Inventory) doors(context.Context) (all []gateway.Key, err error) {
	if m := i.config.MQ; m.Open() {
		all = append(all, i.certificate(gateway.KeyTLS, "the message queue", m.TLSCertificate)...)
		all = append(all, i.certificate(gateway.KeyAuthority, "the message queue", m.TLSClientCA, m.TLSCA)...)
	}
	r := i.config.Rasp
	if r.Listen == "" {
		return all, nil
	}
	const endpoint = "the signed endpoint"
	all = append(all, i.certificate(gateway.KeyTLS, endpoint, r.Certificate)...)
	all = append(all, i.certificate(gateway.KeyAuthority, endpoint, r.CA...)...)
	for _, path := range r.CRL {
		all = append(all, i.list(endpoint, path)...)
	}
	for _, p := range r.Parties {
		usedBy := "data supplier " + p.Supplier + " at " + endpoint
		all = append(all, i.certificate(gateway.KeySupplierCertificate, usedBy, p.Certificates...)...)
		all = append(all, i.certificate(gateway.KeySupplierCertificate, "the endpoint of data supplier "+p.Supplier, p.EndpointCertificates...)...)
		all = append(all, i.certificate(gateway.KeyAuthority, "the endpoint of data supplier "+p.Supplier, p.EndpointCA...)...)
	}
	return all, nil
}

// list is when a list of revoked certificates stops to count.
func (i *Inventory) list(usedBy, path string) (all []gateway.Key) {
	var lists []*x509.RevocationList
	text, err := os.ReadFile(path)
	if err == nil {
		lists, err = xmldsig.ParseLists(text)
	}
	if err != nil {
		return []gateway.Key{i.file(gateway.KeyRevocations, filepath.Base(path), usedBy, "", err)}
	}
	for _, l := range lists {
		// By what it is of, not by its bytes: the next list of an authority is no other key.
		sum := sha256.Sum256(l.RawIssuer)
		all = append(all, i.expiring(i.file(gateway.KeyRevocations, filepath.Base(path), usedBy, "issuer:"+hex.EncodeToString(sum[:8]), nil), l.NextUpdate))
	}
	return all
}

// signatures is the keys by which files to and from banks are signed. // B16.4
func (i *Inventory) signatures(ctx context.Context) (all []gateway.Key, err error) {
	banks, err := KnownBanks(ctx, i.config, i.db)
	for _, b := range banks {
		usedBy := "files to bank " + b.ID
		if b.AutackSign != "" {
			fingerprint, wrong := ownSignature(b)
			all = append(all, i.file(gateway.KeyAutack, b.AutackKeyName, usedBy, fingerprint, wrong))
		}
		keys, wrong := b.AutackKeys()
		if wrong != nil {
			all = append(all, gateway.Key{Kind: gateway.KeyBankAutack, Name: b.ID, UsedBy: "files of bank " + b.ID, Wrong: short(wrong)})
		}
		for _, k := range keys {
			all = append(all, bankSignature(b.ID, k))
		}
	}
	return all, err
}

func ownSignature(b conf.Bank) (string, error) {
	signer, err := autack.LoadSigner(b.AutackSign)
	if err != nil {
		return "", err
	}
	public, ok := signer.Public().(*rsa.PublicKey)
	if !ok {
		return "", fmt.Errorf("%s is no RSA key", b.AutackSign)
	}
	return autackPrint(public)
}

func autackPrint(public *rsa.PublicKey) (string, error) {
	sum, err := autack.Fingerprint(public)
	return hex.EncodeToString(sum), err
}

// bankSignature is a key that proves a bank's files; one that comes as a certificate has its end, though files count after it, too.
func bankSignature(bank string, k conf.AutackKey) gateway.Key {
	is := gateway.Key{Kind: gateway.KeyBankAutack, Name: bank + " " + k.Name, UsedBy: "files of bank " + bank}
	public, err := autack.ParsePublicKey(k.Name, []byte(k.PEM))
	if err == nil {
		is.Fingerprint, err = autackPrint(public)
	}
	if err != nil {
		is.Wrong = short(err)
		return is
	}
	if block, _ := pem.Decode([]byte(k.PEM)); block != nil && block.Type == "CERTIFICATE" {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			is.NotAfter = c.NotAfter
		}
	}
	return is
}
