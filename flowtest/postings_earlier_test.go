package flowtest_test

import (
	"errors"
	"fmt"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

// twiceBack is a world in which 60 of 100 øre came back and went out as a cheque; it gives the reference of the first order.
func twiceBack(t *testing.T) (w *world, first string) {
	w = newWorld(t, chooses(",came_back,cheque else return"))
	w.executedBySDC(cpr("A", ann, 100))
	first = w.row(`SELECT head || 'A' FROM bank_reference WHERE attempt = 1`)
	w.says("SDC", cremul(booking{account: returnAccount, ref: "R1"}.credited(60, returned(first, 60, 0))))
	w.settle()
	w.dispatch()
	w.accepts("SDC")
	w.want("with the bank", w.ledger(), "with_bank 1 = 100")
	w.newAnswers()
	return w, first
}

// TestFurtherPart: what comes back of an order when another was made of an earlier part of it is booked for that order, stays with its
// sender, who is told, and the later order goes on as if nothing had been.
func TestFurtherPart(t *testing.T) {
	t.Parallel()
	w, first := twiceBack(t)
	part := func(ref string, ore, fee int64) {
		w.says("SDC", cremul(booking{account: returnAccount, ref: ref}.credited(ore, returned(first, ore, fee))))
	}
	part("R2", 25, 0)
	w.want("told", w.names(w.newAnswers()), "9 A:0001(Konto lukket. Beløb kommet retur: 0,25. En tidligere del af samme betaling er behandlet, som myndigheden har valgt. Pengene er hos myndigheden)")
	w.says("SDC", bansta(w.lastMessage("SDC"), line(1, "4", "")))
	part("R3", 10, 1)
	part("R3", 10, 1) // the same again
	w.want("the cheque", w.ledger(), "cheque 1 = 100")
	w.want("by order", w.row(`SELECT attempt, kind, sum(ore) FROM fact WHERE kind IN ('came_back', 'settled_to_sender') GROUP BY 1, 2 ORDER BY 1, 2`),
		"1 came_back 95; 1 settled_to_sender 35")
	w.want("nobody is asked", w.exceptions(), "")
	part("R4", 5, 0)
	w.want("more than was paid", w.exceptions(), "bank names another amount; posting not matched")
	w.want("moves nothing", w.ledger(), "cheque 1 = 100")
	w.holds()
	w.booksHold()
}

// TestMatchPosting_OfAnEarlierOrder: persons match what bears no reference with the order that they name, and nothing with an order that the
// bank does not name.
func TestMatchPosting_OfAnEarlierOrder(t *testing.T) {
	t.Parallel()
	w, first := twiceBack(t)
	w.says("SDC", cremul(booking{account: returnAccount, ref: "R2"}.credited(40, returned("", 40, 0))))
	w.want("unknown", w.exceptions(), "posting not matched")
	match := func(attempt int) act.Intent {
		return act.Intent{Kind: act.KindMatch, By: "Ann", Why: "the bank told us", Content: map[string]string{"posting": fmt.Sprint(w.number(`SELECT max(id) FROM posting`)),
			"part": "1", "payment": fmt.Sprint(w.id("A")), "attempt": fmt.Sprint(attempt)}}
	}
	asked, err := w.Desk.Decide(t.Context(), match(1))
	if err != nil {
		t.Fatal(err)
	}
	w.approves(asked.ID, "Bob")
	w.want("matched", w.row(`SELECT attempt, ore, rule FROM posting_match WHERE payment_id IS NOT NULL ORDER BY posting_id`), "1 60 reference; 1 40 persons")
	w.want("nobody is asked any more", w.exceptions(), "")
	w.want("the cheque", w.ledger(), "with_bank 1 = 100")
	w.holds()
	w.says("SDC", cremul(booking{account: returnAccount, ref: "R3"}.credited(7, returned(first, 7, 0))))
	if _, err := w.Desk.Decide(t.Context(), match(2)); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("matched with an order that the bank does not name: %v", err)
	}
}
