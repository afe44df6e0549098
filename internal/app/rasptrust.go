package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/xmldsig"
	"nks/gateway/postgres"
	"nks/register"
)

// trust is whom the signed endpoint believes, by files that may change.
type trust struct {
	config      conf.Rasp
	authorities []*x509.Certificate // as they were at the start
	now         atomic.Pointer[xmldsig.Trust]
}

// trustEvery is the pause between two looks for other revocation lists.
const trustEvery = time.Minute

func newTrust(c conf.Rasp) (*trust, error) {
	t := &trust{config: c}
	var err error
	if t.authorities, err = certificates(c.CA); err != nil {
		return nil, err
	}
	return t, t.load()
}

func (t *trust) present() *xmldsig.Trust { return t.now.Load() }

// load reads the files. Where one is wrong, what was read before goes on counting.
func (t *trust) load() error {
	a := xmldsig.Anchors{RevocationRequired: len(t.config.CRL) > 0}
	for _, c := range t.authorities {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			a.Roots = append(a.Roots, c)
		} else {
			a.Intermediates = append(a.Intermediates, c)
		}
	}
	for _, p := range t.config.Parties {
		theirs, err := certificates(p.EndpointCertificates)
		if err != nil {
			return err
		}
		a.Known = append(a.Known, theirs...)
	}
	for _, path := range t.config.CRL {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lists, err := xmldsig.ParseLists(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		a.Lists = append(a.Lists, lists...)
	}
	now, err := xmldsig.NewTrust(a)
	if err != nil {
		return err
	}
	t.now.Store(now)
	return nil
}

// follow reads them again while ctx lasts.
func (t *trust) follow(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(trustEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := t.load(); err != nil {
				failed(err)
			}
		}
	}
}

// raspParties binds certificates to suppliers, by configuration; who may send at the moment says the register.
type raspParties struct {
	app           *App
	byFingerprint map[[sha256.Size]byte]conf.RaspParty
	byCVR         map[string]conf.RaspParty
}

func newRaspParties(c conf.Rasp, a *App) (*raspParties, error) {
	r := &raspParties{app: a, byFingerprint: map[[sha256.Size]byte]conf.RaspParty{}, byCVR: map[string]conf.RaspParty{}}
	for _, p := range c.Parties {
		for _, certificate := range p.Certificates {
			if sum, ok := conf.Fingerprint(certificate); ok {
				r.byFingerprint[sum] = p
				continue
			}
			found, err := certificates([]string{certificate})
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				sum := sha256.Sum256(one.Raw)
				if other, taken := r.byFingerprint[sum]; taken && other.Supplier != p.Supplier {
					return nil, fmt.Errorf("%s: the certificate is bound to %s, too", certificate, other.Supplier)
				}
				r.byFingerprint[sum] = p
			}
		}
		for _, cvr := range p.CVR {
			r.byCVR[cvr] = p
		}
	}
	return r, nil
}

// bound is to whom a certificate is bound.
func (r *raspParties) bound(c xmldsig.Certificate) (conf.RaspParty, bool) {
	bound, ok := r.byFingerprint[c.Fingerprint]
	if !ok && c.CVR != "" {
		bound, ok = r.byCVR[c.CVR]
	}
	return bound, ok
}

// profile is the one that a certificate is bound to; SHA256 where it is bound to nobody.
func (r *raspParties) profile(c xmldsig.Certificate) xmldsig.Profile {
	bound, _ := r.bound(c)
	return profileOf(bound)
}

func profileOf(p conf.RaspParty) xmldsig.Profile {
	if p.Profile == conf.ProfileOIORASP {
		return xmldsig.OIORASP
	}
	return xmldsig.SHA256
}

// newRecipient is the gateway as whom messages are encrypted for; nil where no supplier may.
func newRecipient(c conf.Rasp, pair tls.Certificate) (*xmldsig.Recipient, error) {
	if !c.OIORASP() {
		return nil, nil
	}
	r, err := xmldsig.NewRecipient(pair.PrivateKey, pair.Leaf)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", conf.ProfileOIORASP, err)
	}
	return r, nil
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

// Party implements rasp.Parties.
func (r *raspParties) Party(ctx context.Context, c xmldsig.Certificate) (rasp.Party, error) {
	bound, ok := r.bound(c)
	if !ok {
		return rasp.Party{}, fmt.Errorf("certificate: %w", gateway.ErrNotFound)
	}
	suppliers, err := register.Suppliers(ctx, r.app.db.pool, r.app.clock.Now())
	if err != nil {
		return rasp.Party{}, postgres.Transient(err)
	}
	for _, s := range suppliers {
		if s.Supplier != bound.Supplier {
			continue
		}
		p := rasp.Party{Name: s.Supplier, Identifiers: bound.Identifiers}
		if s.EAN != "" {
			p.Identifiers = append([]string{s.EAN}, p.Identifiers...)
		}
		return p, nil
	}
	return rasp.Party{}, fmt.Errorf("supplier %s: %w", bound.Supplier, gateway.ErrNotFound)
}
