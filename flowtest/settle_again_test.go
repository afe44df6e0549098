package flowtest_test

import (
	"fmt"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// TestSettleDispute_AndAgain: what was settled may be contradicted again; the last that its authority is told is what is so.
func TestSettleDispute_AndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	of := func(s sent, e2e string) int64 { return w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e(e2e)) }
	rejects := func(s sent, text string) { w.says("BEC", bansta(s.message(1), status(1, 2, "2", text))) }
	executes := func(s sent) { w.says("BEC", bansta(s.message(1), status(1, 2, "4", ""))) }
	for name, say := range map[string]func(s sent){
		"still with the bank, and rejected then": func(s sent) {
			w.says("BEC", contrl("BEC", s.no, "7"))
			rejects(s, "Nej")
			w.want("first", w.names(w.newAnswers()), "8 A C D; 9 B:0001(Nej)")
			executes(s)
			w.decided(act.KindSettleWithBank, w.interchange(s))
			w.want("corrected", w.names(w.newAnswers()), "8 B")
			rejects(s, "Nej igen")
			w.want("told", w.names(w.newAnswers()), "9 B:0001(Nej igen)")
			executes(s)
			w.decided(act.KindPaymentExecuted, of(s, "B"))
			w.want("and corrected again", w.names(w.newAnswers()), "8 B")
		},
		"executed, and rejected in the end": func(s sent) {
			w.says("BEC", contrl("BEC", s.no, "4+29"))
			w.newAnswers()
			w.says("BEC", contrl("BEC", s.no, "7"))
			w.decided(act.KindSettleExecuted, w.interchange(s))
			w.want("corrected", w.names(w.newAnswers()), "8 A B C D")
			rejects(s, "Nej")
			w.decided(act.KindSettleRejected, w.interchange(s))
			w.want("told", w.names(w.newAnswers()), "9 B:0001(a test)")
		},
		"rejected, still with the bank, and accepted": func(s sent) {
			w.says("BEC", contrl("BEC", s.no, "4+29"))
			w.newAnswers()
			w.says("BEC", contrl("BEC", s.no, "7"))
			w.decided(act.KindSettleWithBank, w.interchange(s))
			w.want("nothing yet", w.names(w.newAnswers()), "")
			w.says("BEC", contrl("BEC", s.no, "7"))
			w.want("accepted", w.names(w.newAnswers()), "8 A B C D")
			rejects(s, "Nej")
			w.want("rejected", w.names(w.newAnswers()), "9 B:0001(Nej)")
		},
		"rejected before its line was accepted, in one file": func(s sent) {
			w.says("BEC", contrl("BEC", s.no, "7"), bansta(s.message(1), status(1, 2, "2", "Nej")))
			executes(s)
			w.want("told of the others alone", w.names(w.newAnswers()), "8 A C D")
			w.decided(act.KindPaymentWithBank, of(s, "B"))
			w.want("told of it", w.names(w.newAnswers()), "8 B")
		},
		"disputed before the reject was told": func(s sent) {
			w.says("BEC", contrl("BEC", s.no, "4+29"))
			w.says("BEC", contrl("BEC", s.no, "7"))
			w.want("nothing is told while it is disputed", w.newAnswers(), "")
			w.decided(act.KindSettleRejected, w.interchange(s))
			w.want("then it is", w.names(w.newAnswers()), "9 A:0001(a test) B:0001(a test) C:0001(a test) D:0001(a test)")
		},
		"a message is rejected in what is accepted after all": func(s sent) {
			before := w.book()
			w.says("BEC", contrl("BEC", s.no, "4+29"))
			w.newAnswers()
			w.says("BEC", contrl("BEC", s.no, "7", ucm("2", "4+29")))
			w.want("one stays rejected", w.book().since(before), "with_bank -4 = -1000, returned 1 = 400, disputed 3 = 600")
			w.decided(act.KindSettleExecuted, w.interchange(s))
			w.want("corrected", w.names(w.newAnswers()), "8 A B C")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			say(w.four("BEC"))
			w.holds()
		})
	}
}

// TestSettleDispute_OneByItself: what persons find still with the bank stays so whatever becomes of its line, until the bank
// speaks of it.
func TestSettleDispute_OneByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	for _, c := range []struct{ rest, booked, answered, says, booksThen, answeredThen string }{
		{act.KindSettleRejected, "with_bank -3 = -800, returned 3 = 800", "9 A:0001(a test) C:0001(a test) D:0001(a test)", "4",
			"with_bank -4 = -1000, executed 1 = 200, returned 3 = 800", ""},
		{act.KindSettleExecuted, "with_bank -3 = -800, executed 3 = 800", "8 A C D", "2",
			"with_bank -4 = -1000, executed 3 = 800, returned 1 = 200", "9 B:0001(Nej)"},
		{act.KindSettleWithBank, "", "", "2", "with_bank -1 = -200, returned 1 = 200", "9 B:0001(Nej)"},
	} {
		t.Run(c.rest, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			open := func() string {
				return w.row(`SELECT kind FROM exception WHERE id > $1 AND closed_at IS NULL ORDER BY id`, last)
			}
			w.says("BEC", contrl("BEC", s.no, "7"))
			w.newAnswers()
			w.says("BEC", contrl("BEC", s.no, "4+29"))
			w.decided(act.KindPaymentWithBank, w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e("B")))
			w.want("one", w.book().since(before), "with_bank -3 = -800, disputed 3 = 800")
			w.decided(c.rest, w.interchange(s))
			w.want("the rest", w.book().since(before), c.booked)
			w.want("told", w.names(w.newAnswers()), c.answered)
			if waits := "CONTRL rejects what was accepted"; c.rest != act.KindSettleWithBank {
				w.want("it waits for persons", open(), waits)
			}
			text := ""
			if c.says == "2" {
				text = "Nej"
			}
			w.says("BEC", bansta(s.message(1), status(1, 2, c.says, text)))
			w.want("then", w.book().since(before), c.booksThen)
			w.want("told then", w.names(w.newAnswers()), c.answeredThen)
			w.holds()
		})
	}
}

// TestDispute_HoldsNoMoreThanHaveRoom: a delivery that has as many groups as it may have keeps a bank's file from nothing.
func TestDispute_HoldsNoMoreThanHaveRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"), bansta(s.message(1), status(1, 2, "2", "Nej")))
	w.newAnswers()
	w.later(time.Minute)
	full := bundle("full", complete("again", 200), complete("another", 201))
	full.Debits[0].Agreement, full.Debits[0].On = "AFT-BEC", "2005-08-16"
	w.receive(full)
	super := w.database.Open(t, pgtest.Superuser)
	if _, err := super.Exec(`INSERT INTO nks.release_group (id, delivery_id, month, agreement, debit_account, requested_on, reject_code, state, payments, ore)
		SELECT $1::bigint + (delivery_id << 14), delivery_id, month, agreement, debit_account, requested_on, '201', 'rejected', 0, 0
		FROM nks.release_group ORDER BY id DESC LIMIT 1`, gateway.MaxGroups); err != nil {
		t.Fatal(err)
	}
	w.says("BEC", bansta(s.message(1), status(1, 2, "4", "")))
	w.want("heard", w.row(`SELECT state FROM bank_file ORDER BY id DESC LIMIT 1`), "done")
	w.want("raised", w.row(`SELECT kind, subject FROM exception WHERE closed_at IS NULL ORDER BY kind`),
		fmt.Sprintf("executed after reject BEC %d message 1 LIN 1 SEQ 2; re-payment of a disputed payment held more", s.no))
}
