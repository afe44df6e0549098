package flowtest_test

import (
	"errors"
	"testing"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres"
)

// theirs is a bundle that LEVB sends for an authority, under an agreement of theirs.
func theirs(group, authority, agreement, account string, payments ...intaketest.Payment) intaketest.Document {
	d := bundle(group, payments...)
	d.From, d.Authority, d.Debits[0].Agreement, d.Debits[0].Account = []string{"LEVB"}, authority, agreement, account
	return d
}

// TestRelease_WaitsForNoOther: what is not read yet holds up the agreements that its supplier may use, what is not checked
// yet those of its payer, and neither any other. // M8
func TestRelease_WaitsForNoOther(t *testing.T) {
	t.Parallel()
	const account77, account78 = "40010000765432", "20010000111111"
	w := newWorld(t, func(o *options) {
		o.country = denmark().with("agreements.csv", "AFT-1,77,U1,LEVA,BEC,"+debit1+",return,06:00,,", "AFT-B,77,,LEVB,BEC,"+account77+",return,06:00,,",
			"AFT-78,78,,LEVB,BEC,"+account78+",return,06:00,,", "AFT-S,77,,LEVA,BEC,"+debit1+",return,06:00,,", "AFT-S,77,,LEVB,BEC,"+account77+",return,06:00,,")
	})
	shared := bundle("G-S", complete("S", 100))
	shared.Debits[0].Agreement = "AFT-S"
	w.receive(bundle("G-1", complete("A", 100)), shared, theirs("G-78", "78", "AFT-78", account78, complete("C", 100)))
	w.send(theirs("G-B", "77", "AFT-B", account77, complete("B", 100)))
	released := func(what, want string) {
		t.Helper()
		w.release()
		w.want(what, w.row(`SELECT agreement FROM release_group WHERE state = 'released' ORDER BY 1`), want)
	}
	w.at(receiveBy)
	released("LEVB's bundle is not read", "AFT-1")
	w.read()
	released("it is not checked", "AFT-1; AFT-78; AFT-S")
	w.check()
	released("it is", "AFT-1; AFT-78; AFT-B; AFT-S")
}

// TestRead_WakesReleases: what waited for a bundle to be read goes on when it is seen to be another payer's. // M8
func TestRead_WakesReleases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	w.receive(theirs("G-78", "78", "AFT-78", "20010000111111", complete("C", 100)))
	w.send(theirs("G-B", "77", "AFT-B", "40010000765432", complete("B", 100)))
	w.at(receiveBy)
	n.wakes(sleeping{name: "release", work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue, make: w.read})
}

// TestRelease_NoUnitIsSplit: a releaser that meets a group of its unit with somebody else takes none of the others before it. // M16
func TestRelease_NoUnitIsSplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 100)))
	w.at(receiveBy)
	other, err := w.db.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = other.ExecContext(t.Context(), `SELECT FROM release_group ORDER BY id LIMIT 1 FOR UPDATE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.Release.Next(t.Context())
		done <- err
	}()
	for len(done) == 0 && w.number(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE NOT l.granted AND a.datname = current_database()`) == 0 {
		continue
	}
	if err := errors.Join(other.Rollback(), <-done); err != nil {
		t.Fatal(err)
	}
	w.release()
	w.want("interchanges", w.row(`SELECT payments FROM interchange`), "2")
}
