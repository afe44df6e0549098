package xmldsig

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// revocationList is a list whose signature has been checked.
type revocationList struct {
	issuer     *x509.Certificate
	revoked    map[string]bool // serial numbers
	this, next time.Time
	scope      listScope
}

// newRevocationList checks a list against the authority that has signed it.
func newRevocationList(l *x509.RevocationList, authorities []*x509.Certificate) (*revocationList, error) {
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
	list := &revocationList{issuer: authorities[signer], revoked: map[string]bool{}, this: l.ThisUpdate, next: l.NextUpdate, scope: scope}
	const removed = 8 // RFC 5280 §5.3.1: no longer on hold
	for _, e := range l.RevokedCertificateEntries {
		if e.ReasonCode != removed {
			list.revoked[string(e.SerialNumber.Bytes())] = true
		}
	}
	return list, nil
}

// isFrom reports whether an authority has made a list, whichever of its certificates is at hand.
func (l *revocationList) isFrom(authority *x509.Certificate) bool {
	return bytes.Equal(l.issuer.RawSubject, authority.RawSubject) &&
		bytes.Equal(l.issuer.RawSubjectPublicKeyInfo, authority.RawSubjectPublicKeyInfo)
}

// unrevoked looks for each certificate of a chain in the lists of its issuer. A root is nobody's to revoke.
func (t *Trust) unrevoked(chain []*x509.Certificate, now time.Time) error {
	var unknown error
	for i := range len(chain) - 1 {
		missing := ListMissing
		for _, l := range t.lists {
			if !l.isFrom(chain[i+1]) {
				continue
			}
			if l.revoked[string(chain[i].SerialNumber.Bytes())] {
				return refuse(CertificateRevoked, "")
			}
			if !l.scope.covers(chain[i]) || missing == "" {
				continue
			}
			missing = ListStale
			if !now.Before(l.this) && now.Before(l.next) {
				missing = ""
			}
		}
		if missing != "" && t.required && unknown == nil {
			unknown = refuse(missing, "")
		}
	}
	return unknown
}

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
