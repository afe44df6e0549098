package flowtest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
	restores "nks/gateway/postgres/restore"
)

// live is a day and its steps: what comes in, leaves, is told, heard and decided. After any of them the database may be set back.
func live(o *outside) []func() {
	w := o.w
	reads := func() { w.read(); w.check() }
	releases := func() { w.all("release", w.Release.Next) }
	exchange := func() { releases(); o.exchange() }
	payment := func(e2e string) int64 {
		return w.number(`SELECT id FROM payment WHERE e2e = $1`, e2e)
	}
	toSDC := bundle("G3", complete("C1", 301), cpr("C2", lost, 302), cpr("C3", poor, 303), complete("C4", 304))
	toSDC.Debits[0].Agreement, toSDC.Debits[0].Account = "AFT-2", "53010000123456"
	returned := bundle("G6", cpr("R1", lost, 601))
	return []func(){
		func() {
			w.send(bundle("G1", complete("A1", 101), complete("A2", 102), cpr("A3", lost, 103), cpr("A4", ann, 104)))
		},
		reads,
		func() { w.send(bundle("G2", complete("B1", 201), complete("A1", 202))) }, // A1 was used
		func() { reads(); w.send(toSDC) },
		reads,
		o.reads,
		func() {
			w.decides(act.KindHold, "A. Hansen", payment("A2"))
			w.decides(act.KindStop, "A. Hansen", payment("B1"), payment("A4"))
		},
		func() { w.at(receiveBy); releases() },
		func() { w.send(returned); reads() },
		exchange,
		o.collects,
		func() { o.lay("BEC", "b1", file("BEC", "1", contrl("BEC", 1, "7"))) },
		func() {
			o.lay("SDC", "s1", file("SDC", "1", contrl("SDC", 1, "7"), bansta(messageOf("SDC", 1), status(1, 1, "2", "KONTO LUKKET"))))
		},
		exchange, // the files are removed
		o.reads,  // replies are acknowledged
		func() {
			w.approves(w.decides(act.KindFree, "A. Hansen", payment("A2")).ID, "B. Jensen")
			w.approves(w.decides(act.KindUndoStop, "A. Hansen", payment("B1")).ID, "B. Jensen")
		},
		releases,
		func() { w.send(bundle("G4", complete("D1", 401))); reads() },
		exchange,
		func() { w.later(silence); w.deadlinesBy(o) },
		o.reads,
		func() { w.at("2005-08-12 06:00"); exchange() },
		func() { w.send(bundle("G5", complete("E1", 501), complete("E2", 502))); reads(); exchange() },
		func() { o.lay("BEC", "b2", file("BEC", "2", contrl("BEC", 2, "4"))); exchange() },
		o.reads,
	}
}

// deadlinesBy has done what silence decides, once every mailbox was looked into.
func (w *world) deadlinesBy(o *outside) {
	w.t.Helper()
	o.exchange()
	w.eachBank("deadlines", w.Bank.DecideSilence)
}

// ends goes on until nothing is left to do.
func (o *outside) ends() {
	o.w.t.Helper()
	for _, at := range []string{"2005-08-12 08:00", "2005-08-15 08:00", "2005-08-16 08:00"} {
		o.w.at(at)
		o.w.read()
		o.w.check()
		o.w.all("release", o.w.Release.Next)
		o.exchange()
		o.w.later(silence)
		o.w.deadlinesBy(o)
		o.reads()
	}
}

// undisturbed is a life without a restore: where its payments are, what banks have got and suppliers have read.
func undisturbed(t *testing.T) (ledger, orders, answers string) {
	t.Helper()
	w := newWorld(t, keeps)
	o := newOutside(w)
	for _, step := range live(o) {
		step()
	}
	o.ends()
	return w.ledger(), o.orders(), o.answers()
}

// points are after which steps the database was backed up and set back: those that are named, and as many more as the farm wants.
func points(t *testing.T, steps int) [][2]int {
	t.Helper()
	named := [][2]int{
		{10, 14}, // a bank's file was removed
		{4, 6},   // a reply was acknowledged
		{5, 13},  // a stop, and what was sent since
		{0, 15},  // machine and one journal gone
	}
	more, _ := strconv.Atoi(os.Getenv("NKS_RESTORES"))
	seed, _ := strconv.ParseUint(os.Getenv("NKS_SEED"), 10, 64)
	for r := rand.New(rand.NewPCG(seed, 16)); len(named) < more; {
		to := 1 + r.IntN(steps)
		named = append(named, [2]int{r.IntN(to), to})
	}
	return named
}

