package pgscript_test

import (
	"strings"
	"testing"

	"nks/gateway/postgres/pgtest"
	"nks/pgscript"
)

// TestRun: the steps run in order with their named parameters, and an error names the one that failed.
func TestRun(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn, err := db.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const script = "-- what it is for\n\n-- step: table\nCREATE TEMP TABLE n (v int) -- no @parameter\n\n" +
		"-- step: rows\nINSERT INTO n SELECT generate_series(@from::int, @to::int)\n"
	n, err := pgscript.RunCounting(t.Context(), conn, script, pgscript.Args{"from": 3, "to": 7, "unused": "x"})
	if err != nil || n != 5 {
		t.Errorf("%d rows, %v", n, err)
	}
	err = pgscript.Run(t.Context(), conn, "-- step: first\nSELECT 1\n-- step: the second\nSELECT * FROM nowhere\n", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "the second: ") {
		t.Errorf("error %v", err)
	}
	if err := pgscript.Run(t.Context(), conn, "SELECT 1", nil); err == nil {
		t.Error("a script without a step was run")
	}
}
