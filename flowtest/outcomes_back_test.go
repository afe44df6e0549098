package flowtest_test

import (
	"nks/gateway"
	"nks/gateway/intake/intaketest"
)

// chooses has authority 77 make a choice.
func (e *ending) chooses(cause, choice string) {
	e.t.Helper()
	load(e.t, e.db, country{"choices.csv": {"authority,benefit_type,cause,choice", "77,," + cause + "," + choice}}, e.time())
}

// sdc brings the bundle to SDC, which takes it over, and executes it.
func (e *ending) sdc(a intaketest.Payment) {
	e.t.Helper()
	e.paid(e.choosing(gateway.SendCheque, a))
	e.newAnswers()
	e.carriesOut()
}

// carriesOut has SDC take the last interchange over, and execute all of it.
func (e *ending) carriesOut() {
	e.t.Helper()
	says := []string{line(1, "4", "")}
	if e.number(`SELECT count(*) FROM order_line l JOIN interchange i ON i.id = l.interchange_id WHERE i.bank = 'SDC' AND i.kind = 'PAYMUL' AND i.control_ref = $1`, e.lastNumber("SDC")) > 1 {
		says = append(says, line(2, "4", ""))
	}
	e.says("SDC", contrl("SDC", e.lastNumber("SDC"), "7"), bansta(e.lastMessage("SDC"), says...))
	e.newAnswers()
}

// back has SDC credit what came back of A, and that be settled.
func (e *ending) back() {
	e.t.Helper()
	e.unsettledBack()
	e.settle()
	e.newAnswers()
}

func (e *ending) unsettledBack() {
	e.t.Helper()
	ref := e.row(`SELECT max(head) FROM bank_reference`) + "A"
	e.says("SDC", cremul(booking{account: "53010000123456", ref: "R1"}.credited(100, returned(ref, 100, 0))))
	e.newAnswers()
}

// untoldBack has SDC execute A with its line and credit what came back of it, and that be settled as is chosen, before anything is told.
func (e *ending) untoldBack(choice string) {
	e.t.Helper()
	if choice != "" {
		e.chooses("came_back", choice)
	}
	e.paid(e.choosing(gateway.SendCheque, cpr("A", ann, 100)))
	e.newAnswers()
	e.says("SDC", bansta(e.lastMessage("SDC"), line(1, "4", "")))
	e.says("SDC", cremul(booking{account: "53010000123456", ref: "R1"}.credited(100, returned(e.row(`SELECT max(head) FROM bank_reference`)+"A", 100, 0))))
	e.settle()
	e.newAnswers()
}

// ordered has SDC take over and execute what was ordered by a choice.
func (e *ending) ordered() {
	e.t.Helper()
	e.dispatch()
	e.carriesOut()
}

// hasAccountThen has A's recipient get an account, and what waited for it be ordered.
func (e *ending) hasAccountThen(id string) {
	e.t.Helper()
	e.hasAccount(id, "90430000000099")
	e.settle()
	e.ordered()
}

