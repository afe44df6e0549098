package xmldsig_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// list is a revocation list of an authority over certificates, current for a day around now.
func list(by *identity, change func(*x509.RevocationList), revoked ...*identity) *x509.RevocationList {
	template := &x509.RevocationList{Number: serials(), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, r := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: r.certificate.SerialNumber, RevocationTime: now.Add(-2 * time.Hour)})
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, by.certificate, by.key)
	if err != nil {
		panic(err)
	}
	made, err := x509.ParseRevocationList(der)
	if err != nil {
		panic(err)
	}
	return made
}

// pointOf is the extension by which a list tells of some certificates only.
func pointOf(content []byte) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		der, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
		if err != nil {
			panic(err)
		}
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: der}}
	}
}

// at is a distribution point in that extension.
func at(uri string) []byte {
	name := append([]byte{0x86, byte(len(uri))}, uri...)
	full := append([]byte{0xA0, byte(len(name))}, name...)
	return append([]byte{0xA0, byte(len(full))}, full...)
}

func TestTrust_WhoIsBelieved(t *testing.T) {
	t.Parallel()
	root, other := issue(nil, curveKey(elliptic.P256()), nil), issue(nil, curveKey(elliptic.P256()), nil)
	authority := func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		c.Subject = pkix.Name{CommonName: "issuing " + c.SerialNumber.String()}
		c.SubjectKeyId = nil
	}
	middle := issue(root, curveKey(elliptic.P256()), authority)
	again := issue(root, middle.key, func(c *x509.Certificate) { authority(c); c.Subject = middle.certificate.Subject })
	key := curveKey(elliptic.P256())
	const where = "http://lists.example/1.crl"
	leaf := issue(middle, key, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{where} })
	direct := issue(root, key, nil)
	lists := func(l ...*x509.RevocationList) []*x509.RevocationList { return l }
	whole := list(root, nil)
	for _, c := range []struct {
		name     string
		leaf     *identity
		lists    []*x509.RevocationList
		required bool
		roots    []*identity
		middles  []*identity
		want     xmldsig.Reason
	}{
		{name: "under the root", leaf: direct},
		{name: "under an intermediate", leaf: leaf},
		{name: "under an intermediate that is not at hand", leaf: leaf, middles: []*identity{}, want: xmldsig.IssuerUnknown},
		{name: "under another root", leaf: direct, roots: []*identity{other}, want: xmldsig.IssuerUnknown},
		{name: "of nobody", leaf: issue(nil, key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), want: xmldsig.IssuerUnknown},
		{name: "of somebody who may not issue", leaf: issue(direct, key, nil), middles: []*identity{direct}, want: xmldsig.IssuerUnknown},
		{name: "no longer valid", leaf: issue(root, key, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }), want: xmldsig.CertificateTime},
		{name: "not valid yet", leaf: issue(root, key, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }), want: xmldsig.CertificateTime},
		{name: "for encryption", leaf: issue(root, key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), want: xmldsig.CertificateUsage},
		{name: "for commitments", leaf: issue(root, key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })},
		{name: "with an extension that nobody knows", leaf: issue(root, key, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), want: xmldsig.CertificateChain},
		{name: "of two companies", leaf: issue(root, key, func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRDK-87654321"})
		}), want: xmldsig.CertificateNames},

		{name: "revoked", leaf: direct, lists: lists(list(root, nil, direct)), want: xmldsig.CertificateRevoked},
		{name: "another revoked", leaf: direct, lists: lists(list(root, nil, leaf)), required: true},
		{name: "revoked by a list of yesterday", leaf: direct, lists: lists(list(root, stale, direct)), want: xmldsig.CertificateRevoked},
		{name: "its issuer revoked", leaf: leaf, lists: lists(list(middle, nil), list(root, nil, middle)), want: xmldsig.CertificateRevoked},
		{name: "revoked, and the issuer has two certificates", leaf: leaf, middles: []*identity{middle, again}, lists: lists(list(again, nil, leaf)), want: xmldsig.CertificateRevoked},
		{name: "no list, none required", leaf: direct},
		{name: "no list", leaf: direct, required: true, want: xmldsig.ListMissing},
		{name: "a list", leaf: direct, required: true, lists: lists(whole)},
		{name: "a list of one of two issuers", leaf: leaf, required: true, lists: lists(list(middle, nil)), want: xmldsig.ListMissing},
		{name: "lists of both", leaf: leaf, required: true, lists: lists(list(middle, nil), whole)},
		{name: "a list of yesterday", leaf: direct, required: true, lists: lists(list(root, stale)), want: xmldsig.ListStale},
		{name: "a list of yesterday and one of today", leaf: direct, required: true, lists: lists(list(root, stale), whole)},
		{name: "a list of tomorrow", leaf: direct, required: true, lists: lists(list(root, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.Add(time.Hour), now.Add(2*time.Hour)
		})), want: xmldsig.ListStale},
		{name: "a list that is current no longer now", leaf: direct, required: true, lists: lists(list(root, func(l *x509.RevocationList) { l.NextUpdate = now })), want: xmldsig.ListStale},
		{name: "a list of what has changed", leaf: direct, required: true, lists: lists(list(root, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
		})), want: xmldsig.ListMissing},
		{name: "a list with an extension that nobody knows", leaf: direct, required: true, lists: lists(list(root, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		})), want: xmldsig.ListMissing},
		{name: "a list of users", leaf: direct, required: true, lists: lists(list(root, pointOf([]byte{0x81, 1, 0xFF})))},
		{name: "a list of users for an authority", leaf: leaf, required: true, lists: lists(list(middle, nil), list(root, pointOf([]byte{0x81, 1, 0xFF}))), want: xmldsig.ListMissing},
		{name: "a list of authorities", leaf: direct, required: true, lists: lists(list(root, pointOf([]byte{0x82, 1, 0xFF}))), want: xmldsig.ListMissing},
		{name: "a list of some reasons", leaf: direct, required: true, lists: lists(list(root, pointOf([]byte{0x83, 2, 1, 6}))), want: xmldsig.ListMissing},
		{name: "a list of other issuers", leaf: direct, required: true, lists: lists(list(root, pointOf([]byte{0x84, 1, 0xFF}))), want: xmldsig.ListMissing},
		{name: "a list of this distribution point", leaf: leaf, required: true, lists: lists(whole, list(middle, pointOf(at(where))))},
		{name: "a list of another distribution point", leaf: leaf, required: true, lists: lists(whole, list(middle, pointOf(at("http://lists.example/2.crl")))), want: xmldsig.ListMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			anchors := xmldsig.Anchors{Lists: c.lists, RevocationRequired: c.required}
			for _, i := range orElse(c.roots, root) {
				anchors.Roots = append(anchors.Roots, i.certificate)
			}
			for _, i := range orElse(c.middles, middle) {
				anchors.Intermediates = append(anchors.Intermediates, i.certificate)
			}
			trust, err := xmldsig.NewTrust(anchors)
			if err != nil {
				t.Fatal(err)
			}
			v := &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: trust}
			if got := reason(t, v, string(signed(t, c.leaf, request(smallBody)))); got != c.want {
				t.Errorf("%q, where it is %q", got, c.want)
			}
		})
	}
}

