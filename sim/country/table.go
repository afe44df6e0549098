package country

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// table writes one CSV file (RFC 4180). Its buffer holds one row: a country of millions is written row by row without
// an allocation each.
type table struct {
	out   *bufio.Writer
	row   []byte
	first bool
	err   error
}

// writeTable writes a file through write and reports the first error of any row.
func writeTable(path string, write func(*table)) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("country: %w", err)
	}
	t := &table{out: bufio.NewWriterSize(f, 1<<18), first: true}
	write(t)
	if t.err == nil {
		t.err = t.out.Flush()
	}
	if err := f.Close(); t.err == nil {
		t.err = err
	}
	if t.err != nil {
		return fmt.Errorf("country: %s: %w", path, t.err)
	}
	return nil
}

// header writes the names of the columns, given as one string separated by blanks.
func (t *table) header(columns string) {
	for _, c := range strings.Fields(columns) {
		t.text(c)
	}
	t.end()
}

func (t *table) comma() {
	if !t.first {
		t.row = append(t.row, ',')
	}
	t.first = false
}

// bytes adds a field that needs no quotes: digits, codes, dates.
func (t *table) bytes(b []byte) {
	t.comma()
	t.row = append(t.row, b...)
}

// text adds a field, quoted where RFC 4180 asks for it.
func (t *table) text(s string) {
	t.comma()
	if !strings.ContainsAny(s, ",\"\r\n") {
		t.row = append(t.row, s...)
		return
	}
	t.row = append(t.row, '"')
	t.row = append(t.row, strings.ReplaceAll(s, `"`, `""`)...)
	t.row = append(t.row, '"')
}

// texts adds several fields.
func (t *table) texts(fields ...string) {
	for _, f := range fields {
		t.text(f)
	}
}

func (t *table) end() {
	t.row = append(t.row, '\n')
	if t.err == nil {
		_, t.err = t.out.Write(t.row)
	}
	t.row, t.first = t.row[:0], true
}
