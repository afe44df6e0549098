package xmldsig_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nks/gateway/door/rasp/xmldsig"
)

// FuzzVerify: whatever is done to a signed message, what is taken shows what was signed.
func FuzzVerify(f *testing.F) {
	message := signed(f, country().curve, request(smallBody))
	v := requestVerifier()
	m, err := v.Verify(message, now)
	if err != nil {
		f.Fatal(err)
	}
	original := shown(m)
	f.Add(0, 0, []byte("<"))
	f.Add(300, 10, []byte(`<s:Body u:Id="_1"/>`))
	f.Add(len(message)-40, 0, []byte("<!-- -->"))
	f.Fuzz(func(t *testing.T, at, drop int, put []byte) {
		at = max(0, min(at, len(message)))
		drop = max(0, min(drop, len(message)-at))
		variant := bytes.Join([][]byte{message[:at], put, message[at+drop:]}, nil)
		sameOrRefused(t, v, original, variant)
	})
}

// FuzzSealed: whatever stands in the cipher, and whatever is done around it, what is taken shows what was signed.
func FuzzSealed(f *testing.F) {
	message := sealed(f, country().rsa, smallBody)
	m, err := oiorasp(f).Verify([]byte(message), now)
	if err != nil {
		f.Fatal(err)
	}
	original := shown(m)
	f.Add([]byte(smallBody), 0, 0, []byte(""))
	f.Add([]byte(smallBody+"</s:Body><s:Body>"), 300, 10, []byte("<"))
	f.Add([]byte(`</s:Body><x a="`), len(message)-40, 0, []byte(`"/>`))
	f.Add([]byte("<p:Payment xmlns:p='urn:test:payment' xmlns='urn:test:default'><p:Amount currency='DKK'>100</p:Amount><Text>a &#38; b</Text></p:Payment>"), 0, 0, []byte{})
	f.Fuzz(func(t *testing.T, text []byte, at, drop int, put []byte) {
		variant := containing(padded(string(text)))(message)
		at = max(0, min(at, len(variant)))
		drop = max(0, min(drop, len(variant)-at))
		sameOrRefused(t, oiorasp(t), original, []byte(variant[:at]+string(put)+variant[at+drop:]))
		sameOrRefused(t, oiorasp(t), original, []byte(message[:min(at, len(message))]+string(put)+message[min(at+drop, len(message)):]))
	})
}

// FuzzParse: any bytes are read or refused, and what is read as a body is canonical: read again, it is the same.
func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add([]byte(generated(r)))
	}
	f.Add([]byte("<a xmlns:x='urn:x' x:y=\"&#xD;\t'\">\r\n]]&gt;<![CDATA[<>]]></a>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, err := xmldsig.Peek(document, xmldsig.Limits{}); err != nil {
			wellFormed(t, err)
		}
		canonicalTwice(t, document)
	})
}

// canonicalTwice signs a document, and its canonical form: both have the same canonical form.
func canonicalTwice(t testing.TB, document []byte) {
	t.Helper()
	once, ok := canonicalForm(t, document)
	if !ok {
		return
	}
	if twice, ok := canonicalForm(t, once); !ok || !bytes.Equal(once, twice) {
		t.Errorf("document\n%s\ncanonical\n%s\ncanonical again\n%s", document, once, twice)
	}
}

func canonicalForm(t testing.TB, document []byte) ([]byte, bool) {
	message, err := country().curve.signer().Sign(request(string(document)), now)
	if err != nil {
		return nil, false
	}
	m, err := requestVerifier().Verify(message, now)
	if err != nil { // it has what a signer may write and a verifier does not take
		if got := reasonOf(err); got != xmldsig.ElementTwice && got != xmldsig.Encrypted && got != xmldsig.TypeSubstituted {
			t.Errorf("signed here, and refused: %v\n%s", err, message)
		}
		return nil, false
	}
	return m.Body.Bytes(), !m.Body.Empty
}

// TestSign_WhateverIsSaid: any text and any attribute arrive as they were given.
func TestSign_WhateverIsSaid(t *testing.T) {
	t.Parallel()
	characters := rapid.Rune().Filter(func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r < 0xD800 || r >= 0xE000 && r < 0xFFFE || r > 0xFFFF
	})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(characters, 0, 50, -1).Draw(t, "text")
		value := rapid.StringOfN(characters, 0, 50, -1).Draw(t, "value")
		m := reply()
		m.Headers[1].Text = text
		m.Content = &xmldsig.Tag{Name: xmldsig.Name{Space: "urn:x", Local: "c"}, Attributes: []xmldsig.Attribute{{Name: xmldsig.Name{Local: "v"}, Value: value}}}
		message, err := country().curve.signer().Sign(m, now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := replyVerifier().Verify(message, now)
		if err != nil {
			t.Fatal(err)
		}
		arrivedText, _ := got.Header(xmldsig.Addressing, "Action")
		if arrivedText.Text() != text {
			t.Errorf("text %q arrived as %q", text, arrivedText.Text())
		}
		if arrived, _ := got.Body.Element.Attribute("", "v"); arrived != value {
			t.Errorf("value %q arrived as %q", value, arrived)
		}
	})
}

