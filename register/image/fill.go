package image

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/register"
)

// known is what the register knows of holders and accounts from $1 on, in the order of its indexes: what comes back is a
// walk through two of them. An account that is in force begins always.
const known = `SELECT h.id, h.kind, h.status, h.parent, h.ended_on, (h.valid_to IS NOT NULL OR h.valid_from > $1),
	a.id, a.account_kind, CASE a.account_kind WHEN 1 THEN a.account END, a.locked, a.authority, a.benefit_type,
	CASE WHEN a.valid_from > $1 THEN a.valid_from END, a.valid_to
	FROM nks.holder_version h LEFT JOIN nks.account_version a ON a.holder_id = h.id AND a.holder_kind = h.kind
		AND a.recorded_to IS NULL AND (a.valid_to > $1 OR a.valid_to IS NULL)
	WHERE h.recorded_to IS NULL AND (h.valid_to > $1 OR h.valid_to IS NULL)
	ORDER BY h.id, h.kind`

// walk keeps the planner from sorting or hashing millions of rows that indexes have in order.
const walk = `SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off;
	SET LOCAL cursor_tuple_fraction = 1; SET LOCAL jit = off`

// mark is where the register stands in a snapshot: at which change, and when that was recorded.
type mark struct {
	epoch, counter int64
	recorded       time.Time
}

func readMark(ctx context.Context, q register.Asker) (m mark, err error) {
	rows, err := q.Query(ctx, `SELECT epoch, counter, coalesce(nullif(recorded_at, '-infinity'), '2000-01-01') FROM nks.register_counter`)
	if err == nil {
		m, err = pgx.CollectExactlyOneRow(rows, func(r pgx.CollectableRow) (m mark, err error) {
			return m, r.Scan(&m.epoch, &m.counter, &m.recorded)
		})
	}
	if err != nil {
		return m, fmt.Errorf("register counter: %w", err)
	}
	return m, nil
}

// fill makes an image of what the register knows at an instant of business time, in one snapshot. Its memory does not
// grow with the register beyond the image itself, which may take so much and is else an errTooBig.
func fill(ctx context.Context, conn *pgx.Conn, at time.Time, maxBytes int64) (*Image, error) {
	began := time.Now()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	m, err := readMark(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	if _, err := tx.Exec(ctx, walk); err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	b, rows, err := build(ctx, tx, at, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	words, err := readWords(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	return &Image{base: b, mark: m, from: instantOf(at), reached: m, words: words, changed: map[holderKey]*record{},
		Rows: rows, Took: time.Since(began)}, nil
}

// errTooBig means that the register has no room in memory.
var errTooBig = errors.New("the image has no room")

func build(ctx context.Context, tx pgx.Tx, at time.Time, maxBytes int64) (b *base, n int64, err error) {
	rows, err := tx.Query(ctx, known, pgx.QueryExecModeCacheDescribe, pgx.QueryResultFormats{pgx.BinaryFormatCode}, at)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	made := newBuilder()
	names := map[string]string{}
	for rows.Next() {
		var r row
		r.scan(rows.RawValues(), names)
		made.add(&r)
		if n++; n%chunkSize == 0 && made.bytes() > maxBytes {
			return nil, 0, errTooBig
		}
	}
	return made.done(), n, rows.Err()
}

// scan takes a row of known in binary format. Names of authorities and benefit types are shared.
func (r *row) scan(raw [][]byte, names map[string]string) {
	shared := func(b []byte) string {
		s, is := names[string(b)]
		if !is {
			s = string(b)
			names[s] = s
		}
		return s
	}
	r.key = keyOf(gateway.HolderKind(int2(raw[1])), int8of(raw[0], 0))
	r.status, r.parent, r.odd = gateway.HolderStatus(int2(raw[2])), int8of(raw[3], 0), isTrue(raw[5])
	if r.hasEnded = raw[4] != nil; r.hasEnded {
		r.ended = int32(binary.BigEndian.Uint32(raw[4]))
	}
	if r.version = int8of(raw[6], 0); r.version == 0 {
		return
	}
	r.kind, r.digits, r.locked = gateway.AccountKind(int2(raw[7])), raw[8], isTrue(raw[9])
	r.purpose = purpose{shared(raw[10]), shared(raw[11])}
	r.from, r.to = int8of(raw[12], always), int8of(raw[13], forever)
}

func isTrue(b []byte) bool { return len(b) == 1 && b[0] != 0 }

func int2(b []byte) int16 { return int16(binary.BigEndian.Uint16(b)) }

// int8of is a bigint, or an instant; none where it is NULL.
func int8of(b []byte, none int64) int64 {
	if b == nil {
		return none
	}
	return int64(binary.BigEndian.Uint64(b))
}
