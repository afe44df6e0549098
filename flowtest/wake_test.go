package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
)

// neighbour is another process on the world's database: steps and a listener on connections of its own, and one worker
// at a time that does not look for an hour unless it is woken.
type neighbour struct {
	*app.Steps
	t     *testing.T
	began chan struct{} // received from whenever listening begins

	mu   sync.Mutex
	work postgres.Work
	wake func()
}

func (w *world) neighbour(t *testing.T) *neighbour {
	t.Helper()
	db := w.database.Open(t, schema.Flow)
	n := &neighbour{t: t, Steps: w.steps(func(o *app.StepOptions) { o.DB = db }), began: make(chan struct{}, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	l := &postgres.Listener{DB: db, Lost: func(error) {},
		Heard: func(work postgres.Work) {
			if wake := n.sleeper(); work == n.sleepsFor() {
				wake()
			}
		},
		Anything: func() { n.sleeper()(); n.began <- struct{}{} }}
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	n.listens()
	return n
}

func (n *neighbour) sleeper() func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wake == nil {
		return func() {}
	}
	return n.wake
}

func (n *neighbour) sleepsFor() postgres.Work {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.work
}

func (n *neighbour) listens() {
	n.t.Helper()
	select {
	case <-n.began:
	case <-time.After(patience):
		n.t.Fatal("nobody listens")
	}
}

// patience is far below the hour that a worker sleeps.
const patience = 20 * time.Second

// sleeping is a worker of the neighbour's and the work that it is woken for. Of some work the step finds nothing here: that
// it looks is enough.
type sleeping struct {
	name  string
	work  postgres.Work
	step  gateway.Step
	due   gateway.Due
	looks bool
	make  func() // in the world, while the worker sleeps
}

// wakes lets a worker find nothing and fall asleep, makes work for it elsewhere, and wants it done.
func (n *neighbour) wakes(s sleeping) {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	turns := make(chan bool, 1000)
	worker := &gateway.Worker{Name: s.name, Step: s.step, Due: s.due, Now: n.Base.Now, Poll: time.Hour, Retry: time.Hour,
		Failed:  func(name string, err error) { n.t.Errorf("%s: %v", name, err) },
		Observe: func(string) func(bool, error) { return func(worked bool, _ error) { turns <- worked } }}
	n.mu.Lock()
	n.work, n.wake = s.work, worker.Wake
	n.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	defer running.Wait()
	defer cancel()
	tooLong := time.After(patience)
	for worked := true; worked; {
		worked = <-turns
	}
	s.make()
	for {
		select {
		case worked := <-turns:
			if worked || s.looks {
				return
			}
		case <-tooLong:
			n.t.Errorf("%s: nobody woke its worker", s.name)
			return
		}
	}
}

// found is a step that only looks whether something is there.
func found(look func(context.Context) error) gateway.Step {
	return func(ctx context.Context) (bool, error) {
		err := look(ctx)
		if errors.Is(err, gateway.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// TestWork_WakesAnotherProcess: whatever one process commits wakes the workers of another that go on with it, for each step
// of the flow.
func TestWork_WakesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.AnswerPayments = 1 })
	n := w.neighbour(t)
	n.wakes(sleeping{name: "read", work: postgres.ToRead, step: n.Receive.NextToRead, make: func() { w.send(bundle("G-1", complete("A", 100))) }})
	n.wakes(sleeping{name: "check", work: postgres.ToCheck, step: n.Check.Next, make: func() {
		w.send(bundle("G-2", complete("B", 100)))
		w.read()
	}})
	w.check()
	w.send(bundle("G-3", complete("C", 100)))
	w.at(receiveBy)
	n.wakes(sleeping{name: "release, checked at last", work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue, make: func() {
		w.read()
		w.check()
	}})
	bec := w.Banks[0].ID
	n.wakes(sleeping{name: "queue", work: postgres.ToQueue("LEVA"),
		step: found(func(ctx context.Context) error { _, err := n.Answer.NextQueued(ctx, "LEVA"); return err }), make: func() {
			w.queues("message", bundle("G-4", complete("D", 100)).XML())
			w.read()
		}})
	w.check()
	w.dispatch()
	released := func() { w.at("2005-08-12 06:00"); w.release() }
	n.wakes(sleeping{name: "send", work: postgres.ToSend(bec),
		step: found(func(ctx context.Context) error { _, err := n.Bank.NextOutgoing(ctx, bec); return err }), make: released})
	w.unrender()
	n.wakes(sleeping{name: "sent after it was rendered", work: postgres.ToSend(bec),
		step: found(func(ctx context.Context) error { _, err := n.Bank.NextOutgoing(ctx, bec); return err }), make: w.render})
	unknown := func(arrived bool) func() {
		w.exec(`UPDATE interchange SET state = 'unknown' WHERE state = 'rendered' AND bank = $1`, bec)
		return func() {
			if err := w.Bank.Resolve(t.Context(), bec, gateway.ControlNumber(w.number(`SELECT control_ref FROM interchange WHERE state = 'unknown'`)), arrived, "one", "two"); err != nil {
				t.Fatal(err)
			}
		}
	}
	n.wakes(sleeping{name: "sent again", work: postgres.ToSend(bec),
		step: found(func(ctx context.Context) error { _, err := n.Bank.NextOutgoing(ctx, bec); return err }), make: unknown(false)})
	at := func(step func(context.Context, string) (bool, error)) gateway.Step {
		return func(ctx context.Context) (bool, error) { return step(ctx, bec) }
	}
	n.wakes(sleeping{name: "send-by awaited", work: postgres.ToAwait(bec), step: at(n.Bank.NextDeadline), looks: true, make: unknown(false)})
	n.wakes(sleeping{name: "contrl awaited", work: postgres.ToAwait(bec), step: at(n.Bank.NextDeadline), looks: true, make: func() { w.dispatch() }})
	n.wakes(sleeping{name: "hear", work: postgres.ToHear(bec), step: at(n.Bank.NextToHear), make: func() { w.lay(bec, "1.edi", file(bec, "F1", contrl(bec, 1, "7"))) }})
	n.wakes(sleeping{name: "answer", work: postgres.ToAnswer, step: n.Answer.Next, make: func() { w.says(bec, contrl(bec, 2, "7")) }})
}

// queues sends a document as a message.
func (w *world) queues(key string, doc []byte) {
	w.t.Helper()
	a := door.Arrival{Door: door.Queue, Party: "LEVA", Key: key, Size: int64(len(doc)), Content: bytes.NewReader(doc)}
	if err := w.Receive.Take(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
}

// TestRefusal_WakesReleases: what waited for a bundle to be checked goes on when that is refused.
func TestRefusal_WakesReleases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	w.receive(bundle("G-1", complete("A", 100)))
	if err := w.put("LEVA", "bad.xml", []byte("<no bundle")); err != nil {
		t.Fatal(err)
	}
	w.at(receiveBy)
	n.wakes(sleeping{name: "release", work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue, make: w.read})
}

// TestListener_GoesOn: work that is made while nobody can hear of it is found as soon as somebody listens again.
func TestListener_GoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	for i, name := range []string{"A", "B"} {
		n.wakes(sleeping{name: "read", work: postgres.ToRead, step: n.Receive.NextToRead, make: func() {
			_, err := w.database.Open(t, pgtest.Superuser).ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
				WHERE datname = current_database() AND query = 'LISTEN nks_work'`)
			if err != nil {
				t.Fatal(err)
			}
			w.send(bundle("G-"+name, complete(name, int64(100+i))))
		}})
		n.listens()
	}
}
