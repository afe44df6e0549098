package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/internal/app"
)

// Orders of SDC's first interchange.
const sdcFirst = "SDC-00000000000001-0001"

// acceptedBut has SDC take over its first interchange, of one line, and then say something else of one order.
func (w *world) acceptedBut(seq int, gis string) {
	w.t.Helper()
	w.says("SDC", contrl("SDC", 1, "7"), bansta(sdcFirst, line(1, "1", "")), bansta(sdcFirst, status(1, seq, gis, "Nej")))
	w.settle()
}

// followedUp has two persons order anew what failed, and gives what became of each, or why nothing is done.
func (w *world) followedUp() string {
	w.t.Helper()
	asked, err := w.followsUp(map[string]string{"day": "2005-08-11"})
	if err != nil {
		_, why, _ := strings.Cut(err.Error(), "anew; ")
		return why
	}
	w.approves(asked.ID, "Bob")
	w.holds()
	return w.afterwards(asked.ID)
}

// ordersOf are the orders of a payment, as "1 100 account".
func (w *world) ordersOf(e2e string) string {
	return w.row(`SELECT attempt, ore, account FROM bank_order WHERE payment_id = $1 ORDER BY attempt`, w.id(e2e))
}

// TestFollowUp_Void: what persons had ordered anew is ordered once more where its interchange is void.
func TestFollowUp_Void(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]func(*world){
		"by persons": func(w *world) { w.void("BEC", w.lastNumber("BEC")) },
		"by a stop":  func(w *world) { w.stops("A"); w.undoes("A") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := rejectedWorld(t)
			w.annMoves()
			w.followedUp()
			w.release()
			to(w)
			w.release()
			w.holds()
			w.want("orders", w.ordersOf("A"), "1 10000 "+annAccount+"; 2 10000 "+newAnn+"; 3 10000 "+newAnn)
		})
	}
}

// TestFollowUp_GivenUp: what was kept for an account that came too late is ordered anew once it is there.
func TestFollowUp_GivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",bank_rejected,hold 1 else return"))
	w.paid(bundle("G-1", incomplete("A", "CPR", ann, 10000)))
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", w.statusOf("A", "2", "Nej")))
	w.settle()
	w.at("2005-08-15 06:00")
	w.settle()
	w.want("over", w.obligations(), "A 2 complete bank_rejected 30110004567890 10000 2005-08-13 given_up")
	w.annMoves()
	w.want("followed", w.followedUp(), "A 2 10000 ordered anew")
	w.release()
	w.holds()
	w.want("orders", w.ordersOf("A"), "1 10000 "+annAccount+"; 2 10000 "+newAnn)
}

// TestFollowUp_AfterOvertaken: what was ordered anew and is void, since the bank contradicted its reject, is not ordered by another run, which
// orders the others.
func TestFollowUp_AfterOvertaken(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	w.followedUp()
	w.release()
	w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))
	w.decided(act.KindPaymentRejected, w.id("A"))
	w.settle()
	got := w.followedUp()
	w.want("refused", got, "1 refused: names an account and no recipient: no other account counts; 1 refused: the account that failed is the one that counts now; 1 refused: "+
		gateway.FollowUpSpent+": everything that it is about has moved on")
}

// TestFollowUp_ExecutedBefore: where a bank calls executed an order that it has rejected, and what was ordered for it is rejected as well, nothing
// more is ordered or recorded as paid until persons have decided.
func TestFollowUp_ExecutedBefore(t *testing.T) {
	t.Parallel()
	for of, says := range map[string]string{"an order": bansta(sdcFirst, status(1, 1, "4", "")), "a file": contrl("SDC", 1, "7")} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(",bank_rejected,cheque else return"))
			w.paid(bySDC("G-1", cpr("A", ann, 100)))
			switch of {
			case "an order":
				w.acceptedBut(1, "2")
			case "a file":
				w.says("SDC", contrl("SDC", 1, "4+29"))
			}
			w.settle()
			w.dispatch()
			w.accepts("SDC")
			w.says("SDC", bansta(w.lastMessage("SDC"), line(1, "2", "Nej")))
			w.settle()
			w.says("SDC", says)
			w.annMoves()
			w.want("followed", w.followedUp(), "1 refused: "+gateway.FollowUpContradicted+": everything that it is about has moved on")
			if got := w.byHand("A"); !strings.Contains(got, gateway.FollowUpContradicted) {
				t.Errorf("by hand: %s", got)
			}
		})
	}
}

// TestFollowUp_SetOff: what went to a creditor as a whole and failed is its authority's again: it is not ordered, nor paid by hand to whom the claim asks again.
func TestFollowUp_SetOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,1000,0", claim(ann, "K1", 1, 1000)))
	w.paid(bySDC("G-1", cpr("A", ann, 1000)))
	w.acceptedBut(1, "2")
	w.want("followed", w.followedUp(), "1 refused: "+gateway.FollowUpSetOff+": everything that it is about has moved on")
	if got := w.byHand("A"); !strings.Contains(got, gateway.FollowUpSetOff) {
		t.Errorf("by hand: %s", got)
	}
}

