package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	t      *testing.T
	world  *world
	began  chan struct{} // received from whenever listening begins
	marked chan struct{} // and whenever mark is heard

	mu   sync.Mutex
	work postgres.Work
	wake func()
}

func (w *world) neighbour(t *testing.T) *neighbour {
	t.Helper()
	db := w.database.Open(t, schema.Flow)
	n := &neighbour{t: t, world: w, Steps: w.steps(func(o *app.StepOptions) { o.DB = db }), began: make(chan struct{}, 10),
		marked: make(chan struct{}, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	l := &postgres.Listener{DB: db, Lost: func(error) {},
		Heard: func(work postgres.Work) {
			switch work {
			case mark:
				n.marked <- struct{}{}
			case n.sleepsFor():
				n.sleeper()()
			}
		},
		Anything: func() { n.sleeper()(); n.began <- struct{}{} }}
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	n.await(n.began)
	return n
}

// mark is work of nobody: when it is heard, so is all that was said before.
const mark = postgres.Work("mark")

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

func (n *neighbour) await(word <-chan struct{}) {
	n.t.Helper()
	select {
	case <-word:
	case <-time.After(patience):
		n.t.Fatal("nobody listens")
	}
}

// patience is far below the hour that a worker sleeps.
const patience = 5 * time.Minute

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
	n.world.exec(`SELECT pg_notify('nks_work', $1)`, mark)
	n.await(n.marked)
	ctx, cancel := context.WithCancel(n.t.Context())
	turns := make(chan bool, 1000)
	worker := &gateway.Worker{Name: s.name, Step: s.step, Due: s.due, Now: n.Base.Now, Poll: time.Hour, Retry: time.Hour,
		Failed: func(name string, err error) {
			if ctx.Err() == nil {
				n.t.Errorf("%s: %v", name, err)
			}
		},
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

// at is a step of one bank.
func at(bank string, step func(context.Context, string) (bool, error)) gateway.Step {
	return func(ctx context.Context) (bool, error) { return step(ctx, bank) }
}

// toSend is found when something waits for the owner of the connection to a bank.
func (n *neighbour) toSend(bank string) gateway.Step {
	return found(func(ctx context.Context) error { _, err := n.Bank.NextOutgoing(ctx, bank); return err })
}

// TestWork_WakesAnotherProcess: whatever one process commits wakes the workers of another that go on with it, from the
// door to the release.
func TestWork_WakesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
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
	n.wakes(sleeping{name: "queue", work: postgres.ToQueue("LEVA"),
		step: found(func(ctx context.Context) error {
			_, err := n.Answer.Outbox(door.Queue).NextQueued(ctx, "LEVA")
			return err
		}), make: func() {
			w.queues("message", bundle("G-4", complete("D", 100)).XML())
			w.read()
		}})
}

// TestRelease_WakesAnotherProcess: a release makes work for everybody who comes after it.
func TestRelease_WakesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.AnswerPayments = 1 })
	n := w.neighbour(t)
	const bank = "BEC"
	for i, s := range []sleeping{
		{name: "send", work: postgres.ToSend(bank), step: n.toSend(bank)},
		{name: "render", work: postgres.ToRender(bank), step: at(bank, n.Release.NextToRender), looks: true},
		{name: "send-by", work: postgres.ToAwait(bank), step: at(bank, n.Bank.DecideSilence), looks: true},
		{name: "answer", work: postgres.ToAnswer, step: n.Answer.Next},
	} {
		w.at(fmt.Sprintf("2005-08-11 04:%02d", 30+i))
		w.receive(bundle(s.name, complete(s.name, 100), cpr(s.name+" returned", poor, 100)))
		w.at(fmt.Sprintf("2005-08-11 06:%02d", i))
		s.make = w.release
		n.wakes(s)
		w.dispatch()
		w.newAnswers()
	}
	w.receive(bundle("G", complete("last", 100)))
	w.at("2005-08-12 06:00")
	w.release()
	w.unrender()
	n.wakes(sleeping{name: "rendered", work: postgres.ToSend(bank), step: n.toSend(bank), make: w.render})
	n.wakes(sleeping{name: "ordered anew", work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue, make: func() {
		w.void(bank, w.number(`SELECT max(control_ref) FROM interchange WHERE state = 'rendered'`))
	}})
	resolve := func() {
		number := w.number(`SELECT control_ref FROM interchange WHERE state = 'unknown'`)
		if err := w.Desk.Resolve(t.Context(), bank, gateway.ControlNumber(number), false, "one", "two"); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []sleeping{
		{name: "to be sent again", work: postgres.ToSend(bank), step: n.toSend(bank), make: resolve},
		{name: "send-by again", work: postgres.ToAwait(bank), step: at(bank, n.Bank.DecideSilence), looks: true, make: resolve},
	} {
		w.exec(`UPDATE interchange SET state = 'unknown' WHERE state = 'rendered'`)
		n.wakes(s)
	}
}

