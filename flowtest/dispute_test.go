package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// interchange is the id of one that was sent.
func (w *world) interchange(s sent) int64 {
	w.t.Helper()
	return w.number(`SELECT id FROM interchange WHERE bank = $1 AND control_ref = $2`, s.bank, s.no)
}

// decided is a decision of two persons.
func (w *world) decided(kind string, ids ...int64) {
	w.t.Helper()
	w.approves(w.decides(kind, "Ann", ids...).ID, "Bob")
}

// TestSettleDispute: what the bank has contradicted itself about waits for two persons; what they find out is answered, and an
// answer that was false is corrected.
func TestSettleDispute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	told8 := func(s sent) {
		w.says(s.bank, contrl(s.bank, s.no, "7"))
		w.want("first", w.names(w.newAnswers()), "8 A B C D")
		w.says(s.bank, contrl(s.bank, s.no, "4+29"))
	}
	told9 := func(s sent) {
		w.says(s.bank, contrl(s.bank, s.no, "4+29"))
		w.newAnswers()
		w.says(s.bank, contrl(s.bank, s.no, "7"))
	}
	oneOrder := func(s sent) {
		w.says(s.bank, contrl(s.bank, s.no, "7"))
		w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		w.want("first", w.names(w.newAnswers()), "8 A C D; 9 B:0001(Nej)")
		w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
	}
	for _, c := range []struct {
		name string
		say  func(sent)
		of   string // a payment; empty: the whole interchange
		kind string
		want heard
	}{
		{"accepted, rejected, and executed", told8, "", act.KindSettleExecuted, heard{"with_bank -4 = -1000, executed 4 = 1000", "8 A B C D", ""}},
		{"accepted, rejected, and not executed", told8, "", act.KindSettleRejected,
			heard{"with_bank -4 = -1000, returned 4 = 1000", "9 A:0001(a test) B:0001(a test) C:0001(a test) D:0001(a test)", ""}},
		{"accepted, rejected, and one payment executed", told8, "B", act.KindPaymentExecuted,
			heard{"with_bank -4 = -1000, executed 1 = 200, disputed 3 = 800", "8 B", "CONTRL rejects what was accepted"}},
		{"accepted, rejected, and one payment not executed", told8, "D", act.KindPaymentRejected,
			heard{"with_bank -4 = -1000, returned 1 = 400, disputed 3 = 600", "9 D:0001(a test)", "CONTRL rejects what was accepted"}},
		{"accepted, rejected, and still to come", told8, "", act.KindSettleWithBank, heard{"", "", ""}},
		{"rejected, accepted, and executed", told9, "", act.KindSettleExecuted, heard{"with_bank -4 = -1000, executed 4 = 1000", "8 A B C D", ""}},
		{"rejected, accepted, and rejected for good", told9, "", act.KindSettleRejected, heard{"with_bank -4 = -1000, returned 4 = 1000", "", ""}},
		{"an order rejected, and executed", oneOrder, "", act.KindSettleExecuted, heard{"with_bank -1 = -200, executed 1 = 200", "8 B", ""}},
		{"an order rejected for good", oneOrder, "", act.KindSettleRejected, heard{"with_bank -1 = -200, returned 1 = 200", "", ""}},
		{"an order rejected, and still to come", oneOrder, "", act.KindSettleWithBank, heard{"", "8 B", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s)
			w.want("nothing is told of what is disputed", w.newAnswers(), "")
			ids := []int64{w.interchange(s)}
			if c.of != "" {
				ids = []int64{w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e(c.of))}
			}
			asked := w.decides(c.kind, "Ann", ids...)
			if _, err := w.Desk.Approve(t.Context(), asked.ID, "ann", ""); !errors.Is(err, gateway.ErrPersons) {
				t.Errorf("one person settles: %v", err)
			}
			w.approves(asked.ID, "Bob")
			got := heard{newAnswers: w.names(w.newAnswers()), ledger: w.book().since(before),
				exceptions: w.row(`SELECT kind FROM exception WHERE id > $1 AND closed_at IS NULL ORDER BY id`, last)}
			if got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			if c.of == "" {
				if _, err := w.decide(c.kind, "Ann", ids...); !errors.Is(err, gateway.ErrMovedOn) {
					t.Errorf("settled again: %v", err)
				}
			}
		})
	}
	w.t = t
	disputes, err := w.Desk.Disputes(t.Context())
	var payments int
	var ore int64
	for _, d := range disputes {
		payments, ore = payments+d.Payments, ore+d.Ore
	}
	if err != nil || payments != 6 || ore != 1400 {
		t.Errorf("still disputed: %+v, %v", disputes, err)
	}
}

// TestSettleDispute_GoesOn: what persons find is still with the bank goes on as before: its word counts, and its silence.
func TestSettleDispute_GoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.newAnswers()
	w.says("BEC", contrl("BEC", s.no, "4+12"))
	w.decided(act.KindSettleWithBank, w.interchange(s))
	w.says("BEC", bansta(s.message(1), line(1, "4", ""), status(1, 2, "2", "Nej")))
	w.want("ledger", w.ledger(), "with_bank 1 = 400, executed 2 = 400, returned 1 = 200")
	w.want("told", w.names(w.newAnswers()), "9 B:0001(Nej)")
}

