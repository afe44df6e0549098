package flowtest_test

import (
	"fmt"
	"testing"
	"time"

	"nks/gateway/act"
)

// stopsMany is many payments that wait, and what stops half of them.
func stopsMany(tb testing.TB, payments int) (*world, act.Intent) {
	tb.Helper()
	const bundles = 10
	w := newWorld(tb, func(o *options) {
		o.limits.BundlePayments, o.limits.DocumentBytes = payments, 1<<30
		o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders, o.limits.AnswerPayments = 100_000, 5000, payments
	})
	for b := range bundles {
		d := bundle(fmt.Sprint("G-", b))
		for i := range 2 * payments / bundles {
			p := complete(fmt.Sprintf("%d-%07d", b, i), int64(100+i))
			if i%2 == 0 {
				p.BenefitType = "YD77"
			}
			d.Debits[0].Payments = append(d.Debits[0].Payments, p)
		}
		w.receive(d)
	}
	return w, act.Intent{Kind: act.KindStopSelection, Content: map[string]string{"authority": "77", "benefit": "YD77"}, By: "Ann", Why: "a benchmark"}
}

// measured stops a selection, and lets it go again.
func (w *world) measured(in act.Intent, payments int) (stopping, undoing time.Duration) {
	w.t.Helper()
	began := time.Now()
	d, err := w.Desk.Decide(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	stopping = time.Since(began)
	if n := w.number(`SELECT count(*) FROM stop_outcome WHERE decision_id = $1 AND outcome = 'stopped'`, d.ID); n != int64(payments) {
		w.t.Fatalf("%d payments are stopped, not %d: %s", n, payments, d.Executed().Outcome[0].What)
	}
	asked := w.decides(act.KindUndoDecision, "Ann", d.ID)
	began = time.Now()
	w.approves(asked.ID, "Bob")
	return stopping, time.Since(began)
}

// BenchmarkStop stops 100,000 payments of a selection, as a person asks for it: with its preview; first while they wait, then after
// their release.
func BenchmarkStop(b *testing.B) {
	const payments = 100_000
	w, in := stopsMany(b, payments)
	w.ended = true // what holds of so many is looked at by tests of few
	var waiting, released, undone time.Duration
	for b.Loop() {
		s, u := w.measured(in, payments)
		waiting, undone = waiting+s, undone+u
	}
	b.ReportMetric(waiting.Seconds()/float64(b.N), "s/stop")
	b.ReportMetric(undone.Seconds()/float64(b.N), "s/undo")
	w.at(receiveBy)
	w.release()
	released, _ = w.measured(in, payments)
	b.ReportMetric(released.Seconds(), "s/stop-after-release")
}
