package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

const (
	followDay = "2005-08-11"
	newAnn    = "70450001000099"
)

// rejectedWorld has payments to ann (twice), bob, a named account and a firm at BEC, all of which but B the bank has rejected; ann has another account since.
func rejectedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.paid(bundle("G-1", incomplete("A", "CPR", ann, 10000), complete("N", 300), incomplete("B", "CPR", bob, 20000), incomplete("F", "CVR", firm, 40000)))
	w.says("BEC", contrl("BEC", 1, "7"))
	for _, e2e := range []string{"A", "N", "F"} {
		w.says("BEC", bansta("BEC-00000000000001-0001", w.statusOf(e2e, "2", "Nej")))
	}
	w.settle()
	w.newAnswers()
	return w
}

// statusOf is a status of a payment's last order, by its place.
func (w *world) statusOf(e2e, gis, text string) string {
	w.t.Helper()
	var lin, seq int
	if err := w.db.QueryRowContext(w.t.Context(), `SELECT lin, seq FROM bank_order WHERE payment_id = $1 ORDER BY attempt DESC LIMIT 1`, w.id(e2e)).Scan(&lin, &seq); err != nil {
		w.t.Fatal(err)
	}
	return status(lin, seq, gis, text)
}

// annMoves gives ann another account from now on.
func (w *world) annMoves() {
	w.t.Helper()
	w.hasAccount(ann, newAnn)
}

func (w *world) followsUp(content map[string]string) (act.Decided, error) {
	w.t.Helper()
	c := map[string]string{"authority": "77", "day": followDay}
	for k, v := range content {
		c[k] = v
	}
	return w.Desk.Decide(w.t.Context(), act.Intent{Kind: act.KindFollowUp, By: "Ann", Why: "new accounts", Content: c})
}

func (w *world) afterwards(decision int64) string {
	w.t.Helper()
	return w.row(`SELECT p.e2e, coalesce(f.attempt, 0), f.ore, coalesce(f.why, 'ordered anew') FROM follow_up f JOIN payment p ON p.id = f.payment_id WHERE f.decision_id = $1 ORDER BY p.e2e`, decision)
}

// TestFollowUp: what the bank has rejected is ordered anew by two persons, once, to the account that counts now; the others are listed with why not.
func TestFollowUp(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	if _, err := w.followsUp(nil); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("nothing can be ordered: %v", err)
	}
	w.annMoves()
	asked, err := w.followsUp(nil)
	if err != nil {
		t.Fatal(err)
	}
	const would = "1 payments of 10000 øre are ordered anew; 1 refused: names an account and no recipient: no other account counts; 1 refused: the account that failed is the one that counts now"
	w.want("previewed", asked.Items[0].Preview, would)
	w.want("nothing is done by one", w.obligations(), "")
	done := w.approves(asked.ID, "Bob")
	w.want("done", done.Executed().Outcome[0].What, would)
	w.want("listed", w.afterwards(asked.ID), "A 2 10000 ordered anew; F 0 40000 "+gateway.FollowUpSame+"; N 0 300 "+gateway.FollowUpNobody)
	w.want("lineage", w.row(`SELECT p.e2e, o.attempt, o.state, o.ore, o.decision_id FROM obligation o JOIN payment p ON p.id = o.payment_id`), fmt.Sprint("A 2 open 10000 ", asked.ID))
	w.holds()
	if _, err := w.followsUp(nil); !errors.Is(err, gateway.ErrMovedOn) || !strings.Contains(err.Error(), gateway.FollowUpOwed) {
		t.Errorf("once more: %v", err)
	}
	w.release()
	sent := strings.Join(w.dispatch(), "")
	if strings.Count(sent, "RFF+CR:") != 1 || !strings.Contains(sent, "FII+BF+"+newAnn[4:]) || !strings.Contains(sent, "MOA+9:100,00:DKK") {
		t.Errorf("the bank got %s", sent)
	}
	w.want("ordered", w.row(`SELECT state FROM obligation`), "ordered")
	if _, err := w.followsUp(nil); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("after it was ordered: %v", err)
	}
	w.accepts("BEC")
	w.holds()
}

