package flowtest_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/reconciliation"
)

// row reads one row as text, its columns joined by blanks.
func (w *world) row(query string, args ...any) string {
	w.t.Helper()
	return strings.Join(w.rows(query, args...), "; ")
}

func (w *world) rows(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.db.QueryxContext(w.t.Context(), query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			w.t.Fatal(err)
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = string(b)
			}
			if at, ok := v.(time.Time); ok {
				values[i] = at.In(w.Base.Location).Format("2006-01-02T15:04")
			}
		}
		out = append(out, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// tamper changes what the flow itself may not.
func (w *world) tamper(query string, args ...any) {
	w.t.Helper()
	if _, err := w.database.Open(w.t, pgtest.Superuser).ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// want compares what there is with what there must be.
func (w *world) want(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// ledger is the payments by state, over all authorities, as "executed 2 = 300".
func (w *world) ledger() string {
	w.t.Helper()
	entries, err := reconciliation.Ledger(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	var parts []string
	for _, s := range gateway.PaymentStates() {
		var n, ore int64
		for _, e := range entries {
			if e.State == s {
				n, ore = n+e.Payments, ore+e.Ore
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d = %d", s, n, ore))
		}
	}
	return strings.Join(parts, ", ")
}

// exceptions are the open ones, by kind.
func (w *world) exceptions() string {
	w.t.Helper()
	return w.row(`SELECT kind FROM exception WHERE closed_at IS NULL ORDER BY id`)
}

// number reads one number.
func (w *world) number(query string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.db.QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// raw is a stored document.
func (w *world) raw(document int64) string {
	w.t.Helper()
	r, err := w.Base.Raw(w.t.Context(), document)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	all, err := io.ReadAll(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(all)
}
