package flowtest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"nks/gateway/postgres"
)

// inHand keeps a bundle as another process does that works on it, until what it gives is called.
func (w *world) inHand(e string) (letGo func()) {
	w.t.Helper()
	other, err := w.db.BeginTx(w.t.Context(), nil)
	if err == nil {
		_, err = other.ExecContext(w.t.Context(), `SELECT FROM delivery WHERE transport_key = $1 FOR UPDATE`, e)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := other.Rollback(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// takes puts bundles with one payment of the same EndToEndId each, named as they are.
func (w *world) takes(names ...string) {
	w.t.Helper()
	for _, name := range names {
		if err := w.put("LEVA", name, bundle(name, complete("A", 100)).XML()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// winners are the bundles whose payments were not rejected.
func (w *world) winners() string {
	w.t.Helper()
	return w.row(`SELECT transport_key FROM delivery d WHERE state = 'checked'
		AND EXISTS (SELECT FROM release_group g WHERE g.delivery_id = d.id AND g.state = 'waiting') ORDER BY 1`)
}

// TestCheck_FirstTakenWins: of two bundles of a payer with the same EndToEndId that counts which was taken first, whichever is
// read first, could be checked first or is stamped first. // M16
func TestCheck_FirstTakenWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.takes("first")
	w.later(-time.Minute) // the clock of another machine
	w.takes("second")
	letGo := w.inHand("first")
	w.read()
	w.want("read", w.row(`SELECT transport_key FROM delivery WHERE state = 'read'`), "second")
	w.check()
	w.want("the first is not read yet", w.winners(), "")
	letGo()
	w.read()
	letGo = w.inHand("first")
	w.check()
	w.want("the first is not checked yet", w.winners(), "")
	letGo()
	w.check()
	w.want("both are checked", w.winners(), "first")
	w.want("ledger", w.ledger(), "rejected 1 = 100, waiting 1 = 100")
}

// TestCheck_WaitsForNoOther: what was taken before and is another's, refused or set aside, is not waited for. // M16
func TestCheck_WaitsForNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.put("LEVA", "refused", []byte("<no bundle")); err != nil {
		t.Fatal(err)
	}
	w.send(theirs("G-B", "77", "AFT-B", "40010000765432", complete("A", 100)))
	w.takes("aside", "last")
	w.exec(`UPDATE delivery SET set_aside_at = received_at WHERE transport_key = 'aside'`)
	w.read()
	w.want("wins", w.winners(), "")
	letGo := w.inHand(w.row(`SELECT transport_key FROM delivery WHERE supplier = 'LEVB'`))
	w.check()
	w.want("wins", w.winners(), "last")
	letGo()
	w.check()
	w.readAgain()
	w.read()
	w.check()
	w.want("who was set aside has lost its turn", w.ledger(), "rejected 1 = 100, waiting 2 = 200")
}

// TestCheck_OrderOfTwo: two processes with two checkers each keep to the order, while bundles are taken and read. // M16
func TestCheck_OrderOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const bundles = 8
	taken := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		steps := w.steps()
		for _, step := range []func(context.Context) (bool, error){steps.Receive.NextToRead, steps.Receive.NextToRead, steps.Check.Next, steps.Check.Next} {
			all.Go(func() {
				for last := false; !last; {
					select {
					case <-taken:
						last = true
					default:
					}
					for worked := true; worked; {
						var err error
						if worked, err = step(context.WithoutCancel(t.Context())); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
	}
	for i := range bundles / 2 {
		payments := many(fmt.Sprint("P", i, "-"), 1000)
		d := bundle(fmt.Sprint("first ", i), payments...)
		w.send(d)
		d.GroupID = fmt.Sprint("second ", i)
		d.Debits[0].Payments = payments[:1] // it is read sooner, and could be checked sooner
		w.send(d)
	}
	close(taken)
	all.Wait()
	w.read()
	w.check()
	w.want("rejected", w.row(`SELECT DISTINCT split_part(d.group_ref, ' ', 1), g.state FROM delivery d JOIN release_group g ON g.delivery_id = d.id ORDER BY 1`),
		"first waiting; second rejected")
	w.want("arrivals", w.row(`SELECT count(DISTINCT arrival), min(arrival), max(arrival) FROM delivery`), fmt.Sprint(bundles, 1, bundles))
}

// TestCheck_WakesTheNext: what waited for its turn is checked when that comes, in another process too. // M16
func TestCheck_WakesTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	w.takes("1", "2")
	w.read()
	letGo := w.inHand("1")
	n.wakes(sleeping{name: "the first is checked", work: postgres.ToCheck, step: n.Check.Next, make: func() {
		letGo()
		if worked, err := w.Check.Next(t.Context()); !worked || err != nil {
			t.Error(worked, err)
		}
	}})
	if err := w.put("LEVA", "bad", []byte("<no bundle")); err != nil {
		t.Fatal(err)
	}
	letGo = w.inHand("bad")
	w.takes("3")
	w.read()
	n.wakes(sleeping{name: "the first is refused", work: postgres.ToCheck, step: n.Check.Next, make: func() {
		letGo()
		w.read()
	}})
}
