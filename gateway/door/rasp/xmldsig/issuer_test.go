package xmldsig_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"nks/gateway/door/rasp/xmldsig"
)

// named is an authority with a name of many kinds, and one certificate of it under a number.
type named struct {
	authority, signer, sameNumber *identity
	trust                         *xmldsig.Trust
}

var (
	organization           = asn1.ObjectIdentifier{2, 5, 4, 97}
	number                 = big.NewInt(4711)
	withNumber             = func(c *x509.Certificate) { c.SerialNumber = number }
	authorityName, another = name("Prøve, CA \"4\""), name("Prøve, CA \"5\"")
)

func name(common string) []pkix.AttributeTypeAndValue {
	return []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: "DK"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Den Danske Stat"},
		{Type: organization, Value: "NTRDK-34051178"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: common}}
}

func authority(name []pkix.AttributeTypeAndValue) *identity {
	return issue(nil, curveKey(elliptic.P256()), func(c *x509.Certificate) { c.Subject = pkix.Name{ExtraNames: name} })
}

// newNamed knows a signer without a key identifier, one of the same number from another authority, and more.
func newNamed(t *testing.T, more ...*identity) *named {
	t.Helper()
	n := &named{authority: authority(authorityName)}
	other := authority(another)
	n.signer = issue(n.authority, curveKey(elliptic.P256()), withNumber)
	n.sameNumber = issue(other, curveKey(elliptic.P256()), withNumber)
	a := xmldsig.Anchors{Roots: []*x509.Certificate{n.authority.certificate, other.certificate}, Known: []*x509.Certificate{n.sameNumber.certificate, n.signer.certificate}}
	for _, i := range more {
		a.Known = append(a.Known, i.certificate)
	}
	var err error
	if n.trust, err = xmldsig.NewTrust(a); err != nil {
		t.Fatal(err)
	}
	return n
}

// by is a message whose key is named by issuer and number.
func issuedBy(message, issuer, serial string) string {
	return between(message, str, strEnd, issuerAndSerial(issuer, serial))
}

func issuerAndSerial(issuer, serial string) string {
	issuer = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(issuer)
	return `<X509Data xmlns="http://www.w3.org/2000/09/xmldsig#"><X509IssuerSerial><X509IssuerName>` + issuer + `</X509IssuerName><X509SerialNumber>` + serial + `</X509SerialNumber></X509IssuerSerial></X509Data>`
}

const rfc4514 = `CN=Prøve\, CA \"4\",2.5.4.97=NTRDK-34051178,O=Den Danske Stat,C=DK`

