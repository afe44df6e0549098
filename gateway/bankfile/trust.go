package bankfile

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"nks/gateway/door/rasp/xmldsig/revocation"
)

// CertificateTolerance is how long before and after the validity of its certificate a signature still counts: a file is made before it
// is taken over, and clocks differ.
const CertificateTolerance = 24 * time.Hour

// Trust is which of a bank's certificates prove its files. The zero value asks for none: a key is proof by itself.
type Trust struct {
	// Certificates are those in which keys of Profile.Verify stand, by the same names.
	Certificates map[string]*x509.Certificate
	// Issuers are authorities, one of which must have issued each certificate; without any nobody asks who did.
	Issuers []*x509.Certificate
	// Revoked are revocation lists of these authorities. A certificate whose issuer has one here that tells of it counts while one such is
	// current; so is an authority judged whose certificate is from another.
	Revoked []*x509.RevocationList
	lists   []*revocation.List // these, where a Codec was made
}

// Faults of a certificate whose signature is right.
var (
	errNotYetValid = errors.New("its certificate is not valid yet")
	errExpired     = errors.New("its certificate has expired")
	errUsage       = errors.New("its certificate is not one to sign with")
	errIssuer      = errors.New("its certificate is from none of the configured authorities")
	errRevoked     = errors.New("its certificate is revoked")
	errOldList     = errors.New("the revocation list of its authority is not current")
)

// validate tells what is wrong with it, given the names of keys.
func (t *Trust) validate(isKey func(name string) bool) error {
	for name, c := range t.Certificates {
		if c == nil || !isKey(name) {
			return fmt.Errorf("bank profile: certificate %q is none, or of no key that verifies", name)
		}
	}
	_, err := t.read()
	return err
}

// read reads the lists.
func (t *Trust) read() (all []*revocation.List, err error) {
	for _, list := range t.Revoked {
		read, err := revocation.New(list, t.Issuers)
		switch {
		case err != nil:
			return nil, fmt.Errorf("bank profile: revocation list of %s: %w", list.Issuer, err)
		case read.IsPartial():
			return nil, fmt.Errorf("bank profile: revocation list of %s: it is part of a list, or of no certificates that can be told", list.Issuer)
		}
		all = append(all, read)
	}
	return all, nil
}

// judge reports why the key of a name does not prove a file that came at a time.
func (t *Trust) judge(name string, at time.Time) error {
	c := t.Certificates[name]
	if c == nil {
		if len(t.Issuers) > 0 {
			return fmt.Errorf("key %q: %w", name, errIssuer)
		}
		return nil
	}
	err := t.valid(c, at)
	if err != nil {
		return fmt.Errorf("key %q, certificate of %s, valid from %s to %s: %w", name, c.Subject, c.NotBefore.Format(time.DateTime), c.NotAfter.Format(time.DateTime), err)
	}
	return nil
}

func (t *Trust) valid(c *x509.Certificate, at time.Time) error {
	switch {
	case at.Before(c.NotBefore.Add(-CertificateTolerance)):
		return errNotYetValid
	case at.After(c.NotAfter.Add(CertificateTolerance)):
		return errExpired
	case c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return errUsage
	case len(t.Issuers) == 0:
		return nil
	}
	// What the tolerance forgives the certificate must not be held against its chain.
	if at.Before(c.NotBefore) {
		at = c.NotBefore
	}
	if at.After(c.NotAfter) {
		at = c.NotAfter
	}
	authorities := x509.NewCertPool()
	for _, a := range t.Issuers {
		authorities.AddCert(a)
	}
	if _, err := c.Verify(x509.VerifyOptions{Roots: authorities, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return fmt.Errorf("%w: %w", errIssuer, err)
	}
	return t.unrevoked(c, at, len(t.Issuers))
}

// unrevoked looks for a certificate, and for the authorities above it, in the lists of who has issued each, upwards at most so many
// steps. Whatever day a list gives: since when a key is in other hands is what nobody knows.
func (t *Trust) unrevoked(c *x509.Certificate, at time.Time, steps int) error {
	above := slices.IndexFunc(t.Issuers, func(a *x509.Certificate) bool {
		return bytes.Equal(a.RawSubject, c.RawIssuer) && !a.Equal(c) && c.CheckSignatureFrom(a) == nil
	})
	if above < 0 || steps == 0 {
		return nil
	}
	known, current := false, false
	for _, list := range t.lists {
		if !list.IsFrom(t.Issuers[above]) {
			continue
		}
		if list.Names(c) {
			return errRevoked
		}
		covers := list.Covers(c)
		known = known || covers
		current = current || covers && !at.Before(list.This.Add(-CertificateTolerance)) && !at.After(list.Next.Add(CertificateTolerance))
	}
	if known && !current {
		return errOldList
	}
	return t.unrevoked(t.Issuers[above], at, steps-1)
}
