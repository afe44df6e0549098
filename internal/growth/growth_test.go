package growth_test

import (
	"slices"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/internal/growth"
	"nks/reconciliation"
)

// TestHistory_IsConsistent: what is made in SQL is what the flow could have made: the books balance over six months, five of
// them closed, and so do the books of each closed month by itself.
func TestHistory_IsConsistent(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	w, err := growth.Open(t.Context(), growth.Size{Payments: 6000, Months: 6, Bundles: 10}, database.DSN, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Repeat(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	d, err := reconciliation.Compare(t.Context(), w.Base.DB)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := reconciliation.Check(t.Context(), w.Base.DB)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(whole, d.Findings) {
		t.Errorf("%s: %s: %d, as %s", f.Rule, f.What, f.Count, f.Sample)
	}
	if !d.Clean() {
		t.Errorf("difference: %d payments, %d øre", d.Payments, d.Ore)
	}
	found := map[gateway.PaymentState]int64{}
	for _, e := range d.Ledger {
		found[e.State] += e.Payments
	}
	// Of a month's thousand ten go to nobody who is known, ten lack an account, ten are refused by the bank, and one more stays open.
	for state, want := range map[gateway.PaymentState]int64{gateway.PaymentRejected: 60, gateway.PaymentReturned: 120, gateway.PaymentWithBank: 6} {
		if found[state] != want {
			t.Errorf("%d payments are %s, not %d: %v", found[state], state, want, found)
		}
	}
	for n := range 5 {
		m := gateway.MonthOf(time.Date(2020, time.January+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
		v, err := w.Closing.Verify(t.Context(), m)
		if err != nil || len(v.Findings) > 0 || v.Payments != 1001 {
			t.Errorf("month %s: %+v, %v", m.Name(), v, err)
		}
	}
}
