package xmldsig_test

import (
	"regexp"
	"strings"
	"testing"

	"nks/gateway/door/rasp/xmldsig"
)

// stricter are messages that xmlsec1 signs and finds valid, and that are refused here.
var stricter = []change{
	{"a comment", replaced(">100<", ">1<!-- -->00<"), xmldsig.Comment},
	{"a processing instruction", replaced(">100<", ">100<?x y?><"), xmldsig.Instruction},
	{"a document type", func(m string) string { return "<!DOCTYPE s:Envelope>\n" + m }, xmldsig.DocumentType},
	{"another encoding", func(m string) string { return `<?xml version="1.0" encoding="ISO-8859-1"?>` + m }, xmldsig.NotUTF8},
	{"text in the body", replaced("</s:Body>", "text</s:Body>"), xmldsig.BodyContent},
	{"two documents in the body", replaced("</s:Body>", "<z/></s:Body>"), xmldsig.BodyContent},
	{"something between header and body", replaced("</s:Header>", "</s:Header><z/>"), xmldsig.EnvelopeContent},
	{"a type in the body", replaced(bodyStart, bodyStart+` xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="p:Other"`), xmldsig.TypeSubstituted},
	{"a header twice, one of them not signed", replaced("<a:To", `<a:To>x</a:To><a:To`), xmldsig.HeaderTwice},
	{"a header that is not signed", replaced("</s:Header>", "<a:From/></s:Header>"), xmldsig.ReferenceMissing},
	{"a body that is not signed", func(m string) string { return withoutText(m, `<Reference URI="#_1">`) }, xmldsig.ReferenceMissing},
	{"a timestamp that is not signed", func(m string) string { return withoutText(m, `<Reference URI="#TS">`) }, xmldsig.ReferenceMissing},
	{"nothing but one header signed", func(m string) string {
		return between(m, rsaSHA256, `<Reference URI="#_3">`, "")
	}, xmldsig.ReferenceMissing},
	{"an old message", func(m string) string { return strings.ReplaceAll(m, "2026-11-30T12", "2026-11-29T12") }, xmldsig.NoLongerValid},
	{"the whole document signed, too", replaced(reference1, `<Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`+
		exclusive+`</Transforms>`+digest256+`<DigestValue></DigestValue></Reference>`+reference1), xmldsig.ReferenceURI},
	{"enveloped-signature before the canonicalisation", replaced(exclusive, `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`+exclusive), xmldsig.TransformForbidden},
	{"inclusive canonicalisation", replaced(exclusive, `<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`), xmldsig.TransformForbidden},
	{"canonicalisation with comments", replaced(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>`), xmldsig.TransformForbidden},
	{"SignedInfo inclusively canonicalised", replaced(canonical, `<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`), xmldsig.TransformForbidden},
	{"a digest of SHA-1", replaced(digest256, `<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`), xmldsig.AlgorithmLegacy},
	{"a digest of SHA-224", replaced(digest256, `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha224"/>`), xmldsig.AlgorithmUnknown},
	{"RSA with SHA-1", replaced(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/>`), xmldsig.AlgorithmLegacy},
	{"a type of a reference", replaced(reference1, `<Reference Type="urn:any" URI="#_2">`), xmldsig.SignatureContent},
	{"an Object in the signature", replaced("</KeyInfo>", "</KeyInfo><Object>x</Object>"), xmldsig.SignatureContent},
	{"a key's name beside the token", replaced(str, "<KeyName>k</KeyName>"+str), xmldsig.KeyInfoContent},
}

// withoutText is a message without one reference.
func withoutText(message, reference string) string {
	start := strings.Index(message, reference)
	return message[:start] + message[start+strings.Index(message[start:], "</Reference>")+len("</Reference>"):]
}

var filled = regexp.MustCompile(`<(DigestValue|SignatureValue)>[^<]*<`)

func TestXmlsec_TakesWhatIsRefusedHere(t *testing.T) {
	t.Parallel()
	certificate, key := pems(t, country().rsa)
	message := string(signed(t, country().rsa, request(smallBody)))
	var templates []string
	for _, c := range stricter {
		templates = append(templates, filled.ReplaceAllString(c.of(message), "<$1><"))
	}
	printed, written := xmlsec(t, append([]string{"--sign", "--privkey-pem", key}, files(t, templates)...)...)
	messages := strings.SplitAfter(written, "</s:Envelope>\n")
	if len(messages) != len(stricter)+1 {
		t.Fatalf("of %d templates xmlsec1 signed %d: %s", len(stricter), len(messages)-1, printed)
	}
	printed, _ = xmlsec(t, append([]string{"--verify", "--pubkey-cert-pem", certificate}, files(t, messages[:len(stricter)])...)...)
	if good := strings.Count("\n"+printed, "\nOK\n"); good != len(stricter) {
		t.Fatalf("of %d messages xmlsec1 verified %d: %s", len(stricter), good, printed)
	}
	for i, c := range stricter {
		if got := reason(t, requestVerifier(), messages[i]); got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
	}
}
