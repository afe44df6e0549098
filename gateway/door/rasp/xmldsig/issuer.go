package xmldsig

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// issuerSerial names a certificate by who has issued it and its number there. It is a hint to certificates that are known beforehand, and to
// no others: whoever may choose the names of an authority of his own writes the same.
type issuerSerial struct {
	issuer []relativeName
	serial *big.Int
}

// relativeName is a part of a distinguished name; most have one attribute.
type relativeName []nameAttribute

type nameAttribute struct{ oid, value string }

var serialDigits = regexp.MustCompile(`^(0|[1-9][0-9]{0,49})$`)

// issuerSerial reads an X509Data, which holds one X509IssuerSerial and nothing else.
func (t *tree) issuerSerial(data int32) (issuerSerial, error) {
	var is issuerSerial
	inside, err := t.sequence(data, KeyInfoContent, Name{signature, "X509IssuerSerial"})
	if err != nil {
		return is, err
	}
	parts, err := t.sequence(inside[0], KeyInfoContent, Name{signature, "X509IssuerName"}, Name{signature, "X509SerialNumber"})
	if err != nil {
		return is, err
	}
	for _, bare := range []int32{data, inside[0], parts[0], parts[1]} {
		if err := t.bare(bare, KeyInfoContent); err != nil {
			return is, err
		}
	}
	name, plain := t.text(parts[0])
	digits, plainToo := t.text(parts[1])
	if !plain || !plainToo || !serialDigits.MatchString(strings.TrimSpace(digits)) {
		return is, refuse(KeyInfoContent, "ds:X509IssuerSerial")
	}
	var ok bool
	if is.issuer, ok = parseName(name); !ok {
		return is, refuse(KeyInfoContent, "ds:X509IssuerName")
	}
	is.serial, _ = new(big.Int).SetString(strings.TrimSpace(digits), 10)
	return is, nil
}

// namedBy is how a certificate may be named.
func namedBy(c *x509.Certificate) issuerSerial {
	is := issuerSerial{serial: c.SerialNumber}
	var issuer pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.RawIssuer, &issuer); err != nil {
		return is
	}
	for _, set := range slices.Backward(issuer) {
		var part relativeName
		for _, a := range set {
			value, _ := a.Value.(string)
			part = append(part, nameAttribute{a.Type.String(), value})
		}
		is.issuer = append(is.issuer, part)
	}
	return is
}

// names reports whether it is a certificate's.
func (is issuerSerial) names(c *x509.Certificate) bool {
	var issuer pkix.RDNSequence
	rest, err := asn1.Unmarshal(c.RawIssuer, &issuer)
	if err != nil || len(rest) > 0 || len(issuer) != len(is.issuer) || c.SerialNumber == nil || c.SerialNumber.Cmp(is.serial) != 0 {
		return false
	}
	for i, written := range is.issuer {
		if !written.is(issuer[len(issuer)-1-i]) { // the last part is written first
			return false
		}
	}
	return true
}

func (r relativeName) is(set pkix.RelativeDistinguishedNameSET) bool {
	if len(r) != len(set) {
		return false
	}
	for _, a := range set {
		value, ok := a.Value.(string)
		if !ok || !slices.Contains(r, nameAttribute{a.Type.String(), value}) {
			return false
		}
	}
	return true
}

// attributeTypes are the words for types of attributes, as RFC 4514, .NET and OpenSSL write them.
var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "S": "2.5.4.8", "STREET": "2.5.4.9", "O": "2.5.4.10",
	"OU": "2.5.4.11", "T": "2.5.4.12", "TITLE": "2.5.4.12", "G": "2.5.4.42", "GN": "2.5.4.42", "GIVENNAME": "2.5.4.42", "ORGANIZATIONIDENTIFIER": "2.5.4.97",
	"DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1", "E": "1.2.840.113549.1.9.1", "EMAILADDRESS": "1.2.840.113549.1.9.1",
}

