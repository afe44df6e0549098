package register

import (
	"bytes"
	"errors"
	"io"
)

// Sizes that a file of reference data never needs to pass.
const (
	maxRecord = 64 << 10
	maxFields = 64
)

var (
	errRecordTooLong = errors.New("is longer than 64 KiB")
	errTooManyFields = errors.New("has more than 64 fields")
	errQuote         = errors.New("has a quote in the wrong place (RFC 4180)")
)

// records reads CSV (RFC 4180) from one buffer, without an allocation per record.
type records struct {
	r      io.Reader
	buf    []byte
	start  int // unread data is buf[start:end]
	end    int
	done   bool
	read   int64 // bytes taken from r
	line   int   // first line of the record last returned or tried
	next   int   // line that the following record begins on
	fields [][]byte
	quoted []byte // holds the fields of the present record that had quotes
}

func newRecords(r io.Reader) *records {
	return &records{r: r, buf: make([]byte, 4*maxRecord), next: 1, fields: make([][]byte, 0, maxFields)}
}

// record returns the next record, valid until the next call; io.EOF after the last. Empty lines are passed over.
func (c *records) record() ([][]byte, error) {
	for {
		c.line = c.next
		raw, lines, err := c.raw()
		if err != nil {
			return nil, err
		}
		c.next += lines
		if c.line == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) // as spreadsheets write it
		}
		raw = bytes.TrimSuffix(raw, []byte{'\r'})
		if len(raw) == 0 {
			continue
		}
		if err := c.split(raw); err != nil {
			return nil, err
		}
		return c.fields, nil
	}
}

// raw finds the end of a record: the first line feed outside quotes.
func (c *records) raw() (rec []byte, lines int, err error) {
	for {
		data := c.buf[c.start:c.end]
		n := bytes.IndexByte(data, '\n')
		if n >= 0 && bytes.IndexByte(data[:n], '"') >= 0 {
			n = endOutsideQuotes(data)
		} else if n < 0 && bytes.IndexByte(data, '"') >= 0 {
			n = endOutsideQuotes(data)
		}
		switch {
		case n < 0 && len(data) > maxRecord && bytes.IndexByte(data, '"') >= 0:
			return nil, 0, errQuote
		case n > maxRecord || n < 0 && len(data) > maxRecord:
			return nil, 0, errRecordTooLong
		case n >= 0:
			c.start += n + 1
			return data[:n], 1 + bytes.Count(data[:n], []byte{'\n'}), nil
		case c.done && len(data) == 0:
			return nil, 0, io.EOF
		case c.done:
			c.start = c.end
			return data, 1 + bytes.Count(data, []byte{'\n'}), nil
		}
		if err := c.fill(); err != nil {
			return nil, 0, err
		}
	}
}

func endOutsideQuotes(data []byte) int {
	inside := false
	for i, b := range data {
		switch {
		case b == '"':
			inside = !inside
		case b == '\n' && !inside:
			return i
		}
	}
	return -1
}

func (c *records) fill() error {
	c.end = copy(c.buf, c.buf[c.start:c.end])
	c.start = 0
	for tries := 0; ; tries++ {
		n, err := c.r.Read(c.buf[c.end:])
		c.end += n
		c.read += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			c.done = true
			return nil
		case err != nil:
			return err
		case n > 0:
			return nil
		case tries == 100:
			return io.ErrNoProgress
		}
	}
}

func (c *records) split(raw []byte) error {
	c.fields, c.quoted = c.fields[:0], c.quoted[:0]
	for {
		if len(c.fields) == maxFields {
			return errTooManyFields
		}
		if len(raw) > 0 && raw[0] == '"' {
			field, rest, err := c.unquote(raw[1:])
			if err != nil {
				return err
			}
			c.fields = append(c.fields, field)
			if rest == nil {
				return nil
			}
			raw = rest
			continue
		}
		comma := bytes.IndexByte(raw, ',')
		field := raw
		if comma >= 0 {
			field = raw[:comma]
		}
		if bytes.IndexByte(field, '"') >= 0 {
			return errQuote
		}
		c.fields = append(c.fields, field)
		if comma < 0 {
			return nil
		}
		raw = raw[comma+1:]
	}
}

// unquote reads a field after its opening quote; rest is what follows the comma after it, nil at the record's end.
func (c *records) unquote(raw []byte) (field, rest []byte, err error) {
	// Growing would leave earlier fields of this record in the old array, which stays valid; they are not moved.
	from := len(c.quoted)
	for {
		q := bytes.IndexByte(raw, '"')
		if q < 0 {
			return nil, nil, errQuote
		}
		c.quoted = append(c.quoted, raw[:q]...)
		raw = raw[q+1:]
		switch {
		case len(raw) == 0:
			return c.quoted[from:], nil, nil
		case raw[0] == ',':
			return c.quoted[from:], raw[1:], nil
		case raw[0] != '"':
			return nil, nil, errQuote
		}
		c.quoted = append(c.quoted, '"')
		raw = raw[1:]
	}
}
