package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nks/conf"
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
		all = append(all, i.certificate(gateway.KeyTLS, "the members of the message queue", m.Cluster.TLSCertificate)...)
		all = append(all, i.certificate(gateway.KeyAuthority, "the members of the message queue", m.Cluster.TLSCA)...)
	}
	if c := i.config.API; c.Listen != "" {
		all = append(all, i.certificate(gateway.KeyTLS, "the HTTP interface", c.Certificate)...)
		all = append(all, i.certificate(gateway.KeyAuthority, "the HTTP interface", c.ClientsCA)...)
		for _, client := range c.Clients {
			all = append(all, i.certificate(gateway.KeySupplierCertificate, client.Name+" at the HTTP interface", client.Fingerprints...)...)
		}
	}
	r := i.config.Rasp
	if r.Listen == "" {
		return all, nil
	}
	const endpoint = "the signed endpoint"
	all = append(all, i.certificate(gateway.KeyTLS, endpoint, r.Certificate)...)
	if _, err := os.Stat(r.NextCertificate); r.NextCertificate != "" && !errors.Is(err, fs.ErrNotExist) { // it is gone when it has become the present one
		all = append(all, i.certificate(gateway.KeyTLS, endpoint+", to follow", r.NextCertificate)...)
	}
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
		all = append(all, i.expiring(i.file(gateway.KeyRevocations, filepath.Base(path), usedBy, listPrint(l), nil), l.NextUpdate))
	}
	return all
}

// listPrint names a list by what it is of, not by its bytes: the next list of an authority is no other key.
func listPrint(l *x509.RevocationList) string {
	sum := sha256.Sum256(l.RawIssuer)
	return "issuer:" + hex.EncodeToString(sum[:8])
}
