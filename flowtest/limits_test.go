package flowtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
)

// limit sets a limit of AFT-1.
func (w *world) limit(limit, most string) {
	w.t.Helper()
	w.night(act.KindReleaseLimit, "what", "agreement", "of", "AFT-1", "limit", limit, "most", most)
}

// over is what waits for two persons: the limits that it is over.
func (w *world) over() string {
	w.t.Helper()
	return w.row(`SELECT array_to_string(breaches, ', ') FROM over_limit WHERE ended_at IS NULL AND freed_at IS NULL ORDER BY id`)
}

// TestLimits: what is over a limit waits, what is at it does not; by each limit.
func TestLimits(t *testing.T) {
	t.Parallel()
	two := func(a, b int64) []intaketest.Document {
		return []intaketest.Document{bundle("G-1", complete("A", a)), bundle("G-2", complete("B", b))}
	}
	one := func(a, b int64) []intaketest.Document {
		return []intaketest.Document{bundle("G-1", complete("A", a), complete("B", b))}
	}
	for name, c := range map[string]struct {
		limit, most string
		bundles     []intaketest.Document
		ledger      string
		over        string
	}{
		"payment below":      {"payment", "101", one(100, 50), "frozen 2 = 150", ""},
		"payment at":         {"payment", "100", one(100, 50), "frozen 2 = 150", ""},
		"payment above":      {"payment", "99", one(100, 50), "waiting 1 = 100, frozen 1 = 50", "payment: largest payment 100 øre, limit 99 øre"},
		"all payments above": {"payment", "49", one(100, 50), "waiting 2 = 150", "payment: largest payment 100 øre, limit 49 øre; payment: largest payment 50 øre, limit 49 øre"},
		"bundle at":          {"bundle", "150", one(100, 50), "frozen 2 = 150", ""},
		"bundle above":       {"bundle", "149", one(100, 50), "waiting 2 = 150", "bundle: sum 150 øre, limit 149 øre"},
		"two bundles below":  {"bundle", "100", two(100, 100), "frozen 2 = 200", ""},
		"day at":             {"day", "200", two(100, 100), "frozen 2 = 200", ""},
		"day above":          {"day", "199", two(100, 100), "waiting 2 = 200", "day: sum 200 øre, limit 199 øre"},
		"no limit":           {"day", "0", two(100, 100), "frozen 2 = 200", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limit(c.limit, c.most)
			w.receive(c.bundles...)
			w.receive(neighbours("other", complete("other", 100_000)))
			w.at(receiveBy)
			w.release()
			w.want("ledger", w.ledger(), ledgerWith(c.ledger, 100_000))
			w.want("over", w.over(), c.over)
			if c.over != "" {
				w.want("told", w.row(`SELECT DISTINCT kind, authority, bank FROM exception`), string(gateway.OverLimit)+" 77 BEC")
			}
			w.release() // waiting is no work
			for _, id := range w.rows(`SELECT id FROM over_limit WHERE freed_at IS NULL AND ended_at IS NULL`) {
				var n int64
				_, _ = fmt.Sscan(id, &n)
				w.decided(act.KindReleaseOverLimit, n)
			}
			w.release()
			w.want("then nothing waits", w.row(`SELECT count(*) FROM release_group WHERE state = 'waiting'`), "0")
			w.want("nor is told", w.exceptions(), "")
		})
	}
}

// ledgerWith is a ledger with one payment more that is frozen.
func ledgerWith(ledger string, ore int64) string {
	before, frozen, ok := strings.Cut(ledger, "frozen ")
	if !ok {
		return ledger + fmt.Sprintf(", frozen 1 = %d", ore)
	}
	var n, sum int64
	_, _ = fmt.Sscanf(frozen, "%d = %d", &n, &sum)
	return before + fmt.Sprintf("frozen %d = %d", n+1, sum+ore)
}

// TestLimits_Reach: of limits the narrowest counts, also where it says that there is none; and the last of each.
func TestLimits_Reach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(what, of, most string) {
		w.night(act.KindReleaseLimit, "what", what, "of", of, "limit", "day", "most", most)
	}
	set("all", "", "1")
	set("authority", "77", "5")
	set("authority", "77", "100")
	threeAgreements(w) // 100, 200 and 400 øre
	w.at(receiveBy)
	w.release()
	w.want("over", w.over(), "day: sum 400 øre, limit 1 øre; day: sum 200 øre, limit 100 øre")
	set("agreement", "AFT-78", "0")
	w.release()
	w.want("a limit that is no more", w.ledger(), "waiting 1 = 200, frozen 2 = 500")
	w.want("over then", w.over(), "day: sum 200 øre, limit 100 øre")
}

