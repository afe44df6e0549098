package bankfile_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/bankfile"
)

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func newAuthority(t testing.TB, name string) authority {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotBefore: noon(2000, 1, 1), NotAfter: noon(2010, 1, 1)}
	return authority{issued(t, template, template, &key.PublicKey, key), key}
}

func issued(t testing.TB, template, parent *x509.Certificate, key *rsa.PublicKey, by *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// certifies issues a certificate of a bank's key.
func (a authority) certifies(t testing.TB, key *rsa.PublicKey, serial int64, from, until time.Time, usage x509.KeyUsage) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "The Bank"}, KeyUsage: usage, NotBefore: from, NotAfter: until}
	return issued(t, template, a.certificate, key, a.key)
}

// below makes an authority that is certified by another.
func (a authority) below(t testing.TB, name string, serial int64) authority {
	t.Helper()
	sub := newAuthority(t, name)
	template := *sub.certificate
	template.SerialNumber, template.SignatureAlgorithm = big.NewInt(serial), x509.UnknownSignatureAlgorithm
	template.AuthorityKeyId = nil
	return authority{issued(t, &template, a.certificate, &sub.key.PublicKey, a.key), sub.key}
}

// revokes makes a list that is current until a day.
func (a authority) revokes(t testing.TB, until time.Time, serials ...int64) *x509.RevocationList {
	t.Helper()
	return a.narrows(t, nil, until, serials...)
}

// narrows is revokes of a list that does not tell of all certificates, by an extension.
func (a authority) narrows(t testing.TB, by []pkix.Extension, until time.Time, serials ...int64) *x509.RevocationList {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: until.AddDate(0, 0, -7), NextUpdate: until, ExtraExtensions: by}
	for _, s := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: until.AddDate(0, 0, -8)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.certificate, a.key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func noon(year, month, d int) time.Time {
	return time.Date(year, time.Month(month), d, 12, 0, 0, 0, time.UTC)
}

