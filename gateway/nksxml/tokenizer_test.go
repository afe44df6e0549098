package nksxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"nks/gateway/nksxml"
)

// events tells a document as a list of lines, or the fault that ends it.
func events(r io.Reader) ([]string, error) {
	t := nksxml.NewTokenizer(r, nksxml.Limits{})
	var list eventList
	for {
		kind, err := t.Next()
		if errors.Is(err, io.EOF) {
			return list.done(), nil
		}
		if err != nil {
			return list.done(), err
		}
		switch kind {
		case nksxml.StartElement:
			var attrs []string
			for _, a := range t.Attributes() {
				attrs = append(attrs, fmt.Sprintf(" {%s}%s=%q", a.URI, a.Local(), a.Value))
			}
			list.start(t.URI(), string(t.Local()), attrs)
		case nksxml.EndElement:
			list.end(t.URI(), string(t.Local()))
		case nksxml.Text:
			list.text.Write(t.Text())
		}
	}
}

// standardEvents is events by encoding/xml.
func standardEvents(r io.Reader) ([]string, error) {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		var out strings.Builder
		for _, c := range b {
			out.WriteRune(rune(c))
		}
		return strings.NewReader(out.String()), nil
	}
	var list eventList
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list.done(), nil
		}
		if err != nil {
			return list.done(), err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			var attrs []string
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					attrs = append(attrs, fmt.Sprintf(" {%s}%s=%q", a.Name.Space, a.Name.Local, a.Value))
				}
			}
			list.start(tok.Name.Space, tok.Name.Local, attrs)
		case xml.EndElement:
			list.end(tok.Name.Space, tok.Name.Local)
		case xml.CharData:
			list.text.Write(tok)
		}
	}
}

type eventList struct {
	list []string
	text strings.Builder
	deep int
}

func (l *eventList) flush() {
	if l.text.Len() > 0 && l.deep > 0 {
		l.list = append(l.list, fmt.Sprintf("%q", l.text.String()))
	}
	l.text.Reset()
}

func (l *eventList) start(uri, local string, attrs []string) {
	l.flush()
	l.deep++
	sort.Strings(attrs)
	l.list = append(l.list, "<{"+uri+"}"+local+strings.Join(attrs, ""))
}

func (l *eventList) end(uri, local string) {
	l.flush()
	l.deep--
	l.list = append(l.list, ">{"+uri+"}"+local)
}

func (l *eventList) done() []string {
	l.flush()
	return l.list
}

func TestTokenizerTellsWhatEncodingXMLTells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := genDocument.Draw(t, "document")
		want, err := standardEvents(bytes.NewReader(doc))
		if err != nil {
			t.Fatalf("encoding/xml: %v\n%s", err, doc)
		}
		for _, r := range []io.Reader{bytes.NewReader(doc), iotest.OneByteReader(bytes.NewReader(doc)), iotest.DataErrReader(bytes.NewReader(doc))} {
			got, err := events(r)
			if err != nil {
				t.Fatalf("%v\n%s", err, doc)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("got\n%s\nwant\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), doc)
			}
		}
	})
}

func TestTokenizerRefusesWhatXmllintRefuses(t *testing.T) {
	t.Parallel()
	docs := broken(1500)
	accepted, complaints := xmllint(t, "", docs)
	refused := 0
	for name, doc := range docs {
		_, err := events(bytes.NewReader(doc))
		_, slow := events(iotest.OneByteReader(bytes.NewReader(doc)))
		if fmt.Sprint(err) != fmt.Sprint(slow) {
			t.Errorf("%s: at once: %v; byte by byte: %v", name, err, slow)
		}
		if err != nil {
			refused++
		}
		// What a namespace is called is not ours to judge: it names something or it does not.
		if (err == nil) != accepted[name] && !strings.Contains(complaints[name], "is not a valid URI") {
			t.Errorf("%s: read: %v; xmllint: %s\n%q", name, err, complaints[name], doc)
		}
	}
	if refused < len(docs)/4 {
		t.Errorf("only %d of %d documents were refused", refused, len(docs))
	}
}