// TestLimits_DayGoesOn: what has left for a day counts when more is to leave for it.
func TestLimits_DayGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limit("day", "150")
	w.receive(bundle("G-1", complete("A", 100)))
	w.night(act.KindReleaseNow, "what", "all")
	w.release()
	w.receive(bundle("G-2", complete("B", 50)))
	w.later(1)
	w.night(act.KindReleaseNow, "what", "all")
	w.release()
	w.want("at the limit", w.ledger(), "frozen 2 = 150")
	w.receive(bundle("G-3", complete("C", 1)))
	w.at(receiveBy)
	w.release()
	w.want("over", w.over(), "day: sum 151 øre, limit 150 øre")
}

// TestLimits_Thousandfold: after twenty ordinary days a bundle whose amounts have three decimals too many waits for two persons, and
// one of an ordinary day goes. What two persons let go is exactly what they have seen.
func TestLimits_Thousandfold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.night(act.KindReleaseLimit, "what", "all", "limit", "history", "most", "10")
	w.exec(`INSERT INTO release_day (agreement_id, executes_on, payments, ore, largest)
		SELECT id, '2005-08-11'::date - n, 10, 1000 + n, 200 FROM agreement, generate_series(1, 20) n WHERE agreement = 'AFT-1'`)
	w.receive(bundle("G-1", complete("A", 100_000), complete("B", 110_000)))
	w.at(receiveBy)
	w.release()
	w.want("held", w.ledger(), "waiting 2 = 210000")
	w.want("against the mean of the highest", w.over(), "history: mean payment 105000 øre, limit 1020 øre")
	id := w.number(`SELECT id FROM over_limit WHERE ended_at IS NULL`)
	asked := w.decides(act.KindReleaseOverLimit, "Ann", id)
	w.want("what two persons see", asked.Items[0].State, fmt.Sprintf("agreement AFT-1 for 2005-08-12: 1 groups from %d, 2 payments, 210000 øre; history: mean payment 105000 øre, limit 1020 øre",
		w.number(`SELECT min(id) FROM release_group`)))

	// Another bundle joins it before the second person has looked.
	w.at("2005-08-11 05:59")
	w.receive(bundle("G-2", complete("C", 100)))
	w.at("2005-08-11 06:01")
	w.release()
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "Bob", ""); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("what they saw is another by now: %v", err)
	}
	w.want("all of it is held", w.ledger(), "waiting 3 = 210100")
	w.decided(act.KindReleaseOverLimit, w.number(`SELECT id FROM over_limit WHERE ended_at IS NULL`))
	w.release()
	w.want("freed", w.ledger(), "frozen 3 = 210100")
	w.want("on record", w.row(`SELECT payments, ore, largest FROM release_day WHERE executes_on = '2005-08-12'`), "3 210100 110000")
}

// TestLimits_OrdinaryDays: what is less than the factor times the history goes, and so does an agreement without enough of it.
func TestLimits_OrdinaryDays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		days int
		ore  int64
		held bool
	}{"ordinary": {20, 100, false}, "just less": {20, 999, false}, "ten times": {20, 1000, true}, "too young": {gateway.FewestDays - 1, 1000, false},
		"old enough": {gateway.FewestDays, 1000, true}, "long ago": {60, 1000, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limit("history", "10")
			// Before the last twenty days there were larger ones.
			w.exec(`INSERT INTO release_day (agreement_id, executes_on, payments, ore, largest)
				SELECT id, '2005-08-11'::date - n, 1, CASE WHEN n > 20 THEN 5000 ELSE 100 END, CASE WHEN n > 20 THEN 5000 ELSE 100 END
				FROM agreement, generate_series(1, $1::int) n WHERE agreement = 'AFT-1'`, c.days)
			w.receive(bundle("G-1", complete("A", c.ore)))
			w.at(receiveBy)
			w.release()
			if held := w.over() != ""; held != c.held {
				t.Errorf("held: %v, must be %v", held, c.held)
			}
		})
	}
}

// TestLimits_ToldAgain: what still waits when a send-by passes is told again, and may go for a later day then.
func TestLimits_ToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limit("bundle", "99")
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	due, err := w.Release.NextDue(t.Context(), w.time())
	if err != nil {
		t.Fatal(err)
	}
	w.want("woken at send-by", due.In(w.Base.Location).Format("2006-01-02 15:04"), "2005-08-11 08:30")
	w.at("2005-08-11 08:30")
	w.release()
	w.want("not yet", w.row(`SELECT count(*) FROM exception`), "1")
	w.at("2005-08-11 08:31")
	w.release()
	w.want("again", w.row(`SELECT closed_at IS NULL, detail_code FROM exception ORDER BY id`), "false over_bundle; true over_bundle")
	w.decided(act.KindReleaseOverLimit, w.number(`SELECT id FROM over_limit WHERE ended_at IS NULL`))
	w.release()
	w.want("for a later day", w.row(`SELECT to_char(executes_on, 'DD') FROM interchange`), "15")
}
