// Package revocation is what a certificate revocation list (RFC 5280) says of certificates: which it names, and of which it says that
// they are not revoked.
package revocation

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// List is a list whose signature has been checked.
type List struct {
	This, Next time.Time // it is current from the one, and until the other
	issuer     *x509.Certificate
	revoked    map[string]bool // serial numbers
	scope      listScope
}

// New checks a list against the authority, one of those given, that has signed it.
func New(l *x509.RevocationList, authorities []*x509.Certificate) (*List, error) {
	signer := slices.IndexFunc(authorities, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawSubject, l.RawIssuer) && l.CheckSignatureFrom(c) == nil
	})
	if signer < 0 {
		return nil, errors.New("signed by none of the configured authorities")
	}
	scope, err := scopeOf(l)
	if err != nil {
		return nil, err
	}
	list := &List{This: l.ThisUpdate, Next: l.NextUpdate, issuer: authorities[signer], revoked: map[string]bool{}, scope: scope}
	const removed = 8 // RFC 5280 §5.3.1: no longer on hold
	for _, e := range l.RevokedCertificateEntries {
		if e.ReasonCode != removed {
			list.revoked[string(e.SerialNumber.Bytes())] = true
		}
	}
	return list, nil
}

// IsFrom reports whether an authority has made the list, whichever of its certificates is at hand.
func (l *List) IsFrom(authority *x509.Certificate) bool {
	return bytes.Equal(l.issuer.RawSubject, authority.RawSubject) &&
		bytes.Equal(l.issuer.RawSubjectPublicKeyInfo, authority.RawSubjectPublicKeyInfo)
}

// Names reports whether a certificate of its issuer is revoked by it.
func (l *List) Names(c *x509.Certificate) bool { return l.revoked[string(c.SerialNumber.Bytes())] }

// Covers reports whether a certificate of its issuer that it does not name is not revoked, while the list is current.
func (l *List) Covers(c *x509.Certificate) bool { return l.scope.covers(c) }

// IsPartial reports whether it covers no certificate at all: it is what has changed since another list, is about some reasons
// or other issuers, or is narrowed in a way that is not known here.
func (l *List) IsPartial() bool { return l.scope.none }

// listScope is which certificates a list tells of (RFC 5280 §5.2.5). The zero scope is all of its issuer's.
type listScope struct {
	none, users, authorities bool
	points                   []string // only those that name one of these as where their list is
}

func (s listScope) covers(c *x509.Certificate) bool {
	if s.none || s.users && c.IsCA || s.authorities && !c.IsCA {
		return false
	}
	return len(s.points) == 0 || slices.ContainsFunc(s.points, func(p string) bool { return slices.Contains(c.CRLDistributionPoints, p) })
}

// scopeOf reads the extensions that narrow a list. One that is critical and not known here makes it tell of nothing.
func scopeOf(l *x509.RevocationList) (listScope, error) {
	var s listScope
	for _, e := range l.Extensions {
		switch id := e.Id.String(); {
		case id == "2.5.29.28": // issuing distribution point
			if !s.readPoint(e.Value) {
				return s, errors.New("issuing distribution point cannot be read")
			}
		case id == "2.5.29.27", e.Critical: // a delta list, or nobody knows what
			s.none = true
		}
	}
	return s, nil
}

func (s *listScope) readPoint(der cryptobyte.String) bool {
	var point, name cryptobyte.String
	var hasPoint, hasName bool
	tag := func(n uint8) cryptoasn1.Tag { return cryptoasn1.Tag(n).ContextSpecific() }
	if !der.ReadASN1(&point, cryptoasn1.SEQUENCE) || !der.Empty() ||
		!point.ReadOptionalASN1(&name, &hasPoint, tag(0).Constructed()) {
		return false
	}
	if hasPoint {
		var names cryptobyte.String
		if !name.ReadOptionalASN1(&names, &hasName, tag(0).Constructed()) {
			return false
		}
		for !names.Empty() {
			var uri cryptobyte.String
			var kind cryptoasn1.Tag
			if !names.ReadAnyASN1(&uri, &kind) {
				return false
			}
			if kind == tag(6) {
				s.points = append(s.points, string(uri))
			}
		}
		s.none = s.none || len(s.points) == 0
	}
	for !point.Empty() {
		var value cryptobyte.String
		var kind cryptoasn1.Tag
		if !point.ReadAnyASN1(&value, &kind) {
			return false
		}
		set := len(value) == 1 && value[0] != 0
		switch kind {
		case tag(1):
			s.users = set
		case tag(2):
			s.authorities = set
		case tag(3):
			s.none = true // some reasons only
		default:
			s.none = s.none || set // of other issuers, or of attributes
		}
	}
	return true
}
