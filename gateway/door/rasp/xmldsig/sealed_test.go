package xmldsig_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"

	"nks/gateway/door/rasp/xmldsig"
)

// receiver is whom messages here are encrypted for.
var receiver = sync.OnceValue(func() *identity {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return issue(country().root, key, func(c *x509.Certificate) { c.SubjectKeyId = []byte{7, 7, 7} })
})

// oiorasp is a verifier of whom the RSA signer is bound to that profile; a new one, since a Recipient remembers.
func oiorasp(t testing.TB) *xmldsig.Verifier {
	t.Helper()
	recipient, err := xmldsig.NewRecipient(xmldsig.OwnKey{Key: receiver().key, Certificate: receiver().certificate})
	if err != nil {
		t.Fatal(err)
	}
	v := requestVerifier()
	v.Recipient = recipient
	v.ProfileOf = func(c xmldsig.Certificate) xmldsig.Profile {
		if c.Leaf.Equal(country().rsa.certificate) {
			return xmldsig.OIORASP
		}
		return xmldsig.SHA256
	}
	return v
}

func sealing(by *identity) *xmldsig.Signer {
	return &xmldsig.Signer{Key: by.key, Certificate: by.certificate, Profile: xmldsig.OIORASP, Receiver: receiver().certificate}
}

// sealed is a request as the profile writes it.
func sealed(t testing.TB, by *identity, body string) string {
	t.Helper()
	message, err := sealing(by).Sign(request(body), now)
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

// element is the text of the first element of a name, and what stands around it.
func elementOf(message, name string) (before, element, after string) {
	start := strings.Index(message, "<"+name)
	end := start + strings.Index(message[start:], "</"+name+">") + len("</"+name+">")
	return message[:start], message[start:end], message[end:]
}

// inTheClear is a message with its body as it was before it was encrypted.
func inTheClear(message, body string) string {
	before, _, after := elementOf(message, "e:EncryptedKey")
	before, _, after = elementOf(before+after, "e:EncryptedData")
	return before + body + after
}

// padded fills the last block of a text by the rule.
func padded(text string) []byte {
	fill := aes.BlockSize - len(text)%aes.BlockSize
	return append([]byte(text), strings.Repeat(string(rune(fill)), fill)...)
}

// ciphers are a text of whole blocks under a key, and the key for somebody, as anybody can make them.
func ciphers(text, secret []byte, whom *identity) (data, key string) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err)
	}
	buf := append(make([]byte, aes.BlockSize), text...)
	cipher.NewCBCEncrypter(block, buf[:aes.BlockSize]).CryptBlocks(buf[aes.BlockSize:], buf[aes.BlockSize:])
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, whom.certificate.PublicKey.(*rsa.PublicKey), secret, nil)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(buf), base64.StdEncoding.EncodeToString(wrapped)
}

// valued is a message with other cipher values.
func valued(message, key, data string) string {
	before, k, after := elementOf(message, "e:EncryptedKey")
	message = before + between(k, "<e:CipherValue>", "<", key) + after
	before, d, after := elementOf(message, "e:EncryptedData")
	return before + between(d, "<e:CipherValue>", "<", data) + after
}

// containing is a message whose cipher holds another text.
func containing(text []byte) func(string) string {
	return func(message string) string {
		data, key := ciphers(text, make([]byte, 32), receiver())
		return valued(message, key, data)
	}
}

// values are the cipher values of a message.
func values(message string) (key, data []byte) {
	for name, into := range map[string]*[]byte{"e:EncryptedKey": &key, "e:EncryptedData": &data} {
		_, element, _ := elementOf(message, name)
		_, element, _ = elementOf(element, "e:CipherValue")
		value, err := base64.StdEncoding.DecodeString(element[len("<e:CipherValue>") : len(element)-len("</e:CipherValue>")])
		if err != nil {
			panic(err)
		}
		*into = value
	}
	return key, data
}

