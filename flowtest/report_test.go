package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/paper/papertest"
	"nks/reconciliation"
	"nks/reconciliation/report"
)

// report gives the rows of a report, and holds each against the payments that its reference lists.
func (w *world) report(name string, o report.Options) []report.Row {
	w.t.Helper()
	r, ok := report.Named(name)
	if !ok {
		w.t.Fatalf("no report %s", name)
	}
	o.Now = w.time().In(w.Base.Location)
	var rows []report.Row
	err := r.Run(w.t.Context(), w.db, o, func(row report.Row) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		if ref := row[len(row)-1].(string); ref != "" && r.Columns[len(row)-1].Kind == report.Reference {
			w.lists(r, row, ref, o)
		}
	}
	return rows
}

// lists holds the first count and amount of a row against the payments of its reference.
func (w *world) lists(r report.Report, row report.Row, ref string, o report.Options) {
	w.t.Helper()
	var n, ore int64
	err := report.Payments(w.t.Context(), w.db, ref, o, func(p report.Row) error {
		n, ore = n+1, ore+p[5].(int64)
		return nil
	})
	if err != nil {
		w.t.Errorf("%s: %v", r.Name, err)
	}
	wantN, wantOre := int64(-1), int64(-1)
	for i, c := range r.Columns {
		switch {
		case c.Kind == report.Count && wantN < 0:
			wantN = row[i].(int64)
		case c.Kind == report.Money && wantOre < 0:
			wantOre = row[i].(int64)
		}
	}
	if n != wantN || wantOre >= 0 && ore != wantOre {
		w.t.Errorf("%s %v: its reference lists %d payments of %d øre", r.Name, row, n, ore)
	}
}

// everyReport runs all of them, of all open months and of some days.
func (w *world) everyReport(days ...string) {
	w.t.Helper()
	for _, r := range report.Reports() {
		w.report(r.Name, report.Options{})
		for _, day := range days {
			d, err := gateway.ParseDate(day)
			if err != nil {
				w.t.Fatal(err)
			}
			if r.ByDay != "" && r.Name != "control" { // whose numbers are of the day, and its references of the bundle
				w.report(r.Name, report.Options{Day: d})
			}
		}
	}
}

// TestReport_SumsAreTheLedgers: over a day in which everything happens, what came in and what is settled adds up to the ledger, by authority and
// state, and every number to the payments that its reference lists.
func TestReport_SumsAreTheLedgers(t *testing.T) {
	t.Parallel()
	w := busyDay(t)
	w.everyReport("2005-08-11", "2005-08-12", "2005-08-15")
	w.reportsAreTheLedger()
}

func (w *world) reportsAreTheLedger() {
	w.t.Helper()
	type key struct{ authority, state string }
	sums := map[key][2]int64{}
	for _, r := range w.report("day", report.Options{}) {
		if r[4] != "ordered" { // those are what is settled
			k := key{r[1].(string), r[4].(string)}
			sums[k] = [2]int64{sums[k][0] + r[5].(int64), sums[k][1] + r[6].(int64)}
		}
	}
	ledger, err := reconciliation.Ledger(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range ledger {
		k := key{e.Authority, string(e.State)}
		sums[k] = [2]int64{sums[k][0] - e.Payments, sums[k][1] - e.OrderOre}
	}
	for k, s := range sums {
		if s != [2]int64{} {
			w.t.Errorf("%+v: the report differs from the ledger by %v", k, s)
		}
	}
}

// TestReport_Outcomes: however a payment ends, each report counts it where its reference finds it.
func TestReport_Outcomes(t *testing.T) {
	t.Parallel()
	for _, o := range outcomes() {
		if !strings.Contains(o.name, "disputed, rejected") && !strings.Contains(o.name, "void") && !strings.Contains(o.name, "interchange") {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			e := &ending{newWorld(t), true}
			o.lead(e)
			e.everyReport()
			e.reportsAreTheLedger()
		})
	}
}