func TestIssuerSerial(t *testing.T) {
	t.Parallel()
	n := newNamed(t)
	signer := n.signer.signer()
	signer.ByKeyIdentifier = true
	signedReply, err := signer.Sign(reply(), now)
	if err != nil {
		t.Fatal(err)
	}
	message := string(signedReply)
	v := replyVerifier()
	v.Trust = n.trust
	der, err := asn1.Marshal("NTRDK-34051178")
	if err != nil {
		t.Fatal(err)
	}
	encoded := "#" + hex.EncodeToString(der)
	pair := func(issuer, serial string) string { return issuedBy(message, issuer, serial) }
	for _, c := range []struct {
		name, message string
		want          xmldsig.Reason
	}{
		{"as RFC 4514 writes it", pair(rfc4514, "4711"), ""},
		{"as Java writes it", pair(`CN=Prøve\, CA \"4\",2.5.4.97=`+encoded+`,O=Den Danske Stat,C=DK`, "4711"), ""},
		{"as .NET writes it", pair(`CN="Prøve, CA ""4""", OID.2.5.4.97=NTRDK-34051178, O=Den Danske Stat, C=DK`, "4711"), ""},
		{"bytes escaped", pair(`cn=Pr\C3\B8ve\2C CA \224\22 ; 2.5.4.97 = NTRDK-34051178 , O = Den Danske Stat , C = DK `, " 4711\n"), ""},
		{"another number", pair(rfc4514, "4712"), xmldsig.CertificateUnknown},
		{"another issuer, who has that number", pair(strings.Replace(rfc4514, "4", "5", 1), "4711"), xmldsig.SignatureWrong},
		{"the signer's own name", pair("CN=test,C=DK", "4711"), xmldsig.CertificateUnknown},
		{"the name the other way round", pair(`C=DK,O=Den Danske Stat,2.5.4.97=NTRDK-34051178,CN=Prøve\, CA \"4\"`, "4711"), xmldsig.CertificateUnknown},
		{"a part too few", pair(strings.TrimSuffix(rfc4514, ",C=DK"), "4711"), xmldsig.CertificateUnknown},
		{"a part too many", pair(rfc4514+",C=DK", "4711"), xmldsig.CertificateUnknown},
		{"two parts in one", pair(strings.Replace(rfc4514, ",C=DK", "+C=DK", 1), "4711"), xmldsig.CertificateUnknown},
		{"two parts in one value", pair(strings.Replace(rfc4514, ",C=DK", `\,C=DK`, 1), "4711"), xmldsig.CertificateUnknown},
		{"another case", pair(strings.ToLower(rfc4514), "4711"), xmldsig.CertificateUnknown},
		{"no name", pair("", "4711"), xmldsig.KeyInfoContent},
		{"no type", pair("Prøve", "4711"), xmldsig.KeyInfoContent},
		{"a type that nobody knows", pair("X="+rfc4514, "4711"), xmldsig.KeyInfoContent},
		{"a number that is no type", pair("2.5.04.97=x,"+rfc4514, "4711"), xmldsig.KeyInfoContent},
		{"an end that is open", pair(rfc4514+",", "4711"), xmldsig.KeyInfoContent},
		{"an escape that is open", pair(rfc4514+`\`, "4711"), xmldsig.KeyInfoContent},
		{"a mark that is open", pair(`CN="Prøve`, "4711"), xmldsig.KeyInfoContent},
		{"something behind the mark", pair(`CN="Prøve"x`, "4711"), xmldsig.KeyInfoContent},
		{"something behind the encoded value", pair("CN="+encoded+"00", "4711"), xmldsig.KeyInfoContent},
		{"a character that must be escaped", pair("CN=<,"+rfc4514, "4711"), xmldsig.KeyInfoContent},
		{"too long", pair(strings.Repeat("C=DK,", 400)+rfc4514, "4711"), xmldsig.KeyInfoContent},
		{"too many parts", pair(strings.Repeat("C=DK,", 33)+"C=DK", "4711"), xmldsig.KeyInfoContent},
		{"a number with zeros before it", pair(rfc4514, "04711"), xmldsig.KeyInfoContent},
		{"a number in hexadecimal", pair(rfc4514, "0x1267"), xmldsig.KeyInfoContent},
		{"a negative number", pair(rfc4514, "-4711"), xmldsig.KeyInfoContent},
		{"a certificate beside it", replaced("<X509IssuerSerial>", "<X509Certificate>AAAA</X509Certificate><X509IssuerSerial>")(pair(rfc4514, "4711")), xmldsig.KeyInfoContent},
		{"two of them", between(message, str, strEnd, strings.Repeat(issuerAndSerial(rfc4514, "4711"), 2)), xmldsig.KeyInfoContent},
		{"two in one", replaced("</X509Data>", "<X509IssuerSerial/></X509Data>")(pair(rfc4514, "4711")), xmldsig.KeyInfoContent},
		{"an attribute", replaced("<X509SerialNumber>", `<X509SerialNumber Other="">`)(pair(rfc4514, "4711")), xmldsig.KeyInfoContent},
		{"something in the name", replaced("CN=", "<z/>CN=")(pair(rfc4514, "4711")), xmldsig.KeyInfoContent},
		{"not in a reference", between(message, "<KeyInfo>", "</KeyInfo>", issuerAndSerial(rfc4514, "4711")), xmldsig.KeyInfoContent},
	} {
		if got := reason(t, v, c.message); got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
	}
}

// TestIssuerSerial_NoOther: it names what is known and unambiguous, and nothing that a sender brings.
func TestIssuerSerial_NoOther(t *testing.T) {
	t.Parallel()
	n := newNamed(t)
	by := n.signer.signer()
	by.ByKeyIdentifier = true
	asked, err := by.Sign(request(smallBody), now)
	if err != nil {
		t.Fatal(err)
	}
	v := requestVerifier()
	v.Trust = n.trust
	if got := reason(t, v, issuedBy(string(asked), rfc4514, "4711")); got != xmldsig.KeyInfoContent {
		t.Errorf("in a request: %q", got)
	}
	v = replyVerifier()
	v.Trust = n.trust
	by.ByKeyIdentifier = false
	brought, err := by.Sign(reply(), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := reason(t, v, issuedBy(string(brought), rfc4514, "4711")); got != xmldsig.KeyInfoContent {
		t.Errorf("beside a token: %q", got)
	}
	by.ByKeyIdentifier = true
	answered, err := by.Sign(reply(), now)
	if err != nil {
		t.Fatal(err)
	}
	impostor := authority(authorityName)
	for name, c := range map[string]struct {
		more *identity
		want xmldsig.Reason
	}{
		"the same once more":                    {&identity{certificate: n.signer.certificate}, ""},
		"another of that number":                {issue(n.authority, curveKey(elliptic.P256()), withNumber), xmldsig.CertificateUnknown},
		"another's of that name and number":     {issue(impostor, curveKey(elliptic.P256()), withNumber), xmldsig.CertificateUnknown},
		"another's of that name, of our number": {issue(impostor, curveKey(elliptic.P256()), nil), ""},
	} {
		trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{n.authority.certificate, impostor.certificate},
			Known: []*x509.Certificate{n.signer.certificate, c.more.certificate}})
		if err != nil {
			t.Fatal(err)
		}
		v.Trust = trust
		if got := reason(t, v, issuedBy(string(answered), rfc4514, "4711")); got != c.want {
			t.Errorf("%s: %q, where it is %q", name, got, c.want)
		}
	}
	// One that is known, of an authority that is not: it leads nowhere.
	if v.Trust, err = xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{impostor.certificate}, Known: []*x509.Certificate{n.signer.certificate}}); err != nil {
		t.Fatal(err)
	}
	if got := reason(t, v, issuedBy(string(answered), rfc4514, "4711")); got != xmldsig.CertificateChain && got != xmldsig.IssuerUnknown {
		t.Errorf("of an authority of the same name: %q", got)
	}
}

