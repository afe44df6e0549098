package flowtest_test

import (
	"fmt"
	"testing"

	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres"
)

// TestNight_WakesAnotherProcess: what persons decide about a night wakes the steps that wait for it, in every process.
func TestNight_WakesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	const bank = "BEC"
	w.receive(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 100)))
	release := sleeping{work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue}
	release.name, release.make = "release now", func() { w.night(act.KindReleaseNow, "what", "bank", "of", bank) }
	n.wakes(release)
	id := w.hold("bank", bank)
	n.wakes(sleeping{name: "send what was held", work: postgres.ToSend(bank), step: n.toSend(bank), make: func() { w.decided(act.KindNightLift, id) }})
	w.receive(bundle("G-3", complete("C", 100)))
	id = w.hold("all", "")
	w.at(receiveBy)
	release.name, release.make = "hold lifted", func() { w.decided(act.KindNightLift, id) }
	n.wakes(release)
	w.at("2005-08-11 06:01")
	w.limit("bundle", "1")
	w.receive(bundle("G-4", complete("D", 100)))
	w.at("2005-08-12 06:00")
	w.release()
	release.name, release.make = "freed", func() {
		w.decided(act.KindReleaseOverLimit, w.number(`SELECT id FROM over_limit WHERE ended_at IS NULL`))
	}
	n.wakes(release)
	n.wakes(sleeping{name: "send-by moved", work: postgres.ToAwait(bank), step: at(bank, n.Bank.DecideSilence), looks: true, make: func() {
		w.night(act.KindMoveSendBy, "what", "bank", "of", bank, "on", "2005-08-12", "at", "07:00")
	}})
}

// TestNight_DryRun: a dry run promises what happens by a cut-off that is moved.
func TestNight_DryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.night(act.KindMoveReceiveBy, "what", "agreement", "of", "AFT-1", "on", "2005-08-11", "at", "07:30")
	for clock, day := range map[string]string{"2005-08-11 07:30": "2005-08-12", "2005-08-11 07:31": "2005-08-15"} {
		w.at(clock)
		r := w.promised(clock, "LEVA", bundle(clock, complete(clock, 100)).XML())
		w.want("promised at "+clock, r.Groups[0].ExecutesOn.String(), day)
	}
}

// TestNight_HeldIsNotOrderedAnew: what is to be ordered anew waits for a hold, too.
func TestNight_HeldIsNotOrderedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.void("BEC", 1)
	id := w.hold("agreement", "AFT-1")
	w.release()
	w.want("held", w.ledger(), "void 1 = 100")
	w.want("what waits", w.row(`SELECT detail_args[3] FROM exception WHERE closed_at IS NULL`), "1")
	w.decided(act.KindNightLift, id)
	w.release()
	w.want("ordered anew", w.ledger(), "frozen 1 = 100")
}

// TestLimits_ManyLargePayments: of more payments over their limit than wait by themselves none does, and nothing goes.
func TestLimits_ManyLargePayments(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{100: "100 cases, 1 released", 101: "1 cases, 0 released"} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limit("payment", "100")
			payments := []intaketest.Payment{complete("small", 1)}
			for i := range n {
				payments = append(payments, complete(fmt.Sprint("L", i), 101))
			}
			w.receive(bundle("G-1", payments...))
			w.at(receiveBy)
			w.all("release", w.Release.Next)
			w.want("cases", w.row(`SELECT count(*) || ' cases, ' || (SELECT count(*) FROM bank_order) || ' released' FROM over_limit WHERE ended_at IS NULL`), want)
		})
	}
}
