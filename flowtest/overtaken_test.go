package flowtest_test

import (
	"testing"

	"nks/gateway/act"
)

// unrenderOrders is unrender of orders alone.
func (w *world) unrenderOrders() {
	w.t.Helper()
	w.exec(`UPDATE interchange SET state = 'frozen', document_id = NULL WHERE state = 'rendered' AND kind = 'PAYMUL'`)
}

// TestOvertaken: where the bank calls executed what it has rejected, and something else was ordered for it since, that is void as long as
// the bank cannot have it, also if it was stopped, and persons decide; what the bank may have stays, and persons are told. Nobody is paid twice.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	const first = "SDC-00000000000001-0001"
	rejected := map[string][2]string{
		"an order": {bansta(first, status(1, 1, "2", "Nej")), bansta(first, status(1, 1, "4", ""))},
		"a line":   {bansta(first, line(1, "2", "Nej")), bansta(first, line(1, "4", ""))},
		"a file":   {contrl("SDC", 1, "4+29"), contrl("SDC", 1, "7")},
	}
	const rest = "returned 1 = 100"
	for name, c := range map[string]struct {
		to                                           func(*world)
		disputed                                     bool // else it stays where it is
		ledger, whenExecuted, whenRejected, withBank string
	}{
		"not settled yet": {to: func(*world) {}, disputed: true, whenRejected: "with_bank 1 = 100"},
		"to be ordered":   {to: func(w *world) { w.all("settle", w.Settle.Next) }, disputed: true, whenRejected: "with_bank 1 = 100"},
		"frozen":          {to: func(w *world) { w.settle(); w.unrenderOrders() }, disputed: true, whenRejected: rest},
		"rendered":        {to: func(w *world) { w.settle() }, disputed: true, whenRejected: rest},
		"void":            {to: func(w *world) { w.settle(); w.void("SDC", w.lastNumber("SDC")) }, disputed: true, whenRejected: rest},
		"sent":            {to: func(w *world) { w.settle(); w.dispatch() }, ledger: "with_bank 1 = 100"},
		"executed": {to: func(w *world) {
			w.settle()
			w.dispatch()
			w.accepts("SDC")
			w.says("SDC", bansta(w.lastMessage("SDC"), line(1, "4", "")))
		}, ledger: "cheque 1 = 100"},
		// A stop hides nothing that a bank has paid before.
		"stopped":         {to: func(w *world) { w.settle(); w.stops("A") }, disputed: true, whenRejected: rest},
		"no more stopped": {to: func(w *world) { w.settle(); w.stops("A"); w.undoes("A") }, disputed: true, whenRejected: rest},
	} {
		for of, heard := range rejected {
			for kind, ledger := range map[string]string{"": "disputed 1 = 100", act.KindPaymentExecuted: "executed 1 = 100", act.KindPaymentRejected: c.whenRejected,
				act.KindPaymentWithBank: "with_bank 1 = 100"} {
				if !c.disputed && kind != "" || !sampled(name+of+kind) {
					continue
				}
				t.Run(name+" "+of+" "+kind, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, chooses(",bank_rejected,cheque else return"))
					w.paid(bySDC("G-1", cpr("A", ann, 100)))
					if of != "a file" {
						w.says("SDC", contrl("SDC", 1, "7"), bansta(first, line(1, "1", "")))
					}
					w.says("SDC", heard[0])
					c.to(w)
					w.holds()
					w.newAnswers()
					w.says("SDC", heard[1])
					w.want("told at once", w.newAnswers(), "")
					w.holds()
					if !c.disputed {
						w.want("stays", w.ledger(), c.ledger)
						w.want("raised", w.row(`SELECT count(*) FROM exception WHERE closed_at IS NULL AND kind IN ('executed after reject', 'CONTRL after reject')`), "1")
						w.decided(act.KindClose, w.number(`SELECT id FROM exception WHERE closed_at IS NULL AND kind IN ('executed after reject', 'CONTRL after reject')`))
						return
					}
					w.want("disputed", w.ledger(), "disputed 1 = 100")
					if kind != "" {
						w.decided(kind, w.id("A"))
						w.holds()
					}
					w.settle()
					w.dispatch()
					w.holds()
					w.at("2005-08-12 06:00")
					w.settle()
					w.dispatch()
					w.want("in the end", w.ledger(), ledger)
				})
			}
		}
	}
}
