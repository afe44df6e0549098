package feed

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Namespace is that of the XML form; docs/schemas/register-feed.xsd is its schema.
const Namespace = "urn:nks:register-feed:1"

// csvMark begins the first line of the CSV form: register-feed,CPR,17,3 of a file of three changes. The count shows that it came whole.
const csvMark = "register-feed,"

// MatchesCSV reports by the beginning of a document whether it is a feed in CSV.
func MatchesCSV(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte(csvMark))
}

// Open reads the head of a file, in either form.
func Open(r io.Reader) (Reader, error) {
	in := bufio.NewReaderSize(&bounded{r, MostBytes}, 64<<10)
	begins, _ := in.Peek(len(csvMark) + 3) // what fails is told by who reads it
	if bytes.HasPrefix(bytes.TrimPrefix(begins, []byte("\xef\xbb\xbf")), []byte(csvMark)) {
		return openCSV(in)
	}
	return openXML(in)
}

// bounded ends a file that is too large with an error, and not as if it were whole.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &FormError{1, fmt.Sprintf("is larger than %d bytes", MostBytes)}
	}
	return n, err
}

// headOf makes a head of its two words.
func headOf(source, number string) (Head, string) {
	h := Head{Source: Source(source)}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case !h.Source.IsKnown():
		return h, "source must be CPR, CVR or SE"
	case err != nil || n < 1 || n > 1e15 || strconv.FormatInt(n, 10) != number:
		return h, "number must be a whole number from 1"
	}
	h.Number = n
	return h, ""
}

type xmlReader struct {
	head  Head
	in    *xml.Decoder
	count int
	ended bool
}

func openXML(r io.Reader) (Reader, error) {
	x := &xmlReader{in: xml.NewDecoder(r)}
	x.in.Entity = map[string]string{} // none but those of XML itself
	start, err := x.element()
	if err != nil {
		return x, err
	}
	if start == nil || start.Name != (xml.Name{Space: Namespace, Local: "RegisterFeed"}) {
		return x, x.wrong("the root must be RegisterFeed of " + Namespace)
	}
	fields, rule := attributes(start, []string{"source", "number"})
	if rule == "" {
		x.head, rule = headOf(fields["source"], fields["number"])
	}
	if rule != "" {
		return x, x.wrong(rule)
	}
	return x, nil
}

func (x *xmlReader) Head() Head { return x.head }

func (x *xmlReader) wrong(text string) error {
	line, _ := x.in.InputPos()
	return &FormError{line, text}
}

// element is the next element that begins; nil at the end of the one that is open.
func (x *xmlReader) element() (*xml.StartElement, error) {
	for {
		t, err := x.in.Token()
		if bad := (*xml.SyntaxError)(nil); errors.As(err, &bad) {
			return nil, &FormError{bad.Line, "is not XML: " + bad.Msg}
		}
		if err != nil && strings.Contains(err.Error(), "CharsetReader") {
			return nil, x.wrong("must be UTF-8")
		}
		if errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "xml:") {
			return nil, x.wrong("ends within")
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.Directive:
			return nil, x.wrong("must hold no DTD")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, x.wrong("text between elements is not in the schema")
			}
		}
	}
}

// attributes takes the attributes of an element; no others than those named may be there.
func attributes(e *xml.StartElement, known []string) (map[string]string, string) {
	all := make(map[string]string, len(known))
	for _, a := range e.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		if a.Name.Space != "" || !slices.Contains(known, a.Name.Local) {
			return nil, "attribute " + shown(a.Name.Local) + " is not in the schema"
		}
		if _, twice := all[a.Name.Local]; twice {
			return nil, "attribute " + a.Name.Local + " stands twice"
		}
		all[a.Name.Local] = a.Value
	}
	return all, ""
}

