package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres"
)

// raise raises an exception as the flow does.
func (w *world) raise(kind gateway.ExceptionKind, subject string, detail gateway.ExceptionDetail) int64 {
	w.t.Helper()
	if err := w.Base.RaiseDetailAlone(w.t.Context(), kind, subject, detail); err != nil {
		w.t.Fatal(err)
	}
	return w.number(`SELECT max(id) FROM exception WHERE kind = $1 AND subject = $2`, kind, subject)
}

// decide asks for a decision about things by id.
func (w *world) decide(kind, by string, ids ...int64) (act.Decided, error) {
	return w.Desk.Decide(w.t.Context(), act.Intent{Kind: kind, IDs: ids, By: by, Why: "a test"})
}

// decides asks for one that must be asked without an error.
func (w *world) decides(kind, by string, ids ...int64) act.Decided {
	w.t.Helper()
	d, err := w.decide(kind, by, ids...)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// approves carries one out.
func (w *world) approves(id int64, by string) act.Decided {
	w.t.Helper()
	d, err := w.Desk.Approve(w.t.Context(), id, by, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// doubt leaves an interchange of which nobody knows whether BEC has it, and gives its id.
func (w *world) doubt() int64 {
	w.t.Helper()
	lease := w.held("BEC")
	o := w.publishing("BEC", lease.Fence)
	if err := w.Bank.MarkUnknown(w.t.Context(), o, lease.Fence); err != nil {
		w.t.Fatal(err)
	}
	lease.Release()
	return o.ID
}

// TestExceptions_HistoryIsKept: who ordered a second sending stays on record when the same is in doubt again. // M5
func TestExceptions_HistoryIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	id := w.doubt()
	first := w.decides(act.KindNotArrived, "A. Hansen", id)
	if first.Persons != 2 || first.Executed() != nil || first.Items[0].Preview != "the same bytes go again, under the same name and number" {
		t.Errorf("asked: %+v", first)
	}
	w.want("asked", w.exceptions()+", "+w.ledger(), "interchange unknown, unknown 1 = 100")
	if _, err := w.Desk.Approve(t.Context(), first.ID, "a.  hansen", ""); !errors.Is(err, gateway.ErrPersons) { // S8
		t.Errorf("one person decided alone: %v", err)
	}
	w.approves(first.ID, "B. Jensen")
	w.want("decided", w.exceptions()+", "+w.ledger(), ", frozen 1 = 100")
	if _, err := w.Desk.Approve(t.Context(), first.ID, "C. Berg", ""); !errors.Is(err, gateway.ErrDecided) {
		t.Errorf("carried out twice: %v", err)
	}
	if again := w.doubt(); again != id {
		t.Fatalf("interchange %d", again)
	}
	w.want("history", w.row(`SELECT e.id - p.id, p.closed_at IS NOT NULL, d.asked_by, s.person, e.closed_at IS NULL, e.bank, e.authority, e.thing_id = $1
		FROM exception e JOIN exception p ON p.id = e.previous JOIN decision d ON d.id = p.decision
		JOIN decision_step s ON s.decision_id = d.id AND s.step = 'approved'`, id), "1 true A. Hansen B. Jensen true BEC 77 true")
	if err := w.Desk.Resolve(t.Context(), "BEC", 1, true, "ann", "bob"); err != nil {
		t.Error(err)
	}
	w.want("in the end", w.row(`SELECT count(*), count(DISTINCT decision) FROM exception WHERE closed_at IS NOT NULL`), "2 2")
	history, err := w.Desk.History(t.Context(), w.number(`SELECT max(id) FROM exception`))
	if err != nil || len(history) != 2 || history[0].Previous != history[1].ID {
		t.Errorf("history: %+v, %v", history, err)
	}
}

// TestExceptions_NothingIsOverwritten: not even by the flow's own role.
func TestExceptions_NothingIsOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raise(gateway.BankFileNameReused, "BEC document 1", gateway.DetailNameCameBefore.With())
	w.decides(act.KindClose, "A. Hansen", id)
	for _, statement := range []string{
		`UPDATE decision SET asked_by = 'nobody'`, `DELETE FROM decision`, `UPDATE decision_step SET person = 'nobody'`, `DELETE FROM decision_step`,
		`UPDATE decision_item SET id = 7`, `UPDATE exception SET detail = ''`, `DELETE FROM exception`, `DELETE FROM person`, `UPDATE person SET name = ''`,
		`UPDATE exception SET closed_at = NULL, decision = NULL`, `UPDATE exception SET owner = 'nobody'`,
	} {
		if _, err := w.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

// TestExceptions_EveryKindCanBeClosed: by one person where nothing waits, by two else, and comes back as another row. // P3
func TestExceptions_EveryKindCanBeClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, kind := range gateway.ExceptionKinds() {
		detail := gateway.DetailTexts()[n%len(gateway.DetailTexts())].Code
		if detail == gateway.DetailTechnical {
			detail = gateway.DetailNothingOfOurs
		}
		id := w.raise(kind, "999", detail.With("1", "2", "3"))
		if again := w.raise(kind, "999", detail.With()); again != id {
			t.Errorf("%s: raised twice while open", kind)
		}
		d := w.decides(act.KindClose, "A. Hansen", id)
		notice := kind.Severity() == gateway.Notice
		if (d.Executed() != nil) != notice || (d.Persons == 1) != notice {
			t.Errorf("%s: %d persons, executed %v", kind, d.Persons, d.Executed())
		}
		if !notice {
			w.approves(d.ID, "B. Jensen")
		}
		w.want(string(kind), w.row(`SELECT closed_at IS NOT NULL, decision, closed_by IS NULL, deadline > raised_at FROM exception WHERE id = $1`, id),
			fmt.Sprintf("true %d true true", d.ID))
		if back := w.raise(kind, "999", detail.With()); back == id || w.number(`SELECT previous FROM exception WHERE id = $1`, back) != id {
			t.Errorf("%s: came back as %d", kind, back)
		}
	}
}

// TestExceptions_WhileTheCauseStands: what can be seen to be so still takes two, and a file that may be with the bank is
// decided by what the bank says.
func TestExceptions_WhileTheCauseStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 100)))
	w.at(receiveBy)
	w.release()
	interchange := w.doubt()
	if _, err := w.decide(act.KindClose, "A. Hansen", w.number(`SELECT id FROM exception`)); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("closed while nobody knows: %v", err)
	}
	w.want("still", w.exceptions(), "interchange unknown")
	list, all, err := w.Desk.Exceptions(t.Context(), act.Filter{Most: 10})
	if err != nil || all != 1 || !list[0].Stands || list[0].Thing != gateway.ThingInterchange || list[0].ThingID != interchange {
		t.Errorf("%+v, %d, %v", list, all, err)
	}
	if err := w.Desk.Take(t.Context(), list[0].ID, "A. Hansen"); err != nil {
		t.Error(err)
	}
	w.want("owner", w.row(`SELECT owner FROM exception`), "A. Hansen")
	if err := w.Desk.Take(t.Context(), 99, "A. Hansen"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("took what is not there: %v", err)
	}
}