// TestRead_Certificates: a right signature proves a file while its certificate is valid, from who may issue it, and not revoked; during a
// roll-over by either key.
func TestRead_Certificates(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t, "The Authority"), newAuthority(t, "The Authority") // by name alone they are the same
	const sign = x509.KeyUsageDigitalSignature
	old, next := public(t, ownKey), public(t, otherKey)
	ends := noon(2005, 8, 11)
	good := fromBank(banstaHead + "RFF+ACW:M1'LIN+1'SEQ++1'GIS+4'")
	byOld, byNext := signedBy(t, ownKey, "B1", good), signedBy(t, otherKey, "B2", good)
	trust := func(change func(*bankfile.Trust)) bankfile.Trust {
		all := bankfile.Trust{Issuers: []*x509.Certificate{ours.certificate}, Certificates: map[string]*x509.Certificate{
			"B1": ours.certifies(t, old, 11, noon(2003, 8, 11), ends, sign), "B2": ours.certifies(t, next, 12, noon(2005, 8, 1), noon(2007, 8, 1), sign)}}
		if change != nil {
			change(&all)
		}
		return all
	}
	root := newAuthority(t, "The Root")
	sub := root.below(t, "The Authority", 7)
	bySub := func(of ...*x509.RevocationList) bankfile.Trust {
		return trust(func(all *bankfile.Trust) {
			all.Issuers, all.Revoked = []*x509.Certificate{sub.certificate, root.certificate}, of
			all.Certificates["B1"] = sub.certifies(t, old, 11, noon(2003, 8, 11), ends, sign)
		})
	}
	// Lists of authorities' certificates alone (RFC 5280 5.2.5), and of what has changed since list 1 (5.2.4).
	authoritiesOnly := []pkix.Extension{{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}}}
	changes := []pkix.Extension{{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	first := func(a authority, usage x509.KeyUsage) func(*bankfile.Trust) {
		return func(all *bankfile.Trust) {
			all.Certificates["B1"] = a.certifies(t, old, 11, noon(2003, 8, 11), ends, usage)
		}
	}
	lists := func(of ...*x509.RevocationList) func(*bankfile.Trust) {
		return func(all *bankfile.Trust) { all.Revoked = of }
	}
	for name, c := range map[string]struct {
		text  string
		came  time.Time
		trust bankfile.Trust
		want  string // of the refusal; empty: it is proven
	}{
		"the former key":                     {byOld, noon(2005, 8, 5), trust(nil), ""},
		"the next key":                       {byNext, noon(2005, 8, 5), trust(nil), ""},
		"within the tolerance":               {byOld, ends.Add(bankfile.CertificateTolerance), trust(nil), ""},
		"expired":                            {byOld, ends.Add(bankfile.CertificateTolerance + time.Second), trust(nil), "has expired"},
		"the next one, after the former":     {byNext, noon(2005, 9, 1), trust(nil), ""},
		"a little early":                     {byNext, noon(2005, 8, 1).Add(-bankfile.CertificateTolerance), trust(nil), ""},
		"not valid yet":                      {byNext, noon(2005, 7, 30), trust(nil), "not valid yet"},
		"expired, whoever issued it":         {byOld, noon(2005, 9, 1), trust(func(all *bankfile.Trust) { all.Issuers = nil }), "has expired"},
		"of another authority":               {byOld, noon(2005, 8, 5), trust(first(others, sign)), "from none of the configured authorities"},
		"by nobody who matters":              {byOld, noon(2005, 8, 5), trust(func(all *bankfile.Trust) { first(others, sign)(all); all.Issuers = nil }), ""},
		"a key by itself":                    {byOld, noon(2005, 8, 5), trust(func(all *bankfile.Trust) { delete(all.Certificates, "B1") }), "from none of the configured authorities"},
		"not one to sign with":               {byOld, noon(2005, 8, 5), trust(first(ours, x509.KeyUsageKeyEncipherment)), "not one to sign with"},
		"revoked":                            {byOld, noon(2005, 8, 5), trust(lists(ours.revokes(t, noon(2005, 8, 7), 11))), "is revoked"},
		"revoked, by an older list":          {byOld, noon(2005, 8, 5), trust(lists(ours.revokes(t, noon(2005, 7, 7), 11), ours.revokes(t, noon(2005, 8, 7)))), "is revoked"},
		"another is revoked":                 {byNext, noon(2005, 8, 5), trust(lists(ours.revokes(t, noon(2005, 8, 7), 11))), ""},
		"a list that is out of date":         {byOld, noon(2005, 8, 9), trust(lists(ours.revokes(t, noon(2005, 8, 7)))), "not current"},
		"an authority below another":         {byOld, noon(2005, 8, 5), bySub(root.revokes(t, noon(2005, 8, 7), 8)), ""},
		"an authority that is revoked":       {byOld, noon(2005, 8, 5), bySub(root.revokes(t, noon(2005, 8, 7), 7)), "is revoked"},
		"an authority whose own list is old": {byOld, noon(2005, 8, 9), bySub(root.revokes(t, noon(2005, 8, 7))), "not current"},
		"a current list of others": {byOld, noon(2005, 8, 15).Add(-4 * 24 * time.Hour), trust(lists(ours.revokes(t, noon(2005, 8, 7)),
			ours.narrows(t, authoritiesOnly, noon(2005, 8, 14)))), "not current"},
		"a list of others alone":           {byOld, noon(2005, 8, 5), trust(lists(ours.narrows(t, authoritiesOnly, noon(2005, 8, 7)))), ""},
		"the wrong signature all the same": {strings.Replace(byOld, "GIS+4'", "GIS+2'", 1), noon(2005, 8, 5), trust(nil), "signature is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := codec(t, func(p *bankfile.Profile) {
				p.Verify, p.Trust = map[string]*rsa.PublicKey{"B1": old, "B2": next}, c.trust
			}).Read(strings.NewReader(c.text), c.came, &heard{})
			var unproven *gateway.UnprovenError
			switch {
			case c.want == "" && (err != nil || e.SignedBy == nil):
				t.Errorf("it is refused: %v", err)
			case c.want != "" && (!errors.As(err, &unproven) || !strings.Contains(err.Error(), c.want) || e.SignedBy != nil):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	p := profile()
	p.Verify, p.Trust = map[string]*rsa.PublicKey{"B1": old, "B2": next}, trust(lists(others.revokes(t, noon(2005, 8, 7))))
	if _, err := bankfile.New(p); err == nil || !strings.Contains(err.Error(), "signed by none of the configured authorities") {
		t.Errorf("a list of somebody else: %v", err)
	}
	p.Trust = trust(lists(ours.narrows(t, changes, noon(2005, 8, 7))))
	if _, err := bankfile.New(p); err == nil || !strings.Contains(err.Error(), "it is part of a list") {
		t.Errorf("changes to a list: %v", err)
	}
	p.Trust = trust(nil)
	delete(p.Verify, "B2")
	if _, err := bankfile.New(p); err == nil || !strings.Contains(err.Error(), "of no key that verifies") {
		t.Errorf("a certificate without its key: %v", err)
	}
}
