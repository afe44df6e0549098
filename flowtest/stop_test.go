package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/retention"
)

// id is the id of a payment.
func (w *world) id(e2e string) int64 { return w.number(`SELECT id FROM payment WHERE e2e = $1`, e2e) }

// stops stops payments, and gives what became of the first.
func (w *world) stops(e2e ...string) string {
	w.t.Helper()
	var ids []int64
	for _, e := range e2e {
		ids = append(ids, w.id(e))
	}
	d := w.decides(act.KindStop, "Ann", ids...)
	w.holds()
	return d.Executed().Outcome[0].What
}

// undoes has two persons let a stopped payment go.
func (w *world) undoes(e2e string) string {
	w.t.Helper()
	asked := w.decides(act.KindUndoStop, "Ann", w.id(e2e))
	d := w.approves(asked.ID, "Bob")
	w.holds()
	if d.Executed().Outcome[0].What != asked.Items[0].Preview {
		w.t.Errorf("%s was previewed as %q", d.Executed().Outcome[0].What, asked.Items[0].Preview)
	}
	return d.Executed().Outcome[0].What
}

// refusedStop is why a payment cannot be stopped.
func (w *world) refusedStop(e2e string) string {
	w.t.Helper()
	before := w.everything()
	_, err := w.decide(act.KindStop, "Ann", w.id(e2e))
	if !errors.Is(err, gateway.ErrMovedOn) {
		w.t.Errorf("%s: %v", e2e, err)
		return ""
	}
	w.want(e2e+" is as it was", w.everything(), before)
	_, why, _ := strings.Cut(err.Error(), fmt.Sprintf("payment %d ", w.id(e2e)))
	why, _, _ = strings.Cut(why, ": everything that it is about")
	return why
}

