package nksxml_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"pgregory.net/rapid"
)

// docGen makes well-formed documents with everything that XML has but document type declarations.
type docGen struct {
	t      *rapid.T
	b      strings.Builder
	latin1 bool
}

func (g *docGen) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(g.t, label)
}

func (g *docGen) chance(label string, percent int) bool {
	return rapid.IntRange(0, 99).Draw(g.t, label) < percent
}

var genDocument = rapid.Custom(func(t *rapid.T) []byte {
	g := &docGen{t: t}
	bom := ""
	switch g.pick("prolog", "none", "plain", "utf8", "latin1", "bom") {
	case "plain":
		g.b.WriteString("<?xml version=\"1.0\"?>")
	case "utf8":
		g.b.WriteString("<?xml version='1.0'  encoding=\"utf-8\" standalone='yes' ?>\r\n")
	case "latin1":
		g.latin1 = true
		g.b.WriteString("<?xml version=\"1.0\" encoding=\"" + g.pick("name", "ISO-8859-1", "iso-8859-1") + "\"?>\n")
	case "bom":
		bom = "\uFEFF"
		g.b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
	}
	g.misc()
	g.element(0, nil)
	g.misc()
	if !g.latin1 {
		return []byte(bom + g.b.String())
	}
	var out []byte
	for _, r := range g.b.String() {
		out = append(out, byte(r))
	}
	return out
})

func (g *docGen) misc() {
	for range rapid.IntRange(0, 2).Draw(g.t, "misc") {
		g.b.WriteString(g.pick("misc", " ", "\n", "\r\n", "\t", "<!-- a - comment <b> & -->", "<!---->", "<?target?>", "<?t some <data> & ?more?>"))
	}
}

func (g *docGen) name(label string) string {
	names := []string{"a", "b", "Id", "PmtTx", "x-1", "_y", "a.b", "øre", "Betaling", "aLongNameThatDoesNotFitTheCacheOfNames"}
	if !g.latin1 {
		names = append(names, "名前", "д1")
	}
	return rapid.SampledFrom(names).Draw(g.t, label)
}

func (g *docGen) element(deep int, scope []string) {
	scope = append([]string(nil), scope...)
	var attrs []string
	for range rapid.IntRange(0, 2).Draw(g.t, "declarations") {
		p := g.pick("prefix", "", "p", "q", "swift", "øp")
		uri := g.pick("uri", "urn:a", "urn:b", "http://x/?a=1&amp;b=2")
		if p == "" {
			attrs = append(attrs, "xmlns="+g.quote(g.pick("default", uri, "")))
			continue
		}
		attrs = append(attrs, "xmlns:"+p+"="+g.quote(uri))
		scope = append(scope, p)
	}
	for i := range rapid.IntRange(0, 3).Draw(g.t, "attributes") {
		// A number makes them different whatever their prefixes stand for.
		name := fmt.Sprintf("%s%d", g.name("attribute"), i)
		if g.chance("prefixed", 40) && len(scope) > 0 {
			name = g.pick("prefix", scope...) + ":" + name
		}
		attrs = append(attrs, name+g.pick("eq", "=", " = ", "\n=\t")+g.quote(g.attributeText()))
	}
	attrs = withoutTwins(attrs)
	rapid.Permutation(attrs).Draw(g.t, "order")
	name := g.name("element")
	if g.chance("prefixed", 50) && len(scope) > 0 {
		name = g.pick("prefix", scope...) + ":" + name
	}
	g.b.WriteString("<" + name)
	for _, a := range attrs {
		g.b.WriteString(g.pick("space", " ", "\n\t", "  ") + a)
	}
	g.b.WriteString(g.pick("space", "", "", " ", "\n"))
	if g.chance("empty", 20) {
		g.b.WriteString("/>")
		return
	}
	g.b.WriteString(">")
	for range rapid.IntRange(0, 4).Draw(g.t, "children") {
		if deep < 4 && g.chance("child", 50) {
			g.element(deep+1, scope)
			continue
		}
		g.b.WriteString(g.content())
	}
	g.b.WriteString("</" + name + g.pick("space", "", "", " ", "\r\n") + ">")
}

func withoutTwins(attrs []string) (out []string) {
	seen := map[string]bool{}
	for _, a := range attrs {
		name, _, _ := strings.Cut(a, "=")
		if name = strings.TrimSpace(name); !seen[name] {
			seen[name] = true
			out = append(out, a)
		}
	}
	return out
}