// TestBankWord_WakesAnotherProcess: what a bank says, and what it does not say.
func TestBankWord_WakesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) { o.limits.AnswerPayments = 1 })
	n := w.neighbour(t)
	const bank = "BKD"
	for i := range 4 {
		d := bundle(fmt.Sprint("G-", i), complete(fmt.Sprint("A-", i), 100))
		d.Debits[0].Agreement = "AFT-BKD"
		w.receive(d)
		w.at(fmt.Sprintf("2005-08-11 06:%02d", i))
		w.release()
		w.at("2005-08-11 05:00")
	}
	w.at("2005-08-11 06:10")
	for _, s := range []sleeping{
		{name: "CONTRL awaited", work: postgres.ToAwait(bank), step: at(bank, n.Bank.DecideSilence), looks: true, make: func() { w.dispatch() }},
		{name: "hear", work: postgres.ToHear(bank), step: at(bank, n.Bank.NextToHear), make: func() { w.lay(bank, "1.edi", file(bank, "F1", contrl(bank, 1, "7"))) }},
		{name: "acceptance awaited", work: postgres.ToAwait(bank), step: at(bank, n.Bank.DecideSilence), looks: true, make: func() { w.says(bank, contrl(bank, 2, "7")) }},
		{name: "CONTRL owed", work: postgres.ToAcknowledge(bank), step: at(bank, n.Bank.NextToAcknowledge), make: func() {
			w.lay(bank, "2.edi", file(bank, "F2", bansta("BKD-00000000000002-0001", status(1, 1, "3", ""))))
			w.all("hear", func(ctx context.Context) (bool, error) { return w.Bank.NextToHear(ctx, bank) })
		}},
		{name: "asked for", work: postgres.ToRecall(bank), step: at(bank, n.Bank.NextToRecall), make: func() { w.asks("A-3") }},
		{name: "recall written", work: postgres.ToSend(bank), step: n.toSend(bank), make: func() {
			w.asks("A-2")
			w.all("recall", func(ctx context.Context) (bool, error) { return w.Bank.NextToRecall(ctx, bank) })
		}},
		{name: "answered with CONTRL", work: postgres.ToSend(bank), step: n.toSend(bank), make: func() { w.says(bank, bansta("BKD-00000000000002-0001", status(1, 1, "3", ""))) }},
		{name: "answer", work: postgres.ToAnswer, step: n.Answer.Next, make: func() { w.says(bank, contrl(bank, 4, "4+29")) }},
	} {
		n.wakes(s)
		w.dispatch()
	}
	w.newAnswers()
	n.wakes(sleeping{name: "accepted by silence", work: postgres.ToAnswer, step: n.Answer.Next, make: func() {
		w.later(silence)
		w.deadlines()
	}})
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

// TestSetAside_WakesReleases: what waited for a bundle that cannot be read goes on when that is set aside.
func TestSetAside_WakesReleases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.neighbour(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.send(bundle("G-2", complete("B", 100)))
	w.tamper(`UPDATE document_piece SET n = 1`)
	w.at(receiveBy)
	n.wakes(sleeping{name: "release", work: postgres.ToRelease, step: n.Release.Next, due: n.Release.NextDue, make: func() {
		for range limits().Patience.Failures {
			if _, err := w.Receive.NextToRead(t.Context()); err == nil {
				t.Error("a document with a missing piece was read")
			}
		}
	}})
	w.tamper(`UPDATE document_piece SET n = 0`)
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
		n.await(n.began)
	}
}