var dottedNumbers = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]{0,9})){1,15}$`)

// mostName bounds a name in bytes, and mostAttributes what is in it.
const mostName, mostAttributes = 2000, 32

// parseName reads a distinguished name as text, the most particular part first: RFC 4514, and what .NET writes, which puts values into
// quotation marks. false: it is none, or has a type of attribute that nobody knows.
func parseName(s string) ([]relativeName, bool) {
	if len(s) > mostName {
		return nil, false
	}
	var name []relativeName
	rest, next := s, byte(',')
	for n := 0; next != 0; n++ {
		var a nameAttribute
		var ok bool
		behind := next
		if a, rest, next, ok = parseAttribute(rest); !ok || n == mostAttributes {
			return nil, false
		}
		if behind == '+' {
			last := &name[len(name)-1]
			*last = append(*last, a)
			continue
		}
		name = append(name, relativeName{a})
	}
	return name, true
}

// parseAttribute reads a type and its value. next is what divides it from the rest; 0: nothing is left.
func parseAttribute(s string) (a nameAttribute, rest string, next byte, ok bool) {
	kind, value, ok := strings.Cut(s, "=")
	if !ok {
		return a, "", 0, false
	}
	kind = strings.ToUpper(strings.TrimSpace(kind))
	if a.oid, ok = attributeTypes[kind]; !ok {
		a.oid = strings.TrimPrefix(kind, "OID.")
		if !dottedNumbers.MatchString(a.oid) {
			return a, "", 0, false
		}
	}
	value = strings.TrimLeft(value, " ")
	switch {
	case strings.HasPrefix(value, "#"):
		a.value, rest, ok = encodedValue(value[1:])
	case strings.HasPrefix(value, `"`):
		a.value, rest, ok = quotedValue(value[1:])
	default:
		a.value, rest, ok = plainValue(value)
	}
	if !ok || rest == "" {
		return a, "", 0, ok
	}
	return a, rest[1:], rest[0], strings.IndexByte(",;+", rest[0]) >= 0
}

// encodedValue is a value in hexadecimal, as it is in the certificate.
func encodedValue(s string) (value, rest string, ok bool) {
	end := strings.IndexAny(s, ",;+")
	if end < 0 {
		end = len(s)
	}
	der, err := hex.DecodeString(strings.TrimRight(s[:end], " "))
	if err != nil {
		return "", "", false
	}
	var decoded any
	if rest, err := asn1.Unmarshal(der, &decoded); err != nil || len(rest) > 0 {
		return "", "", false
	}
	value, ok = decoded.(string)
	return value, s[end:], ok
}

// quotedValue is a value up to its second quotation mark; one in it is doubled or escaped.
func quotedValue(s string) (value, rest string, ok bool) {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			c, size, ok := unescaped(s[i+1:])
			if !ok {
				return "", "", false
			}
			b = append(b, c)
			i += size
		case s[i] == '"' && strings.HasPrefix(s[i+1:], `"`):
			b = append(b, '"')
			i++
		case s[i] == '"':
			return string(b), strings.TrimLeft(s[i+1:], " "), true
		default:
			b = append(b, s[i])
		}
	}
	return "", "", false
}

// plainValue is a value up to what divides it from the next; blanks at its end count where they are escaped.
func plainValue(s string) (value, rest string, ok bool) {
	var b []byte
	kept := 0 // of b, whatever blanks follow
	i := 0
	for ; i < len(s) && strings.IndexByte(",;+", s[i]) < 0; i++ {
		switch c := s[i]; {
		case c == '\\':
			e, size, ok := unescaped(s[i+1:])
			if !ok {
				return "", "", false
			}
			b = append(b, e)
			i += size
			kept = len(b)
		case strings.IndexByte(`"<>`, c) >= 0:
			return "", "", false
		default:
			if b = append(b, c); c != ' ' {
				kept = len(b)
			}
		}
	}
	return string(b[:kept]), s[i:], true
}

// unescaped is the byte behind a backslash: a special character, or two hexadecimal digits.
func unescaped(s string) (c byte, size int, ok bool) {
	if s != "" && strings.IndexByte(` "#+,;<=>\`, s[0]) >= 0 {
		return s[0], 1, true
	}
	if len(s) < 2 {
		return 0, 0, false
	}
	b, err := hex.DecodeString(s[:2])
	if err != nil {
		return 0, 0, false
	}
	return b[0], 2, true
}
