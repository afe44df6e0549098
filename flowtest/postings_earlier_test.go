package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

// TestMatchPosting_OfAnEarlierOrder: what comes back of an order when another has been made of an earlier return of it moves nothing, and
// nobody can match it with the later order.
func TestMatchPosting_OfAnEarlierOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",came_back,cheque else return"))
	w.executedBySDC(cpr("A", ann, 100))
	first := w.row(`SELECT head || 'A' FROM bank_reference WHERE attempt = 1`)
	w.says("SDC", cremul(booking{account: returnAccount, ref: "R1"}.credited(60, returned(first, 60, 0))))
	w.settle()
	w.dispatch()
	w.accepts("SDC")
	w.says("SDC", bansta(w.lastMessage("SDC"), line(1, "4", "")))
	w.want("the cheque", w.ledger(), "cheque 1 = 100")
	w.says("SDC", cremul(booking{account: returnAccount, ref: "R2"}.credited(40, returned(first, 40, 0))))
	w.want("nothing moves", w.ledger(), "cheque 1 = 100")
	_, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindMatch, By: "Ann", Why: "the bank told us",
		Content: map[string]string{"posting": fmt.Sprint(w.number(`SELECT max(id) FROM posting`)), "part": "1", "payment": fmt.Sprint(w.id("A"))}})
	if !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), "earlier order") {
		t.Errorf("matched with the later order: %v", err)
	}
}
