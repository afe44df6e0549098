package app

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"nks/conf"
	"nks/gateway/door/rasp/xmldsig"
)

// raspFiles is what the files of the signed endpoint say: all of one reading, and never changed once read.
type raspFiles struct {
	sum      [sha256.Size]byte // of all that was read
	present  tls.Certificate
	next     *tls.Certificate // nil: nothing follows
	trust    *xmldsig.Trust
	bindings *raspBindings
	peers    map[string]raspPeer // the endpoints, by their suppliers
	server   *tls.Config
}

// raspPeer is by whom a supplier's endpoint is believed.
type raspPeer struct {
	certificates []*x509.Certificate // that sign its replies; bodies are encrypted for the first
	authorities  *x509.CertPool      // of its TLS certificate
}

// readRasp reads every file. What has not changed since before, if that is any, is before.
func readRasp(c conf.Rasp, before *raspFiles) (*raspFiles, error) {
	texts, sum, err := readTexts(c)
	if err != nil {
		return nil, err
	}
	if before != nil && before.sum == sum {
		return before, nil
	}
	f := &raspFiles{sum: sum, peers: map[string]raspPeer{}}
	if err := f.readOwn(c, texts); err != nil {
		return nil, err
	}
	authorities, err := texts.certificates(c.CA)
	if err != nil {
		return nil, err
	}
	if f.trust, err = texts.trust(c, authorities); err != nil {
		return nil, err
	}
	if f.bindings, err = newRaspBindings(c.Parties, texts); err != nil {
		return nil, err
	}
	for _, p := range c.Parties {
		if p.Endpoint == "" {
			continue
		}
		if f.peers[p.Supplier], err = texts.peer(p, authorities); err != nil {
			return nil, err
		}
	}
	f.server = &tls.Config{Certificates: []tls.Certificate{f.present}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool(authorities)}
	return f, nil
}

// readOwn reads the gateway's certificates and keys, and tries what they are for.
func (f *raspFiles) readOwn(c conf.Rasp, texts fileTexts) (err error) {
	if f.present, err = texts.pair(c.Certificate, c.Key); err != nil {
		return err
	}
	if texts[c.NextCertificate] != nil || texts[c.NextKey] != nil {
		next, err := texts.pair(c.NextCertificate, c.NextKey)
		if err != nil {
			return err
		}
		f.next = &next
	}
	if !c.OIORASP() {
		return nil
	}
	if _, err := xmldsig.NewRecipient(f.ownKeys()...); err != nil {
		return fmt.Errorf("profile %s: %w", conf.ProfileOIORASP, err)
	}
	return nil
}

// ownKeys are the keys that messages may be encrypted for.
func (f *raspFiles) ownKeys() []xmldsig.OwnKey {
	keys := []xmldsig.OwnKey{{Key: f.present.PrivateKey, Certificate: f.present.Leaf}}
	if f.next != nil {
		keys = append(keys, xmldsig.OwnKey{Key: f.next.PrivateKey, Certificate: f.next.Leaf})
	}
	return keys
}

// known is the one of the gateway's by whose certificate somebody knows it; the present one for who says nothing.
func (f *raspFiles) known(by *x509.Certificate) tls.Certificate {
	if by != nil && f.next != nil && f.next.Leaf.Equal(by) {
		return *f.next
	}
	return f.present
}

// timely says which of the gateway's certificates is not good at a moment; one to follow may be good later only.
func (f *raspFiles) timely(now time.Time) error {
	err := timely("certificate", f.present.Leaf, now)
	if f.next != nil && now.After(f.next.Leaf.NotAfter) {
		err = errors.Join(err, timely("next certificate", f.next.Leaf, now))
	}
	return err
}

func timely(what string, c *x509.Certificate, now time.Time) error {
	if now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return fmt.Errorf("the %s is good from %s to %s", what, c.NotBefore.UTC().Format(time.DateTime), c.NotAfter.UTC().Format(time.DateTime))
	}
	return nil
}