// TestRecover_LifeGoesOn: a database that was set back takes in what the journals have, and ends as if nothing had been. No order is
// twice at a bank, and no supplier reads two answers of one number.
func TestRecover_LifeGoesOn(t *testing.T) {
	t.Parallel()
	ledger, orders, answers := undisturbed(t)
	for n, at := range points(t, len(live(&outside{}))) {
		t.Run(fmt.Sprintf("%d back from %d to %d", n, at[1], at[0]), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, keeps)
			o := newOutside(w)
			var backup *pgtest.Database
			steps := live(o)
			for i, step := range steps {
				if i == at[0] {
					backup = w.backup()
				}
				if i == at[1] {
					w.setBack(o, backup, n%2 == 1)
				}
				step()
			}
			if at[1] == len(steps) {
				w.setBack(o, backup, n%2 == 1)
			}
			o.ends()
			w.want("ledger", w.ledger(), ledger)
			w.want("orders at the banks", o.orders(), orders)
			w.want("answers", o.answers(), answers)
			if len(o.faces) > 0 {
				t.Errorf("%v", o.faces)
			}
		})
	}
}

// setBack goes on with an earlier database, and takes in what the journals have; of those one may be gone with its machine.
func (w *world) setBack(o *outside, backup *pgtest.Database, oneIsGone bool) {
	w.t.Helper()
	if oneIsGone {
		if err := os.RemoveAll(filepath.Join(w.options.Journals[0], "a")); err != nil {
			w.t.Fatal(err)
		}
	}
	w.restored(backup)
	quiet := w.Base.Quiet.Why() != ""
	done, err := w.Restore.Take(w.t.Context(), "A. Hansen")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range done.Left {
		w.t.Errorf("not taken in: %s: %v", l.Name(), l.Why)
	}
	if why := w.Base.Quiet.Why(); why != "" {
		w.t.Fatalf("still quiet: %s", why)
	}
	if quiet && w.number(`SELECT count(*) FROM restore`) != 1 {
		w.t.Error("no restore is on record")
	}
	w.holds()
}

// TestRecover_WithoutAJournal: what is not known becomes exceptions, the bank's word tells of what it has, and nothing is released or sent before
// two persons have ended that. No number that may have been used is used again.
func TestRecover_WithoutAJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	o := newOutside(w)
	steps := live(o)
	var backup *pgtest.Database
	for i, step := range steps[:11] {
		if i == 5 {
			backup = w.backup()
		}
		step()
	}
	sent := o.orders()
	w.want("sent before", sent, "A1 C1 C3 C4")
	for _, dir := range w.options.Journals {
		if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
	}
	w.restored(backup)
	if _, err := w.Restore.Take(t.Context(), "A. Hansen"); !errors.Is(err, restores.ErrGap) {
		t.Errorf("taken in from no journal: %v", err)
	}
	if _, err := w.Restore.GoOnWithout(t.Context(), "A. Hansen", 0); !errors.Is(err, restores.ErrNumbers) {
		t.Errorf("no number may have been used: %v", err)
	}
	if _, err := w.Restore.GoOnWithout(t.Context(), "A. Hansen", 100); err != nil {
		t.Fatal(err)
	}
	if why := w.Base.Quiet.Why(); why != "" {
		t.Fatalf("quiet: %s", why)
	}
	w.want("exceptions", w.exceptions(), "sent and not known; sent and not known; received and not known; received and not known")
	o.ends()
	w.want("sent before a person decides", o.orders(), sent)
	o.lay("BEC", "b1", file("BEC", "1", contrl("BEC", 1, "7")))
	o.ends()
	if got := w.number(`SELECT count(*) FROM exception WHERE kind = $1`, gateway.ContrlForNothing); got != 1 {
		t.Errorf("%d exceptions of what the bank says that it has", got)
	}
	for _, e2e := range []string{"A1", "A4", "B1"} { // as the bank says
		w.decides(act.KindHold, "A. Hansen", w.number(`SELECT id FROM payment WHERE e2e = $1 ORDER BY id LIMIT 1`, e2e))
	}
	known := w.number(`SELECT id FROM exception WHERE kind = $1 AND subject = 'BEC'`, gateway.SentNotKnown)
	closing := w.decides(act.KindClose, "A. Hansen", known)
	o.ends()
	w.want("sent when one person has decided", o.orders(), sent)
	w.approves(closing.ID, "B. Jensen")
	o.ends()
	w.want("sent when two have", o.orders(), "A1 A2 C1 C3 C4")
	w.want("control number", w.row(`SELECT control_ref FROM interchange WHERE bank = 'BEC' AND kind = 'PAYMUL' ORDER BY 1 DESC LIMIT 1`), "101")
	if len(o.faces) > 0 {
		t.Errorf("%v", o.faces)
	}
	w.want("restores", w.row(`SELECT person, how FROM restore`), "A. Hansen without")
}