func (g *docGen) quote(v string) string {
	if g.chance("single", 30) {
		return "'" + strings.ReplaceAll(v, "'", "&apos;") + "'"
	}
	return `"` + strings.ReplaceAll(v, `"`, "&quot;") + `"`
}

func (g *docGen) attributeText() string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ø", " ", "&amp;", "&lt;", "&#65;", "&#xe6;", ">", "'", `"`, "]]>", "--", "&#10;"}), 0, 6).Draw(g.t, "value"), "")
}

func (g *docGen) content() string {
	switch g.pick("content", "text", "text", "space", "cdata", "comment", "pi", "ref") {
	case "text":
		pieces := []string{"tekst", "æøå", " ", "\n", "\r\n", "\r", "\t", "]", "]]", ">", "'", `"`, "=", "1000", "-", "\u00a0", "\u0085"}
		if !g.latin1 {
			pieces = append(pieces, "€", "𝄞", "\uFFFD", "\uFEFF")
		}
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(g.t, "text"), "")
		return strings.ReplaceAll(s, "]]>", "]] >")
	case "space":
		return g.pick("space", " ", "\n    ", "\r\n\t\t", "\n\n")
	case "cdata":
		return "<![CDATA[" + g.pick("cdata", "", "<a>&amp;</a>", "]]", "] ]>", "x\r\ny", " ", "-->") + "]]>"
	case "comment":
		return g.pick("comment", "<!-- x -->", "<!---->", "<!-- <![CDATA[ ]]> & -->", "<!-- - -->")
	case "pi":
		return g.pick("pi", "<?a?>", "<?b c ??>", "<?xml-stylesheet href='x'?>")
	}
	return g.pick("ref", "&lt;", "&gt;", "&amp;", "&apos;", "&quot;", "&#13;", "&#x0A;", "&#x10FFFF;", "&#230;", "&#0000000065;", "&#x00e6;")
}

// snippets break a document, or do not.
var snippets = []string{"<", ">", "&", ";", "]]>", "--", "<!", "<!--", "-->", "<?", "?>", "'", `"`, "=", ":", "/", "/>", "</", "</a>", "<a>", "<a/>",
	" ", "\n", "\x0b", "\x1f", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "\xef\xbf\xbe", "é", "&#0;", "&#x110000;", "&#xD800;", "&nbsp;", "&#;", "&#x;", "&#65",
	"<![CDATA[", "xmlns:a=''", " xmlns:a='urn:a'", " a:b='1'", " b='1'", " b='1' b='2'", " xmlns=''", " xmlns:xml='urn:x'", " xmlns:xmlns='urn:x'",
	" xmlns:p='http://www.w3.org/XML/1998/namespace'", "<a:b:c/>", "<:a/>", "<a:/>", "<a:1/>", "<1/>", "<-a/>", "<a b=1/>", "<a b/>", "<a b='<'/>", "<a b='&lt;'/>", "<u:a/>",
	"<?xml version='1.0'?>", "<?XML a?>", "<?a:b?>", "<?1?>", "<? a?>", "<!ELEMENT a>", "x", "\uFEFF", "\u0085", "\u2028"}

// broken makes documents of which many are no XML, always the same ones. Their declarations stay whole: xmllint is lenient
// with those, and with NUL at the end.
func broken(n int) map[string][]byte {
	docs := map[string][]byte{}
	for i := range n {
		doc := genDocument.Example(i)
		rnd := rand.New(rand.NewPCG(uint64(i), 7))
		from := 0
		if bytes.Contains(doc[:min(len(doc), 10)], []byte("<?xml ")) {
			from = bytes.Index(doc, []byte("?>")) + 2
		}
		for range rnd.IntN(3) {
			at := from + rnd.IntN(len(doc)+1-from)
			end := at
			if rnd.IntN(3) == 0 {
				end = min(len(doc), at+1+rnd.IntN(8))
			}
			insert := ""
			if rnd.IntN(4) > 0 {
				insert = snippets[rnd.IntN(len(snippets))]
			}
			doc = bytes.Join([][]byte{doc[:at], []byte(insert), doc[end:]}, nil)
		}
		docs[fmt.Sprintf("%05d.xml", i)] = doc
	}
	return docs
}
