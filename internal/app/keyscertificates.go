package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"

	"nks/conf"
	"nks/gateway"
)

// certificates are those of the signed endpoint and of the message queue, with when they expire. Lists of what is revoked are none of them: each is due
// anew within days, and without a current one the endpoint itself says so.
func (i *Inventory) certificates(context.Context) (all []gateway.Key, err error) {
	if r := i.config.Rasp; r.Listen != "" {
		all = i.certified(all, "the signed endpoint", append([]string{r.Certificate}, r.CA...)...)
		for _, p := range r.Parties {
			files := slices.DeleteFunc(slices.Concat(p.Certificates, p.EndpointCertificates, p.EndpointCA), func(name string) bool { _, is := conf.Fingerprint(name); return is })
			slices.Sort(files)
			all = i.certified(all, "data supplier "+p.Supplier+" at the signed endpoint", slices.Compact(files)...)
		}
	}
	if m := i.config.MQ; m.Open() {
		files := slices.DeleteFunc([]string{m.TLSCertificate, m.TLSClientCA, m.TLSCA}, func(name string) bool { return name == "" })
		all = i.certified(all, "the message queue", files...)
	}
	return all, nil
}

// certified adds the certificates in files.
func (i *Inventory) certified(all []gateway.Key, usedBy string, files ...string) []gateway.Key {
	for _, path := range files {
		found, err := certificates([]string{path})
		if err != nil {
			all = append(all, i.file(gateway.KeyCertificate, filepath.Base(path), usedBy, "", err))
		}
		for _, c := range found {
			sum := sha256.Sum256(c.Raw)
			k := i.file(gateway.KeyCertificate, filepath.Base(path), usedBy, "sha256:"+hex.EncodeToString(sum[:]), nil)
			k.NotAfter = c.NotAfter
			all = append(all, k)
		}
	}
	return all
}