// TestDispute_HoldsRepayments: an authority that was told of a reject pays again; when the bank then calls the first executed,
// the second waits for two persons.
func TestDispute_HoldsRepayments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.says("BEC", bansta(s.message(1), status(1, 2, "2", "Nej")))
	w.newAnswers()
	w.later(time.Minute)
	again := bundle("again", complete("again", 200), complete("another amount", 201))
	again.Debits[0].Agreement = "AFT-BEC"
	again.Debits[0].On = "2005-08-16"
	w.receive(again)
	w.says("BEC", bansta(s.message(1), status(1, 2, "4", "")))
	w.want("ledger", w.ledger(), "waiting 1 = 201, held 1 = 200, with_bank 3 = 800, disputed 1 = 200")
	w.want("raised", w.row(`SELECT kind FROM exception WHERE closed_at IS NULL ORDER BY kind`), "executed after reject; re-payment of a disputed payment held")
	w.namesNobody()

	// So does one that comes only now.
	late := bundle("late", complete("late", 200))
	late.Debits[0].Agreement, late.Debits[0].On = "AFT-BEC", "2005-08-16"
	w.receive(late)
	w.want("one that comes later", w.ledger(), "waiting 1 = 201, held 2 = 400, with_bank 3 = 800, disputed 1 = 200")
	w.decided(act.KindFree, w.number(`SELECT id FROM payment WHERE e2e = 'late'`))

	w.at("2005-08-15 06:00")
	w.release()
	w.dispatch()
	w.want("the others go", w.ledger(), "held 1 = 200, with_bank 5 = 1201, disputed 1 = 200")

	held := w.number(`SELECT payment_id FROM standing WHERE kind = 'held'`)
	w.decided(act.KindFree, held)
	if _, err := w.decide(act.KindFree, "Ann", held); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("freed again: %v", err)
	}
	w.release()
	w.dispatch()
	w.want("freed", w.ledger(), "with_bank 6 = 1401, disputed 1 = 200")
	w.want("left", w.row(`SELECT kind FROM exception WHERE closed_at IS NULL ORDER BY kind`), "executed after reject")
	w.want("history", w.row(`SELECT n, kind, text FROM fact WHERE payment_id = $1 ORDER BY n`, held),
		fmt.Sprintf("1 held it may pay again payment %d, which the bank may have paid; 2 freed a test", w.number(`SELECT payment_id FROM standing WHERE kind = 'disputed'`)))
	if _, err := w.decide(act.KindHold, "Ann", held); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("held after its release: %v", err)
	}
}

// TestHold: a payment that waits is held back alone, at once, as often as somebody says so, and goes when it is freed.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	d := bundle("held", complete("A", 100), complete("B", 200))
	d.Debits[0].Agreement = "AFT-BEC"
	w.receive(d)
	b := w.number(`SELECT id FROM payment WHERE e2e = 'B'`)
	for range 2 {
		if d := w.decides(act.KindHold, "Ann", b); d.Persons != 1 || d.Executed() == nil {
			t.Errorf("one person holds at once: %+v", d)
		}
	}
	w.want("ledger", w.ledger(), "waiting 1 = 100, held 1 = 200")
	w.want("facts", w.row(`SELECT n, kind, attempt, text FROM fact`), "1 held 0 a test")
	if _, err := w.decide(act.KindHold, "Ann", 1); err == nil {
		t.Error("nobody's payment is held")
	}
	w.decided(act.KindFree, b)
	w.decides(act.KindHold, "Ann", b)
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.want("the other goes", w.ledger(), "held 1 = 200, with_bank 1 = 100")
	w.decided(act.KindFree, b)
	w.release()
	w.dispatch()
	w.want("both", w.ledger(), "with_bank 2 = 300")
	w.says("BEC", contrl("BEC", 1, "7"), contrl("BEC", 2, "7"))
	w.says("BEC", bansta("BEC-00000000000002-0001", status(1, 1, "2", "Nej")))
	w.want("and its order has facts of its own", w.ledger(), "with_bank 1 = 100, returned 1 = 200")
	w.want("history", w.row(`SELECT n, kind, attempt FROM fact ORDER BY n`), "1 held 0; 2 freed 0; 3 held 0; 4 freed 0; 5 bank_rejected 1")
}

// TestFacts_AreOnlyAdded: the flow may neither change nor remove a fact, in any month's partition.
func TestFacts_AreOnlyAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("A", complete("A", 100)))
	super := w.database.Open(t, pgtest.Superuser)
	var partition string
	if err := super.Get(&partition, `SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE i.inhparent = 'nks.fact'::regclass LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"fact", "fact_tally", partition} {
		for _, change := range []string{"DELETE FROM " + table, "UPDATE " + table + " SET ore = 0"} {
			if _, err := w.db.Exec(change); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %v", change, err)
			}
		}
	}
}

// TestSilence_IsNotTheBanksWord: what silence counted as executed may be rejected (9 after 8); what the bank called executed
// may not.
func TestSilence_IsNotTheBanksWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) { o.banks[0].ExecutedDeadline = time.Hour })
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.newAnswers()
	w.at("2005-08-13 12:00")
	w.deadlines()
	w.want("assumed", w.ledger()+" "+w.row(`SELECT DISTINCT state FROM order_line`), "executed 4 = 1000 assumed")
	w.says("BEC", bansta(s.message(1), status(1, 1, "4", ""), status(1, 2, "2", "Nej")))
	w.says("BEC", bansta(s.message(2), line(1, "4", "")))
	w.want("9 after 8", w.ledger()+" "+w.names(w.newAnswers()), "executed 3 = 800, returned 1 = 200 9 B:0001(Nej)")
	w.says("BEC", bansta(s.message(1), status(1, 1, "2", "Nej")), bansta(s.message(2), status(1, 1, "2", "Nej")))
	w.want("a contradiction", w.ledger()+" "+w.newAnswers(), "executed 1 = 300, returned 1 = 200, disputed 2 = 500 ")
}
