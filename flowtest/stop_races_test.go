package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
)

// stopsRaced is how many payments race; NKS_STOPS has the farm take more.
func stopsRaced(t *testing.T) (payments int, seed uint64) {
	t.Helper()
	payments, _ = strconv.Atoi(os.Getenv("NKS_STOPS"))
	seed, _ = strconv.ParseUint(os.Getenv("NKS_SEED"), 10, 64)
	return max(payments, 500), seed
}

// race is what happens at once while payments are stopped.
type race struct {
	*world
	stopping chan struct{} // closed when nobody stops any more
	// turns has one more for each batch that is stopped: nobody runs ahead of the others.
	turns chan struct{}
	sent  []string
}

// over reports whether nobody stops any more.
func (r *race) over() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// until has a step taken until nobody stops any more and nothing is left to do.
func (r *race) until(name string, step func(context.Context) (bool, error)) {
	for {
		select {
		case <-r.turns:
		case <-r.stopping:
		}
		over := r.over()
		worked, err := step(r.t.Context())
		if err != nil && !errors.Is(err, gateway.ErrLostOwnership) {
			r.t.Errorf("%s: %v", name, err)
			return
		}
		if over && !worked && err == nil {
			return
		}
	}
}

// stops stops payments, a few at a time, and gives those that it was told are.
func (r *race) stops(ids []int64, rand *rand.Rand) map[int64]bool {
	done := map[int64]bool{}
	for len(ids) > 0 {
		select {
		case r.turns <- struct{}{}:
		default:
		}
		n := min(1+rand.IntN(len(ids)/10+1), len(ids))
		d, err := r.Desk.Decide(r.t.Context(), act.Intent{Kind: act.KindStop, IDs: ids[:n], By: "Ann", Why: "a race"})
		if err != nil && !errors.Is(err, gateway.ErrMovedOn) {
			r.t.Errorf("stop: %v", err)
			return done
		}
		ids = ids[n:]
		if err != nil {
			continue // all of them were too late
		}
		for _, o := range d.Executed().Outcome {
			if o.Done {
				done[o.ID] = true
			}
		}
	}
	return done
}

// TestStop_Races: payments are stopped by several persons while releases of their groups run and interchanges are sent: whatever was
// stopped was never sent, whatever was not was sent once, and nothing is neither. // G-stop
func TestStop_Races(t *testing.T) {
	t.Parallel()
	days := []string{"2005-08-12", "2005-08-15", "2005-08-16", "2005-08-17", "2005-08-18", "2005-08-19", "2005-08-22", "2005-08-23", "2005-08-24", "2005-08-25", "2005-08-26"}
	bundles := 2 * len(days)
	payments, seed := stopsRaced(t)
	r := &race{world: newWorld(t, func(o *options) {
		o.limits.Split = gateway.SplitLimits{InterchangeOrders: payments / 50, InterchangeBytes: 32 << 20, MessageOrders: 100}
	}), stopping: make(chan struct{}), turns: make(chan struct{}, 3)}
	for b := range bundles {
		var all []intaketest.Payment
		for i := range payments / bundles {
			all = append(all, complete(fmt.Sprintf("P%d-%05d", b, i), int64(100+i)))
		}
		d := bundle(fmt.Sprint("G-", b), all...)
		d.Debits[0].On = days[b/2]
		if b%2 == 1 {
			d.Debits[0].Agreement = "AFT-3"
		}
		r.receive(d)
	}
	r.at("2005-08-29 07:30") // all of them are due
	var ids []int64
	if err := r.db.SelectContext(t.Context(), &ids, `SELECT id FROM payment WHERE id % 5 <> 0`); err != nil {
		t.Fatal(err)
	}
	shuffled := rand.New(rand.NewPCG(seed, 12))
	shuffled.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	var done [2]map[int64]bool
	var persons, others sync.WaitGroup
	for half := range done {
		some := ids[half*len(ids)/2 : (half+1)*len(ids)/2]
		of := rand.New(rand.NewPCG(seed, uint64(half)))
		persons.Go(func() { done[half] = r.stops(some, of) })
	}
	for range 2 {
		others.Go(func() { r.until("release", r.Release.Next) })
	}
	lease := r.held("BEC")
	d := &gateway.Dispatcher{Bank: "BEC", Fence: lease.Fence, Link: &mailbox{sent: &r.sent}, Outbox: r.Bank, Now: r.time, Failpoint: func(string) {}}
	others.Go(func() { r.until("send", d.SendNext) })
	persons.Wait()
	close(r.stopping)
	others.Wait()
	r.release()
	r.holds()
	r.all("send", d.SendNext)
	r.wasNever(done)
}

// wasNever demands that nothing was both stopped and sent, or neither.
func (r *race) wasNever(done [2]map[int64]bool) {
	r.t.Helper()
	sent := map[string]int{}
	for _, ref := range references(r.sent) {
		sent[ref[8:]]++
	}
	var all []struct {
		ID   int64  `db:"id"`
		E2E  string `db:"e2e"`
		Kind string `db:"kind"`
	}
	err := r.db.SelectContext(r.t.Context(), &all, `SELECT p.id, p.e2e, coalesce(s.kind::text, '') AS kind FROM payment p LEFT JOIN standing s ON s.payment_id = p.id`)
	if err != nil {
		r.t.Fatal(err)
	}
	stopped := 0
	for _, p := range all {
		is := p.Kind == string(gateway.FactStopped)
		if is {
			stopped++
		}
		if wanted := done[0][p.ID] || done[1][p.ID]; is != wanted || is == (sent[p.E2E] > 0) || sent[p.E2E] > 1 {
			r.t.Errorf("%s: stopped %t, as was answered %t; sent %d times", p.E2E, is, wanted, sent[p.E2E])
		}
	}
	r.want("told", r.row(`SELECT count(*) FROM answer_due WHERE kind = 5`), fmt.Sprint(stopped))
	r.t.Logf("%d of %d stopped; %s", stopped, len(all), r.row(`SELECT state, count(*) FROM interchange GROUP BY 1 ORDER BY 1`))
}
