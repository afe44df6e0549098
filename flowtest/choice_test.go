package flowtest_test

import (
	"fmt"
	"testing"

	"nks/gateway/intake/intaketest"
)

// bySDC is a bundle by the bank that writes cheques.
func bySDC(group string, payments ...intaketest.Payment) intaketest.Document {
	d := bundle(group, payments...)
	d.Debits[0].Agreement, d.Debits[0].Account = "AFT-2", "53010000123456"
	return d
}

// acceptedSDC takes payments to the bank SDC, which carries all of them out.
func (w *world) executedBySDC(payments ...intaketest.Payment) {
	w.t.Helper()
	w.withReturnAccount()
	w.paid(bySDC("G-1", payments...))
	w.newAnswers()
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "1", "")))
	w.says("SDC", bansta("SDC-00000000000001-0001", line(1, "4", "")))
	w.newAnswers()
}

// TestChoice_CameBack: what came back goes where its authority chose, from the account that it came back to, and its authority is told
// by response 9 after 8. // B35-36 // G-faulty
func TestChoice_CameBack(t *testing.T) {
	t.Parallel()
	const soon = "2005-08-11"
	for name, c := range map[string]struct {
		choice, text, owed, ledger, sent string
	}{
		"nothing chosen": {"", "Kontoen er opgjort. Beløb kommet retur: 1,00. Pengene er hos myndigheden", "", "settled 1 = 100", ""},
		"return":         {"return", "Kontoen er opgjort. Beløb kommet retur: 1,00. Pengene er hos myndigheden", "", "settled 1 = 100", ""},
		"cheque": {"cheque else return", "Kontoen er opgjort. Beløb kommet retur: 1,00. Bankcheck anvendes",
			"A 2 cheque came_back " + returnAccount + " 100 " + soon + " ordered", "frozen 1 = 100", "BUS++DO++IBB PAI+::20"},
		"error account": {"error_account " + errorAccount, "Kontoen er opgjort. Beløb kommet retur: 1,00. Overføres til myndighedens fejlkonto",
			"A 2 error_account came_back " + returnAccount + " 100 " + soon + " ordered", "frozen 1 = 100", "BUS++DO++IBB PAI+::IBB:::UKA"},
		"hold": {"hold 3 else cheque", "Kontoen er opgjort. Beløb kommet retur: 1,00. Afventer konto til og med 2005-08-16",
			"A 2 complete came_back " + returnAccount + " 100 2005-08-17 open", "came_back 1 = 100", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(choiceRow("came_back", c.choice)...))
			w.executedBySDC(cpr("A", ann, 100))
			w.want("executed", w.ledger(), "executed 1 = 100")
			w.cameBack("A", returnAccount, 100, "Kontoen er opgjort.")
			w.holds()
			w.settle()
			w.holds()
			w.want("told", w.newAnswers(), "9 A:0001("+c.text+")")
			w.want("owed", w.obligations(), c.owed)
			w.want("ledger", w.ledger(), c.ledger)
			w.want("sent", segments(w.dispatch(), "BUS", "PAI"), c.sent)
		})
	}
}

func choiceRow(cause, choice string) []string {
	if choice == "" {
		return nil
	}
	return []string{"," + cause + "," + choice}
}

