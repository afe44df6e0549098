package flowtest_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/reconciliation"
	"nks/schema"
)

// viewer is who looks at a page.
type viewer struct{ role, authority string }

var operations = viewer{"operations", ""}

func of(authority string) viewer { return viewer{"authority", authority} }

// as runs something as nks_page, for a viewer.
func (w *world) as(v viewer, do func(tx *sqlx.Tx) error) error {
	ctx := context.Background() // also while the test ends
	w.mu.Lock()
	var err error
	if w.viewers == nil {
		w.viewers, err = sqlx.Open("pgx", w.database.DSN(schema.Page))
	}
	viewers := w.viewers
	w.mu.Unlock()
	if err != nil {
		return err
	}
	tx, err := viewers.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(ctx, `SELECT set_config('nks.viewer', $1, true), set_config('nks.viewer_authority', $2, true)`, v.role, v.authority)
	if err != nil {
		return err
	}
	return do(tx)
}

// sees counts what a viewer sees of a query's rows.
func (w *world) sees(v viewer, query string, args ...any) int {
	w.t.Helper()
	var n int
	err := w.as(v, func(tx *sqlx.Tx) error {
		return tx.GetContext(w.t.Context(), &n, `SELECT count(*) FROM (`+query+`) q`, args...)
	})
	if err != nil {
		w.t.Fatalf("%+v: %s: %v", v, query, err)
	}
	return n
}

type place struct{ authority, state string }

