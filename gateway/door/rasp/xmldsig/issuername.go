package xmldsig

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
)

// typeWords are the types of attributes for which .NET has a word, and which one: it compares names as it writes them.
var typeWords = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "S", "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU",
	"2.5.4.12": "T", "2.5.4.42": "G", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "E",
}

// nameable reports whether a message can name a certificate that it does not bring.
func nameable(c *x509.Certificate) bool {
	_, ok := issuerName(c)
	return ok || len(c.SubjectKeyId) > 0
}

// issuerName is the issuer of a certificate as text; false: it has something that not every reader reads alike.
func issuerName(c *x509.Certificate) (string, bool) {
	var issuer pkix.RDNSequence
	if rest, err := asn1.Unmarshal(c.RawIssuer, &issuer); err != nil || len(rest) > 0 || len(issuer) == 0 {
		return "", false
	}
	var parts []string
	for _, set := range slices.Backward(issuer) {
		var attributes []string
		for _, a := range set {
			value, ok := a.Value.(string)
			if !ok || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '\\' }) {
				return "", false
			}
			word, known := typeWords[a.Type.String()]
			if !known {
				word = "OID." + a.Type.String()
			}
			if value == "" || strings.ContainsAny(value, `,+="<>#;`) || strings.Trim(value, " ") != value {
				value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
			}
			attributes = append(attributes, word+"="+value)
		}
		parts = append(parts, strings.Join(attributes, " + "))
	}
	name := strings.Join(parts, ", ")
	return name, len(name) <= mostName
}

// reference names a certificate that does not come with the message: by its key identifier, and where it has none by issuer and number.
func (w *writer) reference(to *x509.Certificate) {
	if len(to.SubjectKeyId) > 0 {
		w.keyIdentifier(to)
		return
	}
	name, _ := issuerName(to)
	w.add(`<X509Data`)
	w.attribute("xmlns", signature)
	w.add(`><X509IssuerSerial><X509IssuerName>`)
	w.buf = appendEscaped(w.buf, []byte(name), specialInText)
	w.add(`</X509IssuerName><X509SerialNumber>` + to.SerialNumber.String() + `</X509SerialNumber></X509IssuerSerial></X509Data>`)
}