// TestChoice_Ends: what was ordered ends its payment: a cheque, an error account that names no recipient, an account that arrived.
func TestChoice_Ends(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ choice, ledger, account string }{
		"cheque":        {"cheque else return", "cheque 1 = 100", ""},
		"error account": {"error_account " + errorAccount, "settled 1 = 100", "FII+BF+0000770099+:::3001:80:130"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(choiceRow("came_back", c.choice)...))
			w.executedBySDC(cpr("A", ann, 100))
			w.cameBack("A", returnAccount, 100, "Retur")
			w.settle()
			w.newAnswers()
			w.exec(`UPDATE interchange SET state = 'frozen', document_id = NULL WHERE state = 'rendered' AND kind = 'PAYMUL'`) // whoever renders it
			sent := w.dispatch()
			w.want("to", segments(sent, "FII")[len("FII+OR+0000770088:::DKK+:::3001:80:130"):], spaced(c.account))
			if name == "error account" {
				w.want("of", segments(sent, "NAD"), "NAD+OY+++Pr\xf8vek\xf8bing Kommune NAD+BE+++Pr\xf8vek\xf8bing Kommune")
			}
			w.accepts("SDC")
			w.want("told", w.newAnswers(), "8 A")
			w.says("SDC", bansta(w.lastMessage("SDC"), line(1, "4", "")))
			w.want("ledger", w.ledger(), c.ledger)
			w.want("exceptions", w.exceptions(), "")
		})
	}
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// TestChoice_Parts: what comes back in parts is told by the part and settled as far as it came; the payment counts as a whole.
func TestChoice_Parts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chooses(",came_back,cheque else return"))
	w.executedBySDC(cpr("A", ann, 1000), cpr("B", bob, 500))
	w.cameBack("A", returnAccount, 100, "Retur")
	w.cameBack("A", returnAccount, 250, "Mere retur")
	w.holds()
	w.all("settle", w.Settle.Next)
	w.holds()
	w.want("told", w.newAnswers(), "9 A:0001(Retur. Beløb kommet retur: 1,00. Bankcheck anvendes); 9 A:0001(Mere retur. Beløb kommet retur: 2,50. Bankcheck anvendes)")
	w.cameBack("A", returnAccount, 50, "Endnu mere")
	w.all("settle", w.Settle.Next)
	w.want("told", w.newAnswers(), "9 A:0001(Endnu mere. Beløb kommet retur: 0,50. Bankcheck anvendes)")
	w.want("owed", w.obligations(), "A 2 cheque came_back "+returnAccount+" 400 2005-08-11 open")
	w.release()
	w.holds()
	w.want("ledger", w.ledger(), "frozen 1 = 1000, executed 1 = 500")
	w.want("sent", segments(w.dispatch(), "MOA"), "MOA+9:4,00:DKK MOA+9:4,00:DKK")
	w.holds()
	w.accepts("SDC")
	w.says("SDC", bansta(w.lastMessage("SDC"), status(1, 1, "2", "Kan ikke sendes")))
	w.want("rejected", w.ledger(), "executed 1 = 500, returned 1 = 1000")
	w.settle()
	w.want("ledger", w.ledger(), "executed 1 = 500, returned 1 = 1000")
	w.want("told", w.newAnswers(), "9 A:0001(Kan ikke sendes. Heller ikke det, som myndigheden har valgt, kunne gennemføres. Pengene er hos myndigheden)")
	w.want("exceptions", w.exceptions(), "choice failed again")
}

// TestChoice_Rejected: what a bank rejects, alone or as a whole, is ordered as its authority chose from the account it never left.
func TestChoice_Rejected(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]string{
		"an order": bansta("SDC-00000000000001-0001", status(1, 1, "2", "Nej")),
		"a line":   bansta("SDC-00000000000001-0001", line(1, "2", "Nej")),
		"a file":   contrl("SDC", 1, "4+29"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(",bank_rejected,return", "YD77,bank_rejected,error_account "+errorAccount, "YD1,bank_rejected,cheque else error_account "+errorAccount))
			one := cpr("A", ann, 100)
			one.BenefitType = "YD77"
			w.paid(bySDC("G-1", one, cpr("B", ann, 200), complete("C", 400))) // to nobody that is known a cheque could be sent
			w.newAnswers()
			w.says("SDC", heard)
			w.settle()
			w.holds()
			from := " bank_rejected 53010000123456 "
			owed, ledger := "A 2 error_account"+from+"100 2005-08-11 ordered; B 2 cheque"+from+"200 2005-08-11 ordered; C 2 error_account"+from+"400 2005-08-11 ordered", "frozen 3 = 700"
			if name == "an order" {
				owed, ledger = "A 2 error_account"+from+"100 2005-08-11 ordered", "frozen 1 = 100, with_bank 2 = 600"
			}
			w.want("owed", w.obligations(), owed)
			w.want("ledger", w.ledger(), ledger)
			w.want("still due", fmt.Sprint(w.number(`SELECT count(*) FROM settle_due`)), "0")
		})
	}
}