func TestTokenizerRules(t *testing.T) {
	t.Parallel()
	for doc, rule := range map[string]string{
		"":                               "no root element",
		" \n":                            "no root element",
		"text":                           "text outside the root",
		"<a/>text":                       "text outside the root",
		"<a/>&lt;":                       "text outside the root",
		"<a/><![CDATA[x]]>":              "text outside the root",
		"<a/><b/>":                       "a second root element",
		"<a>":                            "the document ends within element a",
		"<a><b":                          "start tag is not finished",
		"<a></b>":                        "does not match start tag a",
		"<a></a":                         "the document ends within an end tag",
		"</a>":                           "end tag without start tag",
		"<a><!-- x":                      "the document ends within a comment",
		"<a><![CDATA[x":                  "the document ends within a CDATA section",
		"<a><?x":                         "the document ends within a processing instruction",
		"<a>x\x00</a>":                   "U+0000 is not allowed",
		"<a>\xff</a>":                    "not valid UTF-8",
		"<a>x\xc3":                       "not valid UTF-8",
		"<a>\xed\xa0\x80</a>":            "not valid UTF-8",
		"<a>\xef\xbf\xbf</a>":            "U+FFFF is not allowed",
		"<a>&nbsp;</a>":                  "unknown entity",
		"<a>&#xFFFE;</a>":                "character that is not allowed",
		"<a>&#99999999999999999999;</a>": "character that is not allowed",
		"<a b='&#0;'/>":                  "character that is not allowed",
		"<a b='&c;'/>":                   "unknown entity",
		"<a b='1' b='2'/>":               "attribute stands twice",
		"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>": "attribute stands twice",
		"<p:a/>":               "prefix is not declared",
		"<a p:b='1'/>":         "prefix is not declared",
		"<a xmlns:p=''/>":      "bound to no namespace",
		"<a xmlns:xmlns='u'/>": "prefix xmlns cannot be declared",
		"<a xmlns:xml='u'/>":   "belong to each other alone",
		"<a xmlns='http://www.w3.org/2000/xmlns/'/>":                       "cannot be bound",
		"<!DOCTYPE a><a/>":                                                 "a document type declaration is not allowed",
		"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>": "a document type declaration is not allowed",
		"<a/><!DOCTYPE a>":                                                 "a document type declaration is not allowed",
		"<!doctype a><a/>":                                                 "neither a comment nor a CDATA section",
		" <?xml version='1.0'?><a/>":                                       "stands at the very beginning only",
		"<?xml?><a/>":                                                      "not an XML declaration",
		"<?xml version='2.0'?><a/>":                                        "not an XML declaration",
		"<?xml encoding='UTF-8'?><a/>":                                     "not an XML declaration",
		"<?xml version='1.0' standalone='maybe'?><a/>":                     "not an XML declaration",
		"<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>":      "not an XML declaration",
		"<?xml version='1.0' encoding=''?><a/>":                            "not an XML declaration",
		"<?xml version='1.0' encoding='UTF-16'?><a/>":                      "neither UTF-8, ISO-8859-1 nor US-ASCII",
		"<?xml version='1.0' encoding='windows-1252'?><a/>":                "neither UTF-8, ISO-8859-1 nor US-ASCII",
		"\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><a/>":      "contradicts the byte order mark",
		"<?xml version='1.0' encoding='US-ASCII'?><a>\xe6</a>":             "byte outside US-ASCII",
		"<?xml version='1.0'" + strings.Repeat(" ", 2000) + "?><a/>":       "not finished or too long",
		"\xff\xfe<\x00a\x00/\x00>\x00":                                     "neither UTF-8, ISO-8859-1 nor US-ASCII",
		"\xfe\xff\x00<":                                                    "neither UTF-8, ISO-8859-1 nor US-ASCII",
	} {
		_, err := events(strings.NewReader(doc))
		var fault *nksxml.Error
		if !errors.As(err, &fault) || !strings.Contains(fault.Rule, rule) || fault.WellFormed {
			t.Errorf("%.60q: %v; want %s", doc, err, rule)
		}
	}
}

func TestTokenizerNormalises(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"<a b='x\r\ny\tz&#9;&#13;'/>":                                `<{}a {}b="x y z\t\r" >{}a`,
		"<a>x\r\n\ry\rz&#13;</a>":                                    `<{}a "x\n\ny\nz\r" >{}a`,
		"<a>x<!-- c --><![CDATA[<]]>&gt;<?p?>y</a>":                  `<{}a "x<>y" >{}a`,
		"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe6\x85</a>": `<{}a "æ\u0085" >{}a`,
		"<?xml version='1.0' encoding='us-ascii'?><a>x&#230;</a>":    `<{}a "xæ" >{}a`,
		"\xef\xbb\xbf<a/>":                                           `<{}a >{}a`,
		"<a xml:lang='da'/>":                                         `<{}a {http://www.w3.org/XML/1998/namespace}lang="da" >{}a`,
		"<p:a xmlns:p='u'><p:a xmlns:p='v'><p:a/></p:a><p:a/></p:a>": `<{u}a <{v}a <{v}a >{v}a >{v}a <{u}a >{u}a >{u}a`,
		"<a xmlns='u'><a xmlns=''/><a b='1'/></a>":                   `<{u}a <{}a >{}a <{u}a {}b="1" >{u}a >{u}a`,
	} {
		got, err := events(strings.NewReader(doc))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %v %v; want %s", doc, got, err, want)
		}
	}
}

func TestTokenizerKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100<<10)
	for doc, rule := range map[string]string{
		strings.Repeat("<a>", 33):                        "elements nested deeper than 32",
		"<" + long + "/>":                                "start tag too long",
		"<" + long[:200] + "/>":                          "name longer than 128 bytes",
		"<a " + long[:200] + "='1'/>":                    "name longer than 128 bytes",
		"<a b='" + long + "'/>":                          "start tag too long",
		"<a><?" + long + "?></a>":                        "a processing instruction too long",
		"<a>&" + long + ";</a>":                          "begins no reference",
		"<a>" + strings.Repeat(long, 20) + "</a>":        "document larger than 1000000 bytes",
		"<a" + strings.Repeat(" b='1'", 33) + "/>":       "more than 32 attributes",
		"<a><!--" + strings.Repeat(long, 20) + "--></a>": "document larger than 1000000 bytes",
		"<a></" + long + ">":                             "does not match start tag a",
		"<a></a" + strings.Repeat(" ", 100<<10) + ">":    "an end tag too long",
	} {
		tok := nksxml.NewTokenizer(strings.NewReader(doc), nksxml.Limits{Bytes: 1e6})
		var err error
		for err == nil {
			_, err = tok.Next()
		}
		var fault *nksxml.Error
		if !errors.As(err, &fault) || !strings.Contains(fault.Rule, rule) {
			t.Errorf("%.30q: %v; want %s", doc, err, rule)
		}
	}
}

// What does not have to be kept may be of any length: text comes in pieces, comments are skipped.
func TestTokenizerTakesLongTextInPieces(t *testing.T) {
	t.Parallel()
	piece := "0123456789 &amp; ]] æøå ]]\r\n"
	text := strings.Repeat(piece, 20000)
	want := strings.Repeat("0123456789 & ]] æøå ]]\n", 20000)
	cdata := strings.Repeat("0123456789 &amp; ]] æøå ]]\n", 20000)
	doc := "<a><!--" + strings.Repeat("- ", 100000) + "--><b>" + text + "<?pi " + strings.Repeat("? ", 100000) + "?></b><![CDATA[" + cdata + "]]></a>"
	for _, r := range []io.Reader{strings.NewReader(doc), iotest.HalfReader(strings.NewReader(doc))} {
		got, err := events(r)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint([]string{"<{}a", "<{}b", fmt.Sprintf("%q", want), ">{}b", fmt.Sprintf("%q", cdata), ">{}a"}) {
			t.Error("long text is not what was written")
		}
	}
}

func TestTokenizerKeepsTheSourcesError(t *testing.T) {
	t.Parallel()
	broken := errors.New("line cut")
	_, err := events(io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var fault *nksxml.Error
	if errors.As(err, &fault) {
		t.Errorf("the source's error was taken for a fault of the document: %v", err)
	}
	if _, err := events(onlyZeros{}); !errors.Is(err, io.ErrNoProgress) && err == nil {
		t.Errorf("%v", err)
	}
}

type onlyZeros struct{}

func (onlyZeros) Read([]byte) (int, error) { return 0, nil }

func TestErrorsTellTheirPlace(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"<a>\n  <b></c></a>":                             "line 2, column 6: \"c\": end tag does not match start tag b",
		"<a>\r\n\r\næøå<b c=1/></a>":                     "line 3, column 7: \"c\": an attribute's value is not quoted",
		"<a>\ræ\x01</a>":                                 "line 2, column 2: character U+0001 is not allowed",
		"<a>1203851238&x1203851238;</a>":                 "line 1, column 14: \"&x120385-xxxx;\": unknown entity",
		"<a>" + strings.Repeat("\n", 200000) + "<b></a>": "line 200001, column 4: \"a\": end tag does not match start tag b",
		strings.Repeat(" ", 70000) + "x":                 "line 1, column 70001: text outside the root element",
	} {
		_, err := events(strings.NewReader(doc))
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: %v\nwant %s", doc, err, want)
		}
	}
}
