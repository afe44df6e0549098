package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/closing"
	"nks/internal/app"
	"nks/reconciliation"
)

const august = "2005-08"

// closesMonth closes a month, and demands that no sum of the ledger or the overview has changed by it.
func (w *world) closesMonth(month string) {
	w.t.Helper()
	before := w.ledger()
	if err := w.Closing.Close(w.t.Context(), w.month(month), "A. Hansen"); err != nil {
		w.t.Fatal(err)
	}
	w.want("the ledger after closing "+month, w.ledger(), before)
	w.holds()
	w.verifies(month)
}

func (w *world) month(name string) gateway.Month {
	w.t.Helper()
	m, err := gateway.ParseMonth(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// verifies demands that a closed month is what was frozen and told to the log, and that the ledger is what a look at every
// payment gives.
func (w *world) verifies(month string) {
	w.t.Helper()
	v, err := w.Closing.Verify(context.Background(), w.month(month))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range v.Findings {
		w.t.Errorf("%s: %s", month, f)
	}
	if w.number(`SELECT count(*) FROM month WHERE dropping_at IS NOT NULL`) > 0 {
		return // not every payment is there to be looked at
	}
	ledger, err := reconciliation.Ledger(context.Background(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	var whole []reconciliation.Entry
	err = w.db.SelectContext(context.Background(), &whole, `SELECT supplier, authority, state, count(*) AS payments, sum(ore)::bigint AS ore,
		sum(order_ore)::bigint AS order_ore FROM payment_states('2000-01-01', NULL) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(whole) != len(ledger) {
		w.t.Errorf("the ledger has %v, every payment gives %v", ledger, whole)
		return
	}
	for i := range whole {
		if whole[i] != ledger[i] {
			w.t.Errorf("the ledger has %v, every payment gives %v", ledger[i], whole[i])
		}
	}
}

// TestMonth_WordOfLongAgo: 14 months later, with its month closed, a bank speaks of payments: one that was carried is executed,
// one that had been executed is refused, and so is a whole line. All of it is heard and answered, its facts are of the month in which they
// are learned, and ledger, overview and frozen sums stay right.
func TestMonth_WordOfLongAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.says("BEC", bansta(s.message(1), status(1, 1, "4", "")))
	w.says("BEC", bansta(s.message(2), line(1, "4", "")))
	w.later(time.Minute)
	w.newAnswers()
	w.at("2006-10-12 09:00")
	w.closesMonth(august)
	w.want("frozen", w.row(`SELECT state, payments, ore FROM month_sum ORDER BY 1`), "executed 2 500; with_bank 2 500")
	w.want("carried", w.row(`SELECT state, stands, ore, at_closing FROM carried_states ORDER BY payment_id`), "with_bank with_bank 200 true; with_bank with_bank 300 true")

	w.says("BEC", bansta(s.message(1), status(1, 2, "4", ""), status(1, 3, "2", "Nej")))
	w.want("what was carried", w.ledger(), "executed 3 = 700, returned 1 = 300")
	w.says("BEC", bansta(s.message(1), status(1, 1, "2", "Nej")))
	w.want("what was at its end", w.ledger(), "executed 2 = 600, returned 1 = 300, disputed 1 = 100")
	w.says("BEC", bansta(s.message(2), line(1, "2", "Nej")))
	w.want("a line that was", w.ledger(), "executed 1 = 200, returned 1 = 300, disputed 2 = 500")
	w.want("facts", w.row(`SELECT to_char(month, 'YYYY-MM'), count(*) FROM fact GROUP BY 1 ORDER BY 1`), "2005-08 2; 2006-10 4")
	w.want("carried now", w.row(`SELECT state, stands, ore, at_closing FROM carried_states ORDER BY payment_id`),
		"executed disputed 100 false; with_bank executed 200 true; with_bank returned 300 true; executed disputed 400 false")
	w.later(time.Minute)
	if answers := w.newAnswers(); !strings.Contains(answers, "9") {
		t.Errorf("answers: %s", answers)
	}
	w.holds()
	w.verifies(august)
}

// TestMonth_Refused: what has not ended, comes after an open one, or has something unread is not closed.
func TestMonth_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	refused := func(month, why string) {
		t.Helper()
		err := w.Closing.Close(t.Context(), w.month(month), "A. Hansen")
		if !errors.Is(err, closing.ErrNotYet) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %s", month, err, why)
		}
	}
	w.at("2005-09-01 23:59")
	refused(august, "ended a day ago")
	w.at("2005-11-02 00:00")
	refused("2005-09", "2005-08 must be closed before")
	refused(august, "1 deliveries of it are unread")
	w.read()
	refused(august, "1 unchecked")
	w.check()
	w.closesMonth(august)
	w.want("what waits is carried", w.row(`SELECT state FROM carried`), "waiting")
	w.release()
	w.dispatch()
	w.want("and goes", w.ledger(), "with_bank 1 = 100")
	if err := w.Closing.Close(t.Context(), w.month("2001-01"), "A. Hansen"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a month that never was: %v", err)
	}
	w.verifies(august)
}

// TestMonth_ByItself: a month closes by itself two months after its end, goes on after a crash between closing and closed, and two
// nodes that close it do so once.
func TestMonth_ByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	broken := errors.New("broken off")
	crashing := w.steps(func(o *app.StepOptions) {
		o.Limits.CloseAfter = 2
		o.Failpoint = func(name string) {
			if name == "before-month-is-closed" {
				panic(broken)
			}
		}
	})
	nodes := []*app.Steps{w.steps(func(o *app.StepOptions) { o.Limits.CloseAfter = 2 }), w.steps(func(o *app.StepOptions) { o.Limits.CloseAfter = 2 })}
	due, err := crashing.Closing.NextDue(t.Context(), w.time())
	if err != nil {
		t.Fatal(err)
	}
	w.want("due", due.Format("2006-01-02 15:04"), "2005-11-02 00:00")
	w.at("2005-11-01 23:59")
	if closed, err := crashing.Closing.Next(t.Context()); closed || err != nil {
		t.Errorf("too early: %t, %v", closed, err)
	}
	w.at("2005-11-02 00:00")
	func() {
		defer func() { _ = recover() }()
		_, _ = crashing.Closing.Next(t.Context())
	}()
	w.want("broken off", w.row(`SELECT state FROM month ORDER BY month LIMIT 1`), "closing")
	w.holds()
	var both sync.WaitGroup
	for _, n := range nodes {
		both.Go(func() { _, _ = n.Closing.Next(context.Background()) })
	}
	both.Wait()
	w.want("closed once", w.row(`SELECT state, closed_by, payments, ore, carried FROM month ORDER BY month LIMIT 1`), "closed nks 2 300 2")
	w.want("entered once", w.row(`SELECT count(*) FROM audit_content WHERE content LIKE '{"month":%'`), "1")
	w.verifies(august)
}

// TestMonth_ClosesUnderLoad: while a month is closed, banks turn what they said of its payments again and again. Whatever is heard
// before its sums are frozen, while they are, or after, is in the ledger once.
func TestMonth_ClosesUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	all := map[string]sent{}
	for _, bank := range []string{"BEC", "SDC", "BKD"} {
		all[bank] = w.four(bank)
	}
	w.at("2006-10-12 09:00")
	for turn, code := range []string{"4", "2", "4", "2", "4", "2", "4"} {
		for bank, s := range all {
			says := []string{bansta(s.message(1), status(1, 1+turn%3, code, "")), bansta(s.message(2), line(1, code, ""))}
			w.files++
			w.lay(bank, fmt.Sprintf("%d.edi", w.files), file(bank, fmt.Sprint("F", w.files), says...))
		}
	}
	var busy sync.WaitGroup
	begun := make(chan struct{})
	var once sync.Once
	for bank := range all {
		busy.Go(func() {
			for heard := 0; ; heard++ {
				worked, err := w.Bank.NextToHear(context.Background(), bank)
				if err != nil {
					t.Errorf("hear %s: %v", bank, err)
				}
				if heard == 2 {
					once.Do(func() { close(begun) })
				}
				if !worked {
					return
				}
			}
		})
	}
	<-begun
	var err error
	for err = closing.ErrNotYet; errors.Is(err, closing.ErrNotYet); { // somebody is at work upon its payments
		err = w.Closing.Close(t.Context(), w.month(august), "A. Hansen")
	}
	if err != nil {
		t.Fatal(err)
	}
	busy.Wait()
	for bank := range all {
		w.hear(bank)
	}
	w.holds()
	w.verifies(august)
}

// TestMonth_Tampered: what is changed behind the back of a closed month is found.
func TestMonth_Tampered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.at("2005-11-02 00:00")
	w.closesMonth(august)
	for _, c := range []struct{ change, back, want string }{
		{`UPDATE month_sum SET ore = ore + 1`, `UPDATE month_sum SET ore = ore - 1`, "were frozen"},
		{`UPDATE month SET payments = 3 WHERE state = 'closed'`, `UPDATE month SET payments = 2 WHERE state = 'closed'`, "the month has 3"},
		{`UPDATE payment SET ore = ore + 1 WHERE e2e = 'A'`, `UPDATE payment SET ore = ore - 1 WHERE e2e = 'A'`, "the rows give"},
		{`UPDATE carried SET state = 'held'`, `UPDATE carried SET state = 'waiting'`, "nothing was frozen"},
		{`UPDATE audit_content SET content = replace(content, '2005-08', '2005-07') WHERE content LIKE '{"month":%'`,
			`UPDATE audit_content SET content = replace(content, '2005-07', '2005-08') WHERE content LIKE '{"month":%'`, "does not tell what it was committed to"},
	} {
		w.tamper(`SET search_path = nks; ` + c.change)
		v, err := w.Closing.Verify(t.Context(), w.month(august))
		if err != nil || !strings.Contains(strings.Join(v.Findings, "\n"), c.want) {
			t.Errorf("%s: %v, %v, want %s", c.change, v, err, c.want)
		}
		w.tamper(`SET search_path = nks; ` + c.back)
	}
	for _, statement := range []string{`UPDATE month SET state = 'open'`, `DELETE FROM month_sum`, `UPDATE closed_sum SET ore = 0`, `DELETE FROM carried`} {
		if _, err := w.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the flow may %s", statement)
		}
	}
}

// TestMonth_LastKnownCloses: a gateway that was idle closes the last month that it knows; nothing is counted twice, also when it goes on.
func TestMonth_LastKnownCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at("2005-11-02 00:00")
	w.closesMonth(august)
	w.closesMonth("2005-09") // made beforehand, with August
	w.want("ledger", w.ledger(), "waiting 1 = 100")
	w.receive(bundle("G-2", complete("B", 200)))
	w.verifies(august)
	w.release()
	w.dispatch()
	w.verifies(august)
}

// TestMonth_OrderedAnewAfter: what waits for an account when its month closes, having been rejected or never ordered, is ordered weeks later:
// ledger, overview and frozen sums stay right.
func TestMonth_OrderedAnewAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ cause, frozen, ends string }{
		"rejected":      {"bank_rejected", "executed 1 = 200, returned 1 = 100", "frozen 1 = 100, executed 1 = 200"},
		"never ordered": {"no_account", "waiting 1 = 400, executed 1 = 200, returned 1 = 100", "frozen 1 = 400, executed 1 = 200, returned 1 = 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(","+c.cause+",hold 20 else cheque"))
			payments := []intaketest.Payment{cpr("A", ann, 100), cpr("B", ann, 200)}
			if c.cause == "no_account" {
				payments = append(payments, cpr("C", poor, 400))
			}
			w.paid(bySDC("G-1", payments...))
			w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", status(1, 1, "2", "Nej"), status(1, 2, "4", "")))
			w.settle()
			w.newAnswers()
			w.at("2005-09-02 09:00")
			w.closesMonth(august)
			w.want("ledger", w.ledger(), c.frozen)
			w.at("2005-09-15 07:00")
			w.settle()
			w.want("ordered", w.ledger(), c.ends)
			w.holds()
			w.verifies(august)
		})
	}
}