// TestDecide_WhatHasMovedOn: things that are no longer as they were when it was asked are left alone, the rest is done; where
// nothing is left, nothing is noted.
func TestDecide_WhatHasMovedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.raise(gateway.BankMessageUnknown, "BEC file 1 X", gateway.DetailMessageType.With("X")), w.raise(gateway.BankMessageUnknown, "BEC file 2 X", gateway.DetailMessageType.With("X"))
	both, one := w.decides(act.KindClose, "A. Hansen", a, b), w.decides(act.KindClose, "A. Hansen", a)
	err := w.Base.Transact(t.Context(), "close", func(x *postgres.Session) error {
		return w.Base.Close(t.Context(), x, gateway.BankMessageUnknown, "BEC file 1 X", "bank")
	})
	if err != nil {
		t.Fatal(err)
	}
	carried := w.approves(both.ID, "B. Jensen")
	done := carried.Executed()
	if done == nil || done.Outcome[0].Done || !done.Outcome[1].Done || !strings.Contains(done.Outcome[0].What, "has moved on") {
		t.Errorf("outcome: %+v", done)
	}
	w.want("by whom", w.row(`SELECT coalesce(closed_by, 'decision') FROM exception ORDER BY id`), "bank; decision")
	if _, err := w.Desk.Approve(t.Context(), one.ID, "B. Jensen", ""); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("nothing left: %v", err)
	}
	w.want("not noted", w.row(`SELECT step FROM decision_step WHERE decision_id = $1`, one.ID), "signed")
}