func (x *xmlReader) Next() (*Change, error) {
	if x.ended {
		return nil, io.EOF
	}
	start, err := x.element()
	switch {
	case err != nil:
		return nil, err
	case start == nil:
		x.ended = true
		return nil, x.end()
	case start.Name != (xml.Name{Space: Namespace, Local: "Change"}):
		return nil, x.wrong("element " + shown(start.Name.Local) + " is not in the schema")
	case x.count == MostChanges:
		return nil, x.wrong(fmt.Sprintf("holds more than %d changes", MostChanges))
	}
	x.count++
	line, _ := x.in.InputPos()
	fields, rule := attributes(start, columns())
	if rule == "" {
		if inner, err := x.element(); err != nil {
			return nil, err
		} else if inner != nil {
			rule = "Change holds no elements"
		}
	}
	var c *Change
	if rule == "" {
		c, rule = x.head.change(fields, x.count)
	}
	if rule != "" {
		return nil, &FormError{line, rule}
	}
	c.Line = line
	return c, nil
}

// end is io.EOF where nothing stands behind the root.
func (x *xmlReader) end() error {
	for {
		t, err := x.in.Token()
		switch {
		case errors.Is(err, io.EOF):
			return io.EOF
		case err != nil:
			if bad := (*xml.SyntaxError)(nil); !errors.As(err, &bad) {
				return err
			}
			return x.wrong("something stands behind the root")
		}
		if _, comment := t.(xml.Comment); comment {
			continue
		}
		if text, is := t.(xml.CharData); !is || len(bytes.TrimSpace(text)) > 0 {
			return x.wrong("something stands behind the root")
		}
	}
}

type csvReader struct {
	head    Head
	in      *csv.Reader
	columns []string
	count   int
	of      int // that the first line tells
}

func openCSV(r io.Reader) (Reader, error) {
	c := &csvReader{in: csv.NewReader(r)}
	c.in.FieldsPerRecord, c.in.ReuseRecord = -1, true
	first, err := c.record()
	if err != nil {
		return c, err
	}
	if len(first) != 4 {
		return c, c.wrong("the first line must be register-feed, source, number and how many changes follow")
	}
	if c.of, err = strconv.Atoi(first[3]); err != nil || c.of < 0 || c.of > MostChanges {
		return c, c.wrong(fmt.Sprintf("how many changes follow must be a number up to %d", MostChanges))
	}
	var rule string
	if c.head, rule = headOf(first[1], first[2]); rule != "" {
		return c, c.wrong(rule)
	}
	header, err := c.record()
	if errors.Is(err, io.EOF) {
		return c, &FormError{2, "the line of column names is missing"}
	}
	if err != nil {
		return c, err
	}
	c.columns = slices.Clone(header)
	for i, name := range c.columns {
		if !slices.Contains(columns(), name) || slices.Contains(c.columns[:i], name) {
			return c, c.wrong("column " + shown(name) + " is unknown or stands twice")
		}
	}
	return c, nil
}

func (c *csvReader) Head() Head { return c.head }

func (c *csvReader) wrong(text string) error {
	line, _ := c.in.FieldPos(0)
	return &FormError{line, text}
}

func (c *csvReader) record() ([]string, error) {
	fields, err := c.in.Read()
	if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
		return nil, &FormError{bad.Line, "is not CSV: " + bad.Err.Error()}
	}
	return fields, err
}

func (c *csvReader) Next() (*Change, error) {
	record, err := c.record()
	switch {
	case errors.Is(err, io.EOF) && c.count != c.of:
		return nil, &FormError{c.count + 3, fmt.Sprintf("ends after %d changes of %d", c.count, c.of)}
	case err != nil:
		return nil, err
	case len(record) != len(c.columns):
		return nil, c.wrong(fmt.Sprintf("must have %d fields, as the line of column names", len(c.columns)))
	case c.count == c.of:
		return nil, c.wrong(fmt.Sprintf("holds more than the %d changes that its first line tells", c.of))
	}
	c.count++
	fields := make(map[string]string, len(record))
	for i, name := range c.columns {
		fields[name] = record[i]
	}
	change, rule := c.head.change(fields, c.count)
	if rule != "" {
		return nil, c.wrong(rule)
	}
	change.Line, _ = c.in.FieldPos(0)
	return change, nil
}

// shown is a name of the sender's as it may be told: no digits, since it may be a number.
func shown(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r < ' ' {
			return 'x'
		}
		return r
	}, name)
	if len(name) > 40 {
		name = strings.ToValidUTF8(name[:40], "") + "…"
	}
	return strconv.Quote(name)
}