func TestSealed_IsTakenAsWhatWasSigned(t *testing.T) {
	t.Parallel()
	r := mathrand.New(mathrand.NewPCG(7, 7))
	bodies := []string{smallBody, "", `<s:x/>`}
	for range 25 {
		bodies = append(bodies, generated(r))
	}
	v := oiorasp(t)
	for _, body := range bodies {
		message := sealed(t, country().rsa, body)
		if body != "" && strings.Contains(message, body) || strings.Contains(message, "sha256") {
			t.Fatalf("not as the profile is: %s", message)
		}
		m, err := v.Verify([]byte(message), now)
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		clear, err := requestVerifier().Verify(signed(t, country().curve, request(body)), now)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(m.Body.Bytes()); got != string(clear.Body.Bytes()) || m.Profile != xmldsig.OIORASP || m.Body.Empty != (body == "") {
			t.Errorf("profile %d, body\n%s\nwhere it is\n%s", m.Profile, got, clear.Body.Bytes())
		}
		if _, err := v.Verify([]byte(message), now); err != nil {
			t.Errorf("once more: %v", err)
		}
	}
	key, data := values(sealed(t, country().rsa, smallBody))
	for name, lines := range map[string]string{"lines": "\n", "lines of Windows": "\r\n", "lines of Java": "&#13;\n"} {
		broken := base64.StdEncoding.EncodeToString(data)
		broken = lines + broken[:76] + lines + broken[76:] + lines
		if _, err := v.Verify([]byte(valued(sealed(t, country().rsa, smallBody), base64.StdEncoding.EncodeToString(key), broken)), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m, err := v.Verify(signed(t, country().curve, request(smallBody)), now); err != nil || m.Profile != xmldsig.SHA256 {
		t.Errorf("another party's, by the other profile: %v", err)
	}
}

func TestSealed_Reply(t *testing.T) {
	t.Parallel()
	reply := request("")
	reply.Headers = append(reply.Headers, xmldsig.Tag{Name: xmldsig.Name{Space: xmldsig.Addressing, Local: "RelatesTo"}, Text: "urn:uuid:message"})
	by := sealing(country().rsa)
	by.ByKeyIdentifier = true
	message, err := by.Sign(reply, now)
	if err != nil {
		t.Fatal(err)
	}
	v := oiorasp(t)
	v.Policy, v.ProfileOf = xmldsig.ReplyPolicy(xmldsig.OIORASP), nil
	m, err := v.Verify(message, now)
	if err != nil || !m.Body.Empty || strings.Contains(string(message), "BinarySecurityToken") {
		t.Errorf("%v: %s", err, message)
	}
}

const (
	encryptedKey  = `<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="_0">`
	oaep          = `Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"`
	aesCBC        = `Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"`
	digest1       = `<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`
	ofKey         = `<DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`
	someEncrypted = `<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>`
)

// moved takes an element out and puts it in front of a text.
func moved(name, before string) func(string) string {
	return func(message string) string {
		front, element, behind := elementOf(message, name)
		return replaced(before, element+before)(front + behind)
	}
}

// sealedAttacks are messages of a party that is bound to OIORASP.
var sealedAttacks = []change{
	{"body in the clear", func(m string) string { return inTheClear(m, smallBody) }, xmldsig.NotEncrypted},
	{"empty body in the clear", func(m string) string { return inTheClear(m, "") }, xmldsig.NotEncrypted},
	{"header encrypted in place of the body", func(m string) string {
		before, data, after := elementOf(m, "e:EncryptedData")
		return strings.Replace(before+smallBody+after, "document-1", data, 1)
	}, xmldsig.EncryptionContent},
	{"cipher as a header", moved("e:EncryptedData", "<a:MessageID"), xmldsig.EncryptionContent},
	{"cipher in Security", moved("e:EncryptedData", "<u:Timestamp"), xmldsig.EncryptionContent},
	{"cipher inside another element", func(m string) string {
		before, data, after := elementOf(m, "e:EncryptedData")
		return before + "<x>" + data + "</x>" + after
	}, xmldsig.EncryptionContent},
	{"two ciphers", replaced("</s:Body>", someEncrypted+"</s:Body>"), xmldsig.EncryptionContent},
	{"another cipher as a header", replaced("<a:MessageID", someEncrypted+"<a:MessageID"), xmldsig.EncryptionContent},
	{"something else of encryption", replaced("<a:MessageID", `<e:Any xmlns:e="http://www.w3.org/2001/04/xmlenc#"/><a:MessageID`), xmldsig.EncryptionContent},
	{"element beside the cipher", replaced("</s:Body>", "<x/></s:Body>"), xmldsig.EncryptionContent},
	{"text beside the cipher", replaced("</s:Body>", "x</s:Body>"), xmldsig.EncryptionContent},
	{"white space beside the cipher", replaced("</s:Body>", " </s:Body>"), xmldsig.EncryptionContent},
	{"two keys", func(m string) string {
		_, key, _ := elementOf(m, "e:EncryptedKey")
		return replaced("<Signature ", strings.Replace(key, `"_0"`, `"_00"`, 1)+"<Signature ")(m)
	}, xmldsig.EncryptionContent},
	{"no key", func(m string) string { before, _, after := elementOf(m, "e:EncryptedKey"); return before + after }, xmldsig.EncryptionContent},
	{"no cipher", func(m string) string {
		before, _, after := elementOf(m, "e:EncryptedData")
		return before + smallBody + after
	}, xmldsig.EncryptionContent},
	{"key as a header", func(m string) string {
		return moved("e:EncryptedKey", "<a:MessageID")(replaced("<s:Envelope ", `<s:Envelope xmlns:o="`+xmldsig.Security+`" `)(m))
	}, xmldsig.EncryptionContent},
	{"key in the signature", moved("e:EncryptedKey", "<SignedInfo>"), xmldsig.EncryptionContent},
	{"reference to something else", replaced(`URI="#DATA"`, `URI="#_1"`), xmldsig.EncryptionContent},
	{"reference to nothing", replaced(`URI="#DATA"`, `URI="#DATUM"`), xmldsig.ReferenceDangling},
	{"reference elsewhere", replaced(`URI="#DATA"`, `URI="http://elsewhere.example/"`), xmldsig.ReferenceURI},
	{"two references", replaced(`<e:DataReference `, `<e:DataReference URI="#DATA"/><e:DataReference `), xmldsig.EncryptionContent},
	{"key transport of PKCS #1 v1.5", replaced(oaep, `Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"`), xmldsig.EncryptionAlgorithm},
	{"key transport with another digest", replaced(ofKey, strings.Replace(ofKey, "2000/09/xmldsig#sha1", "2001/04/xmlenc#sha256", 1)), xmldsig.EncryptionAlgorithm},
	{"parameters of the key transport", replaced(ofKey, `<e:OAEPparams>AA==</e:OAEPparams>`), xmldsig.EncryptionContent},
	{"3DES", replaced(aesCBC, `Algorithm="http://www.w3.org/2001/04/xmlenc#tripledes-cbc"`), xmldsig.EncryptionAlgorithm},
	{"GCM", replaced(aesCBC, `Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"`), xmldsig.EncryptionAlgorithm},
	{"AES-128", replaced(aesCBC, `Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"`), xmldsig.EncryptionAlgorithm},
	{"no cipher named", replaced(aesCBC, ``), xmldsig.EncryptionAlgorithm},
	{"length of the key", replaced(aesCBC+"/>", aesCBC+"><e:KeySize>128</e:KeySize></e:EncryptionMethod>"), xmldsig.EncryptionContent},
	{"whole element encrypted", replaced(`xmlenc#Content"`, `xmlenc#Element"`), xmldsig.EncryptionContent},
	{"type of the content", replaced(`Id="DATA"`, `Id="DATA" MimeType="text/xml"`), xmldsig.EncryptionContent},
	{"cipher elsewhere", func(m string) string {
		before, data, after := elementOf(m, "e:EncryptedData")
		return before + between(data, "<e:CipherData>", "</e:CipherData>", `<e:CipherReference URI="http://elsewhere.example/"/>`) + after
	}, xmldsig.EncryptionContent},
	{"cipher that is no base64", func(m string) string { return valued(m, "AAAA", "*") }, xmldsig.EncryptionContent},
	{"cipher of one block", func(m string) string { return valued(m, "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 16))) }, xmldsig.EncryptionContent},
	{"cipher of a part of a block", func(m string) string { return valued(m, "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 33))) }, xmldsig.EncryptionContent},
	{"key for another recipient", replaced(base64.StdEncoding.EncodeToString([]byte{7, 7, 7})+"<", "CAgI<"), xmldsig.OtherRecipient},
	{"digest of SHA-256", replaced(digest1, digest256), xmldsig.AlgorithmOther},
	{"signature by SHA-256", replaced(`xmldsig#rsa-sha1"`, `xmldsig-more#rsa-sha256"`), xmldsig.AlgorithmUnknown},
	{"header altered", replaced(">document-1<", ">document-2<"), xmldsig.DigestWrong},
	{"key signed", replaced(`<Reference URI="#_2">`, `<Reference URI="#_0">`), xmldsig.ReferenceDangling},
}

// unopened are messages that fail behind the cipher, by whatever it is.
var unopened = []change{
	{"another text", containing(padded(strings.Replace(smallBody, "100", "999", 1))), ""},
	{"nothing", containing(padded("")), ""},
	{"key for somebody else under our name", func(m string) string {
		data, key := ciphers(padded(smallBody), make([]byte, 32), country().rsa)
		return valued(m, key, data)
	}, ""},
	{"short key", func(m string) string {
		data, key := ciphers(padded(smallBody), make([]byte, 16), receiver())
		return valued(m, key, data)
	}, ""},
	{"key of zeros", func(m string) string {
		_, data := values(m)
		return valued(m, base64.StdEncoding.EncodeToString(make([]byte, 256)), base64.StdEncoding.EncodeToString(data))
	}, ""},
	{"key that is too long", func(m string) string {
		_, data := values(m)
		return valued(m, base64.StdEncoding.EncodeToString(make([]byte, 300)), base64.StdEncoding.EncodeToString(data))
	}, ""},
	{"key larger than the modulus", func(m string) string {
		_, data := values(m)
		n := receiver().certificate.PublicKey.(*rsa.PublicKey).N
		return valued(m, base64.StdEncoding.EncodeToString(new(big.Int).Add(n, big.NewInt(1)).Bytes()), base64.StdEncoding.EncodeToString(data))
	}, ""},
	{"text that is no XML", containing(padded("no XML <")), ""},
	{"text that is no UTF-8", containing(padded("<a>\xC3\x28</a>")), ""},
	{"document type", containing(padded(`<!DOCTYPE a [<!ENTITY e "x">]>` + smallBody)), ""},
	{"declaration", containing(padded(`<?xml version="1.0"?>` + smallBody)), ""},
	{"end of the body", containing(padded(smallBody + `</s:Body>`)), ""},
	{"another body", containing(padded(`</s:Body><s:Body u:Id="_1">` + smallBody)), ""},
	{"another body behind", containing(padded(smallBody + `</s:Body><s:Body>`)), ""},
	{"begun and not ended", containing(padded(smallBody + `<a b="`)), ""},
	{"section that is not ended", containing(padded(smallBody + `<![CDATA[`)), ""},
	{"two elements", containing(padded(smallBody + smallBody)), ""},
	{"identifier of the body", containing(padded(strings.Replace(smallBody, "<Text>", `<Text Id="_1">`, 1))), ""},
	{"cipher in the cipher", containing(padded(someEncrypted)), ""},
	{"too deep", containing(padded(strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70))), ""},
	{"larger than may be", containing(padded("<a>" + strings.Repeat("<b/>", 500) + "</a>")), ""},
	{"body with another signature", func(m string) string {
		_, sig, _ := elementOf(m, "Signature")
		return containing(padded("<a>" + sig + "</a>"))(m)
	}, ""},
	{"body with the security header", func(m string) string {
		before, _, after := elementOf(m, "e:EncryptedKey")
		_, security, _ := elementOf(before+after, "o:Security")
		return containing(padded(security))(m)
	}, ""},
}

func TestSealed_RefusesEachByItsRule(t *testing.T) {
	t.Parallel()
	message := sealed(t, country().rsa, smallBody)
	for _, c := range sealedAttacks {
		if got := reason(t, oiorasp(t), c.of(message)); got != c.want {
			t.Errorf("%s: refused as %q, where it is %q", c.name, got, c.want)
		}
	}
}

// TestSealed_OneRefusalBehindTheCipher: by what is told nobody can know what was wrong.
func TestSealed_OneRefusalBehindTheCipher(t *testing.T) {
	t.Parallel()
	message := sealed(t, country().rsa, smallBody)
	one := (&xmldsig.Refusal{Reason: xmldsig.BodyUnopened, Place: "s:Body"}).Error()
	refused := func(name, variant string) {
		v := oiorasp(t)
		v.Limits.Nodes = 300
		_, err := v.Verify([]byte(variant), now)
		if err == nil || err.Error() != one || !errors.Is(err, xmldsig.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range unopened {
		refused(c.name, c.of(message))
	}
	// Every byte of the cipher, and some of the key's.
	key, data := values(message)
	for i := range data {
		data[i] ^= 1 << (i % 8)
		refused("byte of the cipher", valued(message, base64.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(data)))
		data[i] ^= 1 << (i % 8)
	}
	for i := 0; i < len(key); i += 16 {
		key[i] ^= 0x40
		refused("byte of the key", valued(message, base64.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(data)))
		key[i] ^= 0x40
	}
	// The text that was signed, filled against the rule.
	whole := strings.Replace(smallBody, "100", strings.Repeat("1", 3+aes.BlockSize-len(smallBody)%aes.BlockSize), 1)
	for _, fill := range []byte{0, 17, 32, 255} {
		last := append(make([]byte, aes.BlockSize-1), fill)
		refused("filling", containing(append([]byte(whole), last...))(sealed(t, country().rsa, whole)))
	}
	for cut := 16; cut < len(data)-16; cut += 16 {
		refused("block left out", valued(message, base64.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(data[cut:])))
	}
	if got := reason(t, oiorasp(t), message); got != "" {
		t.Errorf("unaltered: %s", got)
	}
}

// TestSealed_OneTryOfASignature: what failed once is not opened again, whatever comes with the same signature.
func TestSealed_OneTryOfASignature(t *testing.T) {
	t.Parallel()
	v := oiorasp(t)
	message := sealed(t, country().rsa, smallBody)
	if got := reason(t, v, message); got != "" {
		t.Fatal(got)
	}
	for _, variant := range []string{containing(padded("x"))(message), message} {
		if got := reason(t, v, variant); got != xmldsig.BodyUnopened {
			t.Errorf("refused as %q", got)
		}
	}
	again, err := sealing(country().rsa).Sign(request(smallBody), now.Add(1e9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(again, now); err != nil {
		t.Errorf("signed anew: %v", err)
	}
}

// TestSealed_NothingIsOpenedForStrangers: the certificate says who may have anything decrypted, before anything is.
func TestSealed_NothingIsOpenedForStrangers(t *testing.T) {
	t.Parallel()
	p := country()
	nobody := issue(issue(nil, curveKey(elliptic.P256()), nil), rsaKeys()[2048], nil)
	nameless := unnameable()
	unnamed := issue(nameless, rsaKeys()[2048], noIdentifier)
	message := sealed(t, p.rsa, smallBody)
	bySHA256 := issue(p.root, rsaKeys()[2048], nil)
	v := oiorasp(t)
	var err error
	if v.Trust, err = xmldsig.NewTrust(xmldsig.Anchors{Roots: []*x509.Certificate{p.root.certificate, nameless.certificate}}); err != nil {
		t.Fatal(err)
	}
	bound := v.ProfileOf
	v.ProfileOf = func(c xmldsig.Certificate) xmldsig.Profile {
		if c.Leaf.Equal(unnamed.certificate) {
			return xmldsig.OIORASP
		}
		return bound(c)
	}
	for name, c := range map[string]struct {
		message string
		want    xmldsig.Reason
	}{
		"of no authority":                          {sealed(t, nobody, smallBody), xmldsig.IssuerUnknown},
		"bound to the other profile":               {sealed(t, bySHA256, smallBody), xmldsig.Encrypted},
		"bound to the other profile, in the clear": {inTheClear(sealed(t, bySHA256, smallBody), smallBody), xmldsig.AlgorithmLegacy},
		"without a way to name it":                 {sealed(t, unnamed, smallBody), xmldsig.CertificateNoID},
		"expired":                                  {timestamped(message, "2026-11-30T11:00:00Z", "2026-11-30T11:05:00Z"), xmldsig.SignatureWrong},
		"in the other profile whole":               {string(signed(t, p.rsa, request(smallBody))), xmldsig.NotEncrypted},
	} {
		if got := reason(t, v, c.message); got != c.want {
			t.Errorf("%s: refused as %q, where it is %q", name, got, c.want)
		}
	}
	late := oiorasp(t)
	if _, err := late.Verify([]byte(containing(padded("x"))(message)), now.Add(3600e9)); reasonOf(err) != xmldsig.NoLongerValid {
		t.Errorf("after its time: %v", err)
	}
	if got := reason(t, requestVerifier(), message); got != xmldsig.Encrypted {
		t.Errorf("where nobody is bound to the profile: %q", got)
	}
}

func TestRecipient_WhatItNeeds(t *testing.T) {
	t.Parallel()
	p := country()
	unnamed := issue(unnameable(), rsaKeys()[2048], noIdentifier)
	short := issue(p.root, rsaKeys()[1024], nil)
	for name, i := range map[string]*identity{"curve": p.curve, "no way to name it": unnamed, "short": short, "another's certificate": {key: receiver().key, certificate: p.rsa.certificate}} {
		if _, err := xmldsig.NewRecipient(xmldsig.OwnKey{Key: i.key, Certificate: i.certificate}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, s := range map[string]*xmldsig.Signer{
		"no receiver":         {Key: p.rsa.key, Certificate: p.rsa.certificate, Profile: xmldsig.OIORASP},
		"curve":               {Key: p.curve.key, Certificate: p.curve.certificate, Profile: xmldsig.OIORASP, Receiver: receiver().certificate},
		"receiver of a curve": {Key: p.rsa.key, Certificate: p.rsa.certificate, Profile: xmldsig.OIORASP, Receiver: p.curve.certificate},
		"receiver unnamed":    {Key: p.rsa.key, Certificate: p.rsa.certificate, Profile: xmldsig.OIORASP, Receiver: unnamed.certificate},
	} {
		if _, err := s.Sign(request(smallBody), now); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