// TestDecide_ExpiredOrChanged: a decision is carried out in time and as it was asked, or not at all.
func TestDecide_ExpiredOrChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.raise(gateway.BankMessageUnknown, "BEC file 1 X", gateway.DetailMessageType.With("X"))
	b := w.raise(gateway.BankMessageUnknown, "BEC file 2 X", gateway.DetailMessageType.With("X"))
	late, changed := w.decides(act.KindClose, "A. Hansen", a), w.decides(act.KindClose, "A. Hansen", a)
	w.exec(`INSERT INTO decision_item (decision_id, thing, id, state, preview) SELECT decision_id, thing, $2, state, preview FROM decision_item WHERE decision_id = $1`, changed.ID, b)
	if _, err := w.Desk.Approve(t.Context(), changed.ID, "B. Jensen", ""); !errors.Is(err, gateway.ErrChanged) {
		t.Errorf("changed: %v", err)
	}
	w.later(25 * time.Hour)
	for range 2 {
		if _, err := w.Desk.Approve(t.Context(), late.ID, "B. Jensen", ""); !errors.Is(err, gateway.ErrExpired) {
			t.Errorf("late: %v", err)
		}
	}
	w.want("steps", w.row(`SELECT decision_id = $1, step FROM decision_step ORDER BY decision_id, step`, late.ID), "true expired; true signed; false signed")
	w.want("exceptions", w.exceptions(), "bank message not understood; bank message not understood")
	if waiting, err := w.Desk.Decisions(t.Context(), false); err != nil || len(waiting) != 0 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	w.exec(`INSERT INTO decision_step (decision_id, step, at) SELECT $1, 'expired', now()`, changed.ID)
}

// TestDecide_Mistakes names what is wrong.
func TestDecide_Mistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.raise(gateway.NameReused, "delivery 1", gateway.DetailOtherBytes.With("LEVA"))
	for name, c := range map[string]struct {
		in   act.Intent
		want error
	}{
		"no such kind":  {act.Intent{Kind: "pay", IDs: []int64{id}, By: "A", Why: "x"}, gateway.ErrIntent},
		"no reason":     {act.Intent{Kind: act.KindClose, IDs: []int64{id}, By: "A", Why: " "}, gateway.ErrIntent},
		"nobody":        {act.Intent{Kind: act.KindClose, IDs: []int64{id}, Why: "x"}, gateway.ErrIntent},
		"nothing":       {act.Intent{Kind: act.KindClose, By: "A", Why: "x"}, gateway.ErrIntent},
		"twice":         {act.Intent{Kind: act.KindClose, IDs: []int64{id, id}, By: "A", Why: "x"}, gateway.ErrIntent},
		"not there":     {act.Intent{Kind: act.KindClose, IDs: []int64{id, 99}, By: "A", Why: "x"}, gateway.ErrNotFound},
		"a CPR number":  {act.Intent{Kind: act.KindClose, IDs: []int64{id}, By: "A", Why: "she is 010170-0001"}, gateway.ErrIntent},
		"a long wait":   {act.Intent{Kind: act.KindClose, IDs: []int64{id}, By: "A", Why: "x", Within: 1000 * time.Hour}, gateway.ErrIntent},
		"ids of nobody": {act.Intent{Kind: act.KindAddPerson, IDs: []int64{id}, By: "A", Why: "x", Content: map[string]string{"name": "N", "key": "K"}}, gateway.ErrIntent},
		"no key":        {act.Intent{Kind: act.KindAddPerson, By: "A", Why: "x", Content: map[string]string{"name": "N", "key": "ssh-ed25519 x"}}, gateway.ErrIntent},
	} {
		if _, err := w.Desk.Decide(t.Context(), c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if d, err := w.Desk.Preview(t.Context(), act.Intent{Kind: act.KindClose, IDs: []int64{id}, By: "A", Why: "x"}); err != nil || d.Items[0].Preview != "closed" {
		t.Errorf("preview: %+v, %v", d, err)
	}
	w.want("nothing recorded", w.row(`SELECT count(*) FROM decision`)+", "+w.exceptions(), "0, name used again with other bytes")
}

// TestDecide_BankFiles: a parked file is heard once more, or concerns none of ours, until somebody finds that it does.
func TestDecide_BankFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)))
	w.lay("BEC", "1.edi", "garbage")
	w.hear("BEC")
	file := w.number(`SELECT id FROM bank_file`)
	w.want("parked", w.row(`SELECT thing, thing_id, bank FROM exception`), fmt.Sprintf("bank file %d BEC", file))
	none := w.decides(act.KindNoneOfOurs, "A. Hansen", file)
	w.approves(none.ID, "B. Jensen")
	w.want("none of ours", w.exceptions()+w.row(`SELECT none_of_ours FROM bank_file`), fmt.Sprint(none.ID))
	if _, err := w.decide(act.KindNoneOfOurs, "A. Hansen", file); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("decided twice: %v", err)
	}
	again := w.decides(act.KindHearAgain, "A. Hansen", file)
	w.approves(again.ID, "B. Jensen")
	w.want("undone", w.row(`SELECT decision_id, undone_by FROM decision_step WHERE step = 'undone'`), fmt.Sprint(none.ID, " ", again.ID))
	w.hear("BEC")
	w.want("parked again", w.exceptions()+", "+w.row(`SELECT state FROM bank_file`), "bank file unreadable, parked")
}

