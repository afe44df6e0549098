package register

import (
	"encoding/binary"
	"io"
	"math"
	"time"
)

// tuples writes rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format"): the server reads
// numbers and times from it without parsing text.
type tuples struct {
	w   io.Writer
	buf []byte
	row int // where the present row begins in buf
	err error
}

const copyChunk = 128 << 10

func newTuples(w io.Writer) *tuples {
	t := &tuples{w: w, buf: make([]byte, 0, copyChunk+maxRecord*2)}
	t.buf = append(t.buf, "PGCOPY\n\xff\r\n\x00"...)
	t.buf = append(t.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	return t
}

func (t *tuples) begin(columns int) {
	t.row = len(t.buf)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(columns))
}

// drop forgets the present row.
func (t *tuples) drop() { t.buf = t.buf[:t.row] }

// end completes the present row.
func (t *tuples) end() {
	if len(t.buf) >= copyChunk {
		t.flush()
	}
}

func (t *tuples) flush() {
	if t.err == nil {
		_, t.err = t.w.Write(t.buf)
	}
	t.buf = t.buf[:0]
}

// close writes the trailer.
func (t *tuples) close() error {
	t.buf = binary.BigEndian.AppendUint16(t.buf, math.MaxUint16)
	t.flush()
	return t.err
}

func (t *tuples) null() { t.buf = binary.BigEndian.AppendUint32(t.buf, math.MaxUint32) }

func (t *tuples) text(b []byte) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(len(b)))
	t.buf = append(t.buf, b...)
}

func (t *tuples) int2(n int16) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 2)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(n))
}

func (t *tuples) int4(n int32) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(n))
}

func (t *tuples) int8(n int64) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(n))
}

func (t *tuples) bool(b bool) {
	v := byte(0)
	if b {
		v = 1
	}
	t.buf = append(t.buf, 0, 0, 0, 1, v)
}

// PostgreSQL counts days and microseconds from 2000-01-01.
const (
	epochUnix     = 946684800
	minusInfinity = math.MinInt64
)

func (t *tuples) instant(at time.Time) { t.int8(pgMicros(at)) }

func pgMicros(at time.Time) int64 { return at.UnixMicro() - epochUnix*1_000_000 }

// date writes the day of a midnight UTC.
func (t *tuples) date(midnight time.Time) { t.int4(int32((midnight.Unix() - epochUnix) / 86400)) }

// clock writes a time of day.
func (t *tuples) clock(sinceMidnight time.Duration) { t.int8(sinceMidnight.Microseconds()) }