// fileTexts are files by their paths; one that may be missing, and is, is not there.
type fileTexts map[string][]byte

func readTexts(c conf.Rasp) (fileTexts, [sha256.Size]byte, error) {
	paths := slices.Concat([]string{c.Certificate, c.Key, c.NextCertificate, c.NextKey}, c.CA, c.CRL)
	for _, p := range c.Parties {
		paths = slices.Concat(paths, p.Certificates, p.EndpointCertificates, p.EndpointCA)
	}
	texts, sums := fileTexts{}, []byte{}
	for _, path := range paths {
		if _, literal := conf.Fingerprint(path); path == "" || literal {
			continue
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && (path == c.NextCertificate || path == c.NextKey) {
			err, text = nil, nil
		}
		if err != nil {
			return nil, [sha256.Size]byte{}, err
		}
		texts[path] = text
		sum := sha256.Sum256(text)
		sums = append(sums, sum[:]...)
	}
	return texts, sha256.Sum256(sums), nil
}

// pair is a certificate with its key, which can sign messages.
func (t fileTexts) pair(certificate, key string) (tls.Certificate, error) {
	pair, err := tls.X509KeyPair(t[certificate], t[key])
	if err != nil {
		return pair, fmt.Errorf("%s and %s: %w", certificate, key, err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return pair, fmt.Errorf("%s: the key cannot sign", key)
	}
	if err := (&xmldsig.Signer{Key: signer, Certificate: pair.Leaf, ByKeyIdentifier: true}).Able(); err != nil {
		return pair, fmt.Errorf("%s: %w", certificate, err)
	}
	return pair, nil
}

func (t fileTexts) certificates(paths []string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, path := range paths {
		found, err := xmldsig.ParseCertificates(t[path])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// trust is whom the endpoint believes.
func (t fileTexts) trust(c conf.Rasp, authorities []*x509.Certificate) (*xmldsig.Trust, error) {
	a := xmldsig.Anchors{RevocationRequired: len(c.CRL) > 0}
	for _, c := range authorities {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			a.Roots = append(a.Roots, c)
		} else {
			a.Intermediates = append(a.Intermediates, c)
		}
	}
	for _, p := range c.Parties {
		theirs, err := t.certificates(p.EndpointCertificates)
		if err != nil {
			return nil, err
		}
		a.Known = append(a.Known, theirs...)
	}
	for _, path := range c.CRL {
		lists, err := xmldsig.ParseLists(t[path])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		a.Lists = append(a.Lists, lists...)
	}
	return xmldsig.NewTrust(a)
}

// peer is what is believed of a supplier's endpoint.
func (t fileTexts) peer(p conf.RaspParty, authorities []*x509.Certificate) (peer raspPeer, err error) {
	if peer.certificates, err = t.certificates(p.EndpointCertificates); err != nil {
		return peer, err
	}
	if profileOf(p) == xmldsig.OIORASP {
		if err := encryptable(peer.certificates); err != nil {
			return peer, err
		}
	}
	if len(p.EndpointCA) > 0 {
		if authorities, err = t.certificates(p.EndpointCA); err != nil {
			return peer, err
		}
	}
	peer.authorities = pool(authorities)
	return peer, nil
}

// encryptable says why a body cannot be encrypted for the first of some certificates, as answers are.
func encryptable(all []*x509.Certificate) error {
	for _, c := range all[:min(1, len(all))] {
		if err := xmldsig.Encryptable(c); err != nil {
			return fmt.Errorf("profile %s: %w", conf.ProfileOIORASP, err)
		}
	}
	return nil
}

func pool(all []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range all {
		p.AddCert(c)
	}
	return p
}

// certificates reads files of them.
func certificates(paths []string) ([]*x509.Certificate, error) {
	texts := fileTexts{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		texts[path] = text
	}
	return texts.certificates(paths)
}
