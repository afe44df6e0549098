package flowtest_test

import (
	"testing"
	"time"
)

// TestDeadlines: what silence decides, and what it does not.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	deadlines := func(clock string) {
		t.Helper()
		w.at(clock)
		w.deadlines()
	}
	all := map[string]sent{}
	for _, b := range []string{"BEC", "SDC", "BKD", "NEM"} {
		all[b] = w.four(b)
	}
	w.four("BKD") // of which the bank never says a word
	w.at("2005-08-11 06:10")
	w.says("SDC", contrl("SDC", all["SDC"].no, "7"))
	w.says("BKD", contrl("BKD", all["BKD"].no, "7"))
	w.says("NEM", contrl("NEM", all["NEM"].no, "8"))
	w.says("NEM", bansta(all["NEM"].message(1), status(1, 1, "2", "Nej")))
	w.want("told at once", w.names(w.newAnswers()), "9 A:0001(Nej)")

	deadlines("2005-08-11 06:29")
	w.want("before the CONTRL deadline", w.exceptions(), "")
	deadlines("2005-08-11 06:30")
	w.want("after it", w.exceptions(), "CONTRL missing; CONTRL missing")
	deadlines("2005-08-11 08:09")
	w.want("once", w.exceptions(), "CONTRL missing; CONTRL missing")
	w.want("before the acceptance deadline", w.newAnswers(), "")
	deadlines("2005-08-11 08:10")
	w.want("after it", w.names(w.newAnswers()), "8 A B C D; 8 A B C D; 8 B C D")

	deadlines("2005-08-13 08:59")
	w.want("before the execution deadline", w.ledger(), "with_bank 19 = 4900, returned 1 = 100")
	deadlines("2005-08-13 09:00")
	w.want("after it, at the bank whose silence means it", w.ledger(), "with_bank 15 = 3900, executed 4 = 1000, returned 1 = 100")
	deadlines("2006-08-11 09:00")
	w.want("for ever", w.ledger(), "with_bank 15 = 3900, executed 4 = 1000, returned 1 = 100")
	w.want("told", w.newAnswers(), "")
}

// TestDeadlines_SendBy: an interchange that does not leave in time is an alarm, once.
func TestDeadlines_SendBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.render()
	for _, c := range []struct{ now, want string }{{"2005-08-11 08:30", ""}, {"2005-08-11 08:31", "send-by missed"}, {"2005-08-12 08:31", "send-by missed"}} {
		w.at(c.now)
		w.deadlines()
		w.want(c.now, w.exceptions(), c.want)
	}
}

// TestNextDue: the next moment at which something is due by itself, through a whole day.
func TestNextDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	due := func(want string) {
		t.Helper()
		next, err := w.NextDue(t.Context(), w.time())
		if err != nil {
			t.Fatal(err)
		}
		got := "nothing"
		if !next.IsZero() {
			got = next.In(w.Base.Location).Format("01-02 15:04:05")
		}
		w.want("next due", got, want)
	}
	due("nothing")
	d := bundle("G-1", complete("A", 100))
	d.Debits[0].Agreement = "AFT-BKD"
	w.receive(d)
	due("08-11 06:00:00")
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.newAnswers()
	due("nothing") // the bank's word is awaited, and comes when it comes
	w.says("BKD", contrl("BKD", 1, "7"))
	due("08-11 08:00:02")
	w.at("2005-08-11 08:01")
	w.deadlines()
	due("08-11 08:01:02") // response 8 closes
	w.wantAnswers("8 A")
	due("08-13 09:00:00")
	w.at("2005-08-13 09:00")
	w.deadlines()
	due("nothing")
	w.want("ledger", w.ledger(), "executed 1 = 100")
}

// TestInHand: what does not wait for a moment in time.
func TestInHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy := func(what string, want bool) {
		t.Helper()
		got, err := w.Watch.InHand(t.Context())
		if err != nil || got != want {
			t.Errorf("%s: in hand %t, %v", what, got, err)
		}
	}
	collect := func() { w.exec(`UPDATE answer SET collected_at = $1 WHERE collected_at IS NULL`, w.time()) }
	busy("nothing yet", false)
	w.send(bundle("G-1", complete("A", 100)))
	busy("received", true)
	w.read()
	collect()
	busy("read", true)
	w.check()
	busy("an answer lies ready", true)
	collect()
	busy("waiting for its release", false)
	w.at(receiveBy)
	busy("due", true)
	w.release()
	busy("frozen", true)
	w.render()
	busy("rendered", true)
	w.dispatch()
	busy("not looked at for changed accounts", true)
	w.effects()
	busy("sent", false)
	w.lay("BEC", "a.edi", file("BEC", "F1", contrl("BEC", 1, "7")))
	busy("a file of the bank", true)
	w.hear("BEC")
	busy("heard", false)
	w.later(time.Hour)
	busy("much later", false)
}