// TestSealed_IssuerSerial: a key may be for whom issuer and number name, who must be the recipient, by whichever of its keys.
func TestSealed_IssuerSerial(t *testing.T) {
	t.Parallel()
	message := sealed(t, country().rsa, smallBody)
	_, key, _ := elementOf(message, "e:EncryptedKey")
	own := receiver().certificate
	with := func(issuer, serial string) string {
		return strings.Replace(message, key, between(key, str, strEnd, issuerAndSerial(issuer, serial)), 1)
	}
	issuer := country().root.certificate.Subject.String()
	v := oiorasp(t)
	m, err := v.Verify([]byte(with(issuer, own.SerialNumber.String())), now)
	if err != nil || !m.EncryptedFor.Equal(own) {
		t.Errorf("the recipient's: %v", err)
	}
	for name, altered := range map[string]string{"another number": with(issuer, "1"), "another issuer": with("CN=other", own.SerialNumber.String())} {
		if got := reason(t, v, altered); got != xmldsig.OtherRecipient {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := reason(t, v, with("other", "1")); got != xmldsig.KeyInfoContent {
		t.Errorf("no name: %q", got)
	}
	next := issue(country().root, rsaKeys()[2048], func(c *x509.Certificate) { c.SubjectKeyId = []byte{8, 8} })
	if err := v.Recipient.Change(xmldsig.OwnKey{Key: next.key, Certificate: next.certificate}, xmldsig.OwnKey{Key: receiver().key, Certificate: own}); err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]*identity{"the first key": next, "the second key": receiver()} {
		signer := sealing(country().rsa)
		signer.Receiver = by.certificate
		text, err := signer.Sign(request(smallBody), now)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := v.Verify(text, now); err != nil || !m.EncryptedFor.Equal(by.certificate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same := issue(country().root, rsaKeys()[2048], func(c *x509.Certificate) { c.SubjectKeyId = own.SubjectKeyId })
	if err := v.Recipient.Change(xmldsig.OwnKey{Key: receiver().key, Certificate: own}, xmldsig.OwnKey{Key: same.key, Certificate: same.certificate}); err == nil {
		t.Error("two keys of one identifier are taken")
	}
	numbered := issue(country().root, rsaKeys()[2048], func(c *x509.Certificate) { c.SerialNumber, c.SubjectKeyId = own.SerialNumber, []byte{7, 7} })
	if err := v.Recipient.Change(xmldsig.OwnKey{Key: receiver().key, Certificate: own}, xmldsig.OwnKey{Key: numbered.key, Certificate: numbered.certificate}); err == nil {
		t.Error("two keys of one issuer and number are taken")
	}
}

// TestIssuerSerial_Written: a certificate without a key identifier is named as .NET writes it, by who signs and by who encrypts.
func TestIssuerSerial_Written(t *testing.T) {
	t.Parallel()
	for issuer, attributes := range map[string][]pkix.AttributeTypeAndValue{
		`CN="Prøve, CA ""4""", OID.2.5.4.97=NTRDK-34051178, O=Den Danske Stat, C=DK`: authorityName,
		`CN=" blank", SERIALNUMBER="", O="a+b=c;d", S="&lt;&amp;&gt;"`: {{Type: asn1.ObjectIdentifier{2, 5, 4, 8}, Value: "<&>"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "a+b=c;d"},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: ""}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: " blank"}},
	} {
		root := authority(attributes)
		us, them := issue(root, rsaKeys()[2048], noIdentifier), issue(root, receiver().key, noIdentifier)
		trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{root.certificate}, Known: []*x509.Certificate{them.certificate, us.certificate}})
		if err != nil {
			t.Fatal(err)
		}
		recipient, err := xmldsig.NewRecipient(xmldsig.OwnKey{Key: them.key, Certificate: them.certificate})
		if err != nil {
			t.Fatal(err)
		}
		for profile, times := range map[xmldsig.Profile]int{xmldsig.SHA256: 1, xmldsig.OIORASP: 2} {
			signer := &xmldsig.Signer{Key: us.key, Certificate: us.certificate, ByKeyIdentifier: true, Profile: profile, Receiver: them.certificate}
			message, err := signer.Sign(reply(), now)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(message), "<X509IssuerName>"+issuer+"<"); got != times || strings.Contains(string(message), "KeyIdentifier") {
				t.Errorf("%s stands %d times, want %d, in\n%s", issuer, got, times, message)
			}
			v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(profile), Trust: trust, Recipient: recipient}
			if m, err := v.Verify(message, now); err != nil || !m.Signer.Leaf.Equal(us.certificate) {
				t.Errorf("profile %d, %s: %v", profile, issuer, err)
			}
		}
	}
}
