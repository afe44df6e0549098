package nksxml

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// prolog finds the encoding, skips a byte order mark and takes the XML declaration. XML 1.0 §2.8, §4.3.3, appendix F.
func (t *Tokenizer) prolog() error {
	in := t.in
	head, err := firstBytes(in.src)
	if err != nil {
		return fmt.Errorf("nksxml: read document: %w", err)
	}
	in.src = io.MultiReader(bytes.NewReader(head), in.src)
	for _, mark := range []string{"\xFE\xFF", "\xFF\xFE", "\x00<", "<\x00", "\x00\x00"} {
		if strings.HasPrefix(string(head), mark) {
			return t.fault("encoding is neither UTF-8, ISO-8859-1 nor US-ASCII")
		}
	}
	unmarked := bytes.TrimPrefix(head, []byte(byteOrderMark))
	marked := len(unmarked) < len(head)
	if name := declaredEncoding(unmarked); name != "" {
		var ok bool
		if in.enc, ok = encodingNamed(name); !ok {
			return t.in.errorAt(0, show([]byte(name)), "encoding is neither UTF-8, ISO-8859-1 nor US-ASCII")
		}
		if marked && in.enc != encUTF8 {
			return t.in.errorAt(0, show([]byte(name)), "encoding contradicts the byte order mark")
		}
	}
	if !in.more() {
		return nil
	}
	if marked {
		in.pos += len(byteOrderMark)
	}
	rest := in.buf[in.pos:in.end]
	if bytes.HasPrefix(rest, []byte("<?xml")) && len(rest) > 5 && (isSpace(rest[5]) || rest[5] == '?') {
		return t.xmlDeclaration(rest)
	}
	return nil
}

const byteOrderMark = "\uFEFF"

// headSize is within what the XML declaration must end.
const headSize = 1024

// firstBytes reads until the end of the XML declaration can be seen.
func firstBytes(r io.Reader) ([]byte, error) {
	head := make([]byte, 0, headSize)
	for idle := 0; len(head) < headSize && idle < 100; idle++ {
		n, err := r.Read(head[len(head):headSize])
		if n > 0 {
			idle = 0
		}
		head = head[:len(head)+n]
		if err == io.EOF {
			return head, nil
		}
		if err != nil {
			return nil, err
		}
		if bytes.Contains(head, []byte("?>")) || len(head) >= len(byteOrderMark+"<?xml") && !bytes.Contains(head, []byte("<?xml")) {
			break
		}
	}
	return head, nil
}

// declaredEncoding looks for the encoding's name before anything can be decoded.
func declaredEncoding(head []byte) string {
	end := bytes.Index(head, []byte("?>"))
	if end < 0 || !bytes.HasPrefix(head, []byte("<?xml")) || len(head) < 6 || !isSpace(head[5]) {
		return ""
	}
	attrs, _ := pseudoAttributes(head[5:end])
	for _, a := range attrs {
		if string(a.name) == "encoding" {
			return string(a.value)
		}
	}
	return ""
}

func encodingNamed(name string) (encoding, bool) {
	switch strings.ToUpper(name) {
	case "UTF-8", "UTF8":
		return encUTF8, true
	case "ISO-8859-1", "ISO8859-1", "ISO_8859-1", "LATIN1", "ISO-LATIN-1":
		return encLatin1, true
	case "US-ASCII", "ASCII":
		return encASCII, true
	}
	return encUTF8, false
}

// pseudoAttribute is one name="value" of an XML declaration.
type pseudoAttribute struct{ name, value []byte }

// pseudoAttributes splits the inside of an XML declaration; what it found before a fault is returned with it.
func pseudoAttributes(b []byte) (found []pseudoAttribute, ok bool) {
	for {
		trimmed := bytes.TrimLeft(b, " \t\r\n")
		if len(trimmed) == 0 {
			return found, true
		}
		if len(trimmed) == len(b) {
			return found, false
		}
		n := nameLength(trimmed)
		rest := bytes.TrimLeft(trimmed[n:], " \t\r\n")
		if n == 0 || len(rest) == 0 || rest[0] != '=' {
			return found, false
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return found, false
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return found, false
		}
		found = append(found, pseudoAttribute{trimmed[:n], rest[1 : 1+end]})
		b = rest[end+2:]
	}
}