// flow is what the page's aggregates say, by authority and state.
func (w *world) flow(v viewer) map[place][2]int64 {
	w.t.Helper()
	sums := map[place][2]int64{}
	err := w.as(v, func(tx *sqlx.Tx) error {
		var rows []struct {
			Authority, Bank, State string
			Payments, Ore          int64
		}
		err := tx.SelectContext(context.Background(), &rows, `SELECT * FROM page_flow()`)
		for _, r := range rows {
			at := place{r.Authority, r.State}
			sums[at] = [2]int64{sums[at][0] + r.Payments, sums[at][1] + r.Ore}
		}
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
	return sums
}

// pageAgrees demands that the page's sums, which count no payment, are the ledger's, which counts them all.
func (w *world) pageAgrees(ledger []reconciliation.Entry) {
	w.t.Helper()
	want := map[place][2]int64{}
	for _, e := range ledger {
		at := place{e.Authority, string(e.State)}
		want[at] = [2]int64{want[at][0] + e.Payments, want[at][1] + e.Ore}
	}
	if got := w.flow(operations); !maps.Equal(got, want) {
		w.t.Errorf("the page says %v, the ledger %v", got, want)
	}
}

// twoAuthorities is a world in which two authorities have paid, and their bank has answered one of them.
func twoAuthorities(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	mine := bundle("G-1", complete("A", 100), complete("B", 250))
	theirs := bundle("G-2", complete("C", 900))
	theirs.From, theirs.Authority = []string{"LEVB"}, "78"
	theirs.Debits[0].Agreement, theirs.Debits[0].Account = "AFT-78", "20010000111111"
	w.paid(mine, theirs)
	w.says("BEC", contrl("BEC", 1, "7"))
	return w
}

// visible are all tables of which a page reads rows, with how many of them each viewer of twoAuthorities sees.
var visible = []struct {
	table                    string
	operations, one, another int
}{
	{"authority", 2, 1, 1},
	{"supplier", 2, 2, 1},
	{"agreement", 7, 6, 1},
	{"agreement_version", 7, 6, 1},
	{"payer", 2, 1, 1},
	{"delivery", 2, 1, 1},
	{"release_group", 2, 1, 1},
	{"answer", 4, 2, 2},
	{"answer_key", 4, 2, 2},
	{"answer_due", 0, 1, 0},
	{"bank_reference", 0, 1, 1},
	{"payment", 0, 2, 1},
	{"payment_key", 0, 2, 1},
	{"standing", 0, 0, 0},
	{"effect_finding", 0, 0, 0},
	{"fact", 0, 0, 0},
	{"bank_order", 0, 2, 1},
	{"interchange", 2, 1, 1},
	{"message", 0, 1, 1},
	{"order_line", 0, 1, 1},
	{"bank_file", 1, 1, 0},
	{"bank_file_about", 1, 1, 0},
	{"set_off", 0, 0, 0}, // TestSetOff_Pages has one
	{"exception", 0, 0, 0},
	{"line", 1, 0, 0},
	{"decision", 0, 0, 0},
	{"decision_item", 0, 0, 0},
	{"decision_step", 0, 0, 0},
	{"payout_system_version", 0, 0, 0},     // TestConnection_Pages has some
	{"payout_connection_version", 0, 0, 0}, // the same
	{"register_change_origin", 1, 0, 0},
	{"document", 0, 5, 4},
	{"document_piece", 0, 5, 4},
}

func TestPage_EachSeesItsOwn(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	w.reports("n1", bankLine("BEC", gateway.LinkUp))
	w.says("BEC", contrl("BEC", 99, "7")) // about nothing of ours: an exception, and a file for nobody but operations
	for _, v := range visible {
		one, another := w.sees(of("77"), `SELECT FROM `+v.table), w.sees(of("78"), `SELECT FROM `+v.table)
		all := w.sees(operations, `SELECT FROM `+v.table)
		wantAll := v.operations
		switch v.table {
		case "exception":
			wantAll = 1
		case "bank_file":
			wantAll = 2
		}
		if all != wantAll || one != v.one || another != v.another {
			t.Errorf("%s: operations see %d, one authority %d, another %d; want %d, %d, %d", v.table, all, one, another, wantAll, v.one, v.another)
		}
		for name, nobody := range map[string]viewer{"no setting": {}, "no authority": {"authority", ""}, "an unknown role": {"admin", "77"},
			"an unknown authority": of("99"), "operations and authority": {"", "77"}} {
			if n := w.sees(nobody, `SELECT FROM `+v.table); n != 0 {
				t.Errorf("%s shows %d rows of %s", name, n, v.table)
			}
		}
	}
	if n := len(w.flow(viewer{})); n != 0 {
		t.Errorf("nobody sees %d sums", n)
	}
	if got := w.flow(of("78")); len(got) != 1 || got[place{"78", "with_bank"}] != [2]int64{1, 900} {
		t.Errorf("an authority sees the sums %v", got)
	}
}

func TestPage_AListOfTablesThatIsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listed := map[string]bool{"business_clock": true} // nobody's, open to all
	for _, v := range visible {
		listed[v.table] = true
	}
	for _, table := range w.rows(`SELECT relname FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
		AND has_table_privilege('nks_page', oid, 'SELECT')`) {
		if !listed[table] {
			t.Errorf("nks_page may read %s, and no test says what of it", table)
		}
	}
	w.want("tables without forced policies", w.row(`SELECT relname FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relkind IN ('r', 'p')
		AND relname <> 'business_clock' AND has_table_privilege('nks_page', oid, 'SELECT') AND NOT (relrowsecurity AND relforcerowsecurity)`), "")
}

// TestPage_WhatNobodyOwns: a file of the bank that speaks of two authorities, and a refused document that names one.
func TestPage_WhatNobodyOwns(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	w.says("BEC", contrl("BEC", 1, "7"), contrl("BEC", 2, "7"))
	forged := bundle("G-3", complete("D", 100))
	forged.From, forged.Authority = []string{"LEVB"}, "77"
	forged.CtrlSum = "1"
	w.receive(forged)
	for what, document := range map[string]int64{
		"a bank's file about two": w.number(`SELECT max(document_id) FROM bank_file`),
		"a refused document":      w.number(`SELECT document_id FROM delivery WHERE state = 'refused'`),
	} {
		for _, v := range []viewer{operations, of("77"), of("78")} {
			if n := w.sees(v, `SELECT FROM document_piece WHERE document_id = $1`, document); n != 0 {
				t.Errorf("%+v sees %s", v, what)
			}
		}
	}
	if n := w.sees(of("77"), `SELECT FROM document_piece WHERE document_id = $1`, w.number(`SELECT min(document_id) FROM bank_file`)); n != 1 {
		t.Error("77 does not see what is about it alone")
	}
	files := w.number(`SELECT count(*) FROM bank_file`)
	if own := w.sees(of("77"), `SELECT FROM bank_file`); files != 2 || own != 1 {
		t.Errorf("77 sees %d of %d files", own, files)
	}
}

func TestPage_PartitionsAreRefused(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	w.exec(`SELECT ensure_month('2031-02-01')`) // one made later
	partitions := w.rows(`SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relnamespace = 'nks'::regnamespace AND c.relkind = 'r'`)
	if len(partitions) < 6 {
		t.Fatalf("partitions %v", partitions)
	}
	for _, p := range partitions {
		err := w.as(of("77"), func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), `SELECT FROM `+p)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestPage_WritesNothing(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	tables := w.rows(`SELECT DISTINCT ON (c.oid) c.relname, a.attname
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
		WHERE relnamespace = 'nks'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`)
	if len(tables) < 20 {
		t.Fatalf("tables %v", tables)
	}
	for _, entry := range tables {
		table, column, _ := strings.Cut(entry, " ")
		for _, statement := range []string{"INSERT INTO %[1]s DEFAULT VALUES", "UPDATE %[1]s SET %[2]s = %[2]s", "DELETE FROM %[1]s", "TRUNCATE %[1]s",
			"COPY %[1]s FROM STDIN", "SELECT FROM %[1]s FOR UPDATE"} {
			err := w.as(of("77"), func(tx *sqlx.Tx) error {
				_, err := tx.ExecContext(t.Context(), fmt.Sprintf(statement, table, column))
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "row-level security") {
				t.Errorf(statement+": %[3]v", table, column, err)
			}
		}
	}
	for _, statement := range []string{"CREATE TABLE mine (n int)", "SET ROLE nks_flow", "SET ROLE nks_owner",
		"SELECT ensure_month('2031-03-01')", "SELECT * FROM fact_tally", "SELECT * FROM holder", "SELECT * FROM account_version"} {
		err := w.as(of("77"), func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
