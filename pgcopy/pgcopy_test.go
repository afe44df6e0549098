package pgcopy_test

import (
	"bytes"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"pgregory.net/rapid"

	"nks/gateway/postgres/pgtest"
	"nks/pgcopy"
)

func table() pgcopy.Table {
	return pgcopy.Table{Name: "pg_temp.every", Columns: []string{"day", "at", "clock", "two", "four", "eight", "yes", "word", "doc", "maybe"}}
}

// every is a row of all types.
type every struct {
	at    time.Time
	two   int16
	four  int32
	eight int64
	yes   bool
	word  string
	maybe int64
}

func (e every) write(r *pgcopy.Rows) {
	r.Day("day", e.at)
	r.Instant("at", e.at)
	r.TimeOfDay("clock", 6*time.Hour+30*time.Minute)
	r.Int2("two", e.two)
	r.Int4("four", e.four)
	r.Int8("eight", e.eight)
	r.Bool("yes", e.yes)
	r.Optional("word", e.word)
	r.JSON("doc", `{"a": 1}`)
	r.OptionalInt8("maybe", e.maybe)
	r.End()
}

// TestRows_ComeBack: what is copied is what was given, in one piece or in chunks.
func TestRows_ComeBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn, err := db.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.ExecContext(t.Context(), `CREATE TEMP TABLE every (day date, at timestamptz, clock time, two smallint, four int, eight bigint,
		yes boolean, word text, doc jsonb, maybe bigint)`)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		given := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) every {
			return every{at: time.UnixMicro(rapid.Int64Range(-2_000_000_000_000_000, 4_000_000_000_000_000).Draw(t, "at")).UTC(),
				two: rapid.Int16().Draw(t, "two"), four: rapid.Int32().Draw(t, "four"), eight: rapid.Int64().Draw(t, "eight"),
				yes: rapid.Bool().Draw(t, "yes"), word: strings.ReplaceAll(rapid.String().Draw(t, "word"), "\x00", ""), maybe: rapid.Int64Range(0, 2).Draw(t, "maybe")}
		}), 0, 20).Draw(r, "rows")
		var all bytes.Buffer
		rows := pgcopy.New(table())
		for i, e := range given {
			e.write(rows)
			if i%3 == 2 {
				chunk, err := rows.Chunk()
				if err != nil {
					r.Fatal(err)
				}
				all.Write(chunk)
			}
		}
		last, err := rows.Last()
		if err != nil {
			r.Fatal(err)
		}
		all.Write(last)
		if _, err := conn.ExecContext(t.Context(), `TRUNCATE every`); err != nil {
			r.Fatal(err)
		}
		err = conn.Raw(func(dc any) error {
			_, err := dc.(*stdlib.Conn).Conn().PgConn().CopyFrom(t.Context(), &all, table().Statement())
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
		back, err := conn.QueryContext(t.Context(), `SELECT day = (at AT TIME ZONE 'UTC')::date AND clock = '06:30' AND doc = '{"a": 1}', at, two, four, eight, yes, word, maybe
			FROM every ORDER BY ctid`)
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = back.Close() }()
		n := 0
		for ; back.Next(); n++ {
			var same bool
			var got every
			var word sql.NullString
			var maybe sql.NullInt64
			if err := back.Scan(&same, &got.at, &got.two, &got.four, &got.eight, &got.yes, &word, &maybe); err != nil {
				r.Fatal(err)
			}
			got.word, got.maybe, got.at = word.String, maybe.Int64, got.at.UTC()
			if !same || got != given[n] || word.Valid != (given[n].word != "") || maybe.Valid != (given[n].maybe != 0) {
				r.Fatalf("row %d: %+v, want %+v (%t)", n, got, given[n], same)
			}
		}
		if n != len(given) {
			r.Fatalf("%d rows came back of %d", n, len(given))
		}
	})
}

// TestRows_OwnTheirColumns: a value at another column's place, one too many or too few is an error.
func TestRows_OwnTheirColumns(t *testing.T) {
	t.Parallel()
	two := pgcopy.Table{Name: "pair", Columns: []string{"a", "b"}}
	for name, write := range map[string]func(*pgcopy.Rows){
		"exchanged": func(r *pgcopy.Rows) { r.Int8("b", 1); r.Int8("a", 2); r.End() },
		"too few":   func(r *pgcopy.Rows) { r.Int8("a", 1); r.End() },
		"too many":  func(r *pgcopy.Rows) { r.Int8("a", 1); r.Int8("b", 2); r.Int8("c", 3); r.End() },
		"unknown":   func(r *pgcopy.Rows) { r.Int8("a", 1); r.Null("c"); r.End() },
	} {
		r := pgcopy.New(two)
		write(r)
		if _, err := r.Take(); err == nil || !strings.Contains(err.Error(), "pair") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := pgcopy.New(two)
	r.Int8("a", 1)
	r.DropRow()
	r.Int8("a", 1)
	r.Int8("b", 2)
	r.End()
	if _, err := r.Take(); err != nil {
		t.Errorf("a row after one that was dropped: %v", err)
	}
}
