package flowtest_test

import (
	"fmt"
	"testing"
	"time"

	"nks/gateway/view"
	"nks/reconciliation"
)

// TestMonth_ClosedCostNothing: ledger, control, overview and gauges touch the same buffers with one closed month behind them and with
// twenty-six. (W3, W4)
func TestMonth_ClosedCostNothing(t *testing.T) {
	// Not beside others, as TestMonths_CostNothing.
	few, many := lookedAt(t, 1), lookedAt(t, 26)
	for what, c := range few {
		if m := many[what]; c.buffers == 0 || m.buffers > c.buffers+c.buffers/10 {
			t.Errorf("%s: %d buffers with one closed month, %d with twenty-six:\n%s\n\n%s", what, c.buffers, m.buffers, c.statements, m.statements)
		}
	}
}

// lookedAt has some closed months with a rejected payment each, and an open one, and gives the least that each look touches.
func lookedAt(t *testing.T, closed int) map[string]cost {
	t.Helper()
	w := newWorld(t)
	first := time.Date(2003, 5, 1, 8, 0, 0, 0, w.Base.Location)
	for n := range closed + 1 {
		month := first.AddDate(0, 26-closed+n, 0)
		w.at(month.Format("2006-01-02 15:04"))
		b := bundle(fmt.Sprint("G-", n), complete(fmt.Sprint("A", n), 100))
		b.Debits[0].On = month.AddDate(2, 0, 0).Format(time.DateOnly) // too far ahead: rejected
		w.receive(b)
	}
	w.at("2005-09-02 08:00")
	for _, m := range w.rows(`SELECT to_char(month, 'YYYY-MM') FROM month WHERE month < '2005-07-01' ORDER BY month`) {
		if err := w.Closing.Close(t.Context(), w.month(m), "A. Hansen"); err != nil {
			t.Fatal(err)
		}
	}
	w.tamper(`ANALYZE`)
	flow, touched := w.counted("nks_flow")
	page, looked := w.counted("nks_page")
	flow.SetMaxOpenConns(1)
	page.SetMaxOpenConns(1)
	reader := view.New(page, w.Base.Log)
	all := map[string]cost{}
	for range 3 {
		touched.since()
		if _, err := reconciliation.Ledger(t.Context(), flow); err != nil {
			t.Fatal(err)
		}
		all["ledger"] = all["ledger"].least(touched.since())
		if _, err := reconciliation.CheckOpen(t.Context(), flow); err != nil {
			t.Fatal(err)
		}
		all["control"] = all["control"].least(touched.since())
		if _, err := w.Watch.Sample(t.Context(), flow); err != nil {
			t.Fatal(err)
		}
		all["gauges"] = all["gauges"].least(touched.since())
		looked.since()
		if _, err := reader.Overview(t.Context(), view.Viewer{}, w.time()); err != nil {
			t.Fatal(err)
		}
		all["overview"] = all["overview"].least(looked.since())
	}
	return all
}
