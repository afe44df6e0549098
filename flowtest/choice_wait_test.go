package flowtest_test

import (
	"testing"

	"nks/gateway/act"
)

// hasAccount loads an account of a citizen.
func (w *world) hasAccount(id, account string) {
	w.t.Helper()
	load(w.t, w.db, country{"accounts.csv": {accountColumns, "CPR," + id + "," + account + ",,,,,,,,,,,,"}}, w.time())
	w.fillImage()
}

// TestChoice_NoAccount: a payment for which there is no account goes by its authority's standing choice, which the bundle's own word
// overrides, and nobody else's. // B35-36 // G-faulty
func TestChoice_NoAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ choice, answered, ledger, owed string }{
		"agreement's":   {"", "7 B:ACPT", "frozen 2 = 300", ""},
		"return":        {"return", "7 B:RJCT", "frozen 1 = 100, returned 1 = 200", ""},
		"error account": {"error_account " + errorAccount, "7 B:ACPT", "frozen 2 = 300", ""},
		"hold":          {"hold 2 else return", "7 B:ACPT", "waiting 1 = 200, frozen 1 = 100", "B 2 complete no_account 53010000123456 200 2005-08-16 open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(choiceRow("no_account", c.choice)...))
			w.receive(bySDC("G-1", cpr("A", ann, 100), cpr("B", poor, 200)))
			w.newAnswers()
			w.at(receiveBy)
			w.release()
			w.holds()
			w.want("told", w.newAnswers(), c.answered)
			w.want("ledger", w.ledger(), c.ledger)
			w.want("owed", w.obligations(), c.owed)
		})
	}
}

// TestChoice_WaitsForAccount: what is kept is completed by itself when an account arrives, and goes by the fall-back when its time is over.
func TestChoice_WaitsForAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choice   string
		then     func(w *world)
		answered string
		ledger   string
	}{
		"an account arrives": {"hold 2 else return", func(w *world) { w.hasAccount(poor, "90430000000099") }, "", "frozen 2 = 300"},
		"too late": {"hold 2 else return", func(w *world) {
			w.at("2005-08-15 07:00")
			w.settle()
			w.want("the last day", w.ledger(), "waiting 1 = 200, frozen 1 = 100")
			w.at("2005-08-16 07:00")
		}, "7 B:RJCT", "frozen 1 = 100, returned 1 = 200"},
		"then a cheque":          {"hold 2 else cheque", func(w *world) { w.at("2005-08-16 07:00") }, "7 B:ACPT", "frozen 2 = 300"},
		"then the error account": {"hold 2 else error_account " + errorAccount, func(w *world) { w.at("2005-08-16 07:00") }, "7 B:ACPT", "frozen 2 = 300"},
		"another's account":      {"hold 2 else return", func(w *world) { w.hasAccount(lost, "90430000000099") }, "", "waiting 1 = 200, frozen 1 = 100"},
		"another choice is made meanwhile": {"hold 2 else return", func(w *world) {
			w.chosen("hold 5 else cheque", "no_account")
			w.at("2005-08-16 07:00")
		}, "7 B:RJCT", "frozen 1 = 100, returned 1 = 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(choiceRow("no_account", c.choice)...))
			w.receive(bySDC("G-1", cpr("A", ann, 100), cpr("B", poor, 200)))
			w.at(receiveBy)
			w.release()
			w.newAnswers()
			c.then(w)
			w.settle()
			w.holds()
			w.want("ledger", w.ledger(), c.ledger)
			w.want("told", w.newAnswers(), c.answered)
			w.want("exceptions", w.exceptions(), "")
		})
	}
}

// chosen has two persons make a choice for authority 77.
func (w *world) chosen(choice, cause string) {
	w.t.Helper()
	asked, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: act.KindStandingChoice, By: "Ann", Why: "a test",
		Content: map[string]string{"authority": "77", "benefit": "all", "cause": cause, "choice": choice}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.want("one person", w.row(`SELECT count(*) FROM register_change_origin WHERE origin = 'decision'`), "0")
	w.approves(asked.ID, "Bob")
	w.want("two", w.row(`SELECT count(*) FROM register_change_origin WHERE origin = 'decision'`), "1")
}

// TestChoice_Decided: a choice by decision counts for what comes after it.
func TestChoice_Decided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.executedBySDC(cpr("A", ann, 100), cpr("B", bob, 200))
	w.cameBack("A", returnAccount, 100, "Retur")
	w.settle()
	w.chosen("hold 2 else return", "came_back")
	w.cameBack("B", returnAccount, 200, "Retur")
	w.settle()
	w.want("ledger", w.ledger(), "came_back 1 = 200, settled 1 = 100")
	w.newAnswers()
	w.hasAccount(bob, "90430000000077")
	w.settle()
	w.want("not the specific account that failed", w.ledger(), "came_back 1 = 200, settled 1 = 100")
	w.at("2005-08-16 07:00")
	w.settle()
	w.want("ledger", w.ledger(), "settled 2 = 300")
	w.want("told", w.newAnswers(), "9 B:0001(Pengene er hos myndigheden)")
	w.want("obligation", w.row(`SELECT state FROM obligation`), "given_up")
}

// TestChoice_Void: an interchange that is void, with what was chosen in it, is frozen anew with the same choice and amount.
func TestChoice_Void(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",came_back,error_account "+errorAccount))
	w.executedBySDC(cpr("A", ann, 100))
	w.cameBack("A", returnAccount, 60, "Retur")
	w.settle()
	w.want("ordered", w.obligations(), "A 2 error_account came_back "+returnAccount+" 60 2005-08-11 ordered")
	w.void("SDC", w.lastNumber("SDC"))
	w.want("void", w.ledger(), "void 1 = 100")
	w.settle()
	w.holds()
	w.want("ordered again", w.obligations(), "A 2 error_account came_back "+returnAccount+" 60 2005-08-11 ordered; A 3 error_account came_back "+returnAccount+" 60 2005-08-11 ordered")
	w.want("ledger", w.ledger(), "frozen 1 = 100")
	w.want("sent", segments(w.dispatch(), "MOA"), "MOA+9:0,60:DKK MOA+9:0,60:DKK")
}