// TestReport_Rows: what stands in them, of a day in which everything happens.
func TestReport_Rows(t *testing.T) {
	t.Parallel()
	const golden = "testdata/reports.txt"
	w := busyDay(t)
	var b strings.Builder
	for _, r := range report.Reports() {
		fmt.Fprintf(&b, "%s\n", r.Name)
		for _, row := range w.report(r.Name, report.Options{}) {
			fmt.Fprint(&b, "    ", fmt.Sprintln(row[:len(row)-1]...))
		}
	}
	want, err := os.ReadFile(golden)
	switch {
	case *update:
		err = os.WriteFile(golden, []byte(b.String()), 0o644)
	case err == nil:
		w.want("reports", b.String(), string(want))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReport_Formats: each format has every row, the same bytes each time, in both languages, and no CPR number of an EndToEndId.
func TestReport_Formats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 123456789), complete("B 010170-0001", 100)))
	made := w.time().In(w.Base.Location)
	write := func(f report.Format, l report.Language) string {
		var b bytes.Buffer
		out, err := report.NewWriter(&b, f, report.Head{Title: "Betalinger", About: "2005-08-11", MadeAt: made, Columns: report.Listed(), Language: l})
		if err == nil {
			err = report.Payments(t.Context(), w.db, "received=2005-08-11&state=waiting", report.Options{Now: made}, out.Row)
		}
		if err == nil {
			err = out.End()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, f := range report.Formats() {
		for _, l := range []report.Language{report.Danish, report.English} {
			first := write(f, l)
			if again := write(f, l); again != first {
				t.Errorf("%s in %s: two documents of the same differ", f, l)
			}
			if strings.Contains(first, "0101700001") || strings.Contains(first, "010170-0001") {
				t.Errorf("%s names a citizen", f)
			}
		}
	}
	w.want("csv", write(report.CSV, report.Danish), "Betaling;EndToEndId;Dataleverandør;Myndighed;Aftale;Beløb DKK;Tilstand\r\n"+
		fmt.Sprintf("%d;A;LEVA;77;AFT-1;1234567,89;afventer\r\n%d;B xxxxxxxxxx;LEVA;77;AFT-1;1,00;afventer\r\n", w.number(`SELECT min(id) FROM payment`), w.number(`SELECT max(id) FROM payment`)))
	text := papertest.Text(t, []byte(write(report.PDF, report.English)))
	for _, want := range []string{"Data supplier", "1,234,567.89", "waiting", "B xxxxxxxxxx"} {
		if !strings.Contains(text, want) {
			t.Errorf("the PDF lacks %q:\n%s", want, text)
		}
	}
}

// TestReport_References: what no report gives is refused, and never asked of the database.
func TestReport_References(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, ref := range []string{"", "nothing=1", "state=a&state=b", "received=yesterday", "received=2005-13-01", "group=x", "learned=2005-08-01..2005-08-02", strings.Repeat("a", 2000)} {
		if err := report.Payments(t.Context(), w.db, ref, report.Options{Now: w.time()}, func(report.Row) error { return nil }); !errors.Is(err, report.ErrReference) {
			t.Errorf("%.20q: %v", ref, err)
		}
	}
	late, _ := report.Named("late")
	if err := late.Run(t.Context(), w.db, report.Options{Day: gateway.Date{Year: 2005, Month: 8, Day: 1}, Now: w.time()}, nil); !errors.Is(err, report.ErrNoDay) {
		t.Errorf("late answers of a day: %v", err)
	}
	names := map[string]bool{}
	for _, r := range report.Reports() {
		if names[r.Name] || len(r.Columns) == 0 || !slices.ContainsFunc(r.Columns, func(c report.Column) bool { return c.Kind == report.Reference || c.Kind == report.Facts }) {
			t.Errorf("report %s", r.Name)
		}
		names[r.Name] = true
	}
}