// TestDecide_ReadAgain: a delivery that was set aside is tried again as two persons decide.
func TestDecide_ReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	id := w.number(`SELECT id FROM delivery`)
	if _, err := w.decide(act.KindReadAgain, "A. Hansen", id); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("a delivery that waits for nobody: %v", err)
	}
	w.exec(`UPDATE delivery SET failures = 5, failing_since = received_at, set_aside_at = received_at`)
	w.read()
	w.want("set aside", w.ledger(), "")
	asked := w.decides(act.KindReadAgain, "A. Hansen", id)
	if asked.Persons != 2 || asked.Executed() != nil {
		t.Errorf("%+v", asked)
	}
	w.approves(asked.ID, "B. Jensen")
	w.read()
	w.check()
	w.want("read", w.ledger(), "waiting 1 = 100")
}

// TestExceptions_OldNotices: what nobody has to act upon closes itself, in bounded time; a supplier's retry raises nothing. // P3
func TestExceptions_OldNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := bundle("G-1", complete("A", 100)).XML()
	for range 2 {
		if err := w.put("LEVA", "one.xml", doc); err != nil {
			t.Fatal(err)
		}
	}
	w.want("a retry", w.exceptions(), "")
	if err := w.put("LEVA", "one.xml", bundle("G-2", complete("B", 100)).XML()); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("other bytes: %v", err)
	}
	w.raise(gateway.BankStatusUndecided, "BEC document 1 item 1", gateway.DetailNothingOfOurs.With())
	w.want("a notice", w.exceptions(), "name used again with other bytes; bank status undecided")
	due, err := w.Base.NextOldNotice(t.Context(), w.time())
	if err != nil || !due.Equal(w.time().Add(gateway.Notice.Within())) {
		t.Errorf("closes itself at %s, %v", due, err)
	}
	if worked, err := w.Base.CloseOldNotices(t.Context()); worked || err != nil {
		t.Errorf("too soon: %t, %v", worked, err)
	}
	w.later(gateway.Notice.Within())
	if worked, err := w.Base.CloseOldNotices(t.Context()); !worked || err != nil {
		t.Errorf("in time: %t, %v", worked, err)
	}
	w.want("a week later", w.exceptions()+", "+w.row(`SELECT closed_by FROM exception WHERE closed_at IS NOT NULL`), "bank status undecided, time")
}