// backOutcomes are how what was executed comes back: by each choice, and what comes of that.
func backOutcomes() []outcome {
	const executed = "1 ACPT; 2 ACPT; 8 ACPT"
	const back, again = executed + "; 9 RJCT 0001", executed + "; 9 RJCT 0001; 8 ACPT"
	came := func(choice string, then ...func(*ending)) func(*ending) {
		return func(e *ending) {
			if choice != "" {
				e.chooses("came_back", choice)
			}
			e.sdc(cpr("A", ann, 100))
			e.back()
			for _, f := range then {
				f(e)
			}
		}
	}
	ordered := (*ending).ordered
	inVain := func(e *ending) {
		e.at("2005-08-17 07:00")
		e.settle()
	}
	return []outcome{
		{"came back, and is not settled yet", executed, "came_back", func(e *ending) {
			e.sdc(cpr("A", ann, 100))
			e.unsettledBack()
		}},
		{"came back before its bank said anything of it", back, "settled", func(e *ending) {
			e.paid(e.choosing(gateway.SendCheque, cpr("A", ann, 100)))
			e.newAnswers()
			e.back()
			e.carriesOut() // which tells its authority nothing more
		}},
		{"executed, and came back before its authority was told", back, "settled", func(e *ending) {
			e.paid(e.choosing(gateway.SendCheque, cpr("A", ann, 100)))
			e.newAnswers()
			e.says("SDC", bansta(e.lastMessage("SDC"), status(1, 1, "4", "")))
			e.says("SDC", cremul(booking{account: "53010000123456", ref: "R1"}.credited(100, returned(e.row(`SELECT max(head) FROM bank_reference`)+"A", 100, 0))))
			e.settle()
			e.newAnswers()
		}},
		{"executed with its line, and came back before its authority was told", back, "settled", func(e *ending) {
			e.untoldBack("")
		}},
		{"executed with its line, and came back before its authority was told, by choice cheque: ordered", back, "frozen", func(e *ending) {
			e.untoldBack("cheque else return")
		}},
		{"came back before its line was taken over, by choice error account: ordered", back, "frozen", func(e *ending) {
			e.chooses("came_back", "error_account "+errorAccount)
			e.paid(e.to("AFT-1", debit1, complete("A", 100)))
			e.newAnswers()
			e.says("BEC", cremul(booking{account: debit1, ref: "R1"}.credited(100, returned(e.row(`SELECT max(head) FROM bank_reference`)+"A", 100, 0))))
			e.settle()
			e.newAnswers()
			e.says("BEC", contrl("BEC", 1, "7"))
		}},
		{"came back, and nothing is chosen: stays with the sender", back, "settled", came("")},
		{"came back, by choice return: stays with the sender", back, "settled", came("return")},
		{"came back, by choice cheque: ordered", back, "frozen", came("cheque else return")},
		{"came back, by choice cheque: sent", again, "cheque", came("cheque else return", ordered)},
		{"came back, by choice error account: lies there", again, "settled", came("error_account "+errorAccount, ordered)},
		{"came back, by choice hold: waits for an account", back, "came_back", came("hold 3 else return")},
		{"came back, by choice hold: executed to an account", again, "executed", came("hold 3 else return", func(e *ending) { e.hasAccountThen(ann) })},
		{"came back, by choice hold: in vain, stays with the sender", back + "; 9 RJCT 0001", "settled", came("hold 3 else return", inVain)},
		{"came back, by choice hold: in vain, sent as a cheque", back + "; 7 ACPT; 8 ACPT", "cheque", came("hold 3 else cheque", inVain, ordered)},
	}
}

// rejectedOutcomes are what a bank rejects, and an authority has chosen for.
func rejectedOutcomes() []outcome {
	const rejected = "1 ACPT; 2 ACPT; 9 RJCT 0001"
	by := func(choice string, then ...func(*ending)) func(*ending) {
		return func(e *ending) {
			e.chooses("bank_rejected", choice)
			e.paid(e.choosing(gateway.SendCheque, cpr("A", ann, 100)))
			e.newAnswers()
			e.says("SDC", bansta(e.lastMessage("SDC"), status(1, 1, "2", "Nej")))
			e.settle()
			e.newAnswers()
			for _, f := range then {
				f(e)
			}
		}
	}
	return []outcome{
		{"rejected by the bank, by choice return", rejected, "returned", by("return")},
		{"rejected by the bank, by choice cheque: sent", rejected + "; 8 ACPT", "cheque", by("cheque else return", (*ending).ordered)},
		{"rejected by the bank, by choice error account: lies there", rejected + "; 8 ACPT", "settled", by("error_account "+errorAccount, (*ending).ordered)},
	}
}

// unpaidChoices are what there is no account for, by the choices that are not the agreement's.
func unpaidChoices() []outcome {
	const accepted = "1 ACPT; 2 ACPT; 7 ACPT"
	by := func(choice string, then ...func(*ending)) func(*ending) {
		return func(e *ending) {
			e.chooses("no_account", choice)
			e.paid(e.choosing(gateway.SendCheque, cpr("A", poor, 100)))
			e.newAnswers()
			for _, f := range then {
				f(e)
			}
		}
	}
	return []outcome{
		{"no account, by choice error account: lies there", accepted + "; 8 ACPT", "settled", by("error_account "+errorAccount, (*ending).carriesOut)},
		{"no account, by choice hold: waits for one", accepted, "waiting", by("hold 2 else return")},
		{"no account, by choice hold: executed to one", accepted + "; 8 ACPT", "executed", by("hold 2 else return", func(e *ending) { e.hasAccountThen(poor) })},
		{"no account, by choice hold: in vain", accepted + "; 7 RJCT RJCT", "returned", by("hold 2 else return", func(e *ending) {
			e.at("2005-08-16 07:00")
			e.settle()
		})},
	}
}