// xmlDeclaration checks the declaration, whose encoding is already in force.
func (t *Tokenizer) xmlDeclaration(b []byte) error {
	end := bytes.Index(b, []byte("?>"))
	if end < 0 || end > headSize-len(byteOrderMark)-2 {
		return t.fault("the XML declaration is not finished or too long")
	}
	attrs, ok := pseudoAttributes(b[5:end])
	want := []string{"version", "encoding", "standalone"}
	for i, a := range attrs {
		for len(want) > 0 && want[0] != string(a.name) {
			want = want[1:]
		}
		ok = ok && len(want) > 0 && (i > 0 || want[0] == "version")
		if !ok {
			break
		}
		want = want[1:]
		switch v := string(a.value); string(a.name) {
		case "version":
			ok = len(v) > 2 && v[:2] == "1." && digitRun(v[2:]) == len(v)-2
		case "encoding":
			_, ok = encodingNamed(v)
		case "standalone":
			ok = v == "yes" || v == "no"
		}
	}
	if !ok || len(attrs) == 0 {
		return t.fault("not an XML declaration")
	}
	t.in.pos += end + 2
	return nil
}

// declaration takes what begins with "<!": comments and CDATA sections.
func (t *Tokenizer) declaration() error {
	in := t.in
	for {
		b := in.buf[in.pos:in.end]
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			in.pos += 4
			return t.skipComment()
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			if len(t.open) == 0 {
				return t.fault("text outside the root element")
			}
			in.pos += 9
			t.cdata = true
			return nil
		case bytes.HasPrefix(b, []byte("<!DOCTYPE")):
			return t.fault("a document type declaration is not allowed")
		case bytes.HasPrefix([]byte("<!--"), b), bytes.HasPrefix([]byte("<![CDATA["), b), bytes.HasPrefix([]byte("<!DOCTYPE"), b):
			if !in.more() {
				return in.missing("markup")
			}
		default:
			return t.fault("\"<!\" begins neither a comment nor a CDATA section")
		}
	}
}

// skipComment skips to the end of a comment. XML 1.0 §2.5.
func (t *Tokenizer) skipComment() error {
	in := t.in
	for {
		b := in.buf[in.pos:in.end]
		i := bytes.Index(b, []byte("--"))
		if i >= 0 && i+2 < len(b) {
			in.pos += i
			if b[i+2] != '>' {
				return t.fault("\"--\" within a comment")
			}
			in.pos += 3
			return nil
		}
		in.pos += max(0, len(b)-2)
		if !in.more() {
			return in.missing("a comment")
		}
	}
}

// instruction skips a processing instruction. XML 1.0 §2.6.
func (t *Tokenizer) instruction() error {
	in := t.in
	n := nameLength(in.buf[in.pos+2 : in.end])
	for in.pos+2+n == in.end || in.pos+2+n+1 == in.end {
		if !in.more() {
			return in.missing("a processing instruction")
		}
		n = nameLength(in.buf[in.pos+2 : in.end])
	}
	target := in.buf[in.pos+2 : in.pos+2+n]
	after := in.buf[in.pos+2+n:]
	switch {
	case n == 0 || !isSpace(after[0]) && !(after[0] == '?' && after[1] == '>'):
		return t.fault("\"<?\" begins no processing instruction")
	case n > t.lim.Name:
		return t.fault(fmt.Sprintf("name longer than %d bytes", t.lim.Name))
	case strings.EqualFold(string(target), "xml"):
		return t.fault("an XML declaration stands at the very beginning only")
	case bytes.IndexByte(target, ':') >= 0:
		return in.errorAt(in.pos, show(target), "colon in the target of a processing instruction")
	}
	in.pos += 2 + n
	for {
		b := in.buf[in.pos:in.end]
		if i := bytes.Index(b, []byte("?>")); i >= 0 {
			in.pos += i + 2
			return nil
		}
		in.pos += max(0, len(b)-1)
		if !in.more() {
			return in.missing("a processing instruction")
		}
	}
}
