package app

import (
	"context"
	"crypto/sha256"
	"fmt"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/xmldsig"
	"nks/gateway/postgres"
	"nks/register"
)

// raspBindings binds certificates to suppliers: the narrower a binding, the earlier it counts.
type raspBindings struct {
	byFingerprint map[[sha256.Size]byte]conf.RaspParty
	bySubject     map[string]conf.RaspParty
	byCVR         map[string]conf.RaspParty
}

func newRaspBindings(parties []conf.RaspParty, texts fileTexts) (*raspBindings, error) {
	b := &raspBindings{byFingerprint: map[[sha256.Size]byte]conf.RaspParty{}, bySubject: map[string]conf.RaspParty{}, byCVR: map[string]conf.RaspParty{}}
	for _, p := range parties {
		for _, certificate := range p.Certificates {
			sums, err := texts.fingerprints(certificate)
			if err != nil {
				return nil, err
			}
			for _, sum := range sums {
				if other, taken := b.byFingerprint[sum]; taken && other.Supplier != p.Supplier {
					return nil, fmt.Errorf("%s of %s: the certificate is bound to %s, too", certificate, p.Supplier, other.Supplier)
				}
				b.byFingerprint[sum] = p
			}
		}
		for _, serial := range p.SubjectSerials {
			b.bySubject[serial] = p
		}
		for _, cvr := range p.CVR {
			b.byCVR[cvr] = p
		}
	}
	return b, nil
}

// fingerprints are those of the certificates that a configuration names: by a file of them, or by the fingerprint itself.
func (t fileTexts) fingerprints(certificate string) (sums [][sha256.Size]byte, err error) {
	if sum, ok := conf.Fingerprint(certificate); ok {
		return [][sha256.Size]byte{sum}, nil
	}
	found, err := t.certificates([]string{certificate})
	for _, one := range found {
		sums = append(sums, sha256.Sum256(one.Raw))
	}
	return sums, err
}

// bound is to whom a certificate is bound.
func (b *raspBindings) bound(c xmldsig.Certificate) (conf.RaspParty, bool) {
	bound, ok := b.byFingerprint[c.Fingerprint]
	if !ok && c.SubjectSerial != "" {
		bound, ok = b.bySubject[c.SubjectSerial]
	}
	if !ok && c.CVR != "" {
		bound, ok = b.byCVR[c.CVR]
	}
	return bound, ok
}

// profile is the one that a certificate is bound to; SHA256 where it is bound to nobody.
func (b *raspBindings) profile(c xmldsig.Certificate) xmldsig.Profile {
	bound, _ := b.bound(c)
	return profileOf(bound)
}

func profileOf(p conf.RaspParty) xmldsig.Profile {
	if p.Profile == conf.ProfileOIORASP {
		return xmldsig.OIORASP
	}
	return xmldsig.SHA256
}

// raspParties says by the bindings of the moment, and by the register, who may send.
type raspParties struct{ *signed }

// Party implements rasp.Parties.
func (r raspParties) Party(ctx context.Context, c xmldsig.Certificate) (rasp.Party, error) {
	bound, ok := r.files.Load().bindings.bound(c)
	if !ok {
		return rasp.Party{}, fmt.Errorf("certificate %s: %w", certificatePrint(c.Leaf), gateway.ErrNotFound)
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
