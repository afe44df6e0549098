package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/act"
)

// TestStop_AwaitsAccount: what is kept for an account is stopped there, whatever arrives and whichever day passes; undone it is kept for it
// as before, and ordered once.
func TestStop_AwaitsAccount(t *testing.T) {
	t.Parallel()
	arrives := func(w *world) { w.hasAccount(poor, "90430000000099"); w.settle() }
	lapses := func(w *world) { w.at("2005-08-16 07:00"); w.settle() }
	const stopped, kept, paid = "stopped 1 = 200, with_bank 1 = 100", "waiting 1 = 200, with_bank 1 = 100", "with_bank 2 = 300"
	for name, c := range map[string]struct {
		meanwhile    func(*world)
		undone, then string
	}{
		"nothing meanwhile":   {func(*world) {}, kept, paid},
		"its account arrives": {arrives, paid, paid},
		"its last day passes": {lapses, paid, paid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(",no_account,hold 2 else cheque"))
			w.paid(bySDC("G-1", cpr("A", ann, 100), cpr("B", poor, 200)))
			w.stops("B")
			c.meanwhile(w)
			w.want("stopped", w.ledger(), stopped)
			w.undoes("B")
			w.settle()
			w.dispatch()
			w.holds()
			w.want("undone", w.ledger(), c.undone)
			w.at("2005-08-17 07:00")
			w.settle()
			w.dispatch()
			w.want("in the end", w.ledger(), c.then)
			w.want("ordered once", w.row(`SELECT count(*) FROM bank_order WHERE payment_id = $1`, w.id("B")), "1")
		})
	}
}

// TestStop_OrderedByChoice: what was ordered for a reject is stopped, and goes again by the same choice when that is undone.
func TestStop_OrderedByChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",bank_rejected,cheque else return"))
	w.paid(bySDC("G-1", cpr("A", ann, 100)))
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", status(1, 1, "2", "Nej")))
	w.settle()
	w.stops("A")
	w.want("stopped", w.ledger(), "stopped 1 = 100")
	w.undoes("A")
	w.want("to be ordered anew", w.ledger(), "void 1 = 100")
	w.settle()
	w.want("sent", segments(w.dispatch(), "PAI"), "PAI+::20")
	w.want("ledger", w.ledger(), "with_bank 1 = 100")
}

// TestStop_OrderedFromReturn: what is ordered of money that came back cannot be stopped: that money is there, and goes where its authority chose.
func TestStop_OrderedFromReturn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",came_back,cheque else return"))
	w.executedBySDC(cpr("A", ann, 100))
	w.cameBack("A", returnAccount, 60, "Konto lukket")
	w.settle()
	w.want("frozen", w.ledger(), "frozen 1 = 100")
	_, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindStop, IDs: []int64{w.id("A")}, By: "Ann", Why: "a test"})
	if err == nil || !strings.Contains(err.Error(), "is came_back") {
		t.Errorf("it was stopped: %v", err)
	}
	w.want("still frozen", w.ledger(), "frozen 1 = 100")
	w.want("sent", segments(w.dispatch(), "PAI"), "PAI+::20")
}
