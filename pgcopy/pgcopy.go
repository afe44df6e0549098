// Package pgcopy encodes rows for PostgreSQL's COPY in its binary format, so that the server reads numbers and times without
// parsing text. A table owns its columns: every value is given with its column's name, and a value at another column's
// place, or a row of another width, is an error. // PostgreSQL manual, COPY, "Binary Format"
package pgcopy

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
)

// Table is a table and the columns that rows give, in their order. The columns' types must be what the values are: there is
// no conversion.
type Table struct {
	Name    string
	Columns []string
}

// Statement is the COPY that takes the table's rows; options stand beside the format, as "FREEZE".
func (t Table) Statement(options ...string) string {
	return "COPY " + t.Name + " (" + strings.Join(t.Columns, ", ") + ") FROM STDIN (" +
		strings.Join(append([]string{"FORMAT binary"}, options...), ", ") + ")"
}

// Rows encodes rows of a table. It is not safe for concurrent use.
type Rows struct {
	table Table
	buf   []byte
	begun bool // the header stands before the rows
	row   int  // where the present row begins in buf
	at    int  // values of the present row
	n     int
	err   error
	bad   int // the row that err is about
}

// New makes an encoder that has no rows yet.
func New(t Table) *Rows { return &Rows{table: t} }

const header = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// column begins the value of the next column.
func (r *Rows) column(name string) {
	if r.at == 0 {
		if !r.begun {
			r.buf, r.begun = append(r.buf, header...), true
		}
		r.row = len(r.buf)
		r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(len(r.table.Columns)))
	}
	if (r.at >= len(r.table.Columns) || r.table.Columns[r.at] != name) && r.err == nil {
		r.err, r.bad = fmt.Errorf("row of %s: column %s must not stand at place %d", r.table.Name, name, r.at+1), r.n
	}
	r.at++
}

func (r *Rows) length(n int) { r.buf = binary.BigEndian.AppendUint32(r.buf, uint32(n)) }

// Null gives NULL.
func (r *Rows) Null(column string) {
	r.column(column)
	r.buf = binary.BigEndian.AppendUint32(r.buf, math.MaxUint32)
}

// Int2 gives a smallint.
func (r *Rows) Int2(column string, v int16) {
	r.column(column)
	r.length(2)
	r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(v))
}

// Int4 gives an integer.
func (r *Rows) Int4(column string, v int32) {
	r.column(column)
	r.length(4)
	r.buf = binary.BigEndian.AppendUint32(r.buf, uint32(v))
}

// Int8 gives a bigint.
func (r *Rows) Int8(column string, v int64) {
	r.column(column)
	r.length(8)
	r.buf = binary.BigEndian.AppendUint64(r.buf, uint64(v))
}

// OptionalInt8 gives a bigint; 0 is NULL.
func (r *Rows) OptionalInt8(column string, v int64) {
	if v == 0 {
		r.Null(column)
		return
	}
	r.Int8(column, v)
}

// Bool gives a boolean.
func (r *Rows) Bool(column string, v bool) {
	r.column(column)
	r.length(1)
	if v {
		r.buf = append(r.buf, 1)
	} else {
		r.buf = append(r.buf, 0)
	}
}

// Text gives a text; the empty one is an empty text.
func (r *Rows) Text(column, v string) {
	r.column(column)
	r.length(len(v))
	r.buf = append(r.buf, v...)
}

// Bytes gives a text that is held as bytes.
func (r *Rows) Bytes(column string, v []byte) {
	r.column(column)
	r.length(len(v))
	r.buf = append(r.buf, v...)
}

// Optional gives a text; the empty one is NULL.
func (r *Rows) Optional(column, v string) {
	if v == "" {
		r.Null(column)
		return
	}
	r.Text(column, v)
}

// jsonbVersion stands before the text of a jsonb.
const jsonbVersion = 1

// JSON gives a jsonb by its text; the empty one is NULL.
func (r *Rows) JSON(column, text string) {
	if text == "" {
		r.Null(column)
		return
	}
	r.column(column)
	r.length(1 + len(text))
	r.buf = append(append(r.buf, jsonbVersion), text...)
}

// PostgreSQL counts days and microseconds from 2000-01-01.
const epochUnix = 946684800

// Micros is an instant as a timestamptz holds it, for Int8.
func Micros(at time.Time) int64 { return at.UnixMicro() - epochUnix*1_000_000 }

// BeforeAll is the instant -infinity, for Int8.
const BeforeAll = math.MinInt64

// Instant gives a timestamptz.
func (r *Rows) Instant(column string, at time.Time) { r.Int8(column, Micros(at)) }

// Day gives a date: the day of at, in at's own location.
func (r *Rows) Day(column string, at time.Time) {
	y, m, d := at.Date()
	r.Int4(column, int32((time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()-epochUnix)/86400))
}

// TimeOfDay gives a time.
func (r *Rows) TimeOfDay(column string, sinceMidnight time.Duration) {
	r.Int8(column, sinceMidnight.Microseconds())
}

// End ends a row.
func (r *Rows) End() {
	if r.at != len(r.table.Columns) && r.err == nil {
		r.err = fmt.Errorf("row of %s has %d values, must have %d", r.table.Name, r.at, len(r.table.Columns))
	}
	r.at = 0
	r.n++
}

// DropRow forgets the row that has begun and not ended.
func (r *Rows) DropRow() {
	if r.at > 0 {
		r.buf, r.at = r.buf[:r.row], 0
	}
	if r.bad == r.n {
		r.err = nil
	}
}

// Len is how many rows were ended since the last Take.
func (r *Rows) Len() int { return r.n }

// Size is how many bytes wait to be handed on.
func (r *Rows) Size() int { return len(r.buf) }

// Chunk hands on what is encoded so far, to be read before the next value is given; rows go on.
func (r *Rows) Chunk() ([]byte, error) {
	chunk := r.buf
	r.buf = r.buf[:0]
	return chunk, r.err
}

// Last hands on what is left, and the trailer. A COPY without rows is whole, too.
func (r *Rows) Last() ([]byte, error) {
	if !r.begun {
		r.buf, r.begun = append(r.buf, header...), true
	}
	r.buf = binary.BigEndian.AppendUint16(r.buf, math.MaxUint16)
	return r.Chunk()
}

// Take gives a whole COPY of the rows that there are, in memory of its own, and begins anew.
func (r *Rows) Take() ([]byte, error) {
	all, err := r.Last()
	r.buf, r.begun, r.n = nil, false, 0
	return all, err
}