// TestFollowUp_Refused: what is not ordered anew, and what cannot be asked for.
func TestFollowUp_Refused(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	for _, c := range []struct {
		content map[string]string
		want    string
	}{
		{map[string]string{"day": ""}, "bundle or day must be given"},
		{map[string]string{"day": "yesterday"}, "must be a day"},
		{map[string]string{"cause": "lost"}, "must be no_account"},
		{map[string]string{"code": "K9999"}, "0 payments of 0 øre"},
		{map[string]string{"day": "2005-08-12"}, "0 payments of 0 øre"},
		{map[string]string{"agreement": "AFT-9"}, "0 payments of 0 øre"},
		{map[string]string{"authority": "78"}, "0 payments of 0 øre"},
	} {
		if _, err := w.followsUp(c.content); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.content, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		to      func(w *world)
		content map[string]string
		want    string
	}{
		"sent again": {func(w *world) {
			w.later(60e9)
			w.receive(bundle("G-2", incomplete("A-again", "CPR", ann, 10000)))
		}, nil, gateway.FollowUpSentAgain},
		"executed after all": {func(w *world) { w.says("BEC", bansta("BEC-00000000000001-0001", w.statusOf("A", "4", ""))) }, nil, "0 payments of 0 øre"},
		"debited all the same": {func(w *world) {
			w.exec(`INSERT INTO exception (kind, subject, detail, detail_code, severity, raised_at) SELECT $1, id::text, 'x', 'another', 3, now() FROM interchange WHERE kind = 'PAYMUL'`, gateway.DebitDiffers)
		}, nil, gateway.FollowUpDebited},
		"it came back": {func(w *world) {
			w.says("BEC", bansta("BEC-00000000000001-0001", w.statusOf("B", "4", "")))
			w.says("BEC", cremul(booking{account: debit1, ref: "R1"}.credited(20000, returned("00000001B", 20000, 0))))
			w.settle()
		}, map[string]string{"cause": "came_back"}, gateway.FollowUpSettled},
		"paid by hand": {func(w *world) { w.byHand("A") }, nil, gateway.FollowUpByHand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := rejectedWorld(t)
			w.annMoves()
			c.to(w)
			if _, err := w.followsUp(c.content); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			w.want("nothing is owed", w.row(`SELECT count(*) FROM obligation WHERE state = 'open'`), "0")
		})
	}
}

// TestFollowUp_MovedOn: what becomes known between the question and the approval makes the approval nothing: other payments were approved.
func TestFollowUp_MovedOn(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	asked, err := w.followsUp(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.says("BEC", bansta("BEC-00000000000001-0001", w.statusOf("A", "4", "")))
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "Bob", ""); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("%v", err)
	}
	w.want("nothing is owed", w.obligations(), "")
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "Ann", ""); err == nil {
		t.Error("who asked has approved")
	}
}

// TestFollowUp_ExecutedLate: a bank that calls executed what it has rejected, and what is ordered anew since, makes it a dispute: nothing more is sent.
func TestFollowUp_ExecutedLate(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]bool{"before it is frozen": false, "before it is sent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := rejectedWorld(t)
			w.annMoves()
			asked, err := w.followsUp(nil)
			if err != nil {
				t.Fatal(err)
			}
			late := w.statusOf("A", "4", "")
			w.approves(asked.ID, "Bob")
			if sent {
				w.release()
			}
			w.says("BEC", bansta("BEC-00000000000001-0001", late))
			w.release()
			if files := strings.Join(w.dispatch(), ""); strings.Contains(files, "RFF+CR:") {
				t.Errorf("the bank got %s", files)
			}
			w.want("disputed", w.row(`SELECT s.kind FROM standing s WHERE s.payment_id = $1`, w.id("A")), "disputed")
			w.holds()
		})
	}
}

// TestFollowUp_Race: two runs approved at once, and the bank's late word: each payment is ordered once at most.
func TestFollowUp_Race(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	var ids []int64
	for range 2 {
		asked, err := w.followsUp(nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, asked.ID)
	}
	w.lay("BEC", "late.edi", file("BEC", "LATE", bansta("BEC-00000000000001-0001", w.statusOf("A", "4", ""))))
	var wait sync.WaitGroup
	for _, id := range ids {
		wait.Go(func() {
			if _, err := w.Desk.Approve(t.Context(), id, "Bob", ""); err != nil && !errors.Is(err, gateway.ErrMovedOn) {
				t.Error(err)
			}
		})
	}
	wait.Go(func() {
		if _, err := w.Bank.NextToHear(t.Context(), "BEC"); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	w.hear("BEC")
	w.release()
	if files := strings.Join(w.dispatch(), ""); strings.Contains(files, "RFF+CR:") {
		t.Errorf("the bank got %s", files)
	}
	w.holds()
}

// byHand has two persons record that a payment was made outside.
func (w *world) byHand(e2e string) string {
	w.t.Helper()
	asked, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: act.KindPaidByHand, By: "Ann", Why: "77 has paid it",
		Content: map[string]string{"payment": fmt.Sprint(w.id(e2e)), "reference": "2005-771", "evidence": "account of 77"}})
	if err != nil {
		return err.Error()
	}
	done := w.approves(asked.ID, "Bob")
	return done.Executed().Outcome[0].What
}

// TestPaidByHand: what persons have made outside is not ordered any more, also where that was owed; what may still go is refused.
func TestPaidByHand(t *testing.T) {
	t.Parallel()
	w := rejectedWorld(t)
	w.annMoves()
	asked, err := w.followsUp(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.approves(asked.ID, "Bob")
	w.want("by hand", w.byHand("A"), "was paid outside: nothing more is ordered for it")
	w.want("given up", w.row(`SELECT state FROM obligation`), "given_up")
	w.release()
	if files := strings.Join(w.dispatch(), ""); strings.Contains(files, "RFF+CR:") {
		t.Errorf("the bank got %s", files)
	}
	for e2e, want := range map[string]string{"A": "was paid by hand before", "B": "is accepted: only what has failed"} {
		if got := w.byHand(e2e); !strings.Contains(got, want) {
			t.Errorf("%s: %s", e2e, got)
		}
	}
	w.holds()
}