// TestFollowUp_SentAgainSetOff: what its authority may have sent again is found whatever was set off of either; and so is what is held since it may
// pay again what is disputed.
func TestFollowUp_SentAgainSetOff(t *testing.T) {
	t.Parallel()
	for _, again := range []int64{600, 1000} {
		t.Run(fmt.Sprint(again), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 5000)))
			w.paid(bySDC("G-1", cpr("A", ann, 1000)))
			w.acceptedBut(1, "2")
			w.newAnswers()
			w.annMoves()
			w.at("2005-08-11 12:00")
			w.receive(bySDC("G-2", cpr("B", ann, again)))
			const refused = "1 refused: " + gateway.FollowUpSentAgain + ": everything that it is about has moved on"
			w.want("waiting", w.followedUp(), refused)
			w.at("2005-08-12 06:00")
			w.release()
			w.want("parted", w.followedUp(), refused)
			w.receive(bySDC("G-3", cpr("C", ann, again)))
			w.says("SDC", bansta(sdcFirst, status(1, 1, "4", "")))
			w.want("held", w.row(`SELECT p.e2e FROM standing s JOIN payment p ON p.id = s.payment_id WHERE s.kind = 'held'`), "C")
		})
	}
}

// TestFollowUp_Recalled: what persons have asked a bank for, and it has rejected for that, is not ordered anew.
func TestFollowUp_Recalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", incomplete("A", "CPR", ann, 10000)))
	w.says("BEC", contrl("BEC", 1, "7"))
	w.asks("A")
	w.recallsAt("BEC")
	w.says("BEC", bansta("BEC-00000000000001-0001", w.statusOf("A", "2", "Tilbagekaldt")))
	w.settle()
	w.annMoves()
	const refused = "1 refused: " + gateway.FollowUpRecalled + ": everything that it is about has moved on"
	w.want("asked for", w.followedUp(), refused)
	w.says("BEC", bansta("BEC-00000000000002-0001", line(1, "4", "")))
	w.want("granted", w.followedUp(), refused)
}

// TestUnstop_ClosedMonth: what was stopped after a reject that the bank contradicts when its month is closed is disputed.
func TestUnstop_ClosedMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",bank_rejected,cheque else return"))
	w.paid(bySDC("G-1", cpr("A", ann, 100)))
	w.acceptedBut(1, "2")
	w.stops("A")
	w.collects()
	w.at("2005-10-10 09:00")
	w.collects()
	w.closesMonth("2005-08")
	w.says("SDC", bansta(sdcFirst, status(1, 1, "4", "")))
	w.holds()
	w.want("ledger", w.ledger(), "disputed 1 = 100")
	w.decided(act.KindPaymentExecuted, w.id("A"))
	w.verifies("2005-08")
}

// TestWaited_Void: what was kept for an account that has arrived is ordered to it once more where its interchange is void.
func TestWaited_Void(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",no_account,hold 3 else return", ",came_back,hold 3 else return"))
	w.withReturnAccount()
	w.paid(bySDC("G-1", cpr("A", ann, 100), cpr("P", poor, 200)))
	w.says("SDC", contrl("SDC", 1, "7"), bansta(sdcFirst, line(1, "4", "")))
	w.cameBack("A", returnAccount, 100, "Retur")
	w.settle()
	w.annMoves()
	w.hasAccount(poor, "70450001000097")
	w.settle()
	w.settle()
	no := w.lastNumber("SDC")
	w.want("ordered", w.ordersOf("A")+"; "+w.ordersOf("P"), "1 100 "+annAccount+"; 2 100 "+newAnn+"; 2 200 70450001000097")
	w.void("SDC", no)
	w.settle()
	w.holds()
	w.want("ordered again", w.ordersOf("A")+"; "+w.ordersOf("P"), "1 100 "+annAccount+"; 2 100 "+newAnn+"; 3 100 "+newAnn+"; 2 200 70450001000097; 3 200 70450001000097")
	w.want("ledger", w.ledger(), "frozen 2 = 300")
}

// TestPaidByHand_WhileOrdered: persons and a release that order the same payment wait for each other, and one of them does it.
func TestPaidByHand_WhileOrdered(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	w.followedUp()
	asked, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindPaidByHand, By: "Ann", Why: "77 has paid it",
		Content: map[string]string{"payment": fmt.Sprint(w.id("A")), "reference": "2005-771", "evidence": "account of 77"}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	releasing := w.steps(func(o *app.StepOptions) {
		o.Failpoint = func(name string) {
			if name == "after-ordering-chosen-before-end" {
				go func() {
					defer close(done)
					if _, err := w.Desk.Approve(t.Context(), asked.ID, "Bob", ""); !errors.Is(err, gateway.ErrMovedOn) {
						t.Errorf("approved: %v", err)
					}
				}()
			}
		}
	})
	w.all("release", releasing.Release.Next)
	<-done
	w.holds()
	w.want("ordered", w.row(`SELECT state FROM obligation`), "ordered")
	w.want("by hand", w.row(`SELECT count(*) FROM paid_by_hand`), "0")
}

// TestSetOff_NameIsUsed: an EndToEndId that a part would have, and its payer has used, keeps nobody's payments back.
func TestSetOff_NameIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 4000)))
	w.receive(bundle("G-1", cpr("A", ann, 1000)))
	w.receive(bundle("G-2", cpr(gateway.SetOffEndToEndID(w.id("A")+1), bob, 100)))
	w.at(receiveBy)
	w.release()
	w.holds()
	w.want("to", w.toWhom(), creditorAccount+" 400; "+annAccount+" 600; "+bobSpecific+" 100")
}
