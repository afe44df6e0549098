package xmldsig_test

import (
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"nks/gateway/door/rasp/xmldsig"
)

// change is a message altered, signed anew where SignedInfo is.
type change struct {
	name string
	of   func(message string) string
	want xmldsig.Reason
}

func replaced(from, to string) func(string) string {
	return func(message string) string {
		if !strings.Contains(message, from) {
			panic("nothing to replace: " + from)
		}
		return strings.Replace(message, from, to, 1)
	}
}

// anew is replaced, and signed anew by the RSA key of the message.
func anew(from, to string) func(string) string {
	return func(message string) string {
		return resigned(replaced(from, to)(message), country().rsa.key, crypto.SHA256)
	}
}

const (
	exclusive  = `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	canonical  = `<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	rsaSHA256  = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>`
	digest256  = `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`
	bodyStart  = `<p:Payment xmlns:p="urn:test:payment"`
	reference1 = `<Reference URI="#_2">`
	str        = `<o:SecurityTokenReference>`
	strEnd     = `</o:SecurityTokenReference>`
)

// attacks are messages that must be refused, each by its own rule.
var attacks = []change{
	// What is no strict form.
	{"document type", func(m string) string { return `<!DOCTYPE s:Envelope>` + m }, xmldsig.DocumentType},
	{"external entity", func(m string) string {
		return `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + strings.Replace(m, ">100<", ">&e;<", 1)
	}, xmldsig.DocumentType},
	{"entity without a declaration", replaced(">100<", ">&e;<"), xmldsig.EntityUnknown},
	{"entity of HTML", replaced(">100<", ">&nbsp;<"), xmldsig.EntityUnknown},
	{"reference to no character", replaced(">100<", ">&#0;<"), xmldsig.EntityUnknown},
	{"reference to a surrogate", replaced(">100<", ">&#xD800;<"), xmldsig.EntityUnknown},
	{"reference beyond Unicode", replaced(">100<", ">&#x110000;<"), xmldsig.EntityUnknown},
	{"reference with a sign", replaced(">100<", ">&#+65;<"), xmldsig.EntityUnknown},
	{"comment in text", replaced(">100<", ">1<!-- -->00<"), xmldsig.Comment},
	{"comment in DigestValue", replaced("<DigestValue>", "<DigestValue><!-- -->"), xmldsig.Comment},
	{"comment behind the envelope", func(m string) string { return m + "<!-- -->" }, xmldsig.Comment},
	{"processing instruction", replaced(">100<", ">1<?x?>00<"), xmldsig.Instruction},
	{"processing instruction in front", func(m string) string { return `<?xml-stylesheet href="x"?>` + m }, xmldsig.NotUTF8},
	{"another encoding", func(m string) string { return `<?xml version="1.0" encoding="ISO-8859-1"?>` + m }, xmldsig.NotUTF8},
	{"XML 1.1", func(m string) string { return `<?xml version="1.1"?>` + m }, xmldsig.NotUTF8},
	{"broken UTF-8", replaced(">100<", ">\xC3\x28<"), xmldsig.NotUTF8},
	{"overlong UTF-8", replaced(">100<", ">\xC0\xBC<"), xmldsig.NotUTF8},
	{"UTF-16", func(m string) string { return "\xFF\xFE" + m }, xmldsig.NotUTF8},
	{"NUL", replaced(">100<", ">1\x0000<"), xmldsig.CharacterForbidden},
	{"control in an attribute", replaced(`"DKK"`, "\"D\x01K\""), xmldsig.CharacterForbidden},
	{"noncharacter", replaced(">100<", ">\uFFFF<"), xmldsig.CharacterForbidden},
	{"prefix without a binding", replaced("<p:Amount ", "<z:Amount "), xmldsig.NamespaceBroken},
	{"attribute's prefix without a binding", replaced(` currency=`, ` z:currency=`), xmldsig.NamespaceBroken},
	{"relative namespace", replaced(bodyStart, bodyStart+` xmlns:z="relative"`), xmldsig.NamespaceBroken},
	{"namespace that is no URI", replaced(bodyStart, bodyStart+` xmlns:z="urn:a b"`), xmldsig.NamespaceBroken},
	{"prefix unbound", replaced(bodyStart, bodyStart+` xmlns:z=""`), xmldsig.NamespaceBroken},
	{"xml bound otherwise", replaced(bodyStart, bodyStart+` xmlns:xml="urn:x"`), xmldsig.NamespaceBroken},
	{"xmlns bound", replaced(bodyStart, bodyStart+` xmlns:xmlns="urn:x"`), xmldsig.NamespaceBroken},
	{"two colons", replaced(`<p:Amount currency`, `<p:A:mount currency`), xmldsig.NamespaceBroken},
	{"attribute twice", replaced(` currency="DKK"`, ` currency="DKK" currency="EUR"`), xmldsig.AttributeTwice},
	{"attribute twice by namespace", replaced(bodyStart, bodyStart+` xmlns:q="urn:test:payment" p:a="1" q:a="2"`), xmldsig.AttributeTwice},
	{"prefix bound twice", replaced(bodyStart, bodyStart+` xmlns:p="urn:other"`), xmldsig.AttributeTwice},
	{"end tag of another", replaced("</p:Amount>", "</p:amount>"), xmldsig.SyntaxBroken},
	{"attribute without quotes", replaced(`"DKK"`, `DKK`), xmldsig.SyntaxBroken},
	{"attributes without white space", replaced(`<p:Amount currency="DKK">`, `<p:Amount currency="DKK"a="">`), xmldsig.SyntaxBroken},
	{"less-than in an attribute", replaced(`"DKK"`, `"<"`), xmldsig.SyntaxBroken},
	{"end of CDATA in text", replaced(">100<", ">]]><"), xmldsig.SyntaxBroken},
	{"name with a digit first", replaced("<Text>", "<1Text>"), xmldsig.SyntaxBroken},
	{"two roots", func(m string) string { return m + m }, xmldsig.SyntaxBroken},
	{"text behind", func(m string) string { return m + "x" }, xmldsig.SyntaxBroken},
	{"cut off", func(m string) string { return m[:len(m)-5] }, xmldsig.SyntaxBroken},
	{"nothing", func(string) string { return "" }, xmldsig.SyntaxBroken},
	{"CDATA in front", func(m string) string { return "<![CDATA[]]>" + m }, xmldsig.SyntaxBroken},
	{"CDATA without an end", replaced(">100<", "><![CDATA[100<"), xmldsig.SyntaxBroken},
	{"control in CDATA", replaced(">100<", "><![CDATA[\x01]]><"), xmldsig.CharacterForbidden},
	{"declaration of an element", replaced(">100<", "><!ELEMENT a ANY><"), xmldsig.SyntaxBroken},
	{"bracket at the end", func(m string) string { return m[:len(m)-1] + "<" }, xmldsig.SyntaxBroken},
	{"end tag alone", func(m string) string { return "</s:Envelope>" }, xmldsig.SyntaxBroken},
	{"end tag with more in it", replaced("</p:Amount>", "</p:Amount x>"), xmldsig.SyntaxBroken},
	{"attribute without a value", replaced(` currency="DKK"`, ` currency`), xmldsig.SyntaxBroken},
	{"attribute without an end", func(m string) string { return m[:strings.Index(m, `DKK"`)] }, xmldsig.SyntaxBroken},
	{"entity in an attribute", replaced(`"DKK"`, `"&e;"`), xmldsig.EntityUnknown},
	{"prefix with a digit first", replaced("<Text>", "<1p:Text>"), xmldsig.SyntaxBroken},
	{"name with a character of none", replaced("<Text>", "<Text\u00d7>"), xmldsig.SyntaxBroken},
	{"name of xmlns", replaced("<Text>", "<xmlns:Text>"), xmldsig.NamespaceBroken},
	{"namespace without a scheme's letter", replaced(bodyStart, bodyStart+` xmlns:z="1urn:x"`), xmldsig.NamespaceBroken},
	{"identifier twice as u:Id", replaced(bodyStart, bodyStart+` u:Id="_2"`), xmldsig.IDTwice},
	{"identifier twice as Id", replaced(bodyStart, bodyStart+` Id="_2"`), xmldsig.IDTwice},
	{"identifier twice as ID", replaced(bodyStart, bodyStart+` ID="_2"`), xmldsig.IDTwice},
	{"identifier twice as xml:id", replaced(bodyStart, bodyStart+` xml:id="_2"`), xmldsig.IDTwice},
	{"type by a prefix in a value", replaced(bodyStart, bodyStart+` xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="p:Other"`), xmldsig.TypeSubstituted},
	// What is no envelope.
	{"SOAP 1.1", func(m string) string {
		return strings.ReplaceAll(m, xmldsig.SOAP, "http://schemas.xmlsoap.org/soap/envelope/")
	}, xmldsig.NoEnvelope},
	{"text between header and body", replaced("</s:Header>", "</s:Header>x"), xmldsig.EnvelopeContent},
	{"third part", replaced("</s:Header>", "</s:Header><z/>"), xmldsig.EnvelopeContent},
	{"text in the header", replaced("</s:Header>", "x</s:Header>"), xmldsig.EnvelopeContent},
	{"timestamp as a header", func(m string) string {
		before, ts, after := cut(m, "TS")
		return replaced("</s:Header>", ts+"</s:Header>")(before + after)
	}, xmldsig.EnvelopeContent},
	{"text in the body", replaced("</s:Body>", "x</s:Body>"), xmldsig.BodyContent},
	{"text in Security", replaced("<u:Timestamp", "x<u:Timestamp"), xmldsig.SecurityContent},
	{"something in the timestamp", replaced("</u:Timestamp>", "<z/></u:Timestamp>"), xmldsig.DigestWrong},
	{"white space in the body as CDATA", replaced("</s:Body>", "<![CDATA[ ]]></s:Body>"), xmldsig.BodyContent},
	{"white space in the body by reference", replaced("</s:Body>", "&#32;</s:Body>"), xmldsig.BodyContent},
	{"two elements in the body", replaced("</s:Body>", "<z/></s:Body>"), xmldsig.BodyContent},
	{"two bodies", replaced("</s:Header>", `</s:Header><s:Body/>`), xmldsig.ElementTwice},
	{"two headers of a name", replaced("<a:To", `<a:To>x</a:To><a:To`), xmldsig.HeaderTwice},
	{"two Security", replaced("</s:Header>", `<o:Security xmlns:o="`+xmldsig.Security+`"/></s:Header>`), xmldsig.ElementTwice},
	{"two Timestamps", replaced("</u:Timestamp>", `</u:Timestamp><u:Timestamp/>`), xmldsig.ElementTwice},
	{"two Signatures", replaced("</Signature>", `</Signature><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`), xmldsig.ElementTwice},
	{"two SignedInfo", replaced("<SignedInfo>", `<SignedInfo/><SignedInfo>`), xmldsig.ElementTwice},
	{"two SignatureValue", replaced("<SignatureValue>", `<SignatureValue/><SignatureValue>`), xmldsig.ElementTwice},
	{"two KeyInfo", replaced("<KeyInfo>", `<KeyInfo/><KeyInfo>`), xmldsig.ElementTwice},
	{"two tokens", replaced("<o:BinarySecurityToken", "<o:BinarySecurityToken/><o:BinarySecurityToken"), xmldsig.ElementTwice},
	{"no Security", func(m string) string { return between(m, "</ReceiverPartyIdentifierType>", "</s:Header>", "") }, xmldsig.SecurityMissing},
	{"no Signature", func(m string) string { return between(m, "</o:BinarySecurityToken>", "</o:Security>", "") }, xmldsig.SecurityMissing},
	{"no Timestamp", func(m string) string { before, _, after := cut(m, "TS"); return before + after }, xmldsig.SecurityMissing},
	{"no Action", func(m string) string { before, _, after := cut(m, "_3"); return before + after }, xmldsig.HeaderMissing},
	{"a user's name", replaced("<u:Timestamp", "<o:UsernameToken/><u:Timestamp"), xmldsig.SecurityContent},
	// What is no signature.
	{"Object in the Signature", replaced("</KeyInfo>", "</KeyInfo><Object/>"), xmldsig.SignatureContent},
	{"Manifest in the Signature", replaced("</KeyInfo>", `</KeyInfo><Manifest/>`), xmldsig.SignatureContent},
	{"type of a reference", anew(reference1, `<Reference URI="#_2" Type="http://www.w3.org/2000/09/xmldsig#Manifest">`), xmldsig.SignatureContent},
	{"empty DigestValue", func(m string) string { return between(m, "<DigestValue>", "<", "") }, xmldsig.SignatureContent},
	{"digest that is no base64", func(m string) string { return between(m, "<DigestValue>", "<", "=abc") }, xmldsig.SignatureContent},
	{"element in DigestValue", replaced("<DigestValue>", "<DigestValue><z/>"), xmldsig.SignatureContent},
	{"attribute of the Signature", replaced(`<Signature `, `<Signature Other="" `), xmldsig.SignatureContent},
	{"signature that is no base64", func(m string) string { return between(m, "<SignatureValue>", "<", "*") }, xmldsig.SignatureContent},
	{"attribute of SignedInfo", replaced("<SignedInfo>", `<SignedInfo Other="">`), xmldsig.SignatureContent},
	{"SignedInfo in another order", anew(canonical+rsaSHA256, rsaSHA256+canonical), xmldsig.SignatureContent},
	{"something else in SignedInfo", anew(reference1, "<Other/>"+reference1), xmldsig.SignatureContent},
	{"reference without a digest", anew(digest256, ""), xmldsig.SignatureContent},
	{"attribute of a digest's method", anew(digest256, strings.Replace(digest256, "/>", ` Other=""/>`, 1)), xmldsig.SignatureContent},
	{"attribute of Transforms", anew("<Transforms>", `<Transforms Other="">`), xmldsig.TransformForbidden},
	{"attribute of a Transform", anew(exclusive, strings.Replace(exclusive, "/>", ` Other=""/>`, 1)), xmldsig.TransformForbidden},
	{"empty URI", anew(reference1, `<Reference URI="">`), xmldsig.ReferenceURI},
	{"no URI", anew(reference1, `<Reference>`), xmldsig.ReferenceURI},
	{"external URI", anew(reference1, `<Reference URI="http://elsewhere.example/x#_2">`), xmldsig.ReferenceURI},
	{"attachment", anew(reference1, `<Reference URI="cid:_2">`), xmldsig.ReferenceURI},
	{"XPointer", anew(reference1, `<Reference URI="#xpointer(id('_2'))">`), xmldsig.ReferenceURI},
	{"XPointer to all", anew(reference1, `<Reference URI="#xpointer(/)">`), xmldsig.ReferenceURI},
	{"reference to nothing", anew(reference1, `<Reference URI="#nowhere">`), xmldsig.ReferenceDangling},
	{"reference to what is signed already", anew(reference1, `<Reference URI="#_3">`), xmldsig.ReferenceTwice},
	{"reference to the token's holder", func(m string) string {
		return anew(reference1, `<Reference URI="#sec">`)(replaced(`<o:Security `, `<o:Security u:Id="sec" `)(m))
	}, xmldsig.ReferenceTarget},
	{"reference inside the body", func(m string) string {
		return anew(reference1, `<Reference URI="#in">`)(replaced(bodyStart, bodyStart+` u:Id="in"`)(m))
	}, xmldsig.ReferenceTarget},
	{"reference to the envelope", func(m string) string {
		return anew(reference1, `<Reference URI="#env">`)(replaced(`<s:Envelope `, `<s:Envelope u:Id="env" `)(m))
	}, xmldsig.ReferenceTarget},
	{"reference by ID", replaced(` u:Id="_2"`, ` ID="_2"`), xmldsig.ReferenceDangling},
	{"reference by xml:id", replaced(` u:Id="_2"`, ` xml:id="_2"`), xmldsig.ReferenceDangling},
	{"another attribute for the identifier", replaced(` u:Id="_2"`, ` Id="_2"`), xmldsig.DigestWrong},
	{"inclusive canonicalisation", anew(exclusive, `<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`), xmldsig.TransformForbidden},
	{"canonicalisation with comments", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>`), xmldsig.TransformForbidden},
	{"enveloped", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`), xmldsig.TransformForbidden},
	{"enveloped and then canonicalised", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`+exclusive), xmldsig.TransformForbidden},
	{"XSLT", anew(exclusive, `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`), xmldsig.TransformForbidden},
	{"XPath", anew(exclusive, `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>self::a</XPath></Transform>`), xmldsig.TransformForbidden},
	{"base64", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>`), xmldsig.TransformForbidden},
	{"no transform", anew(exclusive, ``), xmldsig.TransformForbidden},
	{"twice canonicalised", anew(exclusive, exclusive+exclusive), xmldsig.TransformForbidden},
	{"something in the transform", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><XPath>x</XPath></Transform>`), xmldsig.TransformForbidden},
	{"something empty in the transform", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><XPath/></Transform>`), xmldsig.TransformForbidden},
	{"text beside the list of prefixes", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">x<InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="p"/></Transform>`), xmldsig.TransformForbidden},
	{"text in the list of prefixes", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#">x</InclusiveNamespaces></Transform>`), xmldsig.TransformForbidden},
	{"another attribute in the list of prefixes", anew(exclusive, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" Other="p"/></Transform>`), xmldsig.TransformForbidden},
	{"SignedInfo otherwise canonicalised", anew(canonical, `<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`), xmldsig.TransformForbidden},
	{"digest of SHA-1", anew(digest256, `<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`), xmldsig.AlgorithmLegacy},
	{"digest of MD5", anew(digest256, `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>`), xmldsig.AlgorithmLegacy},
	{"digest that nobody knows", anew(digest256, `<DigestMethod Algorithm="urn:none"/>`), xmldsig.AlgorithmUnknown},
	{"RSA with SHA-1", func(m string) string {
		m = replaced(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/>`)(m)
		return resigned(m, country().rsa.key, crypto.SHA1)
	}, xmldsig.AlgorithmLegacy},
	{"HMAC with the public key", anew(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>`), xmldsig.AlgorithmUnknown},
	{"HMAC of SHA-1", anew(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"/>`), xmldsig.AlgorithmUnknown},
	{"length of an HMAC", anew(rsaSHA256, strings.Replace(rsaSHA256, "/>", "><HMACOutputLength>0</HMACOutputLength></SignatureMethod>", 1)), xmldsig.SignatureContent},
	{"no algorithm", anew(rsaSHA256, `<SignatureMethod/>`), xmldsig.AlgorithmUnknown},
	{"ECDSA claimed of an RSA key", anew(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>`), xmldsig.KeyOfOtherType},
	{"another hash claimed", anew(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"/>`), xmldsig.SignatureWrong},
	{"digest of another hash", anew(digest256, `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>`), xmldsig.DigestWrong},
	{"body altered", replaced(">100<", ">999<"), xmldsig.DigestWrong},
	{"header altered", replaced(">document-1<", ">document-2<"), xmldsig.DigestWrong},
	{"SignedInfo altered", func(m string) string {
		return between(m, "<DigestValue>", "<", base64.StdEncoding.EncodeToString(make([]byte, 32)))
	}, xmldsig.SignatureWrong},
	{"SignatureValue of zeros", func(m string) string {
		return between(m, "<SignatureValue>", "<", base64.StdEncoding.EncodeToString(make([]byte, 256)))
	}, xmldsig.SignatureWrong},
	// What leads to no key, or to more than one.
	{"key by value", replaced(str, `<KeyValue/>`+str), xmldsig.KeyInfoContent},
	{"key retrieved", replaced(str, `<RetrievalMethod URI="#X509"/>`+str), xmldsig.KeyInfoContent},
	{"key named", func(m string) string { return between(m, "<KeyInfo>", "</KeyInfo>", "<KeyName>k</KeyName>") }, xmldsig.KeyInfoContent},
	{"certificate in KeyInfo", func(m string) string { return between(m, "<KeyInfo>", "</KeyInfo>", "<X509Data/>") }, xmldsig.KeyInfoContent},
	{"two ways to the key", replaced(strEnd, `<o:KeyIdentifier/>`+strEnd), xmldsig.KeyInfoContent},
	{"key identifier in a request", func(m string) string {
		return between(m, str, strEnd, `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier">AQIDAw==</o:KeyIdentifier>`)
	}, xmldsig.KeyInfoContent},
	{"key is another part", replaced(`URI="#X509"`, `URI="#_2"`), xmldsig.KeyInfoContent},
	{"key elsewhere", replaced(`URI="#X509"`, `URI="http://elsewhere.example/key"`), xmldsig.ReferenceURI},
	{"key nowhere", replaced(`URI="#X509"`, `URI="#X510"`), xmldsig.ReferenceDangling},
	{"chain in the token", replaced(`ValueType="`+tokenX509+`">`, `ValueType="`+strings.Replace(tokenX509, "X509v3", "X509PKIPathv1", 1)+`">`), xmldsig.TokenContent},
	{"token in hexadecimal", replaced("#Base64Binary", "#HexBinary"), xmldsig.TokenContent},
	{"token that is no certificate", func(m string) string { return between(m, `ValueType="`+tokenX509+`">`, "<", "AAAA") }, xmldsig.CertificateUnparsed},
	{"attribute of KeyInfo", replaced("<KeyInfo>", `<KeyInfo Other="">`), xmldsig.KeyInfoContent},
	{"type of another token", replaced(str, `<o:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="urn:other">`), xmldsig.KeyInfoContent},
	{"no way to the key", func(m string) string { return between(m, str, strEnd, "") }, xmldsig.KeyInfoContent},
	{"an unknown way to the key", func(m string) string { return between(m, str, strEnd, "<o:Embedded/>") }, xmldsig.KeyInfoContent},
	{"attribute of the reference to the key", replaced(`URI="#X509"`, `URI="#X509" Other=""`), xmldsig.KeyInfoContent},
	{"something in the reference to the key", replaced(`URI="#X509"/>`, `URI="#X509"><z/></o:Reference>`), xmldsig.KeyInfoContent},
	{"attribute of the token", replaced("<o:BinarySecurityToken ", `<o:BinarySecurityToken Other="" `), xmldsig.TokenContent},
	{"token that is no base64", func(m string) string { return between(m, `ValueType="`+tokenX509+`">`, "<", "*") }, xmldsig.TokenContent},
	// What is encrypted.
	{"encrypted body", func(m string) string {
		return between(m, `u:Id="_1">`, "</s:Body>", `<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>`)
	}, xmldsig.Encrypted},
	{"encrypted key", replaced("<u:Timestamp", `<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"/><u:Timestamp`), xmldsig.Encrypted},
}

func TestVerify_RefusesEachByItsRule(t *testing.T) {
	t.Parallel()
	message := string(signed(t, country().rsa, request(smallBody)))
	v := requestVerifier()
	if got := reason(t, v, message); got != "" {
		t.Fatalf("unaltered: %s", got)
	}
	for _, c := range attacks {
		if got := reason(t, v, c.of(message)); got != c.want {
			t.Errorf("%s: refused as %q, where it is %q", c.name, got, c.want)
		}
	}
}

// signedBy is the reason for which a message of an identity is refused, signed with its method.
func signedBy(t *testing.T, by *identity, method string, hash crypto.Hash) xmldsig.Reason {
	t.Helper()
	message := string(signed(t, country().rsa, request(smallBody)))
	message = between(message, `ValueType="`+tokenX509+`">`, "<", base64.StdEncoding.EncodeToString(by.certificate.Raw))
	message = replaced(rsaSHA256, `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#`+method+`"/>`)(message)
	return reason(t, requestVerifier(), resigned(message, by.key, hash))
}

func TestVerify_Keys(t *testing.T) {
	t.Parallel()
	root := country().root
	for _, c := range []struct {
		name   string
		key    crypto.Signer
		method string
		hash   crypto.Hash
		want   xmldsig.Reason
	}{
		{"RSA of 2048 bits", rsaKeys()[2048], "rsa-sha256", crypto.SHA256, ""},
		{"RSA with SHA-384", rsaKeys()[2048], "rsa-sha384", crypto.SHA384, ""},
		{"RSA with SHA-512", rsaKeys()[2048], "rsa-sha512", crypto.SHA512, ""},
		{"P-256", curveKey(elliptic.P256()), "ecdsa-sha256", crypto.SHA256, ""},
		{"P-384", curveKey(elliptic.P384()), "ecdsa-sha384", crypto.SHA384, ""},
		{"P-521", curveKey(elliptic.P521()), "ecdsa-sha384", crypto.SHA384, ""},
		{"RSA of 1024 bits", rsaKeys()[1024], "rsa-sha256", crypto.SHA256, xmldsig.KeyTooShort},
		{"P-224", curveKey(elliptic.P224()), "ecdsa-sha256", crypto.SHA256, xmldsig.KeyTooShort},
		{"a curve's key as RSA", curveKey(elliptic.P256()), "rsa-sha256", crypto.SHA256, xmldsig.KeyOfOtherType},
		{"another hash than claimed", curveKey(elliptic.P384()), "ecdsa-sha384", crypto.SHA256, xmldsig.SignatureWrong},
	} {
		if got := signedBy(t, issue(root, c.key, nil), c.method, c.hash); got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
	}
}

func TestVerify_Limits(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70)
	var wide, many, prefixes, ids strings.Builder
	for i := range 70 {
		wide.WriteString(" a" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + `=""`)
	}
	many.WriteString(strings.Repeat("<a/>", 500))
	for i := range 5000 {
		n := strings.Repeat("x", 1+i%70) + strings.Repeat("y", 1+i/70)
		prefixes.WriteString(`<a xmlns:` + n + `="urn:x"/>`)
		ids.WriteString(`<a Id="` + n + `"/>`)
	}
	message := string(signed(t, country().rsa, request(smallBody)))
	in := func(body string) string { return between(message, `u:Id="_1">`, "</s:Body>", "<b>"+body+"</b>") }
	for _, c := range []struct {
		name    string
		message string
		limits  xmldsig.Limits
		want    xmldsig.Reason
	}{
		{"bytes", message, xmldsig.Limits{Bytes: len(message) - 1}, xmldsig.TooManyBytes},
		{"bytes, just", message, xmldsig.Limits{Bytes: len(message)}, ""},
		{"depth", in(deep), xmldsig.Limits{}, xmldsig.TooDeep},
		{"attributes", in("<a" + wide.String() + "/>"), xmldsig.Limits{}, xmldsig.TooManyAttributes},
		{"nodes", in(many.String()), xmldsig.Limits{Nodes: 300}, xmldsig.TooManyNodes},
		{"text as nodes", in(strings.Repeat("<![CDATA[]]>", 500)), xmldsig.Limits{Nodes: 300}, xmldsig.TooManyNodes},
		{"attributes of all", in(strings.Repeat(`<a b="" c="" d="" e="" f="" g="" h="" i=""/>`, 50)), xmldsig.Limits{Nodes: 300}, xmldsig.TooManyNodes},
		{"identifiers", in(ids.String()), xmldsig.Limits{IDs: 300}, xmldsig.TooManyIDs},
		{"prefixes", in(prefixes.String()), xmldsig.Limits{}, xmldsig.TooManyPrefixes},
		{"prefixes in a list", anew(exclusive, strings.Replace(exclusive, "/>", `><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="`+
			strings.Repeat("p ", 40)+`"/></Transform>`, 1))(message), xmldsig.Limits{}, xmldsig.TooManyPrefixes},
		{"references", between(message, rsaSHA256, "</SignedInfo>", strings.Repeat("<Reference/>", 100)), xmldsig.Limits{}, xmldsig.TooManyReferences},
	} {
		v := requestVerifier()
		v.Limits = c.limits
		if got := reason(t, v, c.message); got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
	}
}

func TestVerify_Time(t *testing.T) {
	t.Parallel()
	stamped := func(created, expires string) string {
		message := string(signed(t, country().rsa, request(smallBody)))
		return timestamped(message, created, expires)
	}
	good := stamped("2026-11-30T12:00:00Z", "2026-11-30T12:05:00Z")
	long := stamped("2026-11-30T12:00:00Z", "2026-12-30T12:05:00Z")
	short := stamped("2026-11-30T12:00:00Z", "2026-11-30T12:01:00Z")
	for _, c := range []struct {
		name    string
		message string
		now     time.Time
		skew    time.Duration
		want    xmldsig.Reason
	}{
		{"at once", good, now, 0, ""},
		{"last instant", good, now.Add(5*time.Minute - 1), 0, ""},
		{"expired", good, now.Add(5 * time.Minute), 0, xmldsig.NoLongerValid},
		{"expired, but for the skew", good, now.Add(6 * time.Minute), 2 * time.Minute, ""},
		{"expired with the skew", good, now.Add(7 * time.Minute), 2 * time.Minute, xmldsig.NoLongerValid},
		{"more skew than there may be", good, now.Add(16 * time.Minute), time.Hour, xmldsig.NoLongerValid},
		{"from the future", good, now.Add(-time.Second), 0, xmldsig.NotYetValid},
		{"from the future by the skew", good, now.Add(-time.Minute), time.Minute, ""},
		{"valid for longer than is granted", long, now.Add(5 * time.Minute), 0, xmldsig.NoLongerValid},
		{"valid for less than is granted", short, now.Add(time.Minute - 1), 0, ""},
		{"valid for less than is granted, and expired", short, now.Add(time.Minute), 0, xmldsig.NoLongerValid},
		{"ends before it starts", stamped("2026-11-30T12:00:00Z", "2026-11-30T11:59:59Z"), now, time.Minute, xmldsig.TimestampOrder},
		{"fractions", stamped("2026-11-30T11:59:59.123456789Z", "2026-11-30T12:05:00.5Z"), now, 0, ""},
		{"another zone", stamped("2026-11-30T13:00:00+01:00", "2026-11-30T13:05:00+01:00"), now, 0, xmldsig.TimestampContent},
		{"no zone", stamped("2026-11-30T12:00:00", "2026-11-30T12:05:00"), now, 0, xmldsig.TimestampContent},
		{"no time", stamped("now", "later"), now, 0, xmldsig.TimestampContent},
	} {
		v := requestVerifier()
		v.Skew = c.skew
		m, err := v.Verify([]byte(c.message), c.now)
		got := reasonOf(err)
		if got != c.want {
			t.Errorf("%s: %q, where it is %q", c.name, got, c.want)
		}
		if err == nil && !c.now.Before(m.Timestamp.Until) {
			t.Errorf("%s: taken at %s, and to be forgotten from %s on", c.name, c.now, m.Timestamp.Until)
		}
	}
}