// TestC14N_IsItsOwnCanonicalForm: canonicalising again changes nothing.
func TestC14N_IsItsOwnCanonicalForm(t *testing.T) {
	t.Parallel()
	count, r := documents(t, 300)
	for range count {
		canonicalTwice(t, []byte(generated(r)))
	}
}

func TestSign_SameInputSameBytes(t *testing.T) {
	t.Parallel()
	var messages []string
	for range 2 {
		messages = append(messages, string(signed(t, country().rsa, request(smallBody)))) // RSA of this kind has no chance in it
	}
	if messages[0] != messages[1] {
		t.Errorf("twice signed:\n%s\n%s", messages[0], messages[1])
	}
	later, err := country().rsa.signer().Sign(request(smallBody), now.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	_, stamp, _ := cut(string(later), "TS")
	if !strings.Contains(stamp, "12:00:01.000Z") || !strings.Contains(stamp, "12:05:01.000Z") {
		t.Errorf("a second later: %s", stamp)
	}
}

func TestSign_Refuses(t *testing.T) {
	t.Parallel()
	header := func(space, local, text string) xmldsig.Outgoing {
		m := reply()
		m.Headers = append(m.Headers, xmldsig.Tag{Name: xmldsig.Name{Space: space, Local: local}, Text: text})
		return m
	}
	tag := xmldsig.Tag{Name: xmldsig.Name{Space: "urn:x", Local: "c"}}
	for name, m := range map[string]xmldsig.Outgoing{
		"a body that is no document":           request("text"),
		"a body of two elements":               request("<a/><b/>"),
		"a body that ends the body":            request("<a/></s:Body><s:Body><b/>"),
		"a body that ends the envelope":        request("<a/></s:Body></s:Envelope><s:Envelope><s:Header/><s:Body>"),
		"a body with a comment":                request("<a><!-- --></a>"),
		"a body in another encoding":           request(`<?xml version="1.0" encoding="latin1"?><a/>`),
		"a body with a part's id":              request(`<a Id="_1"/>`),
		"two bodies":                           {Body: []byte("<a/>"), Content: &tag},
		"a header that is not signed":          header("urn:x", "h", ""),
		"a header with a character of no text": header(xmldsig.OIO, "h", "\x00"),
		"a header that is no name":             header(xmldsig.OIO, "h h", ""),
		"a header that brings another":         header(xmldsig.OIO, "h/><h", ""),
	} {
		if message, err := country().curve.signer().Sign(m, now); err == nil {
			t.Errorf("%s: signed\n%s", name, message)
		}
	}
	for name, signer := range map[string]*xmldsig.Signer{
		"another's certificate": {Key: country().rsa.key, Certificate: country().curve.certificate},
		"a short key":           issue(country().root, rsaKeys()[1024], nil).signer(),
		"no key identifier":     {Key: country().root.key, Certificate: issue(unnameable(), country().root.key, noIdentifier).certificate, ByKeyIdentifier: true},
	} {
		if _, err := signer.Sign(reply(), now); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestSign_DeclarationIsLeftOut(t *testing.T) {
	t.Parallel()
	m, err := requestVerifier().Verify(signed(t, country().curve, request("\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a>æ</a>\n")), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Body.Bytes()); got != "<a>æ</a>" {
		t.Errorf("body is %s", got)
	}
}

func TestPeek_UnsignedFault(t *testing.T) {
	t.Parallel()
	soap := func(local, text string, children ...xmldsig.Tag) xmldsig.Tag {
		return xmldsig.Tag{Name: xmldsig.Name{Space: xmldsig.SOAP, Local: local}, Text: text, Children: children}
	}
	m := reply()
	fault := soap("Fault", "", soap("Code", "", soap("Value", "s:Sender"), soap("Subcode", "", soap("Value", "o:InvalidSecurity"))))
	m.Content = &fault
	message, err := xmldsig.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	claim, err := xmldsig.Peek(message, xmldsig.Limits{})
	want := xmldsig.Claim{Action: action, RelatesTo: "urn:uuid:message", FaultCode: "Sender", FaultSubcode: "InvalidSecurity"}
	if err != nil || claim != want {
		t.Errorf("%+v, %v", claim, err)
	}
	if got := reason(t, replyVerifier(), string(message)); got != xmldsig.SecurityMissing {
		t.Errorf("verified: %q", got)
	}
	if _, err := xmldsig.Peek([]byte("<a/>"), xmldsig.Limits{}); reasonOf(err) != xmldsig.NoEnvelope {
		t.Errorf("no envelope: %v", err)
	}
}