func stale(l *x509.RevocationList) {
	l.ThisUpdate, l.NextUpdate = now.Add(-48*time.Hour), now.Add(-24*time.Hour)
}

func orElse(given []*identity, otherwise *identity) []*identity {
	if given == nil {
		return []*identity{otherwise}
	}
	return given
}

func TestTrust_RefusesWhatNobodySigned(t *testing.T) {
	t.Parallel()
	root := country().root
	unknown := issue(nil, curveKey(elliptic.P256()), func(c *x509.Certificate) { c.Subject = root.certificate.Subject })
	for name, anchors := range map[string]xmldsig.Anchors{
		"no root":                 {},
		"a list of a namesake":    {Roots: []*x509.Certificate{root.certificate}, Lists: []*x509.RevocationList{list(unknown, nil)}},
		"a list of another":       {Roots: []*x509.Certificate{root.certificate}, Lists: []*x509.RevocationList{list(issue(nil, unknown.key, nil), nil)}},
		"a list that is no scope": {Roots: []*x509.Certificate{root.certificate}, Lists: []*x509.RevocationList{list(root, pointOf([]byte{0xA0, 9}))}},
	} {
		if _, err := xmldsig.NewTrust(anchors); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTrust_ListsEnd(t *testing.T) {
	t.Parallel()
	root := country().root
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{root.certificate}, Lists: []*x509.RevocationList{list(root, nil), list(root, stale)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := trust.ListsEnd(); !got.Equal(now.Add(-24 * time.Hour)) {
		t.Errorf("lists end at %s", got)
	}
}

func TestParse_FilesOfAuthorities(t *testing.T) {
	t.Parallel()
	root := country().root
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.certificate.Raw})
	der := list(root, nil).Raw
	pemList := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
	for _, c := range []struct {
		name               string
		data               []byte
		certificates, list int // -1 for an error
	}{
		{"a certificate", certificate, 1, -1},
		{"two certificates", bytes.Repeat(certificate, 2), 2, -1},
		{"a certificate and something", append(bytes.Clone(certificate), "rest"...), -1, -1},
		{"a list", pemList, -1, 1},
		{"a list in DER", der, -1, 1},
		{"nothing", nil, -1, -1},
		{"a key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), -1, -1},
		{"a broken certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), -1, -1},
		{"a broken list", []byte{0x30, 0}, -1, -1},
	} {
		if all, err := xmldsig.ParseCertificates(c.data); len(all) != max(c.certificates, 0) || (err != nil) != (c.certificates < 0) {
			t.Errorf("%s: %d certificates, %v", c.name, len(all), err)
		}
		if all, err := xmldsig.ParseLists(c.data); len(all) != max(c.list, 0) || (err != nil) != (c.list < 0) {
			t.Errorf("%s: %d lists, %v", c.name, len(all), err)
		}
	}
}

func TestCertificate_CompanyNumber(t *testing.T) {
	t.Parallel()
	serial, organization := asn1.ObjectIdentifier{2, 5, 4, 5}, asn1.ObjectIdentifier{2, 5, 4, 97}
	name := func(kind asn1.ObjectIdentifier, value string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: kind, Value: value}
	}
	for _, c := range []struct {
		names []pkix.AttributeTypeAndValue
		want  string
	}{
		{[]pkix.AttributeTypeAndValue{name(serial, "CVR:12345674-FID:11")}, "12345674"},
		{[]pkix.AttributeTypeAndValue{name(serial, "CVR:12345674-UID:11")}, "12345674"},
		{[]pkix.AttributeTypeAndValue{name(organization, "NTRDK-12345674")}, "12345674"},
		{[]pkix.AttributeTypeAndValue{name(serial, "UI:DK-O:G:2f1c"), name(organization, "NTRDK-12345674")}, "12345674"},
		{[]pkix.AttributeTypeAndValue{name(serial, "CVR:12345674"), name(organization, "NTRDK-12345674")}, "12345674"},
		{[]pkix.AttributeTypeAndValue{name(serial, "PID:9208-2002-2-1")}, ""},
		{[]pkix.AttributeTypeAndValue{name(serial, "CVR:123456745")}, ""},
		{[]pkix.AttributeTypeAndValue{name(serial, "CVR:1234567")}, ""},
		{[]pkix.AttributeTypeAndValue{name(organization, "NTRSE-12345674")}, ""},
		{[]pkix.AttributeTypeAndValue{name(organization, "xNTRDK-12345674")}, ""},
		{nil, ""},
	} {
		leaf := issue(country().root, curveKey(elliptic.P256()), func(t *x509.Certificate) { t.Subject.ExtraNames = c.names })
		m, err := requestVerifier().Verify(signed(t, leaf, request(smallBody)), now)
		if err != nil {
			t.Fatal(err)
		}
		if m.Signer.CVR != c.want {
			t.Errorf("%v: %q, where it is %q", c.names, m.Signer.CVR, c.want)
		}
	}
}

// reply is an answer.
func reply() xmldsig.Outgoing {
	tag := func(space, local, text string) xmldsig.Tag {
		return xmldsig.Tag{Name: xmldsig.Name{Space: space, Local: local}, Text: text}
	}
	return xmldsig.Outgoing{Headers: []xmldsig.Tag{
		{Name: xmldsig.Name{Space: xmldsig.Reliable, Local: "SequenceAcknowledgement"}, Children: []xmldsig.Tag{
			tag(xmldsig.Reliable, "Identifier", "urn:uuid:theirs"),
			{Name: xmldsig.Name{Space: xmldsig.Reliable, Local: "AcknowledgementRange"}, Attributes: []xmldsig.Attribute{
				{Name: xmldsig.Name{Local: "Lower"}, Value: "1"}, {Name: xmldsig.Name{Local: "Upper"}, Value: "2"},
			}},
		}},
		tag(xmldsig.Addressing, "Action", action), tag(xmldsig.Addressing, "RelatesTo", "urn:uuid:message"), tag(xmldsig.Addressing, "To", "urn:anonymous"),
	}}
}

func TestReply_SignerIsKnown(t *testing.T) {
	t.Parallel()
	unknown := issue(country().root, curveKey(elliptic.P256()), func(c *x509.Certificate) { c.SubjectKeyId = big.NewInt(77777).Bytes() })
	for _, c := range []struct {
		name string
		by   *identity
		ski  bool
		want xmldsig.Reason
	}{
		{"by key identifier", country().rsa, true, ""},
		{"by key identifier, a curve", country().curve, true, ""},
		{"sent along", country().rsa, false, ""},
		{"by an unknown identifier", unknown, true, xmldsig.CertificateUnknown},
		{"by the identifier of another", issue(country().root, unknown.key, func(c *x509.Certificate) {
			c.SubjectKeyId = country().curve.certificate.SubjectKeyId
		}), true, xmldsig.SignatureWrong},
	} {
		signer := c.by.signer()
		signer.ByKeyIdentifier = c.ski
		message, err := signer.Sign(reply(), now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := replyVerifier().Verify(message, now)
		if got := reasonOf(err); got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
		if err != nil {
			continue
		}
		acknowledgement, _ := m.Header(xmldsig.Reliable, "SequenceAcknowledgement")
		ranges, ok := acknowledgement.Child(xmldsig.Reliable, "AcknowledgementRange")
		if upper, _ := ranges.Attribute("", "Upper"); !ok || upper != "2" || !m.Body.Empty || len(m.Body.Bytes()) > 0 {
			t.Errorf("%s: acknowledged up to %q, body empty %t", c.name, upper, m.Body.Empty)
		}
		if got := reason(t, requestVerifier(), string(message)); got != xmldsig.HeaderMissing {
			t.Errorf("%s: as a request %q", c.name, got)
		}
	}
}