// TestStop: a payment at each position is stopped, or refused with the time of hand-over; and what was stopped goes again as it
// would have gone. // G-stop
func TestStop(t *testing.T) {
	t.Parallel()
	two := func() intaketest.Document { return bundle("G-1", complete("A", 100), complete("B", 200)) }
	received := func(w *world) { w.receive(two()) }
	released := func(w *world) { received(w); w.at(receiveBy); w.release(); w.newAnswers() }
	sent := func(w *world) { released(w); w.dispatch() }
	for name, c := range map[string]struct {
		to               func(*world) // brings A there
		stopped, refused string
		ledger           string // when it is stopped
		goes             string // what the bank got after the release of what is left
		undone           string // the ledger once that is undone and released
		answers          string // after it is stopped, before it is undone
	}{
		"unread": {to: func(w *world) { w.send(two()); w.read() }, stopped: "is stopped", ledger: "unread 1 = 200, stopped 1 = 100",
			goes: "[00000001B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "1 ACPT; 2 ACPT; 5 PART A:RJCT"},
		"waiting": {to: received, stopped: "is stopped", ledger: "waiting 1 = 200, stopped 1 = 100",
			goes: "[00000001B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "1 ACPT; 2 ACPT; 5 PART A:RJCT"},
		"held": {to: func(w *world) { received(w); w.decides(act.KindHold, "Ann", w.id("A")) }, stopped: "is stopped", ledger: "waiting 1 = 200, stopped 1 = 100",
			goes: "[00000001B]", undone: "held 1 = 100, with_bank 1 = 200", answers: "1 ACPT; 2 ACPT; 5 PART A:RJCT"},
		"frozen": {to: func(w *world) { released(w); w.unrender() }, stopped: "is stopped; its order is void", ledger: "stopped 1 = 100, void 1 = 200",
			goes: "[00000002B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "5 PART A:RJCT"},
		"rendered": {to: released, stopped: "is stopped; its order is void", ledger: "stopped 1 = 100, void 1 = 200",
			goes: "[00000002B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "5 PART A:RJCT"},
		"void": {to: func(w *world) { released(w); w.void("BEC", 1) }, stopped: "is stopped; its order is void", ledger: "stopped 1 = 100, void 1 = 200",
			goes: "[00000002B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "5 PART A:RJCT"},
		"void twice": {to: func(w *world) { released(w); w.void("BEC", 1); w.release() }, stopped: "is stopped; its order is void", ledger: "stopped 1 = 100, void 1 = 200",
			goes: "[00000003B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "5 PART A:RJCT"},
		"sending": {to: func(w *world) {
			released(w)
			lease := w.held("BEC")
			defer lease.Release()
			o, err := w.Bank.NextOutgoing(w.t.Context(), "BEC")
			if err == nil {
				_, err = w.Bank.MarkSending(w.t.Context(), o.ID, lease.Fence)
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}, stopped: "is stopped; its order is void", ledger: "stopped 1 = 100, void 1 = 200",
			goes: "[00000002B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "5 PART A:RJCT"},
		"stopped": {to: func(w *world) { received(w); w.stops("A") }, stopped: "was stopped before, and is by this, too", ledger: "waiting 1 = 200, stopped 1 = 100",
			goes: "[00000001B]", undone: "frozen 1 = 100, with_bank 1 = 200", answers: "1 ACPT; 2 ACPT; 5 PART A:RJCT"},
		"published": {to: func(w *world) { released(w); w.publishing("BEC", w.held("BEC").Fence) }, refused: "is frozen, handed over 2005-08-11 06:00:02"},
		"unknown":   {to: func(w *world) { released(w); w.doubt() }, refused: "is unsure, handed over 2005-08-11 06:00:02"},
		"sent":      {to: sent, refused: "is with_bank, handed over 2005-08-11 06:00:02"},
		"accepted":  {to: func(w *world) { sent(w); w.says("BEC", contrl("BEC", 1, "7")) }, refused: "is accepted, handed over 2005-08-11 06:00:02"},
		"executed": {to: func(w *world) {
			sent(w)
			w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))
		}, refused: "is executed, handed over 2005-08-11 06:00:02"},
		"rejected by the bank": {to: func(w *world) {
			sent(w)
			w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej")))
		}, refused: "is bank_rejected, handed over 2005-08-11 06:00:02"},
		"rejected":    {to: func(w *world) { w.receive(bundle("G-1", cpr("A", nobody, 100), complete("B", 200))) }, refused: "is rejected"},
		"not payable": {to: func(w *world) { w.receive(bundle("G-1", cpr("A", lost, 100))); w.at(receiveBy); w.release() }, refused: "is not_payable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.to(w)
			if c.refused != "" {
				w.want("refused", w.refusedStop("A"), c.refused)
				return
			}
			w.want("stopped", w.stops("A"), c.stopped)
			w.want("ledger", w.ledger(), c.ledger)
			w.check()
			w.want("answers", w.newAnswers(), c.answers)
			w.at("2005-08-11 06:10")
			w.release()
			w.holds()
			w.want("the bank got", fmt.Sprint(references(w.dispatch())), c.goes)
			w.want("the rest goes", w.ledger(), "stopped 1 = 100, with_bank 1 = 200")
			w.want("not twice", w.stops("A"), "was stopped before, and is by this, too")
			w.want("undone", w.undoes("A"), "is stopped no more")
			w.at("2005-08-12 05:00") // past its own day
			w.release()
			w.holds()
			w.want("it goes", w.ledger(), c.undone)
			w.want("nothing is told of it", w.newAnswers(), "")
		})
	}
}

// TestStop_UndoneAtOnce: what is undone before its authority was told is not told, and goes as if nothing had been; also many times.
func TestStop_UndoneAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.newAnswers()
	for range 2 {
		w.stops("A")
		w.undoes("A")
	}
	w.want("waits", w.ledger(), "waiting 2 = 300")
	w.at(receiveBy)
	w.release()
	for range 2 {
		w.stops("A")
		w.want("stopped", w.ledger(), "stopped 1 = 100, void 1 = 200")
		w.undoes("A")
		w.want("to be ordered anew", w.ledger(), "void 2 = 300")
		w.release()
		w.want("ordered anew", w.ledger(), "frozen 2 = 300")
	}
	w.want("nobody is told", w.newAnswers(), "")
	w.want("sent", fmt.Sprint(references(w.dispatch())), "[00000003A 00000003B]")
	w.says("BEC", contrl("BEC", 1, "7"))
	w.want("answers", w.newAnswers(), "8 A B")
}

// TestStop_ToldAndUndone: what an authority was told is stopped, and goes all the same, is told by response 8; stopped once more it is
// told once more.
func TestStop_ToldAndUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.stops("A", "B")
	w.wantAnswers("1 ACPT; 2 ACPT; 5 RJCT A:RJCT B:RJCT")
	asked := w.decides(act.KindUndoStop, "Ann", w.id("A"), w.id("B"))
	w.approves(asked.ID, "Bob")
	w.stops("B")
	w.wantAnswers("5 PART B:RJCT")
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.says("BEC", contrl("BEC", 1, "7"))
	w.wantAnswers("8 A")
}

// TestStop_Many: a bundle, a selection and a list, with all that is done and all that is not; a decision is undone as a whole, but for what
// another has stopped, too.
func TestStop_Many(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := ofBenefit("YD77", cpr("other", bob, 400))
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200), cpr("bad", nobody, 300), other), neighbours("G-1", complete("theirs", 500)))
	w.at(receiveBy)
	w.release()
	w.dispatch()
	later := bundle("G-2", cpr("C", ann, 600), complete("D", 700), cpr("E", ann, 50))
	later.Debits[0].On = "2005-08-26"
	w.receive(later)
	w.newAnswers()
	select1 := func(content map[string]string) act.Decided {
		t.Helper()
		in := act.Intent{Kind: act.KindStopSelection, Content: content, By: "Ann", Why: "a test"}
		asked, err := w.Desk.Preview(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		d, err := w.Desk.Decide(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		w.holds()
		w.want("as previewed", d.Executed().Outcome[0].What, asked.Items[0].Preview)
		return d
	}
	d := select1(map[string]string{"authority": "77", "recipient": "CPR " + ann, "from": "100"})
	w.want("one recipient", d.Executed().Outcome[0].What, "1 payments of 600 øre are stopped")
	if strings.Contains(fmt.Sprint(d), ann) {
		t.Errorf("the recipient's number stays on record: %+v", d)
	}
	all := select1(map[string]string{"authority": "77"})
	w.want("all of the authority's", all.Executed().Outcome[0].What, "2 payments of 750 øre are stopped; 1 of 600 øre were stopped before, and are by this, too; "+
		"NOT: 3 of 700 øre, with_bank, handed over 2005-08-11 06:00:00")
	w.want("ledger", w.ledger(), "rejected 1 = 300, stopped 3 = 1350, with_bank 4 = 1200")
	w.wantAnswers("5 RJCT C:RJCT D:RJCT E:RJCT")
	undo := func(id int64) string {
		t.Helper()
		asked := w.decides(act.KindUndoDecision, "Ann", id)
		done := w.approves(asked.ID, "Bob")
		w.holds()
		return done.Executed().Outcome[0].What
	}
	w.want("undone", undo(all.ID), "2 payments of 750 øre are stopped no more; of 2 of them response 5 was given; what becomes of them follows")
	w.want("what another has stopped is", w.ledger(), "rejected 1 = 300, waiting 2 = 750, stopped 1 = 600, with_bank 4 = 1200")
	if _, err := w.decide(act.KindUndoDecision, "Ann", all.ID); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("undone twice: %v", err)
	}
	w.want("the other, too", undo(d.ID), "1 payments of 600 øre are stopped no more; of 1 of them response 5 was given; what becomes of them follows")
	listed := select1(map[string]string{"authority": "77", "ids": "D\nA\n\n  bad \ntheirs\nnone\n"})
	w.want("listed", listed.Executed().Outcome[0].What, "1 payments of 700 øre are stopped; NOT: 1 of 100 øre, with_bank, handed over 2005-08-11 06:00:00")
	var rows []string
	if err := w.Desk.EachStopped(t.Context(), listed.ID, func(s act.Stopped) error {
		rows = append(rows, fmt.Sprint(s.Payment, " ", s.Outcome, " ", s.Position, " ", s.Ore, " ", s.HandedOver != nil))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.want("each of them", strings.Join(rows, "; "), fmt.Sprintf("%d refused with_bank 100 true; %d stopped waiting 700 false", w.id("A"), w.id("D")))
	b := w.decides(act.KindStopBundle, "Ann", gateway.DeliveryOf(w.id("C")))
	w.want("a bundle", b.Executed().Outcome[0].What, "2 payments of 650 øre are stopped; 1 of 700 øre were stopped before, and are by this, too")
	for content, want := range map[string]string{"authority": "999", "day": "tomorrow", "from": "-1", "recipient": "somebody"} {
		in := act.Intent{Kind: act.KindStopSelection, Content: map[string]string{"authority": "77", content: want}, By: "Ann", Why: "a test"}
		if _, err := w.Desk.Preview(t.Context(), in); !errors.Is(err, gateway.ErrIntent) && !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("%s %s: %v", content, want, err)
		}
	}
	none := act.Intent{Kind: act.KindStopSelection, Content: map[string]string{"authority": "77", "day": "2005-10-01"}, By: "Ann", Why: "a test"}
	if _, err := w.Desk.Decide(t.Context(), none); !errors.Is(err, gateway.ErrMovedOn) || !strings.Contains(err.Error(), "there are no such payments") {
		t.Errorf("nothing: %v", err)
	}
	w.at("2005-08-26 06:00")
	w.release()
	w.want("nothing of it goes", w.ledger(), "rejected 1 = 300, stopped 3 = 1350, with_bank 4 = 1200")
	w.later(time.Minute)
}

// TestStop_OfClosedMonths: what is stopped and let go after its month was closed counts once at any time, and the month can be dropped
// when all of it is at its end.
func TestStop_OfClosedMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	d := ofBEC(bundle("G-1", complete("A", 100), complete("B", 200), complete("C", 300)))
	w.receive(d)
	w.stops("A")
	w.at(receiveBy)
	w.release()
	w.stops("B") // its interchange is void
	w.release()
	w.dispatch()
	w.executes("BEC")
	waits := ofBEC(bundle("G-2", complete("D", 400), complete("E", 500)))
	waits.Debits[0].On = "2005-10-14"
	w.receive(waits)
	w.collects()
	w.at("2005-10-10 09:00")
	w.closesMonth(august)
	w.want("closed", w.ledger(), "waiting 2 = 900, stopped 2 = 300, executed 1 = 300")
	w.stops("D")
	w.undoes("A") // its group was released without it
	w.undoes("B") // it is ordered anew
	w.want("let go", w.ledger(), "waiting 2 = 600, stopped 1 = 400, void 1 = 200, executed 1 = 300")
	w.verifies(august)
	w.release()
	w.holds()
	w.want("they go at once", w.ledger(), "waiting 1 = 500, stopped 1 = 400, frozen 2 = 300, executed 1 = 300")
	w.stops("A")
	w.undoes("D")
	w.stops("E")
	w.release()
	w.at("2005-10-14 06:00")
	w.release()
	w.dispatch()
	w.executes("BEC")
	w.want("in the end", w.ledger(), "stopped 2 = 600, executed 3 = 900")
	w.collects()
	w.verifies(august)
	w.idles("2006-10-12 09:00")
	w.keeps(retention.Payments, 13)
	w.want("on record", w.row(`SELECT count(*) > 0 FROM stop_outcome WHERE month = '2005-08-01'`), "true")
	w.drops(august)
	w.want("nothing on record", w.row(`SELECT count(*) FROM stop_outcome WHERE month = '2005-08-01'`), "0")
}
