package flowtest_test

import (
	"slices"
	"testing"

	"nks/gateway/postgres/pgtest"
	"nks/reconciliation"
)

// TestChoice_InvariantsAreFoundBroken breaks what must hold of choices behind the flow's back, and sees it found.
func TestChoice_InvariantsAreFoundBroken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",came_back,hold 3 else cheque", ",no_account,hold 3 else cheque"))
	w.withReturnAccount()
	w.paid(bySDC("G-1", cpr("A", ann, 100), cpr("B", bob, 200), cpr("C", poor, 400)))
	w.accepts("SDC")
	w.newAnswers()
	w.cameBack("A", returnAccount, 100, "Retur")
	w.settle()
	w.holds()
	super := w.database.Open(t, pgtest.Superuser)
	for _, c := range []struct{ tamper, rule, what string }{
		{`DELETE FROM nks.obligation WHERE cause = 'came_back'`, "I3", "payment that came back, and nobody settles"},
		{`DELETE FROM nks.obligation WHERE cause = 'no_account'`, "I3", "payment that waits for an account, and nobody waits for"},
		{`UPDATE nks.obligation SET due_on = hold_until + 2 WHERE cause = 'no_account'`, "I3", "payment that waits for an account, and nobody waits for"},
		{`UPDATE nks.obligation SET ore = 101 WHERE cause = 'came_back'`, "I2", "payment of which more is settled or ordered than came back"},
		{`UPDATE nks.fact SET ore = 99 WHERE kind = 'came_back'`, "I2", "payment of which more is settled or ordered than came back"},
	} {
		tx, err := super.BeginTxx(t.Context(), nil)
		if err == nil {
			_, err = tx.ExecContext(t.Context(), c.tamper)
		}
		if err == nil {
			_, err = tx.ExecContext(t.Context(), `SET LOCAL search_path = nks`)
		}
		if err != nil {
			t.Fatal(err)
		}
		found, err := reconciliation.Check(t.Context(), tx)
		if err != nil || !slices.ContainsFunc(found, func(f reconciliation.Finding) bool { return f.Rule == c.rule && f.What == c.what }) {
			t.Errorf("%s: %+v, %v", c.tamper, found, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}
