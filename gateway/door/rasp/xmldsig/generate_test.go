package xmldsig_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator writes documents that are as odd as they may be: prefixes bound again and otherwise, references, CDATA,
// white space wherever it may stand.
type generator struct {
	*rand.Rand
	b strings.Builder
}

// generated is a document of its own.
func generated(r *rand.Rand) string {
	g := &generator{Rand: r}
	g.element(map[string]string{"": ""}, 0)
	return g.b.String()
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func (g *generator) white() string { return pick(g.Rand, " ", " ", "\n", "\t", "  ", "\r\n") }

func (g *generator) maybeWhite() string {
	if g.one(4) {
		return g.white()
	}
	return ""
}

func (g *generator) element(scope map[string]string, depth int) {
	scope = maps.Clone(scope)
	var attributes []string
	declared := map[string]bool{}
	for range g.IntN(4) {
		prefix := pick(g.Rand, "", "p", "q", "æ", "a1", "r.s-t")
		if declared[prefix] {
			continue
		}
		declared[prefix] = true
		space := pick(g.Rand, "urn:one", "urn:two", "http://example.org/a?b=1;c=%20", "urn:&#x74;hree", "URN:one", "x-1:y's")
		if prefix == "" && g.one(3) {
			space = ""
		}
		scope[prefix] = space
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		attributes = append(attributes, name+"="+`"`+space+`"`)
	}
	name := g.name(scope, true)
	seen := map[string]bool{}
	for range g.IntN(5) {
		attribute := g.name(scope, false)
		prefix, local, ok := strings.Cut(attribute, ":")
		key := "|" + attribute
		if ok {
			key = scope[prefix] + "|" + local
			if prefix == "xml" {
				key = attribute
			}
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		attributes = append(attributes, attribute+g.maybeWhite()+"="+g.maybeWhite()+g.value())
	}
	g.Shuffle(len(attributes), func(i, j int) { attributes[i], attributes[j] = attributes[j], attributes[i] })
	g.b.WriteString("<" + name)
	for _, a := range attributes {
		g.b.WriteString(g.white() + a)
	}
	g.b.WriteString(g.maybeWhite())
	if g.one(5) {
		g.b.WriteString("/>")
		return
	}
	g.b.WriteString(">")
	for range g.IntN(5) {
		if depth < 5 && g.one(2) {
			g.element(scope, depth+1)
		} else {
			g.text()
		}
	}
	g.b.WriteString("</" + name + g.maybeWhite() + ">")
}

// name is a name whose prefix is bound.
func (g *generator) name(scope map[string]string, element bool) string {
	local := pick(g.Rand, "a", "b", "Id2", "ølse", "long-name.1", "_", "x")
	prefixes := slices.Sorted(maps.Keys(scope))
	prefix := pick(g.Rand, prefixes...)
	switch {
	case !element && g.one(6):
		return "xml:" + pick(g.Rand, "lang", "space", "base", local)
	case prefix == "":
		return local
	}
	return prefix + ":" + local
}

var pieces = []string{
	"text", " ", "\n", "\t", "\r\n", "\r", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#13;", "&#10;", "&#x9;", "&#x41;", "&#0066;",
	"æøå", "\U0001F600", "&#x1F600;", "\u0085", "\u2028", "]]", ">", "é",
}

func (g *generator) text() {
	if g.one(5) {
		inside := pick(g.Rand, "", "<&>", "]]", "a\r\nb\rc", "]]]]", `"'`, "&amp;", "æ")
		g.b.WriteString("<![CDATA[" + inside + "]]>")
		return
	}
	for range 1 + g.IntN(6) {
		piece := pick(g.Rand, pieces...)
		if piece == ">" && strings.HasSuffix(g.b.String(), "]") {
			continue
		}
		g.b.WriteString(piece)
	}
}

func (g *generator) value() string {
	mark := pick(g.Rand, `"`, `'`)
	var b strings.Builder
	for range g.IntN(5) {
		b.WriteString(strings.ReplaceAll(pick(g.Rand, append(pieces, `"`, `'`)...), mark, "-"))
	}
	return mark + b.String() + mark
}

// template is a request without its digests and its signature, written as odd as it may be, for another signer to fill.
type template struct {
	*rand.Rand
	prefix map[string]string
	ids    []string
}

// requestTemplate is such a request about a document, signed with the certificate in base64 by the method.
func requestTemplate(r *rand.Rand, document, certificate, method string) string {
	t := &template{Rand: r, prefix: map[string]string{}}
	for i, space := range []string{"SOAP", "WSA", "RM", "WSU", "WSSE", "OIO"} {
		t.prefix[space] = pick(r, strings.ToLower(space), fmt.Sprintf("ns%d", i), "x"+space, "ø"+space)
	}
	var b strings.Builder
	b.WriteString(t.expand(`<SOAP:Envelope`))
	declared := t.declarations()
	r.Shuffle(len(declared), func(i, j int) { declared[i], declared[j] = declared[j], declared[i] })
	b.WriteString(strings.Join(declared, "") + pick(r, "", ` xmlns="urn:default"`, ` xmlns:unused="urn:unused"`) + ">" + t.spaces() + t.expand("<SOAP:Header>"))
	headers := []string{
		`<RM:Sequence SOAP:mustUnderstand="true" IDENT><RM:Identifier>urn:s</RM:Identifier><RM:MessageNumber>1</RM:MessageNumber></RM:Sequence>`,
		`<WSA:Action IDENT SOAP:mustUnderstand="1">urn:action</WSA:Action>`, `<WSA:To IDENT>urn:&#x74;o</WSA:To>`, `<WSA:MessageID IDENT>urn:id</WSA:MessageID>`,
		`<WSA:ReplyTo IDENT><WSA:Address>urn:anonymous</WSA:Address></WSA:ReplyTo>`, `<OIO:MessageIdentifier IDENT>one &amp; two</OIO:MessageIdentifier>`,
		`<OIO:SenderPartyIdentifier IDENT>5790000123459</OIO:SenderPartyIdentifier>`, `<OIO:ReceiverPartyIdentifier IDENT>5798000016446</OIO:ReceiverPartyIdentifier>`,
	}
	r.Shuffle(len(headers), func(i, j int) { headers[i], headers[j] = headers[j], headers[i] })
	at := r.IntN(len(headers) + 1)
	for i := range len(headers) + 1 {
		if i == at {
			b.WriteString("SECURITY" + t.spaces())
		}
		if i < len(headers) {
			b.WriteString(t.expand(headers[i]) + t.spaces())
		}
	}
	b.WriteString(t.expand(`</SOAP:Header>`) + t.spaces() + t.expand(`<SOAP:Body IDENT>`) + document + t.spaces() + t.expand(`</SOAP:Body></SOAP:Envelope>`))
	timestamp := t.expand(`<WSU:Timestamp IDENT><WSU:Created>2026-11-30T11:59:30Z</WSU:Created><WSU:Expires>2026-11-30T12:04:30.5Z</WSU:Expires></WSU:Timestamp>`)
	token := t.expand(`<WSSE:BinarySecurityToken IDENT EncodingType="` + base64Binary + `" ValueType="` + tokenX509 + `">` + certificate + `</WSSE:BinarySecurityToken>`)
	tokenID := t.ids[len(t.ids)-1]
	if r.IntN(2) == 0 {
		t.ids = t.ids[:len(t.ids)-1]
	}
	r.Shuffle(len(t.ids), func(i, j int) { t.ids[i], t.ids[j] = t.ids[j], t.ids[i] })
	children := []string{timestamp, token, t.signature(tokenID, method)}
	r.Shuffle(len(children), func(i, j int) { children[i], children[j] = children[j], children[i] })
	security := t.expand(`<WSSE:Security SOAP:mustUnderstand="1">`) + strings.Join(children, t.spaces()) + t.expand(`</WSSE:Security>`)
	return strings.Replace(b.String(), "SECURITY", security, 1)
}

func (t *template) spaces() string { return pick(t.Rand, "", "", "\n", "  ", "\r\n\t") }

func (t *template) declarations() []string {
	var all []string
	for space, uri := range namespaces {
		all = append(all, fmt.Sprintf(` xmlns:%s="%s"`, t.prefix[space], uri))
	}
	slices.Sort(all)
	return all
}

// expand puts prefixes where the names of namespaces stand, and a new identifier for IDENT.
func (t *template) expand(s string) string {
	for space, prefix := range t.prefix {
		s = strings.ReplaceAll(s, space+":", prefix+":")
	}
	if strings.Contains(s, "IDENT") {
		id := fmt.Sprintf("%s%d", pick(t.Rand, "_", "id-", "Ø"), len(t.ids)+1)
		t.ids = append(t.ids, id)
		s = strings.Replace(s, "IDENT", t.prefix["WSU"]+`:Id="`+id+`"`, 1)
	}
	return s
}

func (t *template) list() string {
	if t.IntN(2) == 0 {
		return ""
	}
	var names []string
	for _, name := range []string{"#default", t.prefix["SOAP"], t.prefix["WSU"], "p", "q", "unused", "nowhere", "æ"} {
		if t.IntN(3) == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="` + strings.Join(names, " ") + `"/>`
}

func (t *template) signature(tokenID, method string) string {
	ds := pick(t.Rand, "", "ds:")
	open := map[string]string{"": "xmlns", "ds:": "xmlns:ds"}[ds]
	var b strings.Builder
	fmt.Fprintf(&b, `<%[1]sSignature %[2]s="http://www.w3.org/2000/09/xmldsig#"><%[1]sSignedInfo><%[1]sCanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">%[3]s</%[1]sCanonicalizationMethod><%[1]sSignatureMethod Algorithm="%[4]s"/>`,
		ds, open, t.list(), method)
	for _, id := range t.ids {
		digest := pick(t.Rand, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512")
		fmt.Fprintf(&b, `%[5]s<%[1]sReference URI="#%[2]s"><%[1]sTransforms><%[1]sTransform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">%[3]s</%[1]sTransform></%[1]sTransforms><%[1]sDigestMethod Algorithm="%[4]s"/><%[1]sDigestValue></%[1]sDigestValue></%[1]sReference>`,
			ds, id, t.list(), digest, t.spaces())
	}
	fmt.Fprintf(&b, `</%[1]sSignedInfo><%[1]sSignatureValue/><%[1]sKeyInfo>%[2]s</%[1]sKeyInfo></%[1]sSignature>`, ds,
		t.expand(`<WSSE:SecurityTokenReference><WSSE:Reference URI="#`+tokenID+`" ValueType="`+tokenX509+`"/></WSSE:SecurityTokenReference>`))
	return b.String()
}

const (
	base64Binary = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	tokenX509    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
)
